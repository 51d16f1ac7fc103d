package match_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stanch-dev/stanch/scanner/internal/match"
)

// atoms are the leaves of random expressions. They share few letters, so that what
// is tried overlaps.
var atoms = []string{
	"a", "b", "ab", "k", "é", "\\x{fffd}", ".", "[ab]", "[^a]", "[a-k]", "\\w", "\\s", "[^\\w]", "(?i:k)", "(?i:sk)", "(?i:[as])", "(?i:a-b)",
	"^", "$", "\\b", "\\B", "\\A", "\\z", "(?m:^)", "(?m:$)", "(?s:.)", "", "\\x{212a}", "[é中]", "[^é]", "abc",
	"[ab]*?[ab]", "\\w{0,3}?\\w", "[^a]{1,2}[^a]", "a+a", "[a-k]{2,}?b", ".*?k", "[^b]*b", "\\s*[\\sa]?",
}

var repetitions = []string{"*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,3}?", "{2,}", "{2,}?", "{0,3}?", "{1,2}", "{0}", "{3,5}"}

// randomExpr returns an expression of limited depth.
func randomExpr(r *rand.Rand, depth int) string {
	if depth == 0 {
		return atoms[r.IntN(len(atoms))]
	}
	switch r.IntN(8) {
	case 0:
		return "(" + randomExpr(r, depth-1) + ")"
	case 1, 2:
		return "(?:" + randomExpr(r, depth-1) + "|" + randomExpr(r, depth-1) + ")"
	case 3, 4:
		return "(?:" + randomExpr(r, depth-1) + ")" + repetitions[r.IntN(len(repetitions))]
	case 5:
		return atoms[r.IntN(len(atoms))]
	}
	return randomExpr(r, depth-1) + randomExpr(r, depth-1)
}

var letters = []string{"a", "a", "b", "b", "c", "k", "K", "s", "\n", " ", "-", "é", "中", "\u212a", "\u017f", "\xff", "\xe2", "\xe2\x84", "\ufffd", "\x00"}

func randomText(r *rand.Rand, n int) []byte {
	var text strings.Builder
	for range r.IntN(n) {
		letter := letters[r.IntN(len(letters))]
		text.WriteString(strings.Repeat(letter, 1+r.IntN(3)*r.IntN(2)))
	}
	return []byte(text.String())
}

const (
	randomSeed        = 1
	randomExpressions = 1500
)

func TestRandomExpressions(t *testing.T) {
	r := rand.New(rand.NewPCG(randomSeed, 2))
	var s match.Scratch
	tried := 0
	for range randomExpressions {
		expr := randomExpr(r, 1+r.IntN(5))
		re, err := regexp.Compile(expr)
		if err != nil {
			continue
		}
		m, err := match.Compile(expr)
		if err != nil {
			t.Fatalf("%q: %v", expr, err)
		}
		for range 12 {
			compare(t, expr, m, re, &s, randomText(r, 24))
			tried++
		}
		compareFrom(t, expr, m, &s, randomText(r, 24), r.IntN(12))
		if t.Failed() {
			return
		}
	}
	if tried < 5*randomExpressions {
		t.Fatalf("only %d comparisons", tried)
	}
}

// compareFrom checks a search that begins after some runes of text against package
// regexp, for which those runes are made part of the expression.
func compareFrom(t *testing.T, expr string, m *match.Matcher, s *match.Scratch, text []byte, runes int) {
	t.Helper()
	from := 0
	for i := 0; i < runes && from < len(text); i++ {
		_, width := utf8.DecodeRune(text[from:])
		from += width
	}
	runes = utf8.RuneCount(text[:from])
	var want []int
	if found := regexp.MustCompile(fmt.Sprintf(`\A(?s:.{%d})(?s:.*?)(%s)`, runes, expr)).FindSubmatchIndex(text); found != nil {
		want = found[2:]
	}
	if diff := cmp.Diff(want, m.Find(s, text, from)); diff != "" {
		t.Errorf("Find of %q in %q from %d (-regexp +match):\n%s", expr, text, from, diff)
	}
}
