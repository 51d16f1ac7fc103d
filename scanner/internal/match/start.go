package match

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// starter finds the positions at which a match can start.
type starter struct {
	anchored bool   // only at the beginning of the text
	begins   bool   // a branch is tied to the beginning of the text, which heads leaves out
	first    first  // what a match can begin with
	literal  []byte // what every match begins with; nil when too short to be worth looking for
	heads    *heads // nil when there is a literal
}

// minLiteral is the length from which looking for a literal beats looking at heads.
const minLiteral = 3

func newStarter(p *program) starter {
	all, inside := &firsts{p: p}, &firsts{p: p, inside: true}
	s := starter{first: all.of(p.start)}
	if inside.of(p.start) == (first{}) {
		s.anchored = true
	} else if literal := literalAt(p, p.start); len(literal) >= minLiteral {
		s.literal = []byte(literal)
	} else {
		s.heads, s.begins = newHeads(p, p.start, true)
	}
	return s
}

// literalAt returns a string that every match from pc begins with.
func literalAt(p *program, pc int32) string {
	for {
		in := &p.insts[pc]
		switch in.op {
		case opString:
			return in.text
		case opCapture, opOnce:
		case opAssert:
			if in.assert != syntax.EmptyWordBoundary && in.assert != syntax.EmptyNoWordBoundary {
				return ""
			}
		default:
			return ""
		}
		pc = in.next
	}
}

// next returns the first position from pos on at which a match may start, -1 when
// there is none. Starts are places where a rune begins, counted from from.
func (s *starter) next(text []byte, from, pos int) int {
	switch {
	case s.anchored:
		if pos > 0 {
			return -1
		}
		return pos
	case s.literal != nil:
		if at := bytes.Index(text[pos:], s.literal); at >= 0 {
			return pos + at
		}
		return -1
	case s.begins && pos == 0:
		return pos
	}
	for {
		pos = s.heads.next(text, pos)
		for len(text)-pos < headLen && pos < len(text) && !s.first.bytes.Has(text[pos]) {
			pos++
		}
		if pos >= len(text) {
			if pos == len(text) && s.first.atEnd {
				return pos
			}
			return -1
		}
		if utf8.RuneStart(text[pos]) || !insideRune(text[from:], pos-from) {
			return pos
		}
		pos++
	}
}

// insideRune reports whether text[pos], which is 0x80 to 0xbf, is part of a rune
// that begins before it.
func insideRune(text []byte, pos int) bool {
	for start := pos - 1; start >= 0 && start > pos-utf8.UTFMax; start-- {
		if utf8.RuneStart(text[start]) {
			_, width := utf8.DecodeRune(text[start:])
			return start+width > pos
		}
	}
	return false
}

// back returns how far back from pos, and not before from, the runs that were cut
// off the beginning of the expression reach.
func (p *program) back(text []byte, from, pos int) int {
	for i := len(p.leads) - 1; i >= 0; i-- {
		run := &p.leads[i]
		for n := run.max; n > 0 && pos > from; n-- {
			if b := text[pos-1]; b < utf8.RuneSelf {
				if !run.class.ascii.Has(b) {
					break
				}
				pos--
				continue
			}
			_, width := utf8.DecodeLastRune(text[from:pos])
			if run.class.wideWidth(text[pos-width:pos]) == 0 {
				break
			}
			pos -= width
		}
	}
	return pos
}
