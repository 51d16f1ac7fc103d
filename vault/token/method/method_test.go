package method_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
	"github.com/stanch-dev/stanch/vault/token"
	"github.com/stanch-dev/stanch/vault/token/method"
)

// world is the method with a store, and plays the core for it.
type world struct {
	t     *testing.T
	h     *logicaltest.Harness
	store *token.Store
	m     *method.Method
}

// holder is somebody with a token.
type holder struct {
	id    secret.Bytes
	entry *token.Entry
	sudo  bool
}

func newWorld(t *testing.T, o method.Options) (*world, holder) {
	store := token.New(&logicaltest.Memory{}, token.Options{})
	m := method.New(store, o)
	w := &world{t, logicaltest.New(m), store, m}
	w.h.Mount.Path = "auth/token/"
	id, e, err := store.Create(t.Context(), w.h.Now, token.Entry{Policies: []string{"root"}, Path: "auth/token/root", Name: "root"})
	if err != nil {
		t.Fatal(err)
	}
	return w, holder{id, e, true}
}

// do is a request of somebody; it returns the token in the answer, too.
func (w *world) do(by holder, op logical.Operation, path, body string) (*logical.Response, holder, error) {
	w.t.Helper()
	var data map[string]any
	if body != "" {
		dec := json.NewDecoder(strings.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&data); err != nil {
			w.t.Fatalf("%s: %v", body, err)
		}
	}
	caller := &token.Caller{Entry: by.entry, ID: by.id, Sudo: by.sudo}
	r, err := w.h.Do(token.With(w.t.Context(), caller), op, path, data)
	if caller.Issued == nil {
		return r, holder{}, err
	}
	if r != nil && r.Auth != nil {
		w.t.Error("the core would make a token of its own")
	}
	return r, holder{id: caller.Issued.ID, entry: caller.Issued.Entry}, err
}

// make creates a token that has to be made.
func (w *world) make(by holder, path, body string) holder {
	w.t.Helper()
	_, made, err := w.do(by, logical.Update, path, body)
	if err != nil || made.entry == nil {
		w.t.Fatalf("%s %s: %v", path, body, err)
	}
	return made
}

// fails has a request refused with a status and a text.
func (w *world) fails(by holder, path, body string, status int, text string) {
	w.t.Helper()
	_, _, err := w.do(by, logical.Update, path, body)
	if err == nil {
		w.t.Errorf("%s %s was done; wanted %s", path, body, text)
		return
	}
	if got, _ := logical.Status(err); got != status || err.Error() != text {
		w.t.Errorf("%s %s: %d %s; wanted %d %s", path, body, got, err, status, text)
	}
}

// data returns those of an answer, as JSON gives them.
func (w *world) data(by holder, op logical.Operation, path, body string) map[string]any {
	w.t.Helper()
	r, _, err := w.do(by, op, path, body)
	if err != nil || r == nil {
		w.t.Fatal(path, r, err)
	}
	text, err := json.Marshal(r.Data)
	if err != nil {
		w.t.Fatal(err)
	}
	var data map[string]any
	if err := json.Unmarshal(text, &data); err != nil {
		w.t.Fatal(err)
	}
	return data
}

func body(name string, id secret.Bytes) string {
	text, _ := json.Marshal(map[string]string{name: string(id.Reveal())})
	return string(text)
}

