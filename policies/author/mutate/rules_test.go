package mutate

import (
	"testing"

	"github.com/stanch-dev/stanch/policies/sandbox"
)

// FuzzSites holds that every change to a module that parses can be made and is one.
func FuzzSites(f *testing.F) {
	for _, seed := range []string{
		`default a := {"x": [1, {2}]}`, `a if not b(1)`, `a := 1 if input.x else := 2 if input.y else := 3`, `a[x] contains y if some x, y in input.z`,
		`a := {x: y | some x; y := input[x]; every z in y { z == 1e3 }}`, `f(x, [1, "y"]) := x.a[f(1, 2)] + 2 if { x; x != 3 with input.a as {1} }`,
		"a.b.c[1] := $`x {1 + 2}` if true", `a contains {"x"}[y] if { [1, y] := input.z }`, `a := b if { b := {1}; c = b }`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		module, errs := sandbox.ParseModule("a.rego", []byte("package a\n"+text))
		if len(errs) > 0 {
			t.Skip()
		}
		for i, rule := range module.Rules {
			before := rule.String()
			for _, s := range sites(rule) {
				c := candidate{rule: i, build: s.build}
				changed := c.apply(module)
				if s.loc == nil || changed.Equal(module) {
					t.Fatalf("%q of %s changes nothing", s.what, rule)
				}
			}
			if rule.String() != before {
				t.Fatalf("the original was changed from %s to %s", before, rule)
			}
		}
	})
}
