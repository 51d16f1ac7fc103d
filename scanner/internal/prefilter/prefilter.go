// Package prefilter finds the few places in a text where one of some hundred short
// sequences of byte sets can begin.
//
// It looks twice. In the first look at four consecutive bytes a byte's low and high
// half each select a set of 32 buckets of sequences, and a place remains where some
// bucket survives all four (the method of Hyperscan's Teddy); on amd64 with AVX2
// this takes 16 bytes a step. (At two bytes more it takes half as long again, and a
// tenth fewer places remain.) In the second look, at six bytes, whole bytes and then
// pairs of bytes select from 64 buckets. Neither look ever misses a place.
package prefilter

import (
	"math/bits"
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// Width is how many bytes tell whether a sequence begins at a place.
const Width = textmodel.Width

const (
	width  = Width // positions that the second look is at
	looked = 4     // positions that the first look is at
	coarse = 32    // buckets of the first look
	fine   = 64    // buckets of the second look

	// block is how much is marked before it is looked at again, to stay in the
	// fastest cache.
	block = 16 << 10
)

// Sequence is what to look for: a byte of the first set, followed by one of the
// second, and so on. What lies beyond its end can be anything.
type Sequence []byteset.Set

// has reports whether b may stand at position pos.
func (s Sequence) has(pos int, b byte) bool { return pos >= len(s) || s[pos].Has(b) }

// Filter looks for a fixed list of sequences. It is immutable and safe for
// concurrent use. Its fields are exported for encoding only.
type Filter struct {
	// Nibbles are the tables of the AVX2 loop, for 16 buckets at a time: for each
	// position 32 bytes for low halves, then 32 for high ones; of these 16 bytes for
	// buckets 0-7, then 16 for 8-15.
	Nibbles [coarse / 16][looked * 64]byte
	// Bytes are the smaller tables of the second look: for each position and byte,
	// the buckets that allow it. They decide most places in the fastest cache.
	Bytes [width][256]uint64
	// Class maps a byte to its class. Pairs are the larger tables: for positions
	// 0-1, 2-3 and 4-5 and two classes, the buckets that allow both.
	Class   [256]uint8
	Classes int
	Pairs   [width / 2][]uint64
}

// New returns a filter for seqs. The model tells which sequences can share a
// bucket of the first look at little cost; in the second one like ones share it.
func New(seqs []Sequence, model *textmodel.Model) *Filter {
	f := &Filter{}
	seqs = merge(Combine(seqs))
	for i, bucket := range assign(seqs, model) {
		f.addCoarse(seqs[i], bucket)
	}
	f.addFine(seqs)
	return f
}

func (f *Filter) addCoarse(s Sequence, bucket int) {
	table := &f.Nibbles[bucket/16]
	lane := bucket % 16 / 8 * 16
	bit := byte(1) << (bucket % 8)
	for pos := range looked {
		for b := range 256 {
			if s.has(pos, byte(b)) {
				table[pos*64+lane+b&15] |= bit
				table[pos*64+32+lane+b>>4] |= bit
			}
		}
	}
}

func (f *Filter) addFine(seqs []Sequence) {
	slices.SortFunc(seqs, func(a, b Sequence) int {
		return slices.CompareFunc(a, b, func(x, y byteset.Set) int { return slices.Compare(x[:], y[:]) })
	})
	f.Class, f.Classes = byteset.Classes(slices.Concat(seqs...))
	var member [256]byte // one byte of every class
	for b := range 256 {
		member[f.Class[b]] = byte(b)
	}
	for i, s := range seqs {
		bucket := uint64(1) << (i * fine / len(seqs))
		for pos := range width {
			for b := range 256 {
				if s.has(pos, byte(b)) {
					f.Bytes[pos][b] |= bucket
				}
			}
		}
		for pair := range f.Pairs {
			if i == 0 {
				f.Pairs[pair] = make([]uint64, f.Classes*f.Classes)
			}
			for c := range f.Classes * f.Classes {
				if s.has(2*pair, member[c/f.Classes]) && s.has(2*pair+1, member[c%f.Classes]) {
					f.Pairs[pair][c] |= bucket
				}
			}
		}
	}
}

// Scratch is the memory of one [Filter.Places] at a time.
type Scratch struct {
	marks  [block / 64]uint64 // one bit a place
	places [block + 4]uint32  // the places that are marked, from the block's start
}

// Places calls found, in order, with the places of data from start to end where a
// sequence can begin, until it returns false.
func (f *Filter) Places(data []byte, start, end int, s *Scratch, found func(p int) bool) {
	for ; start < end; start += block {
		n := min(block, end-start)
		f.mark(data[start:min(start+n+width-1, len(data))], n, s.marks[:(n+63)/64])
		for _, p := range s.marked((n + 63) / 64) {
			if p := start + int(p); f.begins(data, p) && !found(p) {
				return
			}
		}
	}
}

// marked lists the places of the first words of marks. It writes four at a time,
// whether there are as many or not, since a processor predicts that better than
// how often a loop goes round.
func (s *Scratch) marked(words int) []uint32 {
	n := 0
	for i, word := range s.marks[:words] {
		if word == 0 {
			continue
		}
		base := uint32(i << 6)
		next := n + bits.OnesCount64(word)
		for ; n < next; n += 4 {
			four := s.places[n : n+4 : n+4]
			for j := range four {
				four[j] = base + uint32(bits.TrailingZeros64(word))
				word &= word - 1
			}
		}
		n = next
	}
	return s.places[:n]
}

// Possible reports whether a sequence can begin at data[p:], or can if more follows
// where that is shorter than [Width].
func (f *Filter) Possible(data []byte, p int) bool { return f.begins(data, p) }

// begins reports whether a sequence can begin at data[p:]. It is exact but for
// sequences that share a bucket.
func (f *Filter) begins(data []byte, p int) bool {
	if p+width > len(data) {
		return f.beginsAtEnd(data[p:])
	}
	d := (*[width]byte)(data[p:])
	if f.Bytes[0][d[0]]&f.Bytes[1][d[1]]&f.Bytes[2][d[2]]&f.Bytes[3][d[3]]&f.Bytes[4][d[4]]&f.Bytes[5][d[5]] == 0 {
		return false
	}
	n := f.Classes
	return f.Pairs[0][int(f.Class[d[0]])*n+int(f.Class[d[1]])]&
		f.Pairs[1][int(f.Class[d[2]])*n+int(f.Class[d[3]])]&
		f.Pairs[2][int(f.Class[d[4]])*n+int(f.Class[d[5]])] != 0
}

// beginsAtEnd is begins for fewer bytes than a sequence has, of which the rest
// might be anything.
func (f *Filter) beginsAtEnd(data []byte) bool {
	fits := ^uint64(0)
	for pos, b := range data {
		fits &= f.Bytes[pos][b]
	}
	return fits != 0
}

// mark sets in marks, one bit a byte, those of the first n places of data where a
// sequence can begin, and clears the others. The data has up to width-1 bytes more
// than places.
func (f *Filter) mark(data []byte, n int, marks []uint64) {
	clear(marks)
	for p := f.markBlocks(data, marks); p < n; p++ {
		if f.begins(data, p) {
			marks[p>>6] |= 1 << (p & 63)
		}
	}
}
