package main

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/zricethezav/gitleaks/v8/detect"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// decodeDepth is gitleaks' default on the command line.
const decodeDepth = 5

func newDetector(tb testing.TB) *detect.Detector {
	tb.Helper()
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		tb.Fatal(err)
	}
	d.MaxDecodeDepth = decodeDepth
	return d
}

func newScanner(tb testing.TB) *scanner.Scanner {
	tb.Helper()
	set, err := rules.Default()
	if err != nil {
		tb.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: decodeDepth})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// benchmarkBoth scans texts with stanch and with gitleaks. Build with the tag
// gore2regex for gitleaks as released.
func benchmarkBoth(b *testing.B, texts [][]byte) {
	b.Run("stanch", func(b *testing.B) {
		s := newScanner(b)
		measure(b, texts, func(text []byte) (found int) {
			s.Scan(&scanner.Fragment{Path: "a.log", Data: text}, func(*scanner.Finding, scanner.Text) { found++ })
			return found
		})
	})
	b.Run("gitleaks", func(b *testing.B) {
		d := newDetector(b)
		measure(b, texts, func(text []byte) int { return len(d.DetectBytes(text)) })
	})
}

// measure scans the texts in turn and reports the rate by CPU time beside that by
// the clock, which others on the machine slow down. The findings are those of one
// whole pass, made before the measurement, so that both sides' can be compared.
func measure(b *testing.B, texts [][]byte, scan func([]byte) (found int)) {
	b.ReportAllocs()
	found := 0
	for _, text := range texts {
		found += scan(text)
	}
	var size int64
	i := 0
	start := cpuTime(b)
	for b.Loop() {
		scan(texts[i])
		size += int64(len(texts[i]))
		i = (i + 1) % len(texts)
	}
	cpu := cpuTime(b) - start
	b.SetBytes(size / int64(b.N))
	b.ReportMetric(float64(size)/1e6/cpu.Seconds(), "MB/CPU-s")
	b.ReportMetric(float64(found), "findings")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// logText has one secret in 300 kB, as the corpora of the command have.
func logText(b *testing.B, size int64) []byte {
	b.Helper()
	var text bytes.Buffer
	if err := corpus.Logs(&text, 1, size, corpus.LogOptions{Secrets: corpus.Samples(1), Every: secretsEvery}); err != nil {
		b.Fatal(err)
	}
	return text.Bytes()
}

// BenchmarkLine scans logs line by line, as a filter does.
func BenchmarkLine(b *testing.B) {
	benchmarkBoth(b, bytes.SplitAfter(logText(b, 1<<20), []byte("\n")))
}

// BenchmarkFragment scans logs in gitleaks' fragments of 100 kB.
func BenchmarkFragment(b *testing.B) {
	var fragments [][]byte
	for text := logText(b, 1<<20); len(text) > 100_000; text = text[100_000:] {
		fragments = append(fragments, text[:100_000])
	}
	benchmarkBoth(b, fragments)
}

// TestGitleaksFindsWhatIsPlanted proves the corpora: each planted secret is found,
// by the rule it was recorded with, in the place it was recorded at.
func TestGitleaksFindsWhatIsPlanted(t *testing.T) {
	d := newDetector(t)
	for seed := range uint64(8) {
		var text bytes.Buffer
		planted, err := corpus.DemoLog(&text, seed)
		if err != nil {
			t.Fatal(err)
		}
		checkFound(t, d, text.String(), planted)

		text.Reset()
		planted = nil
		err = corpus.Logs(&text, seed, 60_000, corpus.LogOptions{
			Secrets: corpus.Samples(seed), Every: 2_000, Planted: func(p corpus.Planted) { planted = append(planted, p) },
		})
		if err != nil {
			t.Fatal(err)
		}
		checkFound(t, d, text.String(), planted)

		dir := t.TempDir()
		planted, err = corpus.Tree(dir, seed)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range planted {
			text, err := os.ReadFile(filepath.Join(dir, p.File))
			if err != nil {
				t.Fatal(err)
			}
			checkFound(t, d, string(text), []corpus.Planted{p})
		}
	}
}

func checkFound(t *testing.T, d *detect.Detector, text string, planted []corpus.Planted) {
	t.Helper()
	if len(planted) == 0 {
		t.Fatal("no secret was planted")
	}
	found := map[corpus.Planted]bool{} // by rule, value and line
	for _, f := range d.DetectString(text) {
		found[corpus.Planted{Secret: corpus.Secret{Rule: f.RuleID, Value: f.Secret}, Line: f.StartLine + 1}] = true
	}
	for _, p := range planted {
		if !found[corpus.Planted{Secret: p.Secret, Line: p.Line}] {
			t.Errorf("%s on line %d was not found", p.Rule, p.Line)
		}
	}
}
