package matrix_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

// The answers to every question equal those of asking about each cell.

func TestWhoCanEqualsAskingEverybody(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := randomDocuments(t)
		d.Universe = randomUniverse(t)
		s := compile(t, d)
		u := matrix.UniverseOf(at, d)
		capability := rapid.SampledFrom(u.Capabilities).Draw(t, "capability")
		path := rapid.SampledFrom(append(somePaths, "kv/unlisted", "kv/**")).Draw(t, "path")
		got, err := matrix.WhoCan(context.Background(), s, u, capability, path)
		if err != nil {
			t.Fatal(err)
		}
		o := newOracle(t, s)
		var want []string
		for _, p := range u.Principals {
			if a := o.ask(&u, p, u.Resource(path), capability); a.allow {
				want = append(want, fmt.Sprint(p.ID, p.Type, p.MFA, a.grants, a.obligations))
			}
		}
		var allowed []string
		for _, a := range got.Allowed {
			allowed = append(allowed, fmt.Sprint(a.ID, a.Type, a.MFA, a.Grants, a.Obligations))
		}
		slices.Sort(want)
		slices.Sort(allowed)
		if diff := cmp.Diff(want, allowed); diff != "" {
			t.Fatalf("who can %s %s (-each cell +WhoCan):\n%s", capability, path, diff)
		}
		checkConditions(t, o, &u, got)
	})
}

// checkConditions asks about workloads that nobody listed.
func checkConditions(t rapid.TB, o *oracle, u *matrix.Universe, w matrix.Who) {
	if w.Method == matrix.Enumeration {
		if len(w.AlsoReads) == 0 {
			t.Fatal("enumerated, and does not say why")
		}
		return
	}
	suffices := map[string]bool{}
	for _, c := range w.Conditions {
		suffices[c.Key] = true
	}
	for _, key := range append(someKeys, "nobody") {
		p := matrix.Principal{Principal: policies.Principal{Type: "workload", ID: "unlisted", Keys: []string{"strange", key}}}
		want := suffices[key]
		if !slices.Contains(w.Asks, key) {
			want = w.Anybody
		}
		if got := o.ask(u, p, u.Resource(w.Path), w.Capability); got.allow != want {
			t.Fatalf("%s: a workload with %s: allowed is %v, %+v says %v", w.Method, key, got.allow, w, want)
		}
	}
}

func TestWhatCanEqualsAskingAboutEverything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := randomDocuments(t)
		d.Universe = randomUniverse(t)
		s := compile(t, d)
		u := matrix.UniverseOf(at, d)
		who := u.Principal(rapid.SampledFrom(append(someKeys, "nobody")).Draw(t, "who"))
		got, err := matrix.WhatCan(context.Background(), s, u, who)
		if err != nil {
			t.Fatal(err)
		}
		o := newOracle(t, s)
		want := map[string]string{}
		for _, r := range u.Resources {
			grants := map[string]bool{}
			var can []string
			for _, capability := range u.Capabilities {
				if a := o.ask(&u, who, r, capability); a.allow {
					can = append(can, capability)
					for _, g := range a.grants {
						grants[g] = true
					}
				}
			}
			if can != nil {
				want[r.Shown] = fmt.Sprint(can, slices.Sorted(maps.Keys(grants)))
			}
		}
		all := map[string]string{}
		for _, r := range got.Resources {
			all[r.Path] = fmt.Sprint(r.Capabilities, r.Grants)
		}
		if diff := cmp.Diff(want, all); diff != "" {
			t.Fatalf("what can %s (-each cell +WhatCan):\n%s", who.ID, diff)
		}
	})
}

