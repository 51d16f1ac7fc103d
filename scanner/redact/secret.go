package redact

import (
	"bytes"
	"fmt"

	"github.com/stanch-dev/stanch/internal/secret"
)

// Secret is one that is to be replaced. It is read during [Redactor.Replace] and
// none of it is kept.
type Secret struct {
	// Name is the ID of the rule that found it or the name of a known secret. What
	// placeholders show of it is its [Label].
	Name string
	// KnownID and Version tell which known secret it is; KnownID is empty for what
	// a rule found.
	KnownID string
	Version int
	// Value is the plaintext, decoded; empty where it went on too long to be kept,
	// and then Tag is what a [TagHash] gave as it passed, or empty.
	Value secret.Bytes
	Tag   string
	// Source is what is replaced, as it stands in the source: equal to Value if
	// nothing in it was encoded.
	Source []byte
	// Before and After are the text around it, as far as it is known; 256 and 16
	// bytes are enough. After has at least what ended the secret: if it is empty,
	// the text has ended. If Source equals Value they are the source's, else, where
	// that is at hand, those of the decoded text that has Value.
	Before, After []byte
	// Location says where it was seen, as the carrier names its places. It is only
	// written into what is sealed.
	Location string
	// Offset is where Source begins in its stream, in bytes from 0.
	Offset int
}

// BlockedError ends a stream that has a secret which is not to pass. It names no
// content.
type BlockedError struct {
	Name   string // label of the rule or known secret
	Offset int    // of the secret in its stream, in bytes from 0
}

// Error says what was found and where.
func (e *BlockedError) Error() string {
	return fmt.Sprintf("blocked: %s at byte %d", e.Name, e.Offset)
}

// Replace appends to dst what is to stand in the place of s.
//
// If Source equals Value, nothing encodes the secret, and the result stands in the
// source as it is: where a format needs quotes around it or percent escapes in it,
// it has them. Otherwise the result is decoded like Value, and the caller encodes it.
//
// What a rule took in around a secret (quotes, blanks, the backslash of an escape
// behind it) is kept, and no part of what the tag is of. Sealed without a key, or of a
// value that is empty or too long for it, and Length of an empty value write a
// placeholder.
//
// The only error is a [*BlockedError], for Block; dst is then returned as it was.
func (r *Redactor) Replace(dst []byte, style Style, s *Secret) ([]byte, error) {
	if style == Block {
		return dst, &BlockedError{Label(s.Name), s.Offset}
	}
	value := s.Value.Reveal()
	start, end := 0, len(value)
	if s.KnownID == "" {
		start, end = Trim(value)
	}
	p := place{before: s.Before, value: value[start:end], after: s.After, raw: len(value) == 0 || bytes.Equal(s.Source, value)}
	p.escaped = !p.raw && bytes.IndexByte(s.Source, '%') >= 0
	if start > 0 {
		p.before = append(bytes.Clone(s.Before), value[:start]...)
	}
	if end < len(value) {
		p.after = append(bytes.Clone(value[end:]), s.After...)
	}
	dst = append(dst, value[:start]...)
	if style == Length && len(p.value) > 0 {
		dst = p.appendAsterisks(dst)
	} else {
		dst = p.appendText(dst, r.text(style, s, p.value))
	}
	return append(dst, value[end:]...), nil
}

// text returns what a style writes for value, of s, before any form.
func (r *Redactor) text(style Style, s *Secret, value []byte) []byte {
	switch style {
	case Drop:
		return nil
	case Fixed:
		return []byte(opening + "]")
	case Sealed:
		if text := r.seal(s, value); text != nil {
			return text
		}
	case Partial:
		if shown := shownPart(value); shown != "" {
			return placeholder(s.Name, r.tag(s, value), shown)
		}
	}
	return placeholder(s.Name, r.tag(s, value))
}
