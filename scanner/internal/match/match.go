// Package match decides what an expression matches in a text, with exactly the
// results of package regexp: the leftmost match, of several there the one that
// earlier branches and greedy repetitions prefer, and all groups.
//
// The expressions of secrets count: [\w.-]{0,50}, [a-z0-9]{32}, {10,150}. Package
// regexp writes repetitions out, which makes programs of many hundred instructions
// that are too large for all but its slowest way of searching. Here a repetition
// of one class is one instruction, whatever its bounds, and the search is a
// backtracking one that remembers from where it failed:
//
//   - simplify.go, language.go and compile.go turn the syntax tree into a [program];
//   - first.go, heads.go and start.go find what a match, or the rest of one, can
//     begin with, so that most positions and branches are never tried;
//   - run.go and runs.go try one position;
//   - scratch.go holds what a search remembers, and bounds it; fallback.go hands
//     the rare search that would need more to package regexp.
//
// A search does a bounded number of steps per byte of text also on text made to
// slow it down.
package match

import (
	"regexp/syntax"
	"sync"
	"unicode/utf8"
)

// Matcher is an expression ready to search with. It is immutable and safe for
// concurrent use. The programs are compiled when first used.
type Matcher struct {
	whole func() *program // finds matches and their groups
	any   func() *program // tells whether there is a match
	slow  slow
	slots int
}

// deep is the length from which an expression may be nested about as deeply as
// package syntax allows.
const deep = 900

// Compile makes a matcher of an expression in the syntax of package regexp. The
// error is that of [syntax.Parse], which refuses an expression that is nested too
// deeply; here that is two levels less.
func Compile(expr string) (*Matcher, error) {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	if len(expr) >= deep {
		if _, err := syntax.Parse(inside(re), syntax.Perl); err != nil {
			return nil, err
		}
	}
	return &Matcher{
		whole: sync.OnceValue(func() *program { return compile(simplify(re)) }),
		any:   sync.OnceValue(func() *program { return compile(language(re)) }),
		slow:  slow{source: expr},
		slots: 2 * (re.MaxCap() + 1),
	}, nil
}

// NumSubexp returns the number of groups.
func (m *Matcher) NumSubexp() int { return m.slots/2 - 1 }

// Find returns the leftmost match in text that begins at from or later, as pairs
// of positions in text: of the match, then of every group, -1 for a group that
// took no part. It returns nil when there is none. What lies before from is seen
// by ^, \b and the like only. From must be a place where a rune begins, which the
// end of a match always is.
//
// The result is valid until s is used again. Nothing is allocated once s has grown,
// except by a search that needs more memory than a scratch may have.
func (m *Matcher) Find(s *Scratch, text []byte, from int) []int {
	p := m.whole()
	s.prepare(p, text, m.slots)
	return m.find(p, s, text, from)
}

func (m *Matcher) find(p *program, s *Scratch, text []byte, from int) []int {
	s.forget(text)
	start, end := s.search(p, text, from)
	if s.overflow {
		return m.slow.find(text, start)
	}
	if end < 0 {
		return nil
	}
	s.caps[0], s.caps[1] = start, end
	return s.caps
}

// Match reports whether there is a match anywhere in text.
func (m *Matcher) Match(s *Scratch, text []byte) bool {
	p := m.any()
	s.prepare(p, text, 0)
	s.forget(text)
	start, end := s.search(p, text, 0)
	if s.overflow {
		return m.slow.find(text, start) != nil
	}
	return end >= 0
}

// FindAll calls found with every match in text, none overlapping the one before
// it, until found returns false. The matches are those that FindAllSubmatchIndex
// of package regexp returns; each is valid until found returns.
func (m *Matcher) FindAll(s *Scratch, text []byte, found func(match []int) bool) {
	p := m.whole()
	s.prepare(p, text, m.slots)
	for pos, last := 0, -1; pos <= len(text); {
		match := m.find(p, s, text, pos)
		if match == nil {
			return
		}
		start, end := match[0], match[1]
		if end > pos {
			pos = end
		} else if pos < len(text) {
			_, width := utf8.DecodeRune(text[pos:])
			pos += width
		} else {
			pos++
		}
		if (start < end || start != last) && !found(match) {
			return
		}
		last = end
	}
}

// search returns the first match of p in text from from on; its end is negative
// when there is none. When it could not be finished it sets s.overflow and returns
// the position from which on matches can still start.
func (s *Scratch) search(p *program, text []byte, from int) (start, end int) {
	for pos := from; pos <= len(text); {
		next := p.starter.next(text, from, pos)
		if next < 0 {
			break
		}
		s.steps += next - pos
		if end := s.run(p, text, next); end >= 0 {
			return p.back(text, from, next), end
		}
		if s.overflow {
			return p.back(text, from, next), -1
		}
		pos = next + 1
	}
	return -1, -1
}
