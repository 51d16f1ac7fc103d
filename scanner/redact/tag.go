package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"math"
)

const (
	// minTagBits is the least estimate of a value's entropy, in bits, with which
	// it is given a tag.
	minTagBits = 112
	tagSize    = 4 // bytes
	// textBits is what a letter of written language has of entropy, at most
	// (Shannon, Prediction and Entropy of Printed English, 1951: 0.6 to 1.3).
	textBits = 1.5
)

// TagHash computes the tag of a value that is too long to be kept while it passes.
// It is not safe for concurrent use.
type TagHash struct {
	mac    hash.Hash
	counts histogram
}

// NewTag returns the hash of a value of which nothing has passed yet.
func (r *Redactor) NewTag() *TagHash { return &TagHash{mac: hmac.New(sha256.New, r.key[:])} }

// Write adds the next part of the value. It never fails.
func (h *TagHash) Write(part []byte) (int, error) {
	h.counts.add(part)
	return h.mac.Write(part)
}

// Sum returns the tag of what was written: hexadecimal, or empty for a value that
// could be guessed.
func (h *TagHash) Sum() string {
	if h.counts.bits() < minTagBits {
		return ""
	}
	return hex.EncodeToString(h.mac.Sum(nil)[:tagSize])
}

// Reset begins a new value.
func (h *TagHash) Reset() {
	h.mac.Reset()
	h.counts = histogram{}
}

// tag returns the tag of s, whose value without what stands around it is given.
func (r *Redactor) tag(s *Secret, value []byte) string {
	switch {
	case s.KnownID != "":
		return r.knownTag(s.KnownID, s.Version)
	case len(value) == 0:
		return s.Tag
	}
	return r.valueTag(value)
}

// valueTag returns the tag of a value that a rule found.
func (r *Redactor) valueTag(value []byte) string {
	if entropyBits(value) < minTagBits {
		return ""
	}
	h := hmac.New(sha256.New, r.key[:])
	h.Write(value)
	return hex.EncodeToString(h.Sum(nil)[:tagSize])
}

// knownTag returns the tag of a known secret, which is no function of its value:
// that may be short, and the tag would confirm guesses of it.
func (r *Redactor) knownTag(id string, version int) string {
	h := hmac.New(sha256.New, r.key[:])
	h.Write(binary.BigEndian.AppendUint64([]byte(id), uint64(version)))
	return hex.EncodeToString(h.Sum(nil)[:tagSize])
}

// entropyBits estimates how many bits of entropy value has.
func entropyBits(value []byte) float64 {
	var h histogram
	h.add(value)
	return h.bits()
}

// histogram counts the bytes of a value, for an estimate of its entropy.
type histogram [256]int

func (h *histogram) add(part []byte) {
	for _, b := range part {
		h[b]++
	}
}

// bits estimates the entropy in bits: Shannon's of the bytes times their number,
// or what so much written language has if there is neither a digit nor a control
// character in it. A value made at random has hardly more; one that was thought up
// may have less.
func (h *histogram) bits() (sum float64) {
	total := 0
	for _, n := range h {
		total += n
	}
	text := true
	for b, n := range h {
		if n == 0 {
			continue
		}
		sum -= float64(n) * math.Log2(float64(n)/float64(total))
		if b < ' ' && b != '\n' && b != '\r' && b != '\t' || isDigit(byte(b)) {
			text = false
		}
	}
	if text {
		sum = min(sum, textBits*float64(total))
	}
	return sum
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
