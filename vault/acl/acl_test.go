package acl_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/acl"
)

// TestParameters goes through the documented rules case by case. Data is JSON, as
// a request brings it.
func TestParameters(t *testing.T) {
	for _, rule := range []struct {
		settings string
		yes, no  []string
	}{
		{`required_parameters = ["bar", "BAZ"]`, []string{`{"bar": 1, "baz": 2}`, `{"bar": null, "baz": "", "x": 1}`}, []string{``, `{"bar": 1}`, `{"BAR": 1, "baz": 1}`}},
		{`allowed_parameters = {}`, []string{``, `{"x": 1}`}, nil},
		{`allowed_parameters = { "bar" = [] }`, []string{``, `{}`, `{"bar": 1}`, `{"BAR": [{}]}`}, []string{`{"x": 1}`, `{"bar": 1, "x": 1}`}},
		{`allowed_parameters = { "bar" = ["zip", "zap"] }`, []string{`{"bar": "zip"}`, `{"bar": ["zip", "zap"]}`, `{"bar": "zap, zip"}`, ``},
			[]string{`{"bar": "zop"}`, `{"bar": 1}`, `{"bar": ["zip", "zop"]}`, `{"bar": "zip,zop"}`, `{"bar": ""}`, `{"bar": []}`, `{"bar": null}`, `{"bar": {"zip": 1}}`}},
		{`allowed_parameters = { "bar" = ["zip"], "*" = [] }`, []string{`{"bar": "zip", "x": 1}`, `{"x": 1}`}, []string{`{"bar": "zop", "x": 1}`}},
		{`allowed_parameters = { "*" = [] }`, []string{`{"x": 1}`, ``}, nil},
		{`allowed_parameters = { "bar" = ["baz/*"] }`, []string{`{"bar": "baz/quux"}`, `{"bar": "baz/quux,wibble"}`}, []string{`{"bar": "baz"}`, `{"bar": "a/baz/b"}`}},
		{`allowed_parameters = { "bar" = ["*-end"] }`, []string{`{"bar": "the-end"}`}, []string{`{"bar": "the-end-not"}`}},
		{`allowed_parameters = { "bar" = ["*mid*"] }`, []string{`{"bar": "amidst"}`, `{"bar": "mid"}`}, []string{`{"bar": "md"}`}},
		{`allowed_parameters = { "bar" = ["*"] }`, []string{`{"bar": "*"}`}, []string{`{"bar": "x"}`}},
		{`allowed_parameters = { "bar" = ["**"] }`, []string{`{"bar": "x"}`, `{"bar": ""}`}, []string{`{"bar": 1}`}},
		{`allowed_parameters = { "bar" = ["a*b"] }`, []string{`{"bar": "a*b"}`}, []string{`{"bar": "axb"}`}},
		{`allowed_parameters = { "bar" = ["", "x"] }`, []string{`{"bar": ""}`}, []string{`{"bar": []}`}},
		{`allowed_parameters = { "bar" = [true, 5, 2.5] }`, []string{`{"bar": true}`, `{"bar": 5}`, `{"bar": 5.0}`, `{"bar": 2.5}`, `{"bar": [5, true]}`}, []string{`{"bar": false}`, `{"bar": "true"}`, `{"bar": "5"}`, `{"bar": 6}`}},
		{`allowed_parameters = { "bar" = [9007199254740993] }`, []string{`{"bar": 9007199254740993}`}, []string{`{"bar": 9007199254740992}`}},
		{`allowed_parameters = { "bar" = [["a", 1], {k = "v"}] }`, []string{`{"bar": ["a", 1]}`, `{"bar": {"k": "v"}}`}, []string{`{"bar": ["a"]}`, `{"bar": {"k": "v", "l": 1}}`, `{"bar": {"k": "w"}}`, `{"bar": "a"}`}},
		{`denied_parameters = {}`, []string{`{"x": 1}`}, nil},
		{`denied_parameters = { "bar" = [] }`, []string{``, `{"x": 1}`}, []string{`{"bar": 1}`, `{"Bar": 1, "x": 1}`, `{"bar": null}`}},
		{`denied_parameters = { "bar" = ["zip", "z*p"] }`, []string{`{"bar": "zop"}`, `{"bar": 1}`, `{"x": "zip"}`}, []string{`{"bar": "zip"}`, `{"bar": ["a", "zip"]}`, `{"bar": "a, zip"}`}},
		{`denied_parameters = { "bar" = [0] }`, []string{`{"bar": 1}`}, []string{`{"bar": 0}`, `{"bar": 0.0}`, `{"bar": [1, 0]}`}},
		{`denied_parameters = { "*" = [] }`, []string{``, `{}`}, []string{`{"x": 1}`}},
		{`denied_parameters = { "bar" = ["zip"] } allowed_parameters = { "bar" = ["z*"] }`, []string{`{"bar": "zap"}`}, []string{`{"bar": "zip"}`, `{"x": 1}`}},
	} {
		a := acl.New(parse(t, "dev", `path "a" { capabilities = ["create", "read", "update", "patch", "delete", "list"] `+rule.settings+` }`))
		for _, op := range []acl.Operation{acl.Create, acl.Read, acl.Update, acl.Patch} {
			for want, all := range map[bool][]string{true: rule.yes, false: rule.no} {
				for _, data := range all {
					if got := a.Decide(acl.Request{Operation: op, Path: "a", Data: decode(t, data)}); got.Allowed != want || got.Denied {
						t.Errorf("%s with %s: %s allowed: %v, want %v", rule.settings, data, op, got.Allowed, want)
					}
				}
			}
		}
		for _, op := range []acl.Operation{acl.Delete, acl.List, acl.Help} {
			if !a.Decide(acl.Request{Operation: op, Path: "a", Data: map[string]any{"x": 1}}).Allowed {
				t.Errorf("%s: %s looks at parameters", rule.settings, op)
			}
		}
	}
}

