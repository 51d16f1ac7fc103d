package rules_test

import (
	"testing"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

const minExamples = 3 // and as many counter-examples

func motion(tb testing.TB) *rules.Ruleset {
	tb.Helper()
	set, err := rules.Motion()
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

// alone returns a scanner of one rule, with the allowlists of its ruleset.
func alone(tb testing.TB, set *rules.Ruleset, rule *rules.Rule) *scanner.Scanner {
	tb.Helper()
	s, err := scanner.New(&rules.Ruleset{Rules: []*rules.Rule{rule}, Allowlists: set.Allowlists}, scanner.Options{IgnoreAllow: true})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// TestOwnRules tries every one of our own rules on its examples, in each of which
// it must find the secret that is marked and nothing else.
func TestOwnRules(t *testing.T) {
	set := motion(t)
	own := 0
	for _, rule := range set.Rules {
		if len(rule.Examples) == 0 {
			continue
		}
		own++
		t.Run(rule.ID, func(t *testing.T) {
			if len(rule.Examples) < minExamples || len(rule.CounterExamples) < minExamples {
				t.Errorf("%d examples and %d counter-examples, want %d of each", len(rule.Examples), len(rule.CounterExamples), minExamples)
			}
			s := alone(t, set, rule)
			for _, e := range rule.Examples {
				var found []scanner.Span
				s.Scan(&scanner.Fragment{Data: []byte(e.Text)}, func(f *scanner.Finding, _ scanner.Text) { found = append(found, f.Secret) })
				if want := (scanner.Span{Start: e.Start, End: e.End}); len(found) != 1 || found[0] != want {
					t.Errorf("in %q found %v, want %v", e.Text, found, want)
				}
			}
			for _, text := range rule.CounterExamples {
				s.Scan(&scanner.Fragment{Data: []byte(text)}, func(f *scanner.Finding, _ scanner.Text) {
					t.Errorf("in %q found %q", text, text[f.Secret.Start:f.Secret.End])
				})
			}
		})
	}
	if own < 30 {
		t.Errorf("only %d rules have examples", own)
	}
}
