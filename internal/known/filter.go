package known

import (
	"math/bits"
	"slices"
)

// filter is a set of hashes that has some others in it too. Each hash has two bits in
// one word, so that asking costs one load.
type filter struct {
	words []uint64 // by the top bits of the hash
	shift uint8    // that takes a hash to its word
}

// newFilter returns an empty filter of at least so many bits.
func newFilter(size int) filter {
	n := max(bits.Len(uint(size/64)), 6)
	return filter{make([]uint64, 1<<n), uint8(64 - n)}
}

// filterMask returns the bits of a hash in its word.
func filterMask(h uint64) uint64 { return 1<<(h>>42&63) | 1<<(h>>36&63) }

func (f *filter) add(h uint64) { f.words[h>>(f.shift&63)] |= filterMask(h) }

// passes reports whether h may have been added.
func (f *filter) passes(h uint64) bool {
	return f.words[h>>(f.shift&63)]&filterMask(h) == filterMask(h)
}

func (f *filter) clone() filter { return filter{slices.Clone(f.words), f.shift} }