// decode reads request data; "" is a request without any.
func decode(t *testing.T, text string) (data map[string]any) {
	t.Helper()
	if text == "" {
		return nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&data); err != nil {
		t.Fatal(err)
	}
	return data
}

// TestQueryParameters: a repeated parameter arrives as a list of texts.
func TestQueryParameters(t *testing.T) {
	a := acl.New(parse(t, "dev", `path "a" { capabilities = ["read"] denied_parameters = { "v" = ["x"] } }
		path "b" { capabilities = ["read"] allowed_parameters = { "v" = ["x", "y"] } }`))
	for _, c := range []struct {
		path string
		v    []string
		want bool
	}{
		{"a", []string{"y", "x"}, false}, {"a", []string{"y"}, true}, {"b", []string{"y", "x"}, true}, {"b", []string{"y", "z"}, false}, {"b", nil, false},
	} {
		if got := a.Decide(acl.Request{Operation: acl.Read, Path: c.path, Data: map[string]any{"v": c.v}}); got.Allowed != c.want {
			t.Errorf("%s?v=%q: allowed %v", c.path, c.v, got.Allowed)
		}
	}
}

func TestMerging(t *testing.T) {
	for _, c := range []struct {
		name, one, two string
		yes, no        []string
	}{
		{"constraints of one hold for both", ``, `allowed_parameters = { "x" = [] }`, []string{`{"x": 1}`}, []string{`{"y": 1}`}},
		{"allowed values add up", `allowed_parameters = { "x" = ["a"] }`, `allowed_parameters = { "x" = ["b"], "y" = ["c"] }`, []string{`{"x": "a"}`, `{"x": "b", "y": "c"}`}, []string{`{"x": "c"}`}},
		{"any value wins", `allowed_parameters = { "x" = [] }`, `allowed_parameters = { "x" = ["b"] }`, []string{`{"x": "z"}`}, []string{`{"y": 1}`}},
		{"denied values add up", `denied_parameters = { "x" = ["a"] }`, `denied_parameters = { "x" = ["b"] }`, []string{`{"x": "c"}`}, []string{`{"x": "a"}`, `{"x": "b"}`}},
		{"all values denied wins", `denied_parameters = { "x" = [] }`, `denied_parameters = { "x" = ["b"] }`, []string{`{"y": 1}`}, []string{`{"x": "z"}`}},
		{"required add up", `required_parameters = ["x"]`, `required_parameters = ["y", "x"]`, []string{`{"x": 1, "y": 1}`}, []string{`{"x": 1}`, `{"y": 1}`}},
	} {
		block := func(settings string) string {
			return `path "a/*" { capabilities = ["update"] ` + settings + ` }`
		}
		one, two := parse(t, "one", block(c.one)), parse(t, "two", block(c.two))
		both := parse(t, "both", block(c.one)+"\n"+block(c.two))
		acl.New(two, one, both) // must leave the policies as they are
		for way, a := range map[string]*acl.ACL{"one, two": acl.New(one, nil, two), "two, one": acl.New(two, one), "one document": acl.New(both)} {
			for want, all := range map[bool][]string{true: c.yes, false: c.no} {
				for _, data := range all {
					if got := a.Decide(acl.Request{Operation: acl.Update, Path: "a/b", Data: decode(t, data)}); got.Allowed != want {
						t.Errorf("%s (%s) with %s: allowed %v", c.name, way, data, got.Allowed)
					}
				}
			}
		}
	}
}

