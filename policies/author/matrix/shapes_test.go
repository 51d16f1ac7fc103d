package matrix_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

// village is a small world in which each way to look at keys and paths tells somebody
// apart: orders, keys and paths that no grant names, numbers of keys.
func village() source.Documents {
	var d source.Documents
	grant := func(subject, path string, can ...string) {
		d.Grants = append(d.Grants, source.Grant{ID: fmt.Sprint("g", len(d.Grants)), Subjects: []string{subject}, Paths: []string{path}, Can: can})
	}
	all := source.Capabilities()
	grant("k0", "kv/**", all...)
	grant("k0", "kv/a/**", "read")
	grant("k1", "kv/a/**", all...)
	grant("k1", "kv/a/x", "read", "list")
	grant("k2", "kv/*/x", all...)
	grant("k2", "kv/*/y", "read", "sign")
	grant("k3", "kv/b/**", all...)
	grant("k3", "kv/*/x", "list")
	grant("group/g0", "**", "list", "reveal", "rotate", "sign", "issue", "delete", "write")
	grant("group/g1", "kv/a/x", "write", "rotate", "sign")
	d.Grants = append(d.Grants, source.Grant{ID: "emergency", Subjects: []string{"k1"}, Paths: []string{"kv/**"}, Can: all, BreakGlass: true})
	for i, keys := range [][]string{{"k0"}, {"k0", "k1"}, {"k1", "k0"}, {"k1"}, {"k2", "k1"}, {"k1", "strange", "k9"}, {"k3", "strange"}, {"strange", "k3"}, {"strange"}, {"k9"},
		{"group/g0"}, {"group/g0", "k2"}, {"group/g0", "strange"}, {"group/g0", "k3"}, {"k3", "group/g0"}, {"group/g0", "group/g1"}} {
		d.Universe.Principals = append(d.Universe.Principals, source.UniversePrincipal{ID: fmt.Sprint("p", i), Keys: keys})
	}
	d.Universe.Principals = append(d.Universe.Principals, source.UniversePrincipal{ID: "k1", Type: "human", Groups: []string{"g1"}}, source.UniversePrincipal{ID: "k2", Type: "human", Groups: []string{"g0", "g1"}, MFA: true})
	for i, path := range []string{"kv/a/x", "kv/a/y", "kv/b/x", "kv/b/c/x", "pki/a", "kv/z"} {
		d.Universe.Resources = append(d.Universe.Resources, source.UniverseResource{Path: path, Class: []string{"", "database"}[i%2], Owner: []string{"", "ops", "k1"}[i%3]})
	}
	return d
}

// villagers is the universe without those whom only grants name, and with the
// capabilities that rule is about and two that grants differ in.
func villagers(rule string, docs ...source.Documents) matrix.Universe {
	u := matrix.UniverseOf(at, docs...)
	u.Capabilities = slices.DeleteFunc(u.Capabilities, func(c string) bool { return c != "read" && c != "list" && !strings.Contains(rule, c) })
	v := village().Universe
	u.Principals, u.Resources = u.Principals[:len(v.Principals)], u.Resources[:len(v.Resources)]
	return u
}

func villageWith(t *testing.T, otherwise bool, rule string) (source.Documents, *policies.Snapshot) {
	t.Helper()
	d := defaults(t)
	v := village()
	d.Grants, d.Universe = v.Grants, v.Universe
	if otherwise {
		d.Modules = []source.Module{{Path: "access/access.rego", Text: []byte(otherShape)}}
	}
	d.Modules = append(d.Modules, source.Module{Path: "access/added.rego", Text: []byte("package stanch.access\n\nd := {\"code\": \"added\", \"message\": \"-\"}\n" + rule)})
	return d, compile(t, d)
}

