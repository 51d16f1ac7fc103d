package match_test

import (
	"regexp"
	"regexp/syntax"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// findAll returns all matches of m in text as package regexp does.
func findAll(m *match.Matcher, s *match.Scratch, text []byte) (all [][]int) {
	m.FindAll(s, text, func(found []int) bool {
		all = append(all, append([]int(nil), found...))
		return true
	})
	return all
}

// compare checks every way of searching text against package regexp.
func compare(t *testing.T, expr string, m *match.Matcher, re *regexp.Regexp, s *match.Scratch, text []byte) {
	t.Helper()
	want := re.FindAllSubmatchIndex(text, -1)
	if diff := cmp.Diff(want, findAll(m, s, text)); diff != "" {
		t.Errorf("FindAll of %q in %q (-regexp +match):\n%s", expr, text, diff)
	}
	if got := m.Match(s, text); got != (want != nil) {
		t.Errorf("Match of %q in %q is %v", expr, text, got)
	}
}

func FuzzMatch(f *testing.F) {
	for _, tt := range cases {
		f.Add(tt.expr, []byte(tt.text))
	}
	var s match.Scratch
	f.Fuzz(func(t *testing.T, expr string, text []byte) {
		tree, err := syntax.Parse(expr, syntax.Perl)
		if err != nil || len(expr) > 60 || len(text) > 300 {
			return
		}
		if prog, err := syntax.Compile(tree.Simplify()); err != nil || len(prog.Inst) > 3000 {
			return
		}
		m, err := match.Compile(expr)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, expr, m, regexp.MustCompile(expr), &s, text)
	})
}
