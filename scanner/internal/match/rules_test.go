package match_test

import (
	"math/rand/v2"
	"regexp/syntax"
	"slices"
	"testing"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// patterns returns every expression of the default rules.
func patterns(t testing.TB) (all []*rules.Pattern) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	lists := set.Allowlists
	for _, rule := range set.Rules {
		all = append(all, rule.Regex, rule.Path)
		lists = append(lists[:len(lists):len(lists)], rule.Allowlists...)
	}
	for _, list := range lists {
		all = append(all, list.Regexes, list.Paths)
	}
	return slices.DeleteFunc(all, func(p *rules.Pattern) bool { return p == nil })
}

// textsPerPattern is small because package regexp is slow; the fuzz target and
// other seeds go further.
const textsPerPattern = 12

func TestDefaultRules(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 30))
	var s match.Scratch
	found := 0
	all := patterns(t)
	for _, pattern := range all {
		tree, err := syntax.Parse(pattern.String(), syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		m, err := match.Compile(pattern.String())
		if err != nil {
			t.Fatal(err)
		}
		for range textsPerPattern {
			text := sampleText(r, tree)
			compare(t, pattern.String(), m, pattern.Regexp(), &s, text)
			if m.Match(&s, text) {
				found++
			}
		}
	}
	if n := len(all) * textsPerPattern; len(all) < 221 || found < n/3 || found > n*19/20 {
		t.Errorf("%d of %d texts match: too few or too many to show something", found, n)
	}
}
