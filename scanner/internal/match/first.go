package match

import (
	"regexp/syntax"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// first is what a match that goes on at some instruction can begin with: one of
// bytes, or, with atEnd set, nothing at the end of the text. It may promise too
// much, never too little.
type first struct {
	bytes byteset.Set
	atEnd bool
}

// anything is the first of what can match without looking.
func anything() first {
	f := first{atEnd: true}
	f.bytes.AddRange(0, 255)
	return f
}

// firsts computes what instructions can begin with.
type firsts struct {
	p      *program
	seen   []int // instruction → the last query that came by
	query  int
	inside bool // the position is known not to be the beginning of the text
}

func (f *firsts) of(pc int32) (got first) {
	if f.seen == nil {
		f.seen = make([]int, len(f.p.insts))
	}
	f.query++
	f.walk(pc, &got)
	return got
}

func (f *firsts) walk(pc int32, got *first) {
	for f.seen[pc] != f.query {
		f.seen[pc] = f.query
		in := &f.p.insts[pc]
		switch in.op {
		case opFail:
			return
		case opMatch:
			*got = anything()
			return
		case opString, opFold:
			got.bytes.Union(in.head())
			return
		case opRune:
			got.bytes.Union(in.class.leading())
			return
		case opLongest, opGreedy, opLazy:
			got.bytes.Union(in.class.leading())
			if in.min > 0 {
				return
			}
		case opAlternate:
			for _, branch := range f.p.choices[in.arg].branches {
				f.walk(branch, got)
			}
			return
		case opAssert:
			if in.assert == syntax.EmptyEndText {
				got.atEnd = true
				return
			}
			if in.assert == syntax.EmptyBeginText && f.inside {
				return
			}
		}
		pc = in.next
	}
}

// head returns the bytes that the text of in can begin with.
func (in *inst) head() (set byteset.Set) {
	b := in.text[0]
	set.Add(b)
	if in.op == opFold {
		set.Add(upper(b))
		if f := foreign(b); f != "" {
			set.Add(f[0])
		}
	}
	return set
}

// finish fills in what depends on the instructions that follow.
func finish(p *program) {
	var tables tables
	firsts := &firsts{p: p}
	for i := range p.insts {
		in := &p.insts[i]
		switch in.op {
		case opRune:
			in.table, in.member, _ = tables.place(in.class.ascii, in.class.ascii)
		case opGreedy, opLazy, opLongest:
			next := firsts.of(in.next)
			in.table, in.member, in.follow = tables.place(in.class.ascii, next.bytes)
			in.atEnd = next.atEnd
			if leading := in.class.leading(); !leading.Intersects(next.bytes) {
				in.op = opLongest
			} else if in.failed >= 0 {
				in.heads, _ = newHeads(p, in.next, false)
			}
		case opAlternate:
			p.choices[in.arg].sort(firsts)
		}
	}
	p.starter = newStarter(p)
}

// sort computes which branches can begin with which byte.
func (c *choice) sort(firsts *firsts) {
	var masks [256]uint64
	for i, branch := range c.branches {
		f := firsts.of(branch)
		for b := range members(f.bytes) {
			masks[b] |= 1 << i
		}
		if f.atEnd {
			c.atEnd |= 1 << i
		}
	}
	for b, mask := range masks {
		at := len(c.masks)
		for i, m := range c.masks {
			if m == mask {
				at = i
			}
		}
		if at == len(c.masks) {
			c.masks = append(c.masks, mask)
		}
		c.index[b] = uint8(at)
	}
}

// tables hands out bits of tables to sets of bytes.
type tables []*tableSets

type tableSets struct {
	table *table
	sets  []byteset.Set
}

// place returns a table that has bits for both sets.
func (t *tables) place(member, follow byteset.Set) (*table, uint32, uint32) {
	for _, held := range *t {
		m, f := held.bit(member), held.bit(follow)
		if m != 0 && f != 0 {
			return held.table, m, f
		}
	}
	held := &tableSets{table: new(table)}
	*t = append(*t, held)
	return held.table, held.bit(member), held.bit(follow)
}

// bit returns the bit of a set, 0 when the table is full.
func (t *tableSets) bit(set byteset.Set) uint32 {
	for i, s := range t.sets {
		if s == set {
			return 1 << i
		}
	}
	if len(t.sets) == 32 {
		return 0
	}
	bit := uint32(1) << len(t.sets)
	t.sets = append(t.sets, set)
	for b := range members(set) {
		t.table[b] |= bit
	}
	return bit
}
