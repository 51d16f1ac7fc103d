package scanner_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/scanner"
)

// BenchmarkHoldBack reports how many bytes of clean logs a stream holds back,
// asked after each byte: the median, the 99th of a hundred, and the most.
func BenchmarkHoldBack(b *testing.B) {
	var text bytes.Buffer
	if err := corpus.Logs(&text, 1, 1<<20, corpus.LogOptions{}); err != nil {
		b.Fatal(err)
	}
	s := newScanner(b, motionRules(b), streamOptions)
	var held []int
	for b.Loop() {
		held = held[:0]
		st := s.NewStream(scanner.StreamOptions{Frames: true}, func(scanner.Piece) {})
		for i := range text.Len() {
			st.Write(text.Bytes()[i : i+1])
			held = append(held, st.Held())
		}
	}
	slices.Sort(held)
	b.ReportMetric(float64(held[len(held)/2]), "median-bytes")
	b.ReportMetric(float64(held[len(held)*99/100]), "p99-bytes")
	b.ReportMetric(float64(held[len(held)-1]), "most-bytes")
}