// TestLookupAnswer holds all keys of the answer, of a root token and of another.
func TestLookupAnswer(t *testing.T) {
	w, root := newWorld(t, method.Options{IdentityPolicies: func(_ context.Context, id string) ([]string, error) { return []string{"of " + id}, nil }})
	want := map[string]any{
		"id": string(root.id.Reveal()), "accessor": root.entry.Accessor, "policies": []any{"root"}, "path": "auth/token/root", "meta": nil,
		"display_name": "root", "num_uses": 0.0, "orphan": true, "type": "service", "entity_id": "", "creation_time": float64(w.h.Now.Unix()),
		"creation_ttl": 0.0, "explicit_max_ttl": 0.0, "expire_time": nil, "ttl": 0.0,
	}
	if diff := cmp.Diff(want, w.data(root, logical.Read, "lookup-self", "")); diff != "" {
		t.Error(diff)
	}
	child := w.make(root, "create", `{"period":"30m","meta":{"a":"b"},"num_uses":2,"display_name":"x y!","policies":["p"],"explicit_max_ttl":3600}`)
	w.h.Now = w.h.Now.Add(10 * time.Second)
	want = map[string]any{
		"id": string(child.id.Reveal()), "accessor": child.entry.Accessor, "policies": []any{"default", "p"}, "path": "auth/token/create", "meta": map[string]any{"a": "b"},
		"display_name": "token-x-y", "num_uses": 2.0, "orphan": false, "type": "service", "entity_id": "", "creation_time": float64(w.h.Now.Unix() - 10),
		"creation_ttl": 1800.0, "explicit_max_ttl": 3600.0, "expire_time": "2026-11-24T10:30:00Z", "ttl": 1790.0, "period": 1800.0,
		"issue_time": "2026-11-24T10:00:00Z", "renewable": true,
	}
	for _, path := range []string{"lookup", "lookup-accessor"} {
		ask := body("token", child.id)
		if path == "lookup-accessor" {
			ask = `{"accessor":"` + child.entry.Accessor + `"}`
			want["id"] = ""
		}
		if diff := cmp.Diff(want, w.data(root, logical.Update, path, ask)); diff != "" {
			t.Error(path, diff)
		}
	}
	if _, renewed, err := w.do(root, logical.Update, "renew", body("token", child.id)); err != nil || string(renewed.id.Reveal()) != string(child.id.Reveal()) {
		t.Error(err)
	}
	got := w.data(root, logical.Update, "lookup", body("token", child.id))
	if got["last_renewal"] != "2026-11-24T10:00:10Z" || got["last_renewal_time"] != float64(w.h.Now.Unix()) || got["ttl"] != 1800.0 {
		t.Error(got)
	}
	child.entry.EntityID = "e1"
	if got := w.data(child, logical.Read, "lookup-self", ""); !cmp.Equal(got["identity_policies"], []any{"of e1"}) {
		t.Error(got)
	}
}

