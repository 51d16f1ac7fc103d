package known

import (
	"slices"

	"github.com/stanch-dev/stanch/internal/known/entropy"
)

// Bits of entropy of a secret in an index. With its place, its digest and all keys in
// hand, a guess still has to be right in 80 bits.
const (
	fullFloor    = 80 + placeBits
	reducedFloor = 80 + reducedBits
)

const (
	maxReduced = 1000 // entries of the reduced tier, which have many false candidates
	maxSharing = 8    // entries of one place
	headLen    = 128  // bytes of a long secret that are confirmed before the rest is there
	longLen    = 256  // bytes from which a secret has a head of its own
)

// Index is what a node gets to know of the secrets of a store. See the package
// comment. It is immutable.
type Index struct {
	keys    Keys
	secrets []Secret
	refused []Refused
	entries []entry
	heads   []digest
}

// entry is one thing to look for: a secret, or a line of one.
type entry struct {
	digest  digest
	length  uint32 // bytes
	secret  uint32
	place   uint32 // of placeBits or reducedBits bits
	head    uint32 // in heads, counted from 1; 0 for none
	offset  uint8  // of the window
	run     uint8  // where the token run with the window begins
	reduced bool
}

type digest [digestLen]byte

// Keys returns the keys of ix. An index that takes the place of another one should
// have its keys, since what two of different keys give away adds up.
func (ix *Index) Keys() Keys { return ix.keys }

// Index makes an index of the values that can be in one, with the keys k. It keeps
// no plaintext.
func (k Keys) Index(values []Value) *Index {
	b := builder{ix: &Index{keys: k}, sharing: map[place]int{}, seen: map[digest]bool{}}
	b.sc.use(&k)
	for i := range values {
		v := &values[i]
		if why := b.add(v); why != 0 {
			b.ix.refused = append(b.ix.refused, Refused{v.ID, v.Line, why})
		}
	}
	return b.ix
}

// builder makes an Index.
type builder struct {
	ix      *Index
	sc      Scratch
	sharing map[place]int
	seen    map[digest]bool
	reduced int
}

type place struct {
	bits    uint32
	reduced bool
}

// add adds what is looked for of a value, or says why there is nothing.
func (b *builder) add(v *Value) (why Why) {
	plain := v.Plain.Reveal()
	if why := refuseNeedle(plain); why != 0 {
		return why
	}
	parts, copies := partsOf(plain)
	defer wipe(copies)
	if len(parts) > 1 {
		parts = parts[1:] // white space in a secret may change on its way
	}
	before := len(b.ix.entries)
	for _, part := range parts {
		if reason := b.addPart(v.ID, part); reason != 0 {
			why = max(why, reason)
		}
	}
	if len(b.ix.entries) == before {
		return why
	}
	b.ix.secrets = append(b.ix.secrets, v.Secret)
	return 0
}

func (b *builder) addPart(id string, part []byte) Why {
	estimate := entropy.Of(part)
	total := estimate.Bits()
	e := entry{length: uint32(len(part)), secret: uint32(len(b.ix.secrets)), reduced: total < fullFloor}
	switch {
	case total < reducedFloor:
		return TooEasy
	case e.reduced && b.reduced == maxReduced:
		return TooManyReduced
	}
	if !b.place(&e, part, estimate) {
		return NoWindow
	}
	e.digest = b.sc.digest(id, part)
	if b.seen[e.digest] {
		return 0
	}
	b.seen[e.digest] = true
	if len(part) >= longLen && entropy.Of(part[:headLen]).Bits() >= fullFloor {
		b.ix.heads = append(b.ix.heads, b.sc.digest(id, part[:headLen]))
		e.head = uint32(len(b.ix.heads))
	}
	if e.reduced {
		b.reduced++
	}
	b.sharing[e.key()]++
	b.ix.entries = append(b.ix.entries, e)
	return 0
}

// place chooses the window of a part, among those that have bits enough the first
// whose place is not shared by many.
func (b *builder) place(e *entry, part []byte, estimate entropy.Estimate) bool {
	for _, w := range windowsOf(part, estimate) {
		e.offset, e.run = uint8(w.offset), uint8(w.run)
		e.place = b.ix.keys.placeOf(part[w.offset:]) << (32 - placeBits) >> (32 - placeBits)
		if e.reduced {
			e.place = reduced(e.place)
		}
		if b.sharing[e.key()] < maxSharing {
			return true
		}
	}
	return false
}

func (e *entry) key() place { return place{e.place, e.reduced} }

// with returns an index of the secrets of ix and of more, which has the same keys.
func (ix *Index) with(more *Index) *Index {
	sum := &Index{
		keys:    ix.keys,
		secrets: slices.Concat(ix.secrets, more.secrets),
		refused: slices.Concat(ix.refused, more.refused),
		heads:   slices.Concat(ix.heads, more.heads),
		entries: slices.Concat(ix.entries, more.entries),
	}
	added := sum.entries[len(ix.entries):]
	for i := range added {
		e := &added[i]
		e.secret += uint32(len(ix.secrets))
		if e.head > 0 {
			e.head += uint32(len(ix.heads))
		}
	}
	return sum
}
