package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

var at = time.Unix(1_700_000_000, 0)

// otherShape decides as the embedded policy does, written differently.
const otherShape = `package stanch.access

decision := {"allow": allow, "grants": grants, "reasons": deny, "obligations": obligations, "cache_seconds": 0}

default allow := false

allow if {
	permitted
	count(deny) == 0
}

permitted if some id in grants

grants contains grant.id if {
	some prefix in input.resource.ancestors
	some key in input.subject.keys
	some grant in data.index.grants[key][prefix]
	grant.capabilities[input.action.name]
	grant.expires_at > input.context.time
}

grants contains grant.id if {
	keys := input.subject.keys
	some key in keys
	patterns := data.index.wildcards[key]
	some grant in patterns
	pattern := grant.pattern
	glob.match(pattern, ["/"], input.resource.id)
	grant.capabilities[input.action.name]
	grant.expires_at > input.context.time
}

deny contains {"code": "mfa_required", "message": "-"} if {
	input.action.name == "reveal"
	input.subject.type == "human"
	not input.context.mfa
}

obligations contains "audit_reveal" if input.action.name == "reveal"
`

// additions are rules that somebody may add to the access policy, of shapes that the
// analysis understands and of shapes that it must leave alone.
var additions = []string{
	`deny contains d if { "group/g1" in input.subject.keys; input.action.name == "write" }`,
	`deny contains d if { not "group/g1" in input.subject.keys; input.action.name == "admin" }`,
	`deny contains d if { startswith(input.resource.id, "kv/a/"); input.action.name in {"read", "sign"} }`,
	`deny contains d if not startswith(input.resource.id, "kv/")`,
	`deny contains d if input.resource.properties.class == "database"`,
	`deny contains d if input.resource.properties.owner != input.subject.id`,
	`deny contains d if { input.subject.type == "human"; not input.context.mfa }`,
	`deny contains d if { input.context.source_ip == ""; input.action.name == "issue" }`,
	`allow if "group/g0" in input.subject.keys`,
	`allow if { some key in input.subject.keys; startswith(key, "group/"); input.action.name == "read" }`,
	`deny contains d if { every key in input.subject.keys { key != "k1" } }`,
	`deny contains d if { count(input.subject.keys) > 1; input.action.name == "sign" }`,
	`deny contains d if input.subject.keys[0] == "k0"`,
	`has(key) if key in input.subject.keys
	deny contains d if { has("k2"); has("group/g1") }`,
	`deny contains d if { some key in input.subject.keys; key in {"k1", "k2"}; input.action.name == "write" }`,
	`deny contains d if { some key in input.subject.keys; key == "k1"; input.action.name == "list" }`,
	`obligations contains concat(",", [key | some key in input.subject.keys; key in ["k1", "k2", "k3"]])`,
	`deny contains d if { some key in input.subject.keys; data.index.grants[key]; input.action.name == "sign" }`,
	`deny contains d if { some key in input.subject.keys; not data.index.grants[key]; input.action.name == "issue" }`,
	`deny contains d if { input.action.name == "rotate"; some key in input.subject.keys; to_number(trim_prefix(key, "k")) > 1; data.index.grants[key] }`,
	`deny contains d if { some key in input.subject.keys; data.index.grants[key]; to_number(trim_prefix(key, "k")) > 1; input.action.name == "rotate" }`,
	`deny contains d if { "kv/a/" in input.resource.ancestors; input.action.name == "list" }`,
	`deny contains d if { "kv/a/" == input.resource.ancestors[_]; input.subject.id == "k1" }`,
	`deny contains d if count(input.resource.ancestors) > 4`,
	`obligations contains concat(",", input.subject.properties.groups)`,
	`obligations contains concat(",", [grant.id | some prefix in input.resource.ancestors; some key in input.subject.keys; some grant in data.index.grants[key][prefix]])`,
	`obligations contains concat(",", [grant.id | some key in input.subject.keys; some prefix in input.resource.ancestors; some grant in data.index.break_glass[key][prefix]])`,
	`obligations contains concat(",", [grant.id | some key in input.subject.keys; some grant in data.index.wildcards[key]])`,
	`obligations contains concat(",", [grant.id | some key in input.subject.keys; some grant in data.index.wildcards[key]; glob.match(grant.pattern, [], input.resource.id)])`,
	`obligations contains concat(",", [grant.id | some key in input.subject.keys; some grant in data.index.wildcards[key]; not glob.match(grant.pattern, ["/"], input.resource.id)])`,
	`granted if count(grants) > 0
	unless if granted with input.subject.keys as ["k0"]
	deny contains d if { unless; input.action.name == "issue" }`,
	`granted if count(grants) > 0
	unless if granted with data.index.grants as {}
	deny contains d if { unless; input.action.name == "sign" }`,
	"deny contains d if regex.match(`^kv/[ab]/x`, input.resource.id)",
	`deny contains d if { subject := input.subject; subject.id == "k1" }`,
	`deny contains d if { keys := input.subject.keys; id := input.resource.id; "k1" in keys; id == "kv/a/x"; count(keys) < 3 }`,
	`deny contains d if object.get(input.subject, "id", "") == "k1"`,
	`deny contains d if { some part in ["subject", "resource"]; input[part].id == "k2" }`,
	`deny contains d if { input.action.name == "read"; walk(input, [["resource", "properties", "owner"], "ops"]) }`,
	`index := data.index.grants
	deny contains d if { some key in input.subject.keys; index[key]; input.action.name == "delete" }`,
	`paths[key] contains prefix if { some key in input.subject.keys; some prefix in input.resource.ancestors; data.index.grants[key][prefix] }
	deny contains d if { count(paths.k1) > 0; input.action.name == "admin" }`,
	`deny contains d if { some prefix in input.resource.ancestors; data.index.grants.k0[prefix]; input.action.name == "read" }`,
	`deny contains d if { data.index.grants[input.subject.id]; input.action.name == "read" }`,
	`deny contains d if input.subject.keys == ["k0", "k1"]`,
	`deny contains d if { some i, key in input.subject.keys; i == 1; data.index.grants[key] }`,
	`deny contains d if { some key in input.subject.keys; some i, prefix in input.resource.ancestors; data.index.grants[key][prefix]; i > 1 }`,
	`deny contains d if { some key in input.subject.keys; by := data.index.grants[key]; not by["kv/"]; input.action.name == "delete" }`,
	`grade := "one" if { some key in input.subject.keys; data.index.grants[key]["kv/"] } else := "two" if { "k3" in input.subject.keys } else := "three"
	obligations contains grade`,
	`deny contains d if { some key in input.subject.keys; data.index.grants[key]; some other in input.subject.keys; other != key; input.action.name == "write" }`,
	`deny contains d if { some key in input.subject.keys; some grant in data.index.wildcards[key]; grant.capabilities[input.action.name] }`,
	`deny contains d if { some key in input.subject.keys; some one in data.index.wildcards[key]; some other in data.index.wildcards[key]; glob.match(one.pattern, ["/"], input.resource.id); one != other; other.capabilities[input.action.name] }`,
	`place[i] contains key if { some i, key in input.subject.keys; data.index.grants[key] }
	deny contains d if { place[0].k3; input.action.name == "list" }`,
	`deny contains d if { x = input.subject.id; x = input.resource.properties.owner; startswith(x, "k") }`,
	`deny contains d if { input.subject.keys[i] == "k0"; i == 1; input.action.name == "write" }`,
	`deny contains d if { not startswith(input.resource.id, "pki/"); count(input.subject.keys) > 1; input.action.name == "read" }`,
	`deny contains d if { some key in input.subject.keys; to_number(trim_prefix(key, "k")) > 100; input.action.name == "admin" }`,
	`deny contains d if { some key in input.subject.keys; to_number(trim_prefix(key, "k")) > 100; not input.action.name == "list" }`,
	`deny contains d if { some group in input.subject.properties.groups; group in {"g1"}; input.action.name == "sign" }`,
	`deny contains d if { some key in input.subject.keys; by := data.index.grants[key]; some prefix in input.resource.ancestors; by[prefix]; by["kv/a/x"]; input.action.name == "read" }`,
	`allow if true`,
	`obligations contains count(input.subject.keys)`, // not a text: the decision fails
}

