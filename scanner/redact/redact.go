// Package redact replaces the secrets in a text by placeholders.
//
// A placeholder names the rule that found the secret, and tells by a short tag
// whether two placeholders stand for the same one:
//
//	password = [REDACTED:generic-api-key:5f0c2a91]
//
// The tag is keyed with the epoch key of a [Redactor], so that it says nothing to
// those who lack the key, and it is left out where the value could be guessed:
// who can guess a value and have it logged would see his guess confirmed by an
// equal tag.
//
// The way of a finding is [Redactor.Span], then [Merge] for all of a text, then
// [Append]. What lies outside the spans is never changed.
package redact

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
)

const (
	// KeySize is the size of an epoch key in bytes.
	KeySize = 32
	// minTagBits is the least estimate of a value's entropy, in bits, with which
	// it is given a tag.
	minTagBits = 112
	tagSize    = 4 // bytes
)

// Redactor makes placeholders. It is immutable and safe for concurrent use.
type Redactor struct{ key [KeySize]byte }

// New returns a redactor with a random epoch key, whose tags are equal for equal
// values as long as it lives.
func New() *Redactor {
	r := &Redactor{}
	rand.Read(r.key[:]) // never fails
	return r
}

// WithKey returns a redactor with the given epoch key: redactors that share one
// give equal values equal tags.
func WithKey(key [KeySize]byte) *Redactor { return &Redactor{key} }

// String returns a text without the key.
func (*Redactor) String() string { return "redactor" }

// Placeholder returns what is written in place of value, which the rule of that ID
// found. It is printable ASCII without quotes and backslashes.
func (r *Redactor) Placeholder(rule string, value []byte) string {
	name := strings.Map(plain, rule)
	if bits(value) < minTagBits {
		return "[REDACTED:" + name + "]"
	}
	mac := hmac.New(sha256.New, r.key[:])
	mac.Write(value)
	return "[REDACTED:" + name + ":" + hex.EncodeToString(mac.Sum(nil)[:tagSize]) + "]"
}

// plain keeps the characters of a rule's ID that are safe in any format.
func plain(c rune) rune {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		return c
	}
	return '-'
}

// bits estimates how many bits of entropy value has: Shannon's entropy of its
// bytes times their number. A value of a language has less, none has more.
func bits(value []byte) (sum float64) {
	var count [256]int
	for _, b := range value {
		count[b]++
	}
	for _, n := range count {
		if n > 0 {
			sum -= float64(n) * math.Log2(float64(n)/float64(len(value)))
		}
	}
	return sum
}
