package known

import (
	"math/bits"
	"math/rand/v2"
	"slices"
)

// table is an index as it is looked up. It is immutable.
//
// A place is looked up under a number that only this process knows: the place times a
// random odd factor. That is a bijection, so it gives away nothing that the place
// does not. The first look is at a word by the upper 15 bits of the number, which has
// two bits for each entry: with 100,000 of them one place in a hundred passes. The
// second is at slots by the upper 18 bits or more, where the low 8 bits and then all
// of the place must be equal.
type table struct {
	*Index
	factor uint32
	first  *[1 << firstBits]uint64
	slots  []slot
	// Entries of the reduced tier have only so many bits to be looked up by; they are few.
	reducedFirst *[1 << (reducedBits - 6)]uint64 // nil if there are none
	reduced      map[uint32][]uint32

	// Where secrets begin. Those that begin with the token run of their window do so at
	// most inRun bytes before the window. The others begin at most before bytes before
	// that run, and their window is at most behind bytes behind its start.
	inRun, before, behind int
	lead                  int // bytes before a window that find must see
}

// slot is an entry, counted from 1, above eight bits of its number; 0 for none.
type slot uint32

const (
	firstBits   = 15
	minSlotBits = 18
	maxSlotBits = 24
	tagBits     = 8
	// gateContext is how many bytes before a window must be seen to tell whether its
	// token run is long enough.
	gateContext = gateLen - windowLen
)

// Set returns a Set that looks for the secrets of an index.
func (ix *Index) Set() *Set {
	t := &table{Index: ix, factor: rand.Uint32() | 1, lead: gateContext}
	t.first = new([1 << firstBits]uint64)
	t.fill(0)
	return &Set{secrets: ix.secrets, refused: ix.refused, index: t}
}

// with returns a table of the entries of t and of more. It copies; nothing is computed
// again but for more.
func (t *table) with(more *Index) *table {
	c := *t
	c.Index = t.Index.with(more)
	first := *t.first
	c.first = &first
	c.slots = slices.Clone(t.slots)
	if t.reducedFirst != nil {
		reducedFirst := *t.reducedFirst
		c.reducedFirst = &reducedFirst
		c.reduced = make(map[uint32][]uint32, len(t.reduced))
		for number, entries := range t.reduced {
			c.reduced[number] = slices.Clip(entries)
		}
	}
	c.fill(len(t.entries))
	return &c
}

// fill puts the entries from start on into the table.
func (t *table) fill(start int) {
	slotBits := min(max(minSlotBits, bits.Len(uint(2*len(t.entries)))), maxSlotBits)
	if len(t.slots) < 1<<slotBits {
		t.slots = make([]slot, 1<<slotBits)
		for i := range start {
			if !t.entries[i].reduced {
				t.put(i)
			}
		}
	}
	for i := start; i < len(t.entries); i++ {
		e := &t.entries[i]
		if e.run == 0 {
			t.inRun = max(t.inRun, int(e.offset))
		} else {
			t.before = max(t.before, int(e.run))
			t.behind = max(t.behind, int(e.offset-e.run))
		}
		t.lead = max(t.lead, int(e.offset))
		if e.reduced {
			t.putReduced(i)
		} else {
			t.put(i)
		}
	}
}

// put puts an entry of the full tier into the table.
func (t *table) put(i int) {
	number := t.number(t.entries[i].place)
	t.first[number>>(placeBits-firstBits)] |= 1<<(number>>5&63) | 1<<(number&63)
	at := t.home(number)
	for t.slots[at] != 0 {
		at = (at + 1) & (len(t.slots) - 1)
	}
	t.slots[at] = slot(i+1)<<tagBits | slot(number&(1<<tagBits-1))
}

func (t *table) putReduced(i int) {
	if t.reducedFirst == nil {
		t.reducedFirst = new([1 << (reducedBits - 6)]uint64)
		t.reduced = map[uint32][]uint32{}
	}
	number := t.reducedNumber(t.entries[i].place)
	t.reducedFirst[number>>6] |= 1 << (number & 63)
	t.reduced[number] = append(t.reduced[number], uint32(i))
}

// number returns under what a place is looked up.
func (t *table) number(place uint32) uint32 { return place * t.factor & (1<<placeBits - 1) }

// reducedNumber is number for places of the reduced tier.
func (t *table) reducedNumber(place uint32) uint32 { return place * t.factor & (1<<reducedBits - 1) }

// home returns the slot where the search for a number begins.
func (t *table) home(number uint32) int {
	return int(number >> (placeBits - bits.TrailingZeros(uint(len(t.slots)))))
}

// entriesOf appends the entries of a place to list.
func (t *table) entriesOf(list []uint32, place uint32) []uint32 {
	number := t.number(place)
	for at := t.home(number); t.slots[at] != 0; at = (at + 1) & (len(t.slots) - 1) {
		i := uint32(t.slots[at]>>tagBits) - 1
		if uint32(t.slots[at])&(1<<tagBits-1) == number&(1<<tagBits-1) && t.entries[i].place == place {
			list = append(list, i)
		}
	}
	if t.reducedFirst != nil {
		list = append(list, t.reduced[t.reducedNumber(reduced(place))]...)
	}
	return list
}