func TestDecide(t *testing.T) {
	one := parse(t, "one", `
		path "kv/*" { capabilities = ["read", "list"] }
		path "kv/closed" { capabilities = ["deny"] }
		path "kv/empty" { capabilities = [] }
		path "sys/audit" { capabilities = ["read", "sudo"] }
		path "sys/mounts" { capabilities = ["read"] }
		path "wrap" { capabilities = ["update"] min_wrapping_ttl = "10s" max_wrapping_ttl = "60s" }
		path "crossed" { capabilities = ["update"] max_wrapping_ttl = "10s" }
		path "folder" { capabilities = ["list"] }
		path "open/+" { capabilities = ["list"] }`)
	two := parse(t, "two", `
		path "kv/*" { capabilities = ["read", "create"] }
		path "kv/closed" { capabilities = ["read", "sudo"] }
		path "crossed" { capabilities = ["update"] min_wrapping_ttl = "20s" }
		path "wrap" { capabilities = ["read"] max_wrapping_ttl = "30s" min_wrapping_ttl = "5s" }`)
	a := acl.New(one, two)
	kv := acl.Result{Pattern: "kv/*", Capabilities: []string{"create", "list", "read"}}
	with := func(r acl.Result, allowed bool, policies ...string) acl.Result {
		r.Allowed, r.Policies = allowed, policies
		if len(policies) > 0 {
			r.Policy = policies[0]
		}
		return r
	}
	closed := acl.Result{Denied: true, Pattern: "kv/closed", Capabilities: []string{"deny"}}
	wrap := acl.Result{Pattern: "wrap", Capabilities: []string{"read", "update"}, MinWrap: 5 * time.Second, MaxWrap: 30 * time.Second}
	audit := acl.Result{Pattern: "sys/audit", Capabilities: []string{"read", "sudo"}, Sudo: true}
	mounts := acl.Result{Pattern: "sys/mounts", Capabilities: []string{"read"}}
	crossed := acl.Result{Pattern: "crossed", Capabilities: []string{"update"}, MinWrap: 20 * time.Second, MaxWrap: 10 * time.Second}
	folder := acl.Result{Pattern: "folder", Capabilities: []string{"list"}}
	nothing := acl.Result{Capabilities: []string{"deny"}}
	for _, c := range []struct {
		request acl.Request
		want    acl.Result
	}{
		{acl.Request{Operation: acl.Read, Path: "kv/x"}, with(kv, true, "one", "two")},
		{acl.Request{Operation: acl.Read, Path: "//kv/x"}, with(kv, true, "one", "two")},
		{acl.Request{Operation: acl.Create, Path: "kv/x"}, with(kv, true, "two")},
		{acl.Request{Operation: acl.Delete, Path: "kv/x"}, with(kv, false)},
		{acl.Request{Operation: "sudo", Path: "sys/audit"}, with(audit, false)},
		{acl.Request{Operation: "destroy", Path: "kv/x"}, with(kv, false)},
		{acl.Request{Path: "kv/x"}, with(kv, false)},
		{acl.Request{Operation: acl.Read, Path: "kv/closed"}, with(closed, false, "one")},
		{acl.Request{Operation: "destroy", Path: "kv/closed"}, with(closed, false)},
		{acl.Request{Operation: acl.Help, Path: "kv/closed", Root: true}, acl.Result{Allowed: true, Capabilities: []string{"deny"}}},
		{acl.Request{Operation: acl.Read, Path: "kv/empty"}, acl.Result{Pattern: "kv/empty", Capabilities: []string{"deny"}}},
		{acl.Request{Operation: acl.Read, Path: "other"}, nothing},
		{acl.Request{Operation: acl.Read, Path: ""}, nothing},
		{acl.Request{Operation: acl.Read, Path: "sys/audit", Root: true}, with(audit, true, "one")},
		{acl.Request{Operation: acl.Read, Path: "sys/mounts", Root: true}, with(mounts, false, "one")},
		{acl.Request{Operation: acl.Read, Path: "sys/mounts"}, with(mounts, true, "one")},
		{acl.Request{Operation: acl.Update, Path: "wrap"}, with(wrap, false, "one")},
		{acl.Request{Operation: acl.Update, Path: "wrap", WrapTTL: 4 * time.Second}, with(wrap, false, "one")},
		{acl.Request{Operation: acl.Update, Path: "wrap", WrapTTL: 31 * time.Second}, with(wrap, false, "one")},
		{acl.Request{Operation: acl.Renew, Path: "wrap", WrapTTL: 5 * time.Second}, with(wrap, true, "one")},
		{acl.Request{Operation: acl.Revoke, Path: "wrap", WrapTTL: 30 * time.Second}, with(wrap, true, "one")},
		{acl.Request{Operation: acl.Update, Path: "crossed", WrapTTL: 15 * time.Second}, with(crossed, false, "one", "two")},
		{acl.Request{Operation: acl.List, Path: "folder/"}, with(folder, true, "one")},
		{acl.Request{Operation: acl.List, Path: "folder"}, with(folder, true, "one")},
		{acl.Request{Operation: acl.Read, Path: "folder/"}, nothing},
		{acl.Request{Operation: acl.List, Path: "open/x/"}, acl.Result{Allowed: true, Policy: "one", Policies: []string{"one"}, Pattern: "open/+", Capabilities: []string{"list"}}},
	} {
		if diff := cmp.Diff(c.want, a.Decide(c.request)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.request, diff)
		}
	}
}

