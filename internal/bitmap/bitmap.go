// Package bitmap marks the bytes of a text that belong to a set, one bit a byte,
// and finds runs of marked bytes. Looking at a text so, 64 bytes at a time, is how
// the engine passes over what cannot matter at the speed of memory: the decoder
// looks for runs of base64 this way, and known secrets are only looked up in runs
// that are long enough to hold one.
//
// A bitmap is a slice of words: bit i%64 of word i/64 stands for byte i, and the
// bits behind the last byte are clear.
package bitmap

import (
	"encoding/binary"
	"math/bits"
)

// wordBytes is how many bytes one word of a bitmap stands for.
const wordBytes = 64

// Words returns the number of words in the bitmap of a text of n bytes.
func Words(n int) int { return (n + wordBytes - 1) / wordBytes }

// Classifier marks the members of one set of ASCII bytes. It is immutable and safe
// for concurrent use.
type Classifier struct {
	// rows has, at a byte's low nibble, the bits 1<<(high nibble) of the members:
	// an ASCII byte is a member if its bit is in its row.
	rows [16]byte
	// member is 1 at the members, for where there is no vector unit to use rows.
	member [256]byte
}

// NewClassifier returns a classifier of the bytes of members below 0x80. The bytes
// from 0x80 up are never marked, whether they are members or not.
func NewClassifier(members string) *Classifier {
	c := &Classifier{}
	for _, b := range []byte(members) {
		if b < 0x80 {
			c.rows[b&15] |= 1 << (b >> 4)
			c.member[b] = 1
		}
	}
	return c
}

// Classify writes the bitmap of data into the first Words(len(data)) words of dst.
// It panics if dst is shorter, and never reads outside of data.
func (c *Classifier) Classify(dst []uint64, data []byte) {
	dst = dst[:Words(len(data))]
	whole := len(data) / wordBytes
	c.classify(dst[:whole], data)
	if rest := data[whole*wordBytes:]; len(rest) > 0 {
		var padded [wordBytes]byte
		copy(padded[:], rest)
		c.classify(dst[whole:], padded[:])
		dst[whole] &= 1<<len(rest) - 1
	}
}

// classifyPortable fills dst from the 64 bytes of data for each of its words.
func (c *Classifier) classifyPortable(dst []uint64, data []byte) {
	for i := range dst {
		var word uint64
		for eight := data[i*wordBytes:][:wordBytes]; len(eight) > 0; eight = eight[8:] {
			word = word>>8 | c.eight(binary.LittleEndian.Uint64(eight))<<56
		}
		dst[i] = word
	}
}

// eight returns the bits of the eight bytes in v, the lowest first.
func (c *Classifier) eight(v uint64) uint64 {
	m := &c.member
	return uint64(m[byte(v)] | m[byte(v>>8)]<<1 | m[byte(v>>16)]<<2 | m[byte(v>>24)]<<3 |
		m[byte(v>>32)]<<4 | m[byte(v>>40)]<<5 | m[byte(v>>48)]<<6 | m[byte(v>>56)]<<7)
}

// RunStarts returns the bits of words[i] at which a maximal run of at least n set
// bits begins, where n is from 1 to 64. The run may go on in the words behind.
func RunStarts(words []uint64, i, n int) uint64 {
	word := words[i]
	var before, behind uint64
	if i > 0 {
		before = words[i-1]
	}
	if i+1 < len(words) {
		behind = words[i+1]
	}
	starts := word &^ (word<<1 | before>>63)
	// A bit stays set in word:behind while the bits behind it are set too. Shifts
	// by constants are worth writing out the first four steps of long runs.
	have := 1
	if n >= 16 {
		word, behind = word&(word>>1|behind<<63), behind&(behind>>1)
		word, behind = word&(word>>2|behind<<62), behind&(behind>>2)
		word, behind = word&(word>>4|behind<<60), behind&(behind>>4)
		word, behind = word&(word>>8|behind<<56), behind&(behind>>8)
		have = 16
	}
	for have < n {
		by := min(have, n-have)
		word &= word>>(by&63) | behind<<((64-by)&63)
		behind &= behind >> (by & 63)
		have += by
	}
	return word & starts
}

// RunEnd returns the position behind the run of set bits that bit at is part of:
// at itself if that is clear.
func RunEnd(words []uint64, at int) int {
	i := at / 64
	if clear := ^words[i] >> (at % 64); clear != 0 {
		return at + bits.TrailingZeros64(clear)
	}
	for i++; i < len(words); i++ {
		if clear := ^words[i]; clear != 0 {
			return i*64 + bits.TrailingZeros64(clear)
		}
	}
	return len(words) * 64
}

// Runs yields start and end of every maximal run of at least n set bits, in order;
// n is from 1 to 64. Words without such a run cost a few instructions each.
func Runs(words []uint64, n int) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		for i := range words {
			for starts := RunStarts(words, i, n); starts != 0; starts &= starts - 1 {
				start := i*64 + bits.TrailingZeros64(starts)
				if !yield(start, RunEnd(words, start)) {
					return
				}
			}
		}
	}
}
