// Package parity compares what two scanners find in a corpus, fragment by
// fragment.
//
// The reference is gitleaks' detector ([Reference]), the subjects are scanners of
// stanch's ([Stanch]), each with a judge: [Exact] for compatible mode, [Covers]
// for the default mode, which may find more but must lose nothing. [Run] brings
// them together over a corpus and keeps the tally.
package parity

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/scanner"
)

// Finding is what is compared of a finding of either scanner. Positions are
// gitleaks'.
type Finding struct {
	Rule                                       string
	StartLine, EndLine, StartColumn, EndColumn int
	Match, Secret, Line                        string
	Tags                                       []string
	Entropy                                    float32
	// span is where the secret stands in the fragment. Only stanch tells.
	span scanner.Span
}

// compareFindings orders findings by everything but the entropy, and then by that, so that
// equal findings of two sorted lists meet.
func compareFindings(a, b Finding) int {
	return cmp.Or(compareExact(a, b), cmp.Compare(a.Entropy, b.Entropy))
}

func compareExact(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.StartLine, b.StartLine), cmp.Compare(a.StartColumn, b.StartColumn),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.EndColumn, b.EndColumn),
		cmp.Compare(a.Match, b.Match), cmp.Compare(a.Secret, b.Secret), cmp.Compare(a.Line, b.Line),
		slices.Compare(a.Tags, b.Tags),
	)
}

// maxUlp is how far entropies may be apart: gitleaks adds up the letters' shares
// in the random order of a map.
const maxUlp = 2

// SameEntropy reports whether a and b are at most [maxUlp] float32 values apart.
func SameEntropy(a, b float32) bool {
	distance := int64(math.Float32bits(a)) - int64(math.Float32bits(b))
	return -maxUlp <= distance && distance <= maxUlp
}

// fields returns the finding's fields by name, in the order in which they are
// printed; secrets are shortened.
func (f Finding) fields() [][2]string {
	return [][2]string{
		{"lines", fmt.Sprintf("%d-%d", f.StartLine, f.EndLine)},
		{"columns", fmt.Sprintf("%d-%d", f.StartColumn, f.EndColumn)},
		{"match", shorten(f.Match)},
		{"secret", shorten(f.Secret)},
		{"line", shorten(f.Line)},
		{"tags", strings.Join(f.Tags, " ")},
		{"entropy", fmt.Sprint(f.Entropy)},
	}
}

// shorten returns s quoted, without its middle when it is long, and its length.
func shorten(s string) string {
	const head, tail = 8, 4
	if len(s) <= head+tail+8 {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprintf("%q…%q (%d bytes)", s[:head], s[len(s)-tail:], len(s))
}