func TestRoot(t *testing.T) {
	request := acl.Request{Operation: acl.Delete, Path: "sys/raw", Root: true}
	want := acl.Result{Allowed: true, Policy: "root", Policies: []string{"root"}, Capabilities: []string{"root"}, Sudo: true}
	if diff := cmp.Diff(want, acl.New(acl.Root()).Decide(request)); diff != "" {
		t.Errorf("root (-want +got):\n%s", diff)
	}
	if got := acl.New(acl.Root()).Capabilities("x"); got[0] != "root" {
		t.Errorf("root may %v", got)
	}
	for name, a := range map[string]*acl.ACL{
		"beside another": acl.New(acl.Root(), parse(t, "dev", `path "a" { capabilities = ["read"] }`)),
		"nobody":         acl.New(),
		"nil":            acl.New(nil),
	} {
		if a.Decide(request).Allowed || a.Capabilities("sys/raw")[0] != "deny" {
			t.Errorf("%s: allowed", name)
		}
	}
}

// thousand is a policy of 1,000 patterns in n shapes, and a path for each shape.
func thousand(t testing.TB) (*acl.ACL, map[string]string) {
	var text []byte
	for i := range 250 {
		text = fmt.Appendf(text, "path \"secret/data/team-%d/app\" { capabilities = [\"read\"] }\n", i)
		text = fmt.Appendf(text, "path \"secret/data/team-%d/*\" { capabilities = [\"read\"] }\n", i)
		text = fmt.Appendf(text, "path \"secret/metadata/app-%d*\" { capabilities = [\"read\"] }\n", i)
		text = fmt.Appendf(text, "path \"secret/data/+/service-%d/+\" { capabilities = [\"read\"] }\n", i)
	}
	return acl.New(parse(t, "many", string(text))), map[string]string{
		"exact":    "secret/data/team-200/app",
		"folder":   "secret/data/team-200/a/b/c",
		"prefix":   "secret/metadata/app-200/x",
		"segments": "secret/data/any/service-200/db",
		"nothing":  "auth/token/create",
	}
}

func TestPlainDecisionAllocatesNothing(t *testing.T) {
	a, paths := thousand(t)
	for shape, path := range paths {
		request := acl.Request{Operation: acl.Read, Path: path}
		if got := a.Decide(request).Allowed; got != (shape != "nothing") {
			t.Errorf("%s: allowed %v", shape, got)
		}
		if n := testing.AllocsPerRun(100, func() { a.Decide(request) }); n != 0 {
			t.Errorf("%s: %v allocations", shape, n)
		}
	}
}

func BenchmarkDecide(b *testing.B) {
	a, paths := thousand(b)
	for shape, path := range paths {
		b.Run(shape, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.Decide(acl.Request{Operation: acl.Read, Path: path})
			}
		})
	}
}