// Nor may what is said of those whom nobody listed be otherwise.
func TestClassesEqualEachCell(t *testing.T) {
	t.Parallel()
	methods := map[matrix.Method]int{}
	for _, otherwise := range []bool{false, true} {
		for n, rule := range append([]string{""}, additions...) {
			if otherwise && n%5 != 0 {
				continue // it takes long to ask about each cell
			}
			d, s := villageWith(t, otherwise, rule)
			u := villagers(rule, d)
			all, err := matrix.Everything(context.Background(), s, u)
			if err != nil {
				t.Fatal(err)
			}
			o := newOracle(t, s)
			for i, capability := range u.Capabilities {
				w, err := matrix.WhoCan(context.Background(), s, u, capability, u.Resources[i%2].ID)
				if err != nil {
					t.Fatal(err)
				}
				methods[w.Method]++
				checkConditions(t, o, &u, w)
			}
			wrong := 0
			for i, who := range u.Principals {
				for j, what := range u.Resources {
					for _, capability := range u.Capabilities {
						got, want := all[i][j][capability], o.ask(&u, who, what, capability)
						if want.equal(answer{got.Allow, got.Grants, got.Obligations}) {
							continue
						}
						if wrong++; wrong < 3 {
							t.Errorf("%s\n%s %s %s: class says %v %v %v, its own cell %+v", rule, who.ID, capability, what.ID, got.Allow, got.Grants, got.Obligations, want)
						}
					}
				}
			}
		}
	}
	if n := methods[matrix.ClosedForm]; n < methods[matrix.Enumeration] || methods[matrix.Enumeration] == 0 {
		t.Errorf("answers by method: %v", methods)
	}
}

// The rules that people write have to be understood: if their classes were as many as
// cells, a question about everybody would take for ever.
func TestCommonRulesMakeFewClasses(t *testing.T) {
	t.Parallel()
	_, plain := villageWith(t, false, "")
	u := villagers("write sign issue reveal", village())
	base, err := matrix.Classes(plain, u)
	if err != nil {
		t.Fatal(err)
	}
	if cells := len(u.Principals) * len(u.Resources) * len(u.Capabilities); base > cells/4 {
		t.Fatalf("%d classes of %d cells", base, cells)
	}
	for _, rule := range []string{
		`deny contains d if { "group/g1" in input.subject.keys; input.action.name == "write" }`,
		`deny contains d if { some key in input.subject.keys; key in {"k1", "k2"}; input.action.name == "write" }`,
		`deny contains d if { startswith(input.resource.id, "kv/a/"); input.action.name in {"read", "sign"} }`,
		`deny contains d if { "kv/a/" in input.resource.ancestors; input.subject.type == "human" }`,
		`deny contains d if { input.resource.properties.class == "database"; input.action.name == "issue" }`,
	} {
		_, s := villageWith(t, false, rule)
		n, err := matrix.Classes(s, u)
		if err != nil {
			t.Fatal(err)
		}
		if n > 2*base {
			t.Errorf("%d classes instead of %d with\n%s", n, base, rule)
		}
	}
}

// A change of grants only is compared where grants changed; what else reads the index
// must not be passed over.
func TestDiffOfGrantsOnly(t *testing.T) {
	t.Parallel()
	rules := []string{"", `allow if count(data.index.grants) > 3`, `deny contains d if data.index.grants.k3["kv/b/"]`, `deny contains d if { some table in ["grants"]; data.index[table].k3 }`,
		`deny contains d if { some key in input.subject.keys; by := data.index.grants[key]; some prefix in input.resource.ancestors; by[prefix]; count(by) > 1; input.action.name == "read" }`}
	for _, rule := range additions {
		if strings.Contains(rule, "data.index") {
			rules = append(rules, rule)
		}
	}
	for _, rule := range rules {
		d, before := villageWith(t, false, rule)
		d.Grants = slices.Delete(slices.Clone(d.Grants), 3, 4) // one of two of k1
		d.Grants = slices.DeleteFunc(d.Grants, func(g source.Grant) bool { return g.Subjects[0] == "k3" })
		after := compile(t, d)
		u := villagers(rule, before.Documents(), d)
		got, err := matrix.Diff(context.Background(), before, after, u)
		if err != nil {
			t.Fatal(err)
		}
		x, y := newOracle(t, before), newOracle(t, after)
		var want, counted [3]int
		for _, who := range u.Principals {
			for _, what := range u.Resources {
				for _, capability := range u.Capabilities {
					switch a, b := x.ask(&u, who, what, capability), y.ask(&u, who, what, capability); {
					case b.allow && !a.allow:
						want[0]++
					case a.allow && !b.allow:
						want[1]++
					case !a.equal(b):
						want[2]++
					}
				}
			}
		}
		for i, changes := range [][]matrix.Change{got.Widened, got.Narrowed, got.Changed} {
			for _, c := range changes {
				counted[i] += c.Cells
			}
		}
		if want != counted {
			t.Errorf("%s\n%v cells widened, narrowed, changed; Diff says %v", rule, want, counted)
		}
	}
}
