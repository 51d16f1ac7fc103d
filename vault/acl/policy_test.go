package acl_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/acl"
)

// refused are documents that must not be read, and what the error must say.
var refused = []struct{ name, text, want string }{
	{"unknown setting", "path \"a\" {\n  capabilites = [\"read\"]\n}", `line 2: path "a": capabilites: is no setting`},
	{"unknown block", "\n\nrule \"a\" {}", `line 3: unknown block "rule"`},
	{"unknown capability", "path \"a\" {\n capabilities = [\"reed\"]\n}", `line 2: path "a": capabilities: "reed" is no capability; use create, delete, deny`},
	{"capability not in a list", `path "a" { capabilities = "read" }`, `wants a list`},
	{"number for a capability", `path "a" { capabilities = [1] }`, `in quotes`},
	{"old word", `path "a" { policy = "admin" }`, `wants "deny", "read"`},
	{"setting twice", "path \"a\" {\n capabilities = [\"read\"]\n capabilities = [\"list\"]\n}", "line 3: path \"a\": capabilities stands already in line 2"},
	{"parameter twice", `path "a" { allowed_parameters = { "x" = [1], "X" = [2] } }`, `"x" stands there twice`},
	{"parameter without list", `path "a" { denied_parameters = { "x" = "1" } }`, `"x" wants a list`},
	{"parameters as list", `path "a" { denied_parameters = ["x"] }`, `wants an object`},
	{"plus and star", `path "a/+*" { }`, `"+*" is not allowed`},
	{"open template", `path "a/{{identity.entity.id" { }`, `not closed`},
	{"template closed twice", `path "a/{{identity.entity.id}}}}" { }`, `closed twice`},
	{"template closed before", `path "a}}/{{identity.entity.id}}" { }`, `closed twice`},
	{"wrapping times crossed", "path \"a\" {\n min_wrapping_ttl = 60\n max_wrapping_ttl = \"30s\"\n}", "line 3: path \"a\": max_wrapping_ttl is less"},
	{"negative wrapping time", `path "a" { min_wrapping_ttl = "-1s" }`, `wants seconds`},
	{"long wrapping time", `path "a" { min_wrapping_ttl = "200000d" }`, `wants seconds`},
	{"wrong wrapping time", `path "a" { min_wrapping_ttl = true }`, `wants seconds`},
	{"pagination", `path "a" { pagination_limit = 5 }`, `pagination_limit: is not enforced by stanch`},
	{"control group", `path "a" { control_group { ttl = "1h" } }`, `control_group: is not enforced by stanch`},
	{"multi-factor", `path "a" { mfa_methods = ["m"] }`, `mfa_methods: is not enforced by stanch`},
	{"expiry", `path "a" { expiration = "2030-01-01T00:00:00Z" }`, `not enforced`},
	{"no block", `path = "a"`, `not followed by a block`},
	{"two names", `path "a" "b" { }`, `has 2 names`},
	{"setting with a name", `path "a" { allowed_parameters "x" { y = [] } }`, `takes no name`},
	{"brace too many drops a setting", "path \"a\" {\n capabilities = [\"create\"]\n allowed_parameters = }\n}", `line 4: "}" closes nothing`},
	{"brace missing", `path "a" {`, `line 1: object expected closing`},
	{"number too long", `path "a" { min_wrapping_ttl = ` + strings.Repeat("9", 40) + ` }`, `cannot be read as HCL`},
	{"deep", `path "a" { allowed_parameters = { x = ` + strings.Repeat("[", 100000) + `} }`, `nests more than 16 deep`},
	{"long", strings.Repeat("#", acl.MaxText+1), `limit of 1048576`},
	{"not text", "path \"\xff\" {}", `not UTF-8`},
	{"JSON cut", "{\n\"path\": {", `line 2: is cut short`},
	{"JSON wrong", "{\n\"path\": {\n,}}", `line 3: is not JSON`},
	{"JSON goes on", "{}\n{}", `line 2: text follows`},
	{"JSON null", "{\"path\": {\"a\": {\n\"capabilities\": null}}}", `line 2: null is no value`},
	{"JSON deep", `{"path": ` + strings.Repeat("[", 100000), `nests more than 16 deep`},
	{"JSON unknown setting", "{\"path\": {\"a\": {\n\"capabilites\": []}}}", `line 2: path "a": capabilites`},
	{"JSON path without block", `{"path": {"a": "read"}}`, `not followed by a block`},
}

func TestParseRefuses(t *testing.T) {
	for _, c := range refused {
		_, err := acl.Parse("dev", c.text)
		if err == nil {
			t.Errorf("%s: read without an error", c.name)
			continue
		}
		if !strings.HasPrefix(err.Error(), `policy "dev": `) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %q does not say %q", c.name, err, c.want)
		}
	}
	if _, err := acl.Parse("root", ""); err == nil {
		t.Error("a document may be named root")
	}
}

