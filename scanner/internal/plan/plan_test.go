package plan_test

import (
	"testing"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

func defaults(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// TestEmbeddedPlansAreCurrent fails when the rules or the form of a plan have
// changed: run `make plan`. A change of how rules are compiled does not show here,
// since a plan is trained on more text than a test has.
func TestEmbeddedPlansAreCurrent(t *testing.T) {
	for _, e := range plan.Embedded {
		set, err := e.Rules()
		if err != nil {
			t.Fatal(err)
		}
		got, err := plan.For(set)
		if err != nil {
			t.Fatal(err)
		}
		if got.DFA.States() < 1000 {
			t.Fatalf("%s is not the plan of the %s: run `make plan`", e.File, e.Name)
		}
		for i, r := range got.Rules {
			if (r.Reach == plan.Never) != (set.Rules[i].Regex == nil) || r.Reach == plan.Everywhere {
				t.Errorf("%s: %s has reach %d", e.Name, set.Rules[i].ID, r.Reach)
			}
		}
	}
}

func TestReach(t *testing.T) {
	set, err := rules.Parse("test.toml", []byte(`
[[rules]]
id = "a-window"
regex = '''qzxtoken-[a-z]{8}'''
[[rules]]
id = "b-gated"
regex = '''[a-f0-9]{32}'''
keywords = ["qzxservice"]
[[rules]]
id = "c-everywhere"
regex = '''.*'''
[[rules]]
id = "d-never"
path = '''\.p12$'''
[[rules]]
id = "e-required"
regex = '''[a-z]{4}'''
keywords = ["qzxother"]
[[rules.required]]
id = "b-gated"
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.Compile(set, textmodel.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Reach{plan.Window, plan.Window, plan.Everywhere, plan.Never, plan.Gated}
	for i, r := range p.Rules {
		if r.Reach != want[i] {
			t.Errorf("%s has reach %d, want %d", set.Rules[i].ID, r.Reach, want[i])
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	set := defaults(b)
	for b.Loop() {
		if _, err := plan.Compile(set, textmodel.New(nil)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEmbedded(b *testing.B) {
	set := defaults(b)
	for b.Loop() {
		if _, err := plan.For(set); err != nil {
			b.Fatal(err)
		}
	}
}
