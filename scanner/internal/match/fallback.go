package match

import (
	"regexp"
	"regexp/syntax"
	"sync"
	"unicode/utf8"
)

// slow searches with package regexp, for searches that outgrow a scratch. It
// compiles when first used.
type slow struct {
	source string
	once   sync.Once
	whole  *regexp.Regexp
	inside *regexp.Regexp
}

// inside returns the source of an expression that matches one rune at the beginning
// of a text and, as its first group, what tree matches first behind it. Package
// regexp has no search that begins inside a text and sees what lies before.
func inside(tree *syntax.Regexp) string {
	return `\A(?s:.)(?s:.*?)(` + tree.String() + `)`
}

// find is [Matcher.Find].
func (s *slow) find(text []byte, from int) []int {
	s.once.Do(func() {
		tree, _ := syntax.Parse(s.source, syntax.Perl)
		s.whole = regexp.MustCompile(s.source)
		s.inside = regexp.MustCompile(inside(tree))
	})
	if from == 0 {
		return s.whole.FindSubmatchIndex(text)
	}
	_, width := utf8.DecodeLastRune(text[:from])
	base := from - width
	match := s.inside.FindSubmatchIndex(text[base:])
	if match == nil {
		return nil
	}
	match = match[2:]
	for i := range match {
		if match[i] >= 0 {
			match[i] += base
		}
	}
	return match
}