var invariants = []string{
	`violation contains v("rw") if { input.can.read; input.can.write; "kv/a/" in input.resource.ancestors }`,
	`violation contains v("reveal") if { input.decision.allow; input.action.name == "reveal"; not "group/g0" in input.subject.keys }`,
	`violation contains v(input.subject.id) if { input.decision.allow; input.resource.properties.owner == "ops" }`,
	`violation contains v("number") if { to_number(input.subject.properties.groups[0]) == 1 }`,
	`violation contains v("many") if count(input.decision.grants) > 1`,
	`violation contains v(reason.code) if some reason in input.decision.reasons`,
	`violation contains v(sprintf("%d", [count(input.can)])) if startswith(input.resource.id, "kv/b")`,
	`violation contains v("some") if { some key in input.subject.keys; data.index.grants[key]; input.resource.properties.class == "database" }`,
	`violation contains {"code": "x"} if input.resource.id == "kv/a/x"`,
}

func sample[T any](t *rapid.T, from []T, most int, label string) []T {
	if len(from) == 0 {
		return nil
	}
	picked := rapid.SliceOfNDistinct(rapid.IntRange(0, len(from)-1), 0, min(most, len(from)), rapid.ID[int]).Draw(t, label)
	all := make([]T, len(picked))
	for i, n := range picked {
		all[i] = from[n]
	}
	return all
}

