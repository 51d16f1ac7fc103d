// Package secret holds the types that carry plaintext, so that it cannot reach a
// log, an error, a report or a test's output by accident: however such a value is
// printed or marshalled, it comes out as [Redacted]. Only Reveal gives the bytes,
// and a reader of the code can search for it.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what a secret prints as.
const Redacted = "[REDACTED]"

// Bytes is plaintext. Whoever hands it out says how long its memory stays valid.
type Bytes struct{ plain []byte }

// Of wraps b without copying it.
func Of(b []byte) Bytes { return Bytes{b} }

// Reveal returns the plaintext, in the memory that [Of] was given.
func (b Bytes) Reveal() []byte { return b.plain }

// Len returns the number of bytes of the plaintext.
func (b Bytes) Len() int { return len(b.plain) }

// String returns [Redacted].
func (Bytes) String() string { return Redacted }

// GoString returns [Redacted].
func (Bytes) GoString() string { return Redacted }

// Format writes [Redacted] for every verb, the ones that print hex included.
func (Bytes) Format(f fmt.State, _ rune) { io.WriteString(f, Redacted) }

// MarshalText returns [Redacted]; JSON and XML use it too.
func (Bytes) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue returns [Redacted].
func (Bytes) LogValue() slog.Value { return slog.StringValue(Redacted) }
