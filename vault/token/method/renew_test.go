package method_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
	"github.com/stanch-dev/stanch/vault/token/method"
)

// renewSelf returns how long a token lives then, and the warnings or the error.
func (w *world) renewSelf(x holder, body string) (time.Duration, string) {
	w.t.Helper()
	r, renewed, err := w.do(x, logical.Update, "renew-self", body)
	if err != nil {
		return 0, err.Error()
	}
	return renewed.entry.Left(w.h.Now), strings.Join(r.Warnings, "\n")
}

func TestRenew(t *testing.T) {
	logins := 0
	w, root := newWorld(t, method.Options{RenewLogin: func(_ context.Context, _ time.Time, e *token.Entry) (*logical.Auth, error) {
		logins++
		if e.Internal["gone"] == true {
			return nil, logical.Invalid("no such user")
		}
		return &logical.Auth{TTL: 2 * time.Hour, MaxTTL: 3 * time.Hour}, nil
	}})
	plain := w.make(root, "create", `{"policies":["app"],"ttl":"1h"}`)
	w.h.Now = w.h.Now.Add(30 * time.Minute)
	if ttl, text := w.renewSelf(plain, ``); ttl != time.Hour || text != "" {
		t.Error(ttl, text)
	}
	if ttl, text := w.renewSelf(plain, `{"increment":"10m"}`); ttl != 10*time.Minute || text != "" {
		t.Error(ttl, text)
	}
	_, renewed, err := w.do(root, logical.Update, "renew-accessor", `{"accessor":"`+plain.entry.Accessor+`","increment":7200}`)
	if err != nil || renewed.id.Len() != 0 || renewed.entry.Left(w.h.Now) != 2*time.Hour {
		t.Error(renewed, err)
	}
	if logins != 0 {
		t.Error("an auth method was asked for a token of this one")
	}
	id, e, err := w.store.Create(t.Context(), w.h.Now, token.Entry{Policies: []string{"app"}, Path: "auth/userpass/login/x", TTL: time.Hour, Renewable: true})
	if err != nil {
		t.Fatal(err)
	}
	login := holder{id: id, entry: e}
	if ttl, text := w.renewSelf(login, ``); ttl != 2*time.Hour || text != "" || logins != 1 {
		t.Error(ttl, text)
	}
	if ttl, text := w.renewSelf(login, `{"increment":"9h"}`); ttl != 3*time.Hour || !strings.Contains(text, "exceeded the effective max_ttl") {
		t.Error(ttl, text)
	}
	login.entry.Internal = map[string]any{"gone": true}
	if _, text := w.renewSelf(login, ``); text != "no such user" {
		t.Error(text)
	}
}

// TestRenewByRole has the role change, and go.
func TestRenewByRole(t *testing.T) {
	w, root := newWorld(t, method.Options{})
	if _, _, err := w.do(root, logical.Update, "roles/r", `{"token_period":"2h","allowed_policies":"app"}`); err != nil {
		t.Fatal(err)
	}
	periodic := w.make(root, "create/r", `{"explicit_max_ttl":"5h"}`)
	if _, _, err := w.do(root, logical.Update, "roles/r", `{"token_period":"1h"}`); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		w.h.Now = w.h.Now.Add(time.Hour - time.Second)
		if ttl, text := w.renewSelf(periodic, `{"increment":"20h"}`); ttl != time.Hour || text != "" {
			t.Error(ttl, text)
		}
	}
	w.h.Now = w.h.Now.Add(time.Hour - time.Second)
	if ttl, _ := w.renewSelf(periodic, ``); ttl != 5*time.Second {
		t.Error(ttl)
	}
	if _, _, err := w.do(root, logical.Delete, "roles/r", ``); err != nil {
		t.Fatal(err)
	}
	if _, text := w.renewSelf(periodic, ``); text != `original token role "r" could not be found, not renewing` {
		t.Error(text)
	}
}
