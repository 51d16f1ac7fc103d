package token_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
	"github.com/stanch-dev/stanch/vault/token"
)

func TestWrap(t *testing.T) {
	m := &logicaltest.Memory{}
	s := token.New(m, token.Options{})
	ctx := t.Context()
	answer := token.Answer{TTL: time.Minute, Path: "secret/data/x", Payload: json.RawMessage(`{"data":{"n":12345678901234567890}}`), WrappedAccessor: "acc", DisplayName: "me"}
	info, err := s.Wrap(ctx, start, answer)
	if err != nil {
		t.Fatal(err)
	}
	looked, err := s.LookupWrap(ctx, start, info.Token)
	want := token.WrapInfo{Accessor: info.Accessor, TTL: time.Minute, CreationTime: start, CreationPath: "secret/data/x", WrappedAccessor: "acc"}
	if diff := cmp.Diff(want, *looked, cmp.Comparer(func(a, b secret.Bytes) bool { return string(a.Reveal()) == string(b.Reveal()) })); diff != "" || err != nil {
		t.Error(diff, err)
	}
	e, err := s.Lookup(ctx, start, info.Token)
	if err != nil || !e.Wrapping() || !e.Orphan() || e.NumUses != 1 || e.Cubbyhole != "" || s.Use(ctx, start, e) != nil {
		t.Error(e, err)
	}
	later := start.Add(30 * time.Second)
	moved, err := s.Rewrap(ctx, later, info.Token)
	if err != nil || moved.CreationPath != "secret/data/x" || moved.TTL != time.Minute || !moved.CreationTime.Equal(later) {
		t.Fatal(moved, err)
	}
	if _, err := s.Unwrap(ctx, later, info.Token); err != error(token.ErrWrapping) {
		t.Error("the old token gives it, too", err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	var got []string
	for range 8 {
		group.Go(func() {
			payload, err := s.Unwrap(context.Background(), start.Add(80*time.Second), moved.Token)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				got = append(got, string(payload))
			} else if err != error(token.ErrWrapping) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff([]string{string(answer.Payload)}, got); diff != "" {
		t.Error(diff)
	}
	if left := dump(t, m); left != "" {
		t.Error(left)
	}
}

func TestWrapRefuses(t *testing.T) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	plain, _ := create(t, s, start, simple(time.Hour))
	e := simple(time.Hour)
	e.Type = token.Batch
	batch, _ := create(t, s, start, e)
	info, err := s.Wrap(t.Context(), start, token.Answer{TTL: time.Minute, Payload: json.RawMessage(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	over := start.Add(time.Minute)
	for name, id := range map[string]secret.Bytes{"plain": plain, "batch": batch, "unknown": secret.Of([]byte("x")), "long": secret.Of(make([]byte, 10_000)), "expired": info.Token} {
		_, unwrap := s.Unwrap(t.Context(), over, id)
		_, lookup := s.LookupWrap(t.Context(), over, id)
		_, rewrap := s.Rewrap(t.Context(), over, id)
		for _, err := range []error{unwrap, lookup, rewrap} {
			if err != error(token.ErrWrapping) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if !found(t, s, over, plain) || !found(t, s, over, batch) {
		t.Error("a token that wraps nothing was used up")
	}
}