var (
	someKeys  = []string{"k0", "k1", "k2", "k3", "k4", "group/g0", "group/g1"}
	somePaths = []string{"kv/a/x", "kv/a/y", "kv/b/x", "kv/b/c/x", "kv/any/x", "pki/a"}
	someGrant = append([]string{"**", "kv/**", "kv/a/**", "kv/*/x", "kv/*/**", "*/a", "kv/b/*"}, somePaths...)
)

// defaults are the embedded policies without invariants.
func defaults(t interface{ Fatal(...any) }) source.Documents {
	d, err := policies.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	d.Modules = slices.DeleteFunc(d.Modules, func(m source.Module) bool { return strings.HasPrefix(m.Path, "invariants/") })
	return d
}

func randomDocuments(t *rapid.T) source.Documents {
	d := defaults(t)
	if rapid.Bool().Draw(t, "other shape") {
		d.Modules = []source.Module{{Path: "access/access.rego", Text: []byte(otherShape)}}
	}
	text := "package stanch.access\n\nd := {\"code\": \"added\", \"message\": \"-\"}\n"
	d.Modules = append(d.Modules, source.Module{Path: "access/added.rego", Text: []byte(text + strings.Join(sample(t, additions, 3, "additions"), "\n"))})
	for i := range rapid.IntRange(0, 8).Draw(t, "grants") {
		g := source.Grant{ID: fmt.Sprint("g", i), Subjects: sample(t, someKeys, 2, "subjects"), Paths: sample(t, someGrant, 2, "paths"), Can: sample(t, source.Capabilities(), 5, "can")}
		g.BreakGlass = rapid.IntRange(0, 4).Draw(t, "break glass") == 0
		if hours := rapid.IntRange(-1, 3).Draw(t, "expires"); hours <= 1 {
			g.ExpiresAt = at.Add(time.Duration(hours) * time.Hour)
		}
		d.Grants = append(d.Grants, g)
	}
	return d
}

