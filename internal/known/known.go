// Package known finds secrets whose values are known in text, exactly, beside the
// rules that know only what secrets look like.
//
// A [Set] holds the secrets in one of two ways. As needles it has their plaintext,
// in memory that is kept from the swap device, and finds every secret of 8 bytes or
// more. As an index it has of each secret 26 bits that say where to look closer, and
// a digest under a key of its node that confirms: enough to recognise the secret in
// traffic, too little to recover it from a disk, a backup or a dump of the tables.
// The price is that secrets with little entropy, or without a run of token
// characters near their start, cannot be in an index; they are listed as refused.
// What an index does not protect from is someone who reads a node's live memory:
// the traffic itself goes through there.
//
// Secrets are looked up as they are. Undoing encodings is the business of the
// scanner's views, which come first.
package known

import "slices"

// MaxLead is the most bytes that a secret may begin before its window, the part of it
// that an index looks up.
const MaxLead = 64

// Secret names a known secret. It never holds the value.
type Secret struct {
	ID      string
	Version int // 1 for the first value of that ID
}

// Match is a place where a known secret stands: the bytes from Start to before End.
type Match struct {
	Start, End int
	Secret     *Secret // in memory of the Set, to be read only
}

// Set is a set of known secrets. It is immutable and safe for concurrent use; a nil
// Set matches nothing.
type Set struct {
	secrets []Secret
	refused []Refused
	needles *needles // nil for an index
	index   *table   // nil for needles
}

// Find reports the known secrets whose window starts at text[from] or later; of a
// needle the window is its start. text[:from] is context, which must be at least
// Lead bytes unless text begins there.
//
// More text may follow unless ended. Find returns in next where to look from when
// text has grown, and in hold the first position that may belong to a secret that is
// not decided yet, len(text) if none does. What is found does not depend on how text
// grows. With cut, text ended where it was cut off, and a part of a secret counts if
// it stands there.
//
// Needles are reported leftmost first and longest, and do not overlap. Secrets of an
// index are reported in the order of their windows, and may overlap. Find allocates
// nothing once sc has been used for a while.
func (s *Set) Find(sc *Scratch, text []byte, from int, ended, cut bool, found func(Match)) (next, hold int) {
	switch {
	case s == nil:
		return len(text), len(text)
	case s.needles != nil:
		return s.needles.find(s.secrets, text, from, ended, ended && cut, found)
	}
	return s.index.find(s.secrets, sc, text, from, ended, ended && cut, found)
}

// Lead returns how many bytes before its window a secret may begin, and how many
// bytes of context Find needs: at most MaxLead.
func (s *Set) Lead() int {
	if s == nil || s.index == nil {
		return 0
	}
	return s.index.lead
}

// Len returns the number of secrets that can be found.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.secrets)
}

// Refused returns the secrets that cannot be found, and why, in the order of their list.
func (s *Set) Refused() []Refused {
	if s == nil {
		return nil
	}
	return slices.Clone(s.refused)
}
