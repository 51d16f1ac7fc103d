package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/internal/exam/gitleaks/parity"
)

// FuzzParity compares the scanners on a fragment of any content and path. Its
// seeds are an example of every rule.
func FuzzParity(f *testing.F) {
	examples, err := corpus.Examples()
	if err != nil {
		f.Fatal(err)
	}
	seeded := map[string]bool{}
	for _, e := range examples {
		if e.Positive && !seeded[e.Rule] {
			seeded[e.Rule] = true
			f.Add(e.Path, string(e.Value))
		}
	}
	if len(seeded) < 220 {
		f.Fatalf("seeds of %d rules, expected 220", len(seeded))
	}
	reference, err := parity.NewReference("")
	if err != nil {
		f.Fatal(err)
	}
	subjects, err := stanch()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, raw string) {
		if !parity.Strict && !utf8.ValidString(raw) {
			return
		}
		tally, err := parity.Run(corpus.Of("fuzz", []corpus.Fragment{{Path: path, Line: 1, Raw: raw}}), reference, subjects)
		if err != nil {
			t.Fatal(err)
		}
		if tally.Failed() {
			var text strings.Builder
			tally.Describe(&text)
			t.Error(text.String())
		}
	})
}
