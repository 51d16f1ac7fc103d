package cubbyhole_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/engine/cubbyhole"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
	"github.com/stanch-dev/stanch/vault/token"
)

// mounted returns the engine, the tokens whose end it hears of, and what makes one.
func mounted(t *testing.T) (h *logicaltest.Harness, store *token.Store, caller func(token.Entry) context.Context) {
	h = logicaltest.New(cubbyhole.New())
	store = token.New(&logicaltest.Memory{}, token.Options{
		Ended: func(ctx context.Context, _ time.Time, e *token.Entry) error {
			return cubbyhole.Clear(ctx, h.Storage, e)
		},
	})
	return h, store, func(e token.Entry) context.Context {
		e.TTL = time.Hour
		_, made, err := store.Create(t.Context(), h.Now, e)
		if err != nil {
			t.Fatal(err)
		}
		return token.With(t.Context(), &token.Caller{Entry: made})
	}
}

func TestCubbyhole(t *testing.T) {
	h, _, caller := mounted(t)
	mine, other, batch := caller(token.Entry{}), caller(token.Entry{Policies: []string{"root"}}), caller(token.Entry{Type: token.Batch})
	long := strings.Repeat("x", 3000)
	for i, s := range []struct {
		by   context.Context
		op   logical.Operation
		path string
		body map[string]any
		want string // the data or the error
	}{
		{mine, logical.Update, "a/b", map[string]any{"n": json.Number("12345678901234567890"), "s": "<&>"}, ``},
		{mine, logical.Read, "a/b", nil, `{"n":12345678901234567890,"s":"\u003c\u0026\u003e"}`},
		{mine, logical.Read, "a", nil, ``},
		{mine, logical.Update, "a", map[string]any{"x": true}, ``},
		{mine, logical.Read, "a/", nil, `{"x":true}`},
		{mine, logical.List, "", nil, `{"keys":["a","a/"]}`},
		{mine, logical.List, "a", nil, `{"keys":["b"]}`},
		{mine, logical.List, "c/", nil, ``},
		{other, logical.Read, "a/b", nil, ``},
		{other, logical.List, "", nil, ``},
		{other, logical.Delete, "a/b", nil, ``},
		{mine, logical.Delete, "a", nil, ``},
		{mine, logical.List, "", nil, `{"keys":["a/"]}`},
		{mine, logical.Update, "", map[string]any{"x": 1}, `missing path`},
		{mine, logical.Read, "", nil, `missing path`},
		{mine, logical.Update, "x", nil, `missing data fields`},
		{mine, logical.Update, "x//y", map[string]any{"x": 1}, `a path may not have empty or relative segments`},
		{mine, logical.Read, "../" + token.From(other).Entry.Cubbyhole, nil, `a path may not have empty or relative segments`},
		{mine, logical.Read, long, nil, `a path may have 2048 bytes in 64 segments at most, and no control characters`},
		{batch, logical.Read, "x", nil, `cubbyhole operations are only supported by 'service' type tokens`},
		{t.Context(), logical.Read, "x", nil, `permission denied`},
	} {
		r, err := h.Do(s.by, s.op, s.path, s.body)
		got := ""
		if err != nil {
			got = err.Error()
		} else if r != nil {
			text, err := json.Marshal(r.Data)
			if err != nil {
				t.Fatal(err)
			}
			got = string(text)
		}
		if got != s.want {
			t.Errorf("step %d, %s %.20s: %s; wanted %s", i, s.op, s.path, got, s.want)
		}
	}
}

func TestEndsWithItsToken(t *testing.T) {
	h, store, caller := mounted(t)
	mine, other := caller(token.Entry{}), caller(token.Entry{})
	for _, by := range []context.Context{mine, other} {
		if _, err := h.Do(by, logical.Update, "a/b", map[string]any{"x": 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Revoke(t.Context(), h.Now, token.From(mine).Entry); err != nil {
		t.Fatal(err)
	}
	err := h.Storage.View(t.Context(), func(tx logical.Tx) error {
		folders, err := tx.List("", "", 0)
		if diff := cmp.Diff([]string{token.From(other).Entry.Cubbyhole + "/"}, folders); diff != "" {
			t.Error(diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
