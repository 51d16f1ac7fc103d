package method_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token/method"
)

func TestRoles(t *testing.T) {
	w, root := newWorld(t, method.Options{})
	if r, _, err := w.do(root, logical.List, "roles/", ""); r != nil || err != nil {
		t.Error(r, err)
	}
	if r, _, err := w.do(root, logical.Read, "roles/a", ""); r != nil || err != nil {
		t.Error(r, err)
	}
	write := func(body, warning string) {
		t.Helper()
		r, _, err := w.do(root, logical.Update, "roles/a", body)
		got := ""
		if r != nil {
			got = strings.Join(r.Warnings, "\n")
		}
		if err != nil || got != warning {
			t.Errorf("%s: %q %v", body, got, err)
		}
	}
	want := map[string]any{
		"name": "a", "orphan": false, "renewable": true, "path_suffix": "", "token_type": "default-service",
		"allowed_policies": []any{}, "disallowed_policies": []any{}, "allowed_policies_glob": []any{}, "disallowed_policies_glob": []any{},
		"allowed_entity_aliases": nil, "token_no_default_policy": false, "period": 0.0, "token_period": 0.0, "explicit_max_ttl": 0.0, "token_explicit_max_ttl": 0.0,
	}
	check := func(changes map[string]any) {
		t.Helper()
		for name, value := range changes {
			want[name] = value
		}
		if diff := cmp.Diff(want, w.data(root, logical.Read, "roles/a", "")); diff != "" {
			t.Error(diff)
		}
	}
	write(`{}`, "")
	check(nil)
	write(`{"allowed_policies":"B,a","disallowed_policies":["x"],"orphan":"true","path_suffix":"v1.2","renewable":false,"period":60,"bound_cidrs":"192.0.2.1"}`, "")
	check(map[string]any{"allowed_policies": []any{"a", "b"}, "disallowed_policies": []any{"x"}, "orphan": true, "path_suffix": "v1.2", "renewable": false,
		"period": 60.0, "token_period": 60.0, "bound_cidrs": []any{"192.0.2.1"}, "token_bound_cidrs": []any{"192.0.2.1"}})
	write(`{"token_period":"2m","period":"1m","token_num_uses":4,"token_explicit_max_ttl":"2000h"}`,
		"Both 'token_period' and deprecated 'period' value supplied, ignoring the deprecated value\nGiven explicit max TTL of 7200000 is greater than system/mount allowed value of 2764800 seconds; until this is fixed attempting to create tokens against this role will result in an error")
	check(map[string]any{"period": 0.0, "token_period": 120.0, "token_num_uses": 4.0, "token_explicit_max_ttl": 7200000.0})
	r, _, err := w.do(root, logical.List, "roles", "")
	if err != nil || !cmp.Equal(r.Data["keys"], any([]string{"a"})) {
		t.Error(r, err)
	}
	if _, _, err := w.do(root, logical.Delete, "roles/a", ""); err != nil {
		t.Fatal(err)
	}
	if r, _, err := w.do(root, logical.Read, "roles/a", ""); r != nil || err != nil {
		t.Error(r, err)
	}
}

func TestRolesRefused(t *testing.T) {
	w, root := newWorld(t, method.Options{})
	if _, _, err := w.do(root, logical.Update, "roles/a", `{"orphan":true,"renewable":false,"token_period":60}`); err != nil {
		t.Fatal(err)
	}
	before := w.data(root, logical.Read, "roles/a", "")
	for body, text := range map[string]string{
		`{"token_type":"x"}`:                  `invalid 'token_type' value "x"`,
		`{"path_suffix":"a/b"}`:               `given role path suffix contains invalid characters; must match \w[\w-.]+\w`,
		`{"path_suffix":"a..b"}`:              "error registering path suffix: path cannot contain parent references",
		`{"token_num_uses":-1}`:               "error parsing role fields: 'token_num_uses' cannot be negative",
		`{"bound_cidrs":"here"}`:              `error parsing bound_cidrs: "here" is neither an address nor a network`,
		`{"token_type":"batch"}`:              "'token_type' cannot be 'batch' when role is set to generate periodic tokens",
		`{"token_type":"batch","orphan":"0"}`: "'token_type' cannot be 'batch' when role is set to generate non-orphan tokens",
	} {
		w.fails(root, "roles/a", body, 400, text)
	}
	w.fails(root, "roles/-a", `{}`, 404, "unsupported path")
	if diff := cmp.Diff(before, w.data(root, logical.Read, "roles/a", "")); diff != "" {
		t.Error("what was refused has changed it:", diff)
	}
}

