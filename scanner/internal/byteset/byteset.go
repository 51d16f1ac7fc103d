// Package byteset provides the set of bytes that the parts of the engine speak in.
package byteset

import (
	"math/bits"
	"regexp/syntax"
	"unicode"
)

// Set is a set of byte values. The zero value is empty.
type Set [4]uint64

// Add puts b into the set.
func (s *Set) Add(b byte) { s[b>>6] |= 1 << (b & 63) }

// AddRange puts every byte from lo to hi, both included, into the set.
func (s *Set) AddRange(lo, hi byte) {
	for b := int(lo); b <= int(hi); b++ {
		s.Add(byte(b))
	}
}

// Has reports whether b is in the set.
func (s *Set) Has(b byte) bool { return s[b>>6]>>(b&63)&1 == 1 }

// Union puts every member of o into the set.
func (s *Set) Union(o Set) {
	for i := range s {
		s[i] |= o[i]
	}
}

// Intersects reports whether the sets have a byte in common.
func (s *Set) Intersects(o Set) bool {
	return s[0]&o[0]|s[1]&o[1]|s[2]&o[2]|s[3]&o[3] != 0
}

// Minus returns the members of s that are not in o.
func (s Set) Minus(o Set) Set {
	for i := range s {
		s[i] &^= o[i]
	}
	return s
}

// Len returns the number of members.
func (s *Set) Len() int {
	return bits.OnesCount64(s[0]) + bits.OnesCount64(s[1]) + bits.OnesCount64(s[2]) + bits.OnesCount64(s[3])
}

// First returns the least member; 0 of an empty set.
func (s *Set) First() byte {
	for i, w := range s {
		if w != 0 {
			return byte(i<<6 | bits.TrailingZeros64(w))
		}
	}
	return 0
}

// OfRanges returns the bytes that can begin the UTF-8 form of a rune in ranges,
// which are pairs of first and last as in regexp/syntax. Every byte from 0x80 up
// stands for the runes beyond ASCII, and for bytes that are not UTF-8.
func OfRanges(ranges []rune) (s Set) {
	for i := 0; i+1 < len(ranges); i += 2 {
		lo, hi := ranges[i], ranges[i+1]
		if lo < 0x80 {
			s.AddRange(byte(lo), byte(min(hi, 0x7f)))
		}
		if hi >= 0x80 {
			s.AddRange(0x80, 0xff)
		}
	}
	return s
}

// Classes numbers the bytes so that two have the same number if no set tells them
// apart, and returns how many numbers there are.
func Classes(sets []Set) (class [256]uint8, n int) {
	n = 1
	seen := make(map[Set]bool, len(sets))
	for _, set := range sets {
		if seen[set] {
			continue
		}
		seen[set] = true
		number := map[[2]int]int{}
		for b := range 256 {
			k := [2]int{int(class[b]), 0}
			if set.Has(byte(b)) {
				k[1] = 1
			}
			if _, ok := number[k]; !ok {
				number[k] = len(number)
			}
			class[b] = uint8(number[k])
		}
		n = len(number)
	}
	return class, n
}

// Literal returns, as ranges, the runes that a rune of a literal stands for in an
// expression with the given flags.
func Literal(r rune, flags syntax.Flags) []rune {
	ranges := []rune{r, r}
	if flags&syntax.FoldCase != 0 {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			ranges = append(ranges, f, f)
		}
	}
	return ranges
}