// accepted are documents that must be read, and what they must grant on "a".
var accepted = []struct {
	name, text string
	want       []string
}{
	{"empty", "", []string{"deny"}},
	{"empty JSON", ` {"path": {}}`, []string{"deny"}},
	{"block without settings", `path "a" { }`, []string{"deny"}},
	{"name and comment", "name = \"x\"\npath \"a\" {\n comment = \"why\" # here\n capabilities = [\"read\"]\n}", []string{"read"}},
	{"leading slash", `path "/a" { capabilities = ["read"] }`, []string{"read"}},
	{"two leading slashes name another path", `path "//a" { capabilities = ["read"] }`, []string{"deny"}},
	{"all words", `path "a" { capabilities = ["update","create","delete","list","patch","read","recover","scan","subscribe","sudo"] }`,
		[]string{"create", "delete", "list", "patch", "read", "recover", "scan", "subscribe", "sudo", "update"}},
	{"deny stands alone", `path "a" { capabilities = ["read", "deny", "sudo"] }`, []string{"deny"}},
	{"old read", `path "a" { policy = "read" }`, []string{"list", "read"}},
	{"old write", `path "a" { policy = "write" }`, []string{"create", "delete", "list", "read", "update"}},
	{"old sudo and a word", `path "a" { policy = "sudo" capabilities = ["patch"] }`, []string{"create", "delete", "list", "patch", "read", "sudo", "update"}},
	{"old deny", `path "a" { policy = "deny" capabilities = ["patch"] }`, []string{"deny"}},
	{"block twice", "path \"a\" { capabilities = [\"read\"] }\npath \"a\" { capabilities = [\"list\"] }", []string{"list", "read"}},
	{"windows lines", "path \"a\" {\r\n capabilities = [\"read\"]\r\n}\r\n", []string{"read"}},
	{"JSON", `{"path": {"a": {"capabilities": ["read"]}}}`, []string{"read"}},
	{"JSON with only parameters", `{"path": {"a": {"allowed_parameters": {"x": []}}}}`, []string{"deny"}},
	{"JSON in lists", `{"path": [{"a": [{"capabilities": ["read"]}, {"capabilities": ["list"]}]}]}`, []string{"list", "read"}},
}

