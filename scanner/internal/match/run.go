package match

import (
	"math/bits"
	"regexp/syntax"
)

// run tries to match at pos and no other position. It returns the end of the
// match, -1 when there is none or when s.overflow was set. Branches are tried in
// the order of their priority, so the first match found is the one wanted.
func (s *Scratch) run(p *program, text []byte, pos int) int {
	s.jobs = s.jobs[:0]
	s.begin = pos
	pc := p.start
	for {
		s.steps++
		in := &p.insts[pc]
		next := -1 // the position after in
		switch in.op {
		case opMatch:
			return pos
		case opString:
			if end := pos + len(in.text); end <= len(text) && string(text[pos:end]) == in.text {
				next = end
			}
		case opFold:
			next = foldEnd(text, pos, in.text)
		case opRune:
			if width := in.width(text, pos); width > 0 {
				next = pos + width
			}
		case opLongest:
			next = s.longest(in, pc, text, pos)
		case opGreedy:
			next = s.greedy(in, pc, text, pos)
		case opLazy:
			next = s.lazy(in, pc, text, pos)
		case opAlternate:
			if mask := p.choices[in.arg].at(text, pos); mask != 0 {
				pc = s.take(p.choices[in.arg], pc, pos, mask)
				continue
			}
		case opCapture:
			next = pos
			if int(in.arg) < len(s.caps) {
				s.push(job{pc: pc, pos: s.caps[in.arg]})
				s.caps[in.arg] = pos
			}
		case opAssert:
			if holds(in.assert, text, pos) {
				next = pos
			}
		case opOnce:
			if s.visit(in.arg, pos) {
				next = pos
			}
		}
		if next >= 0 {
			pc, pos = in.next, next
			continue
		}
		if pc, pos = s.backtrack(p, text); pos < 0 {
			return -1
		}
	}
}

// backtrack returns the most recent place from which there is another way to go
// on; a negative position when there is none.
func (s *Scratch) backtrack(p *program, text []byte) (pc int32, pos int) {
	for len(s.jobs) > 0 && !s.overflow {
		s.steps++
		top := len(s.jobs) - 1
		j := s.jobs[top]
		s.jobs = s.jobs[:top]
		in := &p.insts[j.pc]
		switch in.op {
		case opCapture:
			s.caps[in.arg] = j.pos
			continue
		case opAlternate:
			return s.take(p.choices[in.arg], j.pc, j.pos, uint64(j.rest)), j.pos
		case opLongest:
			s.fail(in, j.run)
			continue
		case opGreedy:
			pos = s.shorter(in, text, j)
		case opLazy:
			pos = s.longer(in, text, j)
		}
		if pos >= 0 {
			return in.next, pos
		}
	}
	return pcFail, -1
}

// at returns the branches that can match at pos.
func (c *choice) at(text []byte, pos int) uint64 {
	if pos < len(text) {
		return c.masks[c.index[text[pos]]]
	}
	return c.atEnd
}

// take returns the first branch in mask, and keeps the others for later.
func (s *Scratch) take(c *choice, pc int32, pos int, mask uint64) int32 {
	if rest := mask & (mask - 1); rest != 0 {
		s.push(job{pc: pc, pos: pos, rest: int(rest)})
	}
	return c.branches[bits.TrailingZeros64(mask)]
}

// holds reports whether an assertion holds at pos.
func holds(what syntax.EmptyOp, text []byte, pos int) bool {
	switch what {
	case syntax.EmptyBeginText:
		return pos == 0
	case syntax.EmptyEndText:
		return pos == len(text)
	case syntax.EmptyBeginLine:
		return pos == 0 || text[pos-1] == '\n'
	case syntax.EmptyEndLine:
		return pos == len(text) || text[pos] == '\n'
	}
	before := pos > 0 && isWord(text[pos-1])
	after := pos < len(text) && isWord(text[pos])
	return (before != after) == (what == syntax.EmptyWordBoundary)
}

// isWord reports whether b is what \b and \B call part of a word.
func isWord(b byte) bool {
	return 'a' <= b|0x20 && b|0x20 <= 'z' || '0' <= b && b <= '9' || b == '_'
}