func TestDiffEqualsComparingEachCell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after := randomDocuments(t), randomDocuments(t)
		before.Name, after.Name = "before", "after"
		after.Universe = randomUniverse(t)
		if rapid.Bool().Draw(t, "grants only") {
			after.Modules = before.Modules
			if rapid.Bool().Draw(t, "some of them") {
				after.Grants = slices.Concat(sample(t, before.Grants, len(before.Grants), "kept"), renamed(after.Grants[:min(1, len(after.Grants))]))
			}
		}
		a, b := compile(t, before), compile(t, after)
		u := matrix.UniverseOf(at, before, after)
		got, err := matrix.Diff(context.Background(), a, b, u)
		if err != nil {
			t.Fatal(err)
		}
		oa, ob := newOracle(t, a), newOracle(t, b)
		want := map[string]int{}
		for _, p := range u.Principals {
			for _, r := range u.Resources {
				for _, capability := range u.Capabilities {
					x, y := oa.ask(&u, p, r, capability), ob.ask(&u, p, r, capability)
					switch {
					case !x.allow && y.allow:
						want["widened "+capability]++
					case x.allow && !y.allow:
						want["narrowed "+capability]++
					case !x.equal(y):
						want["changed "+capability]++
					}
				}
			}
		}
		counted := map[string]int{}
		for kind, changes := range map[string][]matrix.Change{"widened": got.Widened, "narrowed": got.Narrowed, "changed": got.Changed} {
			for _, c := range changes {
				for _, capability := range c.Capabilities {
					counted[kind+" "+capability] += c.Cells / len(c.Capabilities)
				}
				if c.Cells > c.Principals*c.Resources*len(c.Capabilities) || len(c.Examples) == 0 {
					t.Fatalf("impossible group %+v", c)
				}
			}
		}
		if diff := cmp.Diff(want, counted); diff != "" {
			t.Fatalf("(-each cell +Diff):\n%s", diff)
		}
		if got.Cells != len(u.Principals)*len(u.Resources)*len(u.Capabilities) || got.Classes > len(u.Principals)*len(u.Resources) {
			t.Fatalf("%d cells, %d classes", got.Cells, got.Classes)
		}
	})
}

func renamed(grants []source.Grant) []source.Grant {
	for i := range grants {
		grants[i].ID += "-new"
	}
	return grants
}

func TestInvariantsEqualEvaluatingEachCell(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := randomDocuments(t)
		d.Universe = randomUniverse(t)
		rules := append(sample(t, invariants, 3, "invariants"), `v(code) := {"code": code, "message": "-"}`, `violation contains v("") if input.can[""]`)
		d.Modules = append(d.Modules, source.Module{Path: "invariants.rego", Text: []byte("package stanch.invariants\n\n" + strings.Join(rules, "\n"))})
		s := compile(t, d)
		u := matrix.UniverseOf(at, d)
		got, err := matrix.Invariants(context.Background(), s, u)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{}
		o, ask := newOracle(t, s), invariantsOracle(t, s)
		for _, p := range u.Principals {
			for _, r := range u.Resources {
				for code, n := range violationsOf(o, ask, &u, p, r) {
					want[code] += n
				}
			}
		}
		counted := map[string]int{}
		for _, v := range got {
			counted[v.Code] += v.Count
		}
		if diff := cmp.Diff(want, counted); diff != "" {
			t.Fatalf("%s\n(-each cell +Invariants):\n%s", rules, diff)
		}
	})
}

// violationsOf counts the violations in the cells of p and r.
func violationsOf(o *oracle, ask func(ast.Value) []string, u *matrix.Universe, p matrix.Principal, r matrix.Resource) map[string]int {
	can := ast.NewSet()
	for _, capability := range u.Capabilities {
		if o.ask(u, p, r, capability).allow {
			can.Add(ast.StringTerm(capability))
		}
	}
	all := map[string]int{}
	for _, capability := range u.Capabilities {
		in := &policies.AccessInput{Subject: p.Principal, Action: policies.Action{Name: capability}, Resource: r.Resource, Context: policies.Context{Time: u.Time, MFA: p.MFA}}
		input := policies.Term(in).Value.(ast.Object)
		d := o.snapshot.Access(context.Background(), in)
		input.Insert(ast.StringTerm("decision"), ast.NewTerm(ast.MustInterfaceToValue(d)))
		input.Insert(ast.StringTerm("can"), ast.NewTerm(can))
		for _, code := range ask(input) {
			all[code]++
		}
	}
	return all
}
