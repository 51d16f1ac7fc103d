package scanner

import (
	"strings"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/rules"
)

// Span is a range of bytes in a source, Start included, End excluded.
type Span struct{ Start, End int }

// Encoding tells in which writings a value was found; several may be nested.
type Encoding uint8

// The encodings, in the order in which one wins over the next.
const (
	Percent Encoding = 1 << iota
	Unicode
	Hex
	Base64
)

// encodingNames are the names of the encodings, by bit.
var encodingNames = [...]string{"percent", "unicode", "hex", "base64", "escape", "entity", "quoted-printable", "utf-16"}

// Names returns the encodings' names; none for a value found as it stands.
func (e Encoding) Names() (names []string) {
	for i, name := range encodingNames {
		if e>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// String returns "raw" or the names, joined by a plus.
func (e Encoding) String() string {
	if e == 0 {
		return "raw"
	}
	return strings.Join(e.Names(), "+")
}

// Finding is one match of a rule. It never carries the secret; that comes beside
// it as a [Text].
type Finding struct {
	Rule *rules.Rule
	// Match is what the rule's expression matched and Secret the secret in it. Of
	// a value that was decoded both are the span of the encoded form. A finding of
	// a rule on paths alone has two empty spans and no line.
	Match, Secret Span
	// Lines and columns of Match, from 1; columns count bytes, and EndColumn is
	// the last byte's. With Options.Compat they are computed as gitleaks does,
	// which is one column more on every line but a fragment's first.
	StartLine, EndLine, StartColumn, EndColumn int
	Entropy                                    float64       // of the secret, bits per byte
	Known                                      *known.Secret // the known secret that it is; nil for what a rule found
	Encoding                                   Encoding
	Depth                                      int // decoding passes it took; 0 for raw
}

// Text is the plaintext of a finding: what the rule matched and the secret in it,
// decoded, and the whole lines that hold the match as they stand in the source.
// It is valid only until the function it was handed to returns.
type Text struct {
	Match, Secret, Line secret.Bytes
}
