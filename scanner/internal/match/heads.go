package match

import (
	"iter"
	"math/bits"
	"regexp/syntax"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

const (
	headLen  = 4    // bytes looked at
	kinds    = 16   // kinds of beginnings that are told apart
	maxHeads = 128  // beginnings from which kinds are made
	maxWalk  = 1024 // instructions looked at to find them
)

// heads tells positions at which something can begin by the four bytes there. Of
// the word of a byte, bit 16·i+k is clear when the beginnings of kind k can have
// that byte at offset i.
type heads [256]uint64

// next returns the first position from pos on at which a match can begin, or the
// first at which fewer than four bytes are left.
func (h *heads) next(text []byte, pos int) int {
	state := ^uint64(0)
	for i, b := range text[pos:] {
		if state = state<<kinds | h[b]; state>>((headLen-1)*kinds) != 1<<kinds-1 {
			return pos + i - (headLen - 1)
		}
	}
	return max(pos, len(text)-(headLen-1))
}

// at reports whether a match can begin at pos. It says so where fewer than four
// bytes are left.
func (h *heads) at(text []byte, pos int) bool {
	if pos+headLen > len(text) {
		return true
	}
	b := text[pos : pos+headLen]
	state := h[b[0]] | h[b[1]]>>kinds | h[b[2]]>>(2*kinds) | h[b[3]]>>(3*kinds)
	return state&(1<<kinds-1) != 1<<kinds-1
}

// head is one beginning: the bytes it can have at each offset.
type head [headLen]byteset.Set

// newHeads returns the heads of what begins at pc. With inside set that is not at
// the beginning of the text, and tied tells whether there are branches that could
// begin there only. Branches that reach the end of the text within four bytes are
// left out.
func newHeads(p *program, pc int32, inside bool) (h *heads, tied bool) {
	for depth := headLen; depth > 0; depth-- {
		w := headWalk{p: p, depth: depth, inside: inside, left: maxWalk}
		w.walk(pc, 0, 0, head{})
		if w.left > 0 && len(w.found) <= maxHeads {
			return tabulate(w.found), w.tied
		}
	}
	set := (&firsts{p: p}).of(pc).bytes
	return tabulate([]head{head{set}.open(1)}), true
}

// open returns h with nothing known from offset at on.
func (h head) open(at int) head {
	for ; at < headLen; at++ {
		h[at] = anything().bytes
	}
	return h
}

// headWalk lists the beginnings of what a program matches from some instruction on.
type headWalk struct {
	p      *program
	depth  int // how many bytes are told apart
	inside bool
	left   int // steps until it gives up
	found  []head
	tied   bool
}

// walk follows the program from pc, of which done bytes or members are taken, with
// at bytes of h known.
func (w *headWalk) walk(pc int32, done, at int, h head) {
	w.left--
	if w.left < 0 || pc == pcFail {
		return
	}
	if at == w.depth || pc == pcMatch {
		w.found = append(w.found, h.open(at))
		return
	}
	in := &w.p.insts[pc]
	switch in.op {
	case opString, opFold:
		w.text(in, pc, done, at, h)
	case opRune:
		w.member(in.class, in.next, 0, at, h)
	case opLongest, opGreedy, opLazy:
		if done >= in.min {
			w.walk(in.next, 0, at, h)
		}
		if done < in.max {
			w.member(in.class, pc, done+1, at, h)
		}
	case opAlternate:
		for _, branch := range w.p.choices[in.arg].branches {
			w.walk(branch, 0, at, h)
		}
	default:
		if w.passes(in, at) {
			w.walk(in.next, 0, at, h)
		}
	}
}

// passes reports whether more can follow in, which takes no bytes.
func (w *headWalk) passes(in *inst, at int) bool {
	switch {
	case in.op != opAssert:
		return true
	case in.assert == syntax.EmptyEndText:
		return false
	case in.assert == syntax.EmptyBeginText && w.inside:
		w.tied = w.tied || at == 0
		return false
	}
	return true
}

func (w *headWalk) member(c *class, next int32, done, at int, h head) {
	if c.ascii != (byteset.Set{}) {
		h[at] = c.ascii
		w.walk(next, done, at+1, h)
	}
	if c.wide != nil {
		h[at] = byteset.OfRanges(c.wide)
		w.found = append(w.found, h.open(at+1))
	}
}

func (w *headWalk) text(in *inst, pc int32, done, at int, h head) {
	b := in.text[done]
	if done++; done == len(in.text) {
		done, pc = 0, in.next
	}
	h[at] = byteset.Set{}
	if in.op == opFold {
		if f := foreign(b); f != "" {
			wide := h
			wide[at].Add(f[0])
			w.found = append(w.found, wide.open(at+1))
		}
		h[at].Add(upper(b))
	}
	h[at].Add(b)
	w.walk(pc, done, at+1, h)
}

// tabulate makes tables of heads. Where there are more than the tables have kinds,
// those are joined that let the fewest new sequences of bytes through.
func tabulate(found []head) *heads {
	var joined []head
	for _, h := range found {
		if len(joined) < kinds {
			joined = append(joined, h)
			continue
		}
		best, least := 0, ^uint64(0)
		for i := range joined {
			if grown := joined[i].with(h).size() - joined[i].size(); grown < least {
				best, least = i, grown
			}
		}
		joined[best] = joined[best].with(h)
	}
	tables := new(heads)
	for b := range tables {
		tables[b] = ^uint64(0)
	}
	for k, h := range joined {
		for at := range h {
			for b := range members(h[at]) {
				tables[b] &^= 1 << (kinds*at + k)
			}
		}
	}
	return tables
}

// members yields the bytes of a set in order.
func members(set byteset.Set) iter.Seq[byte] {
	return func(yield func(byte) bool) {
		for i, word := range set {
			for ; word != 0; word &= word - 1 {
				if !yield(byte(i<<6 + bits.TrailingZeros64(word))) {
					return
				}
			}
		}
	}
}

func (h head) with(o head) head {
	for i := range h {
		h[i].Union(o[i])
	}
	return h
}

// size returns the number of sequences of bytes that h lets through.
func (h head) size() uint64 {
	return uint64(h[0].Len()) * uint64(h[1].Len()) * uint64(h[2].Len()) * uint64(h[3].Len())
}