// TestRolePolicies holds which policies a role gives, or why it does not.
func TestRolePolicies(t *testing.T) {
	for _, c := range []struct{ role, body, want string }{
		{`{}`, `{}`, "app default"},
		{`{}`, `{"policies":["x"]}`, "child policies must be subset of parent"},
		{`{"allowed_policies":"x,y"}`, `{}`, "default x y"},
		{`{"allowed_policies":"x,y"}`, `{"policies":["x"]}`, "default x"},
		{`{"allowed_policies":"x,y"}`, `{"policies":["x"],"no_default_policy":true}`, "x"},
		{`{"allowed_policies":"x,y","token_no_default_policy":true}`, `{}`, "x y"},
		{`{"allowed_policies":"x,y"}`, `{"policies":["z"]}`, `token policies (["default" "z"]) must be subset of the role's allowed policies (["default" "x" "y"]) or glob policies ([])`},
		{`{"allowed_policies_glob":"x-*"}`, `{"policies":["x-1"]}`, "default x-1"},
		{`{"allowed_policies_glob":"x-*"}`, `{"policies":["x"]}`, `token policies (["default" "x"]) must be subset of the role's allowed policies (["default"]) or glob policies (["x-*"])`},
		{`{"allowed_policies_glob":"x-*,a*z"}`, `{"policies":["x-","abz"]}`, "abz default x-"},
		{`{"allowed_policies":"x","disallowed_policies":"default"}`, `{"policies":["x"]}`, "x"},
		{`{"disallowed_policies":"app"}`, `{}`, `token policy "app" is disallowed by this role`},
		{`{"disallowed_policies_glob":"a*"}`, `{"policies":["other"]}`, "default other"},
		{`{"disallowed_policies_glob":"*pp"}`, `{}`, `token policy "app" is disallowed by this role`},
		{`{"disallowed_policies_glob":"*"}`, `{"policies":["x"]}`, `token policy "x" is disallowed by this role`},
		{`{"disallowed_policies":"x"}`, `{"policies":["root"]}`, "root tokens may not be created without parent token being root"},
		{`{"allowed_policies":"response-wrapping"}`, `{}`, `cannot assign policy "response-wrapping"`},
	} {
		w, root := newWorld(t, method.Options{})
		caller := w.make(root, "create", `{"policies":["app"]}`)
		if _, _, err := w.do(root, logical.Update, "roles/r", c.role); err != nil {
			t.Fatal(err)
		}
		_, made, err := w.do(caller, logical.Update, "create/r", c.body)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = strings.Join(made.entry.Policies, " ")
		}
		if got != c.want {
			t.Errorf("%s %s: %s; wanted %s", c.role, c.body, got, c.want)
		}
	}
}

// TestRoleLimits holds what else of a role a token has.
func TestRoleLimits(t *testing.T) {
	w, root := newWorld(t, method.Options{EntityOf: func(_ context.Context, accessor, alias string) (*logical.Entity, error) {
		return &logical.Entity{ID: accessor + " " + alias, Disabled: alias == "dev-off"}, nil
	}})
	for name, body := range map[string]string{
		"short": `{"token_explicit_max_ttl":"1h","token_period":"30m","token_num_uses":3,"path_suffix":"v1a","renewable":false,"orphan":true}`,
		"batch": `{"token_type":"batch","orphan":true,"renewable":false}`,
		"first": `{"token_type":"default-batch"}`,
		"only":  `{"token_type":"service"}`,
		"alias": `{"allowed_entity_aliases":["Web","dev-*"]}`,
	} {
		if _, _, err := w.do(root, logical.Update, "roles/"+name, body); err != nil {
			t.Fatal(err)
		}
	}
	caller := w.make(root, "create", `{"policies":["app"]}`)
	e := w.make(caller, "create/short", `{"num_uses":9,"explicit_max_ttl":"2h"}`).entry
	if e.Left(w.h.Now) != 30*time.Minute || e.ExplicitMax != time.Hour || e.NumUses != 3 || e.Path != "auth/token/create/short/v1a" || e.Role != "short" || e.Renewable || !e.Orphan() {
		t.Errorf("%+v", e)
	}
	for role, want := range map[string]string{"batch": "batch", "first": "batch", "only": "service", "short": "service"} {
		if e := w.make(caller, "create/"+role, `{}`).entry; e.Type != want {
			t.Errorf("%s: %s", role, e.Type)
		}
	}
	if e := w.make(caller, "create/first", `{"type":"service"}`).entry; e.Type != "service" {
		t.Error(e.Type)
	}
	if e := w.make(caller, "create/only", `{"type":"batch"}`).entry; e.Type != "service" {
		t.Error(e.Type)
	}
	if e := w.make(caller, "create/alias", `{"entity_alias":"DEV-1"}`).entry; e.EntityID != "test_1 DEV-1" {
		t.Error(e.EntityID)
	}
	w.fails(caller, "create/alias", `{"entity_alias":"ops"}`, 400, "invalid 'entity_alias' value")
	w.fails(caller, "create/alias", `{"entity_alias":"dev-off"}`, 403, "entity from given entity alias is disabled")
}
