package scanner_test

import (
	"bytes"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/scanner"
)

func logs(b *testing.B, size int64) []byte {
	b.Helper()
	var text bytes.Buffer
	if err := corpus.Logs(&text, 1, size, corpus.LogOptions{}); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

// BenchmarkStream is to be compared with BenchmarkLogs, which has no views.
func BenchmarkStream(b *testing.B) {
	text := logs(b, 16<<20)
	for name, s := range map[string]*scanner.Scanner{
		"default rules":          newScanner(b, defaults(b), scanner.Options{IgnoreAllow: true}),
		"motion rules":           newScanner(b, motionRules(b), scanner.Options{IgnoreAllow: true}),
		"motion rules and views": newScanner(b, motionRules(b), streamOptions),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				st := s.NewStream(scanner.StreamOptions{}, func(p scanner.Piece) { n += len(p.Text) })
				st.Write(text)
				st.End(false)
			}
		})
	}
}

// BenchmarkStreamLines has one write for each line.
func BenchmarkStreamLines(b *testing.B) {
	text := logs(b, 4<<20)
	s := newScanner(b, motionRules(b), streamOptions)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	lines := bytes.SplitAfter(text, []byte{'\n'})
	for b.Loop() {
		st := s.NewStream(scanner.StreamOptions{}, func(scanner.Piece) {})
		for _, line := range lines {
			st.Write(line)
		}
		st.End(false)
	}
}