func randomUniverse(t *rapid.T) source.Universe {
	var u source.Universe
	for i := range rapid.IntRange(0, 4).Draw(t, "principals") {
		u.Principals = append(u.Principals, source.UniversePrincipal{Type: rapid.SampledFrom([]string{"", "human"}).Draw(t, "type"), ID: fmt.Sprint("k", i),
			Keys: sample(t, someKeys, 3, "keys"), Groups: sample(t, []string{"g0", "g1"}, 2, "groups"), MFA: rapid.Bool().Draw(t, "mfa")})
	}
	for _, path := range sample(t, somePaths, 5, "resources") {
		u.Resources = append(u.Resources, source.UniverseResource{Path: path, Class: rapid.SampledFrom([]string{"", "database"}).Draw(t, "class"),
			Owner: rapid.SampledFrom([]string{"", "ops", "k1"}).Draw(t, "owner"), Environment: rapid.SampledFrom([]string{"", "prod"}).Draw(t, "environment")})
	}
	return u
}

func compile(t interface{ Fatal(...any) }, d source.Documents) *policies.Snapshot {
	s, err := policies.Compile(d)
	if err != nil {
		for _, m := range d.Modules {
			if strings.HasSuffix(m.Path, "added.rego") {
				t.Fatal(err, string(m.Text))
			}
		}
		t.Fatal(err)
	}
	return s
}

// oracle decides one cell with all of its input.
type oracle struct {
	snapshot *policies.Snapshot
	query    rego.PreparedEvalQuery
}

func newOracle(t interface{ Fatal(...any) }, s *policies.Snapshot) *oracle {
	query, err := rego.New(rego.Query("x := "+policies.EntryAccess.Query()), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.StrictBuiltinErrors(true)).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &oracle{s, query}
}

type answer struct {
	allow               bool
	grants, obligations []string
}

func (o *oracle) ask(u *matrix.Universe, p matrix.Principal, r matrix.Resource, capability string) answer {
	in := &policies.AccessInput{Subject: p.Principal, Action: policies.Action{Name: capability}, Resource: r.Resource, Context: policies.Context{Time: u.Time, MFA: p.MFA}}
	results, err := o.query.Eval(context.Background(), rego.EvalParsedInput(policies.Term(in).Value))
	if err != nil || len(results) != 1 {
		return answer{}
	}
	doc := results[0].Bindings["x"].(map[string]any)
	a := answer{allow: doc["allow"] == true}
	for _, list := range []struct {
		name string
		to   *[]string
	}{{"grants", &a.grants}, {"obligations", &a.obligations}} {
		for _, v := range doc[list.name].([]any) {
			s, ok := v.(string)
			if !ok {
				return answer{}
			}
			*list.to = append(*list.to, s)
		}
		slices.Sort(*list.to)
	}
	return a
}

func (a answer) equal(b answer) bool {
	return a.allow == b.allow && (!a.allow || slices.Equal(a.grants, b.grants) && slices.Equal(a.obligations, b.obligations))
}

// invariantsOracle evaluates the invariants of one cell with all of its input.
func invariantsOracle(t interface{ Fatal(...any) }, s *policies.Snapshot) func(ast.Value) []string {
	query, err := rego.New(rego.Query("x := data.stanch.invariants.violation"), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.StrictBuiltinErrors(true)).PrepareForEval(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return func(input ast.Value) []string {
		results, err := query.Eval(context.Background(), rego.EvalParsedInput(input))
		if err != nil || len(results) != 1 {
			return []string{matrix.CodeFailed}
		}
		var codes []string
		for _, v := range results[0].Bindings["x"].([]any) {
			fields := v.(map[string]any)
			code, _ := fields["code"].(string)
			if _, complete := fields["message"]; !complete {
				return []string{matrix.CodeFailed}
			}
			codes = append(codes, code)
		}
		return codes
	}
}
