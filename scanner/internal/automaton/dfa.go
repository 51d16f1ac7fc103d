package automaton

import (
	"encoding/binary"
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// A cell of the transition table is the offset of the next state's row in the
// table, with accepts set where entering that state accepts a rule. Two offsets
// are special.
const (
	unbuilt = 0 // no transition computed yet; row 0 is not a state
	dead    = 1 // no rule can match any more
	accepts = 1 << 31
)

// maxStates bounds the memory of a DFA: at most about 100 classes of 4 bytes each.
// Beyond it all states but the base's are dropped and built anew.
const maxStates = 16_384

// DFA is the part of the automaton that has been built. A base is immutable and
// shared; every Runner extends a copy.
type DFA struct {
	NFA     *NFA
	Class   [256]uint8 // bytes that no instruction tells apart share a class
	Classes int
	Table   []uint32  // rows of Classes cells; the first row is unused
	Sets    [][]int32 // by state: its instructions that consume or wait for the end, sorted
	Accepts [][]Rule  // by state: rules accepted on entering it
	Start   uint32    // offset of the starting state's row
}

// New returns the DFA of n with only its starting state.
func New(n *NFA) *DFA {
	d := &DFA{NFA: n}
	d.Class, d.Classes = byteset.Classes(n.Sets)
	d.Classes = max(d.Classes, dead+1) // so that no row's offset is dead
	d.Table = make([]uint32, d.Classes)
	d.Sets = make([][]int32, 1)
	d.Accepts = make([][]Rule, 1)
	b := newBuilder(d)
	for _, start := range n.Starts {
		b.follow(start)
	}
	d.Start = b.state()
	return d
}

// States returns the number of states built.
func (d *DFA) States() int { return len(d.Sets) - 1 }

// builder adds states to a DFA.
type builder struct {
	d      *DFA
	ids    map[string]uint32 // row offset by content
	member []byte            // one byte of every class

	seen  []uint32 // by instruction: the round that followed it
	round uint32
	set   []int32
	rules []Rule
	key   []byte
}

func newBuilder(d *DFA) *builder {
	b := &builder{d: d, member: make([]byte, d.Classes), seen: make([]uint32, len(d.NFA.Insts)), round: 1}
	for c := range 256 {
		b.member[d.Class[c]] = byte(c)
	}
	b.ids = make(map[string]uint32, len(d.Sets))
	for i := 1; i < len(d.Sets); i++ {
		b.ids[string(b.spell(d.Sets[i], d.Accepts[i]))] = uint32(i * d.Classes)
	}
	return b
}

// follow adds to the state being built what at leads to without consuming.
func (b *builder) follow(at int32) {
	for b.seen[at] != b.round {
		b.seen[at] = b.round
		in := &b.d.NFA.Insts[at]
		switch in.Op {
		case opSplit:
			b.follow(in.A)
			at = in.B
			continue
		case opMatch:
			b.rules = append(b.rules, in.Rule)
		case opByte, opEnd:
			b.set = append(b.set, at)
		}
		return
	}
}

func (b *builder) spell(set []int32, rules []Rule) []byte {
	b.key = b.key[:0]
	for _, at := range set {
		b.key = binary.LittleEndian.AppendUint32(b.key, uint32(at))
	}
	b.key = append(b.key, 0xff, 0xff, 0xff, 0xff)
	for _, r := range rules {
		b.key = binary.LittleEndian.AppendUint16(b.key, r)
	}
	return b.key
}

// state finishes the state being built and returns its cell.
func (b *builder) state() uint32 {
	slices.Sort(b.set)
	slices.Sort(b.rules)
	b.rules = slices.Compact(b.rules)
	set, rules := b.set, b.rules
	b.set, b.rules = b.set[:0], b.rules[:0]
	b.round++
	if len(set)+len(rules) == 0 {
		return dead
	}
	key := b.spell(set, rules)
	cell, ok := b.ids[string(key)]
	if !ok {
		d := b.d
		cell = uint32(len(d.Table))
		b.ids[string(key)] = cell
		d.Table = append(d.Table, make([]uint32, d.Classes)...)
		d.Sets = append(d.Sets, slices.Clone(set))
		d.Accepts = append(d.Accepts, slices.Clone(rules))
	}
	if len(rules) > 0 {
		cell |= accepts
	}
	return cell
}

// step builds the transition from the state at row by a class.
func (b *builder) step(row uint32, class uint8) uint32 {
	c := b.member[class]
	for _, at := range b.d.Sets[int(row)/b.d.Classes] {
		in := &b.d.NFA.Insts[at]
		if in.Op == opByte && b.d.NFA.Sets[in.Set].Has(c) {
			b.follow(in.A)
		}
	}
	cell := b.state()
	b.d.Table[row+uint32(class)] = cell
	return cell
}
