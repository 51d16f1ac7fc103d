// Package redact replaces the secrets in a text.
//
// What stands in their place depends on the [Style]. The default is a placeholder,
// which names what found the secret, and tells by a short tag whether two
// placeholders stand for the same one:
//
//	password = [REDACTED:generic-api-key:5f0c2a91]
//
// The tag is keyed with the epoch key of a [Redactor], so that it says nothing to
// those who lack the key. That of a known secret is of its ID and version. That of
// what a rule found is of the value, and left out where the value could be guessed:
// who can guess a value and have it logged would see his guess confirmed by an
// equal tag.
//
// [Redactor.Replace] gives the replacement of one secret, in a form that keeps the
// text around it what it was: JSON, YAML, a URL.
package redact

import "crypto/rand"

// KeySize is the size of an epoch key in bytes.
const KeySize = 32

// Redactor replaces secrets. It is immutable and safe for concurrent use.
type Redactor struct {
	key    [KeySize]byte
	sealTo *SealKey // nil: nothing is sealed
}

// New returns a redactor with a random epoch key, whose tags are equal for equal
// values as long as it lives.
func New() *Redactor {
	r := &Redactor{}
	rand.Read(r.key[:]) // never fails
	return r
}

// WithKey returns a redactor with the given epoch key: redactors that share one
// give equal secrets equal tags.
func WithKey(key [KeySize]byte) *Redactor { return &Redactor{key: key} }

// String returns a text without the key.
func (*Redactor) String() string { return "redactor" }

// Placeholder returns what is written in place of value, which the rule of that ID
// found. It is printable ASCII without quotes and backslashes.
func (r *Redactor) Placeholder(rule string, value []byte) string {
	return string(placeholder(rule, r.valueTag(value)))
}