func TestParseAccepts(t *testing.T) {
	for _, c := range accepted {
		p, err := acl.Parse("dev", c.text)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if diff := cmp.Diff(c.want, acl.New(p).Capabilities("a")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWrappingTimesAreRead(t *testing.T) {
	for text, want := range map[string]time.Duration{
		`90`: 90 * time.Second, `"90"`: 90 * time.Second, `"90s"`: 90 * time.Second, `"1.5h"`: 90 * time.Minute,
		`"2d"`: 48 * time.Hour, `1.9`: time.Second, `""`: 0, `0`: 0,
	} {
		p := parse(t, "dev", `path "a" { capabilities = ["read"] max_wrapping_ttl = `+text+` }`)
		if got := acl.New(p).Decide(acl.Request{Operation: acl.Read, Path: "a"}).MaxWrap; got != want {
			t.Errorf("max_wrapping_ttl = %s: %v, want %v", text, got, want)
		}
	}
}

var someone = acl.Identity{
	Entity: &acl.Entity{
		ID: "e1", Name: "ann", Metadata: map[string]string{"team": "blue", "a.b": "dotted", "none": "", "star": "*", "plus": "x/+/y", "inner": "a*b", "slash": "p/q", "nested": "{{identity.entity.id}}", "ends": "z/"},
		Aliases: []acl.Alias{
			{Accessor: "auth_jwt_1", ID: "a1", Name: "ns/sa", Metadata: map[string]string{"sa": "web"}, CustomMetadata: map[string]string{"cost": "42"}},
			{Accessor: "auth_jwt_2", ID: "a2", Name: "*"},
		},
	},
	Groups: []acl.Group{{ID: "g1", Name: "ops", Metadata: map[string]string{"tier": "gold"}}, {ID: "g2", Name: "dev"}},
}

func TestTemplates(t *testing.T) {
	for _, c := range []struct{ path, want string }{ // want: the pattern; "": left out; "!": an error
		{"s/{{identity.entity.id}}/*", "s/e1/*"},
		{"s/{{ identity.entity.name }}", "s/ann"},
		{"{{identity.entity.name}}/{{identity.entity.id}}", "ann/e1"},
		{"s/{{identity.entity.metadata.team}}", "s/blue"},
		{"s/{{identity.entity.metadata.a.b}}", "s/dotted"},
		{"s/{{identity.entity.metadata.slash}}/+", "s/p/q/+"},
		{"s/{{identity.entity.metadata.inner}}", "s/a*b"},
		{"s/{{identity.entity.metadata.nested}}", "s/{{identity.entity.id}}"},
		{"s/{{identity.entity.aliases.auth_jwt_1.id}}", "s/a1"},
		{"s/{{identity.entity.aliases.auth_jwt_1.name}}", "s/ns/sa"},
		{"s/{{identity.entity.aliases.auth_jwt_1.metadata.sa}}", "s/web"},
		{"s/{{identity.entity.aliases.auth_jwt_1.custom_metadata.cost}}", "s/42"},
		{"s/{{identity.groups.ids.g1.name}}", "s/ops"},
		{"s/{{identity.groups.names.dev.id}}", "s/g2"},
		{"s/{{identity.groups.names.ops.metadata.tier}}", "s/gold"},
		{"s/{{identity.groups.ids.g1.metadata.tier}}", "s/gold"},
		{"s/{{identity.entity.metadata.none}}", ""},
		{"s/{{identity.entity.metadata.other}}", ""},
		{"s/{{identity.entity.metadata}}", ""},
		{"s/{{identity.entity.aliases.auth_other.name}}", ""},
		{"s/{{identity.entity.aliases.auth_jwt_1}}", ""},
		{"s/{{identity.groups.names.web.id}}", ""},
		{"s/{{identity.groups.g1}}", ""},
		{"s/{{other}}", ""},
		{"s/{{}}", ""},
		{"s/{{identity.entity.metadata.star}}", "!"},
		{"s/{{identity.entity.metadata.plus}}", "!"},
		{"s/{{identity.entity.metadata.ends}}+", "!"},
		{"s/{{identity.entity.aliases.auth_jwt_2.name}}", "!"},
	} {
		p := parse(t, "dev", `path "plain" { capabilities = ["read"] }
			path "`+c.path+`" { capabilities = ["list"] }`)
		if !p.Templated() {
			t.Errorf("%s: not seen as a template", c.path)
		}
		if got := acl.New(p).Capabilities(c.path); got[0] != "deny" {
			t.Errorf("%s grants %v before it is resolved", c.path, got)
		}
		resolved, err := p.For(someone)
		if err != nil {
			if c.want != "!" || strings.Contains(err.Error(), "x/+") {
				t.Errorf("%s: %v", c.path, err)
			}
			continue
		}
		a := acl.New(resolved)
		if got := a.Capabilities("plain"); got[0] != "read" {
			t.Errorf("%s: the other path grants %v", c.path, got)
		}
		want := strings.NewReplacer("*", "below", "+", "any").Replace(c.want)
		if c.want == "s/a*b" {
			want = c.want
		}
		got := a.Decide(acl.Request{Operation: acl.List, Path: want})
		if got.Pattern != c.want || got.Allowed != (c.want != "") {
			t.Errorf("%s: resolved to %q (allowed: %v), want %q", c.path, got.Pattern, got.Allowed, c.want)
		}
	}
}

func TestTemplatesOfNobody(t *testing.T) {
	p := parse(t, "dev", `path "s/{{identity.entity.id}}" { capabilities = ["read"] }
		path "s/{{identity.groups.ids.g1.name}}" { capabilities = ["read"] }`)
	resolved, err := p.For(acl.Identity{})
	if err != nil || resolved.Templated() {
		t.Fatalf("resolved for nobody: templated %v, error %v", resolved.Templated(), err)
	}
	if got := acl.New(resolved).Capabilities("s/"); got[0] != "deny" {
		t.Errorf("nobody may %v", got)
	}
	plain := parse(t, "plain", `path "a" {}`)
	if same, err := plain.For(someone); same != plain || err != nil {
		t.Errorf("a policy without templates changes: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, c := range refused {
		if len(c.text) < 1000 {
			f.Add(c.text, "a/b")
		}
	}
	for _, c := range accepted {
		f.Add(c.text, "a")
	}
	f.Add(`path "s/{{identity.entity.metadata.slash}}/+/x*" { capabilities = ["read"] allowed_parameters = { "n" = [1, 2.5, true, "b*", [1], {a = "b"}] } }`, "s/p/q/r/xy/")
	f.Fuzz(func(t *testing.T, text, path string) {
		p, err := acl.Parse("dev", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), `policy "dev": `) {
				t.Errorf("error %q does not name the policy", err)
			}
			return
		}
		resolved, err := p.For(someone)
		if err != nil {
			return
		}
		a := acl.New(resolved)
		for _, op := range []acl.Operation{acl.Read, acl.List, acl.Create} {
			got := a.Decide(acl.Request{Operation: op, Path: path, Data: map[string]any{"n": "b", "m": []any{1.0, "x"}}, Root: true})
			if got.Allowed && (got.Denied || !got.Sudo) {
				t.Errorf("%s %q: %+v", op, path, got)
			}
			if got.Allowed && got.Policy != "dev" {
				t.Errorf("%s %q: allowed by policy %q", op, path, got.Policy)
			}
		}
	})
}