// TestCreate holds what a request, the caller's rights and the mount make of a token.
func TestCreate(t *testing.T) {
	w, root := newWorld(t, method.Options{PolicyExists: func(_ context.Context, name string) (bool, error) { return name != "ghost", nil }})
	w.h.Mount.MaxTTL = 1000 * time.Hour
	plain := w.make(root, "create", `{"policies":"app,db","ttl":"1h","meta":{"a":"b"}}`)
	bare := w.make(root, "create", `{"policies":["app"],"no_default_policy":true,"ttl":"1h"}`)
	sudo := plain
	sudo.sudo = true
	const day = 24 * time.Hour
	for _, c := range []struct {
		name     string
		by       holder
		path     string
		body     string
		policies string
		ttl      time.Duration
		orphan   bool
		kind     string
		warnings string
	}{
		{"root's child is root", root, "create", ``, "root", 0, false, "service", ""},
		{"root with a ttl", root, "create", `{"ttl":60}`, "root", time.Minute, false, "service", ""},
		{"root ends, too", root, "create", `{"explicit_max_ttl":"5m"}`, "root", 5 * time.Minute, false, "service", ""},
		{"of root with policies", root, "create", `{"policies":["a"]}`, "a default", 768 * time.Hour, false, "service", ""},
		{"inherited", plain, "create", `{}`, "app db default", 768 * time.Hour, false, "service", ""},
		{"default is not inherited by force", bare, "create", `{}`, "app", 768 * time.Hour, false, "service", ""},
		{"subset", plain, "create", `{"policies":["DB"]}`, "db default", 768 * time.Hour, false, "service", ""},
		{"subset without default", plain, "create", `{"policies":["db"],"no_default_policy":"true"}`, "db", 768 * time.Hour, false, "service", ""},
		{"sudo is free", sudo, "create", `{"policies":["other"]}`, "default other", 768 * time.Hour, false, "service", ""},
		{"orphan path", plain, "create-orphan", `{"ttl":"2h"}`, "app db default", 2 * time.Hour, true, "service", ""},
		{"orphan by sudo", sudo, "create", `{"no_parent":true}`, "app db default", 768 * time.Hour, true, "service", ""},
		{"lease is ttl", plain, "create", `{"lease":"3h"}`, "app db default", 3 * time.Hour, false, "service", ""},
		{"too long", plain, "create", `{"ttl":"100d"}`, "app db default", 1000 * time.Hour, false, "service", `TTL of "2400h0m0s" exceeded the effective max_ttl of "1000h0m0s"; TTL value is capped accordingly`},
		{"explicit max", plain, "create", `{"ttl":"30m","explicit_max_ttl":"5m"}`, "app db default", 5 * time.Minute, false, "service", `TTL of "30m0s" exceeded the effective max_ttl of "5m0s"; TTL value is capped accordingly`},
		{"period", sudo, "create", `{"period":"30d"}`, "app db default", 30 * day, false, "service", ""},
		{"batch", plain, "create", `{"type":"batch","ttl":"1m"}`, "app db default", time.Minute, false, "batch", ""},
		{"missing policy", root, "create", `{"policies":["ghost"]}`, "default ghost", 768 * time.Hour, false, "service", `Policy "ghost" does not exist`},
		{"chosen id", root, "create", `{"id":"my-token","ttl":"1h"}`, "root", time.Hour, false, "service", ""},
	} {
		r, made, err := w.do(c.by, logical.Update, c.path, c.body)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		e := made.entry
		if got := strings.Join(e.Policies, " "); got != c.policies || e.Left(w.h.Now) != c.ttl || e.Orphan() != c.orphan || e.Type != c.kind || strings.Join(r.Warnings, "\n") != c.warnings {
			t.Errorf("%s: %s, %v, orphan %v, %s, %q", c.name, got, e.Left(w.h.Now), e.Orphan(), e.Type, r.Warnings)
		}
		if back, err := w.store.Lookup(t.Context(), w.h.Now, made.id); err != nil || back.Accessor != e.Accessor {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestCreateRefused(t *testing.T) {
	w, root := newWorld(t, method.Options{})
	plain := w.make(root, "create", `{"policies":["app"],"ttl":"1h"}`)
	limited := w.make(root, "create", `{"policies":["app"],"num_uses":5}`)
	batch := w.make(root, "create", `{"policies":["app"],"type":"batch"}`)
	brief := w.make(root, "create", `{"ttl":"1h"}`)
	sudo := plain
	sudo.sudo = true
	for _, c := range []struct {
		by         holder
		body, text string
	}{
		{holder{}, ``, "parent token lookup failed: no parent found"},
		{batch, ``, "batch tokens cannot create more tokens"},
		{limited, ``, "restricted use token cannot generate child tokens"},
		{plain, `{"policies":["other"]}`, "child policies must be subset of parent"},
		{plain, `{"policies":["root"]}`, "child policies must be subset of parent"},
		{sudo, `{"policies":["root"]}`, "root tokens may not be created without parent token being root"},
		{root, `{"policies":["response-wrapping"]}`, `cannot assign policy "response-wrapping"`},
		{holder{brief.id, brief.entry, true}, ``, "expiring root tokens cannot create non-expiring root tokens"},
		{root, `{"type":"batch"}`, "batch tokens cannot be root tokens"},
		{root, `{"type":"other"}`, "invalid 'token_type' value"},
		{root, `{"type":"batch","period":"1h"}`, `batch tokens cannot have "period" set`},
		{root, `{"type":"batch","num_uses":1}`, `batch tokens cannot have "num_uses" set`},
		{root, `{"type":"batch","explicit_max_ttl":1}`, `batch tokens cannot have "explicit_max_ttl" set`},
		{root, `{"num_uses":-1}`, "number of uses cannot be negative"},
		{root, `{"ttl":"-1h"}`, "ttl must be positive"},
		{root, `{"lease":-1}`, "lease must be positive"},
		{root, `{"period":"-1h"}`, "period must be positive"},
		{root, `{"explicit_max_ttl":"-1h"}`, "explicit_max_ttl must be positive"},
		{plain, `{"period":"1h"}`, "root or sudo privileges required to create periodic token"},
		{plain, `{"no_parent":true}`, "root or sudo privileges required to create orphan token"},
		{plain, `{"id":"mine"}`, "root or sudo privileges required to specify token id"},
		{root, `{"id":"a.b"}`, "custom token ID cannot have a '.' in the value"},
		{root, `{"entity_alias":"x"}`, "'entity_alias' is only allowed in combination with token role"},
	} {
		w.fails(c.by, "create", c.body, 400, c.text)
	}
	w.fails(root, "create/none", ``, 400, "unknown role none")
	w.fails(root, "create/-", ``, 404, "unsupported path")
}

func TestChildHasOfItsParent(t *testing.T) {
	w, root := newWorld(t, method.Options{})
	if _, _, err := w.do(root, logical.Update, "roles/here", `{"token_bound_cidrs":["192.0.2.0/24","2001:db8::1"],"allowed_policies":"app"}`); err != nil {
		t.Fatal(err)
	}
	parent := w.make(root, "create/here", `{}`)
	parent.entry.EntityID = "e1"
	child := w.make(parent, "create", `{}`)
	orphan := w.make(parent, "create-orphan", `{}`)
	if child.entry.EntityID != "e1" || !slices.Equal(child.entry.BoundCIDRs, parent.entry.BoundCIDRs) || orphan.entry.EntityID != "" || orphan.entry.BoundCIDRs != nil {
		t.Errorf("%+v %+v", child.entry, orphan.entry)
	}
	if got := w.data(parent, logical.Read, "lookup-self", "")["bound_cidrs"]; !cmp.Equal(got, []any{"192.0.2.0/24", "2001:db8::1"}) {
		t.Error(got)
	}
}

// TestRevoke has all ways to end a token, and what is left of its family.
func TestRevoke(t *testing.T) {
	for _, c := range []struct {
		name, path string
		body       func(holder) string
		self       bool // asked by the token itself
		child      bool // lives on
	}{
		{name: "by id", path: "revoke", body: func(x holder) string { return body("token", x.id) }},
		{name: "by accessor", path: "revoke-accessor", body: func(x holder) string { return `{"accessor":"` + x.entry.Accessor + `"}` }},
		{name: "itself", path: "revoke-self", body: func(holder) string { return `` }, self: true},
		{name: "alone", path: "revoke-orphan", body: func(x holder) string { return body("token", x.id) }, child: true},
	} {
		w, root := newWorld(t, method.Options{})
		x := w.make(root, "create", `{"policies":["app"]}`)
		child := w.make(x, "create", `{}`)
		by := root
		if c.self {
			by = x
		}
		if r, _, err := w.do(by, logical.Update, c.path, c.body(x)); r != nil || err != nil {
			t.Error(c.name, r, err)
		}
		w.fails(root, "lookup", body("token", x.id), 403, "bad token")
		w.fails(root, "lookup-accessor", `{"accessor":"`+x.entry.Accessor+`"}`, 400, "invalid accessor")
		if _, _, err := w.do(root, logical.Update, "lookup", body("token", child.id)); (err == nil) != c.child {
			t.Error(c.name, err)
		}
		if r, _, err := w.do(root, logical.Update, "revoke", body("token", x.id)); r != nil || err != nil {
			t.Error(c.name, "again:", r, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	w, root := newWorld(t, method.Options{})
	plain := w.make(root, "create", `{"policies":["app"],"ttl":"1h","renewable":false}`)
	batch := w.make(root, "create", `{"policies":["app"],"type":"batch"}`)
	token := body("token", batch.id)
	unknown := `{"token":"hvs` + `.unknown"}`
	w.fails(root, "revoke", token, 400, "batch tokens cannot be revoked")
	w.fails(root, "revoke-orphan", token, 400, "batch tokens cannot be revoked")
	w.fails(root, "renew", token, 400, "batch tokens cannot be renewed")
	w.fails(root, "renew", unknown, 400, "token not found")
	w.fails(root, "renew", body("token", plain.id), 400, "lease is not renewable")
	w.fails(root, "renew-self", ``, 400, "lease is not renewable")
	w.fails(root, "renew-accessor", `{"accessor":"`+plain.entry.Accessor+`"}`, 400, "lease is not renewable")
	w.fails(plain, "revoke-orphan", unknown, 400, "root or sudo privileges required to revoke and orphan")
	w.fails(root, "revoke-orphan", unknown, 400, "token to revoke not found")
	for path, text := range map[string]string{
		"revoke": "missing token ID", "renew": "missing token ID", "revoke-orphan": "missing token ID", "lookup-accessor": "missing accessor", "renew-accessor": "missing accessor", "revoke-accessor": "missing accessor",
	} {
		w.fails(root, path, ``, 400, text)
	}
	r, _, err := w.do(root, logical.Update, "revoke-accessor", `{"accessor":"none"}`)
	if err != nil || !slices.Equal(r.Warnings, []string{"No token found with this accessor"}) {
		t.Error(r, err)
	}
	w.fails(holder{}, "lookup-self", ``, 403, "bad token")
}

func TestAccessorsAndTidy(t *testing.T) {
	var log bytes.Buffer
	w, root := newWorld(t, method.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	child := w.make(root, "create", `{"ttl":"1h"}`)
	r, _, err := w.do(root, logical.List, "accessors/", "")
	want := slices.Sorted(slices.Values([]string{root.entry.Accessor, child.entry.Accessor}))
	if err != nil || !cmp.Equal(r.Data["keys"], any(want)) {
		t.Error(r, err)
	}
	w.h.Now = w.h.Now.Add(2 * time.Hour)
	r, _, err = w.do(root, logical.Update, "tidy", "")
	if err != nil || r.Status != 202 || len(r.Warnings) != 1 {
		t.Error(r, err)
	}
	if r, _, err = w.do(root, logical.Update, "tidy", ""); err != nil || !slices.Equal(r.Warnings, []string{"Tidy operation already in progress."}) {
		t.Error(r, err)
	}
	if err := w.m.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for r.Status != 202 { // until the first is done
		if r, _, err = w.do(root, logical.Update, "tidy", ""); err != nil {
			t.Fatal(err)
		}
	}
	r, _, err = w.do(root, logical.List, "accessors", "")
	if err != nil || !cmp.Equal(r.Data["keys"], any([]string{root.entry.Accessor})) {
		t.Error(r, err)
	}
}

// TestTable has a path for what Vault's clients call, and demands sudo where Vault does.
func TestTable(t *testing.T) {
	w, _ := newWorld(t, method.Options{})
	sudo := map[string]bool{}
	for _, p := range w.h.Backend.Paths() {
		if p.Open || p.Doc == "" {
			t.Error(p.Pattern)
		}
		if p.Sudo {
			sudo[p.Pattern] = true
		}
	}
	if diff := cmp.Diff([]string{"accessors"}, slices.Sorted(maps.Keys(sudo))); diff != "" {
		t.Error(diff)
	}
}
