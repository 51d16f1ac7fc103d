package known

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
)

// needles is plaintext that is looked for. It is immutable.
//
// Needles are looked up by their first eight bytes. Those with the same eight are a
// group, sorted, so that one search gives the longest that a text begins with. Two
// filters in front of the groups pass over nearly all positions of a text. The coarse
// one is asked at every fourth position only, whether the five bytes there may be
// within the first eight of a needle, the fine one where a needle may begin then.
type needles struct {
	memory  []*memory // keeps the plaintext alive
	needles []needle
	order   []member // the groups
	groups  []group
	slots   []uint32 // by hash, linear probing: a group, counted from 1; 0 for none
	coarse  filter
	fine    filter
	mul     uint64 // of the hash: odd and random, so that nobody can make text that hits the filters
	// heads has bit k set for a byte that stands at position k of some needle.
	heads [256]uint8
}

type needle struct {
	text   []byte // in memory
	secret uint32
}

// member is a needle within its group.
type member struct {
	needle uint32
	parent int32 // position in order of the longest other needle that this one begins with; -1 for none
}

// group is order[start:start+n].
type group struct{ start, n uint32 }

const (
	// stride is how far apart the positions are that the coarse filter is asked for.
	stride = 4
	// coarseDrop is how many bits of eight bytes the coarse filter does not look at, so
	// that it looks at five bytes.
	coarseDrop = 8 * (stride - 1)
	// Bits of the filters and slots for each group, at least.
	coarseBits = 32
	fineBits   = 16
	slotShare  = 2
)

// Needles returns a Set that finds every value of at least 8 bytes as it is. It
// copies the plaintext into locked memory; the caller should wipe the values. Of
// several equal values the first is reported.
func Needles(values []Value) *Set { return needlesIn(values, newMemory) }

// Transient is Needles in ordinary memory, for values that are in ordinary memory
// anyway, such as those of a request. It is quick to make.
func Transient(values []Value) *Set { return needlesIn(values, heap) }

func needlesIn(values []Value, allocate func(int) *memory) *Set {
	s := &Set{}
	var texts, wiped [][]byte
	var owners []uint32
	for i := range values {
		v := &values[i]
		if why := refuseNeedle(v.Plain.Reveal()); why != 0 {
			s.refused = append(s.refused, Refused{v.ID, v.Line, why})
			continue
		}
		parts, copies := partsOf(v.Plain.Reveal())
		texts, wiped = append(texts, parts...), append(wiped, copies...)
		for range parts {
			owners = append(owners, uint32(len(s.secrets)))
		}
		s.secrets = append(s.secrets, v.Secret)
	}
	n := &needles{mul: rand.Uint64() | 1}
	n.store(texts, owners, allocate)
	wipe(wiped)
	n.insert(0)
	s.needles = n
	return s
}

func refuseNeedle(plain []byte) Why {
	switch {
	case len(plain) < minNeedle:
		return TooShort
	case len(plain) > maxValue:
		return TooLong
	}
	return 0
}

// store copies texts into memory, as needles that are not in a group yet.
func (n *needles) store(texts [][]byte, owners []uint32, allocate func(int) *memory) {
	total := 0
	for _, text := range texts {
		total += len(text)
	}
	m := allocate(total)
	n.memory = append(slices.Clip(n.memory), m)
	n.needles = slices.Grow(slices.Clip(n.needles), len(texts))
	for i, text := range texts {
		n.needles = append(n.needles, needle{m.put(text), owners[i]})
	}
}

// with returns the needles of n and of more, whose secrets are behind those of n.
func (n *needles) with(more *needles, secrets int) *needles {
	c := *n
	c.memory = append(slices.Clip(c.memory), more.memory...)
	c.needles = slices.Clip(c.needles)
	for _, added := range more.needles {
		c.needles = append(c.needles, needle{added.text, added.secret + uint32(secrets)})
	}
	c.order = slices.Clip(c.order)
	c.groups = slices.Clone(c.groups)
	c.slots = slices.Clone(c.slots)
	c.coarse, c.fine = c.coarse.clone(), c.fine.clone()
	c.insert(len(n.needles))
	return &c
}

