package known

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

const (
	// placeBits is how much of a secret its place gives away. It is one value for the
	// whole store: keys of a node or process only permute it, so that any number of
	// tables together give away no more.
	placeBits = 26
	// reducedBits is the same for a secret that cannot spare so much.
	reducedBits = 18
	windowLen   = 12 // bytes of a secret that its place is made of
	digestLen   = 16
)

// Keys are what an index is made with. Whoever holds them can test guesses.
type Keys struct {
	place  [2]uint64 // P: the same in all indexes of a store
	digest [32]byte  // F_n: of one node
}

// NewKeys returns random keys.
func NewKeys() (k Keys) {
	var place [16]byte
	rand.Read(place[:])
	rand.Read(k.digest[:])
	k.place = [2]uint64{binary.LittleEndian.Uint64(place[:]), binary.LittleEndian.Uint64(place[8:])}
	return k
}

// String returns no key, so that printing cannot give one away.
func (Keys) String() string { return "[keys]" }

// placeOf returns the place of a window, in its low placeBits bits.
func (k *Keys) placeOf(window []byte) uint32 {
	_ = window[windowLen-1]
	hi, lo := bits.Mul64(binary.LittleEndian.Uint64(window)^k.place[0], binary.LittleEndian.Uint64(window[4:])^k.place[1])
	return uint32(hi ^ lo)
}

// reduced returns the part of a place that secrets of the reduced tier have.
func reduced(place uint32) uint32 { return place << (32 - placeBits) >> (32 - reducedBits) }
