// Package textmodel estimates how often a sequence of bytes occurs in ordinary
// text, so that the engine can look for the rarest part of every rule.
//
// The model is a sample: six bytes from each of some thousand places in source
// code, logs and structured data. One is embedded (sample.bin, which `make plan`
// writes), for rules that are compiled at start. Products of single-byte
// frequencies are wrong by a factor of three on such text; counting in a sample is
// not.
package textmodel

import (
	_ "embed"
	"math/bits"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// Width is the number of consecutive bytes that every place of the sample has.
const Width = 6

//go:embed sample.bin
var embedded []byte

// Bits has one bit per place of the sample.
type Bits []uint64

// And keeps in b only the places that are also in o.
func (b Bits) And(o Bits) {
	for i := range b {
		b[i] &= o[i]
	}
}

// Len returns the number of places in b.
func (b Bits) Len() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Model answers from a sample. It is not safe for concurrent use.
type Model struct {
	sample []byte
	places int
	index  [Width][256]Bits // places with a byte at a position
	sets   [Width]map[byteset.Set]Bits
	freq   [256]float64
	common Bits // scratch
}

// New returns the model of a sample, which has Width bytes for each place; of the
// embedded sample if it is nil.
func New(sample []byte) *Model {
	if sample == nil {
		sample = embedded
	}
	m := &Model{sample: sample, places: len(sample) / Width}
	words := (m.places + 63) / 64
	backing := make([]uint64, (Width*256+1)*words)
	next := func() (b Bits) {
		b, backing = backing[:words:words], backing[words:]
		return b
	}
	m.common = next()
	for pos := range Width {
		m.sets[pos] = map[byteset.Set]Bits{}
		for b := range 256 {
			m.index[pos][b] = next()
		}
	}
	for place := range m.places {
		for pos, b := range sample[place*Width : place*Width+Width] {
			m.index[pos][b][place>>6] |= 1 << (place & 63)
			m.freq[b]++
		}
	}
	for b := range m.freq {
		m.freq[b] = (m.freq[b] + 0.5) / float64(m.places*Width+128)
	}
	return m
}

// Size returns the number of places of the sample.
func (m *Model) Size() int { return m.places }

// Places returns the places whose byte at position pos is in set. The result must
// not be changed.
func (m *Model) Places(pos int, set byteset.Set) Bits {
	if known, ok := m.sets[pos][set]; ok {
		return known
	}
	out := make(Bits, len(m.common))
	for b := range 256 {
		if set.Has(byte(b)) {
			for i, w := range m.index[pos][b] {
				out[i] |= w
			}
		}
	}
	m.sets[pos][set] = out
	return out
}

// Rate estimates the share of positions in ordinary text at which seq begins.
// What the sample never shows is told apart by the frequency of its bytes.
func (m *Model) Rate(seq []byteset.Set) float64 {
	product := 1.0
	for i := range seq[:min(len(seq), Width)] {
		places := m.Places(i, seq[i])
		if i == 0 {
			copy(m.common, places)
		} else {
			m.common.And(places)
		}
		p := 0.0
		for b := range 256 {
			if seq[i].Has(byte(b)) {
				p += m.freq[b]
			}
		}
		product *= p
	}
	return (float64(m.common.Len()) + product/8) / float64(m.places)
}

// HalvesRate estimates the share of places whose first bytes each have a low half
// in low and a high half in high, bit by bit.
func (m *Model) HalvesRate(low, high []uint16) float64 {
	n, product := 0, 1.0
places:
	for place := range m.places {
		at := m.sample[place*Width:]
		for pos := range low {
			if (low[pos]>>(at[pos]&15))&(high[pos]>>(at[pos]>>4))&1 == 0 {
				continue places
			}
		}
		n++
	}
	for pos := range low {
		p := 0.0
		for b := range 256 {
			if (low[pos]>>(b&15))&(high[pos]>>(b>>4))&1 == 1 {
				p += m.freq[b]
			}
		}
		product *= p
	}
	return (float64(n) + product/8) / float64(m.places)
}