// insert puts the needles from first on into groups.
func (n *needles) insert(first int) {
	added := make([]uint32, 0, len(n.needles)-first)
	for i := first; i < len(n.needles); i++ {
		added = append(added, uint32(i))
		for k, b := range n.needles[i].text[:minNeedle] {
			n.heads[b] |= 1 << k
		}
	}
	slices.SortFunc(added, n.compare)
	n.makeRoom(len(n.groups) + len(added))
	for len(added) > 0 {
		head := n.needles[added[0]].text[:minNeedle]
		end := 1
		for end < len(added) && bytes.Equal(n.needles[added[end]].text[:minNeedle], head) {
			end++
		}
		n.place(head, added[:end])
		added = added[end:]
	}
}

// compare orders needles by their text, and those of equal text by age.
func (n *needles) compare(a, b uint32) int {
	return cmp.Or(bytes.Compare(n.needles[a].text, n.needles[b].text), cmp.Compare(a, b))
}

// makeRoom makes slots and filters large enough for so many groups.
func (n *needles) makeRoom(groups int) {
	if len(n.slots) >= slotShare*groups && len(n.slots) > 0 {
		return
	}
	n.coarse, n.fine = newFilter(coarseBits*groups), newFilter(fineBits*groups)
	n.slots = make([]uint32, 1<<bits.Len(uint(max(slotShare*groups, 4))))
	for i, g := range n.groups {
		n.point(n.needles[n.order[g.start].needle].text, i)
	}
}

// place puts needles, which are sorted and begin with head, into the group of head.
func (n *needles) place(head []byte, added []uint32) {
	at, known := n.lookUp(head)
	all := slices.Clone(added)
	if known {
		g := n.groups[at]
		for _, m := range n.order[g.start:][:g.n] {
			all = append(all, m.needle)
		}
		slices.SortFunc(all, n.compare)
	}
	start := len(n.order)
	for _, i := range all {
		parent := int32(len(n.order) - 1)
		for parent >= int32(start) && !bytes.HasPrefix(n.needles[i].text, n.needles[n.order[parent].needle].text) {
			parent = n.order[parent].parent
		}
		if parent < int32(start) {
			parent = -1
		} else if len(n.needles[n.order[parent].needle].text) == len(n.needles[i].text) {
			continue // equal to an older one
		}
		n.order = append(n.order, member{i, parent})
	}
	g := group{uint32(start), uint32(len(n.order) - start)}
	if known {
		n.groups[at] = g
		return
	}
	n.groups = append(n.groups, g)
	n.point(head, len(n.groups)-1)
}

// point makes a free slot point to a group, and the filters pass its head.
func (n *needles) point(head []byte, group int) {
	h := n.hash(head)
	at := n.slotOf(h)
	for n.slots[at] != 0 {
		at = (at + 1) & (len(n.slots) - 1)
	}
	n.slots[at] = uint32(group + 1)
	n.fine.add(h)
	eight := binary.LittleEndian.Uint64(head)
	for at := range stride {
		n.coarse.add(eight >> (8 * at) << coarseDrop * n.mul)
	}
}

// hash returns the hash of the first eight bytes of text.
func (n *needles) hash(text []byte) uint64 { return binary.LittleEndian.Uint64(text) * n.mul }

func (n *needles) slotOf(h uint64) int {
	return int(h >> (64 - bits.TrailingZeros(uint(len(n.slots)))))
}

// lookUp returns the group of the needles that begin with head, the first eight bytes
// of a text, if there is one.
func (n *needles) lookUp(head []byte) (group int, ok bool) {
	for at := n.slotOf(n.hash(head)); n.slots[at] != 0; at = (at + 1) & (len(n.slots) - 1) {
		group := int(n.slots[at] - 1)
		if bytes.Equal(n.needles[n.order[n.groups[group].start].needle].text[:minNeedle], head) {
			return group, true
		}
	}
	return 0, false
}
