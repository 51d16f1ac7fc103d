package source_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/source"
)

// stepReader gives at most the next of steps bytes at a time, over and over.
type stepReader struct {
	r     io.Reader
	steps []int
	next  int
}

func (s *stepReader) Read(p []byte) (int, error) {
	step := s.steps[s.next%len(s.steps)]
	s.next++
	return s.r.Read(p[:min(len(p), step)])
}

// checkFragments reads text and fails unless the fragments are what
// [scanner.Fragment] promises of text.
func checkFragments(t *testing.T, text []byte, r io.Reader) (count int) {
	t.Helper()
	at := 0 // where the next fragment's own part must start
	visit := func(_ int, _ *source.File, f *scanner.Fragment) {
		count++
		end := f.Offset + len(f.Data)
		if end > len(text) || !bytes.Equal(f.Data, text[f.Offset:end]) {
			t.Fatalf("fragment %d is not the text at %d", count, f.Offset)
		}
		if f.Offset+f.From != at || f.To <= f.From {
			t.Fatalf("fragment %d owns [%d:%d], want it to start at %d", count, f.Offset+f.From, f.Offset+f.To, at)
		}
		at = f.Offset + f.To
		if f.From < source.Before && f.Offset > 0 {
			t.Fatalf("fragment %d has %d bytes of context in front", count, f.From)
		}
		if end-at < source.Overlap && end != len(text) {
			t.Fatalf("fragment %d goes on for %d bytes", count, end-at)
		}
		lead := text[:f.Offset]
		line := 1 + bytes.Count(lead, []byte("\n"))
		column := f.Offset - bytes.LastIndexByte(lead, '\n')
		if f.Line != line || f.Column != column {
			t.Fatalf("fragment %d at %d is at %d:%d, want %d:%d", count, f.Offset, f.Line, f.Column, line, column)
		}
		if utf8.Valid(text) && (!utf8.RuneStart(f.Data[0]) || at < len(text) && !utf8.RuneStart(text[at])) {
			t.Fatalf("fragment %d is cut inside a rune", count)
		}
	}
	var cov source.Coverage
	if err := source.Read(context.Background(), r, source.File{}, &source.Options{}, &cov, visit); err != nil {
		t.Fatal(err)
	}
	if at != len(text) {
		t.Fatalf("fragments end at %d of %d", at, len(text))
	}
	if got := cov.Totals(); got.Bytes != int64(len(text)) || got.Incomplete > 0 {
		t.Fatalf("coverage %+v", got)
	}
	return count
}

// texts are worth cutting, by name.
func texts() map[string]string {
	line := strings.Repeat("x", 79) + "\n"
	wide := strings.Repeat("ü€😀", 200_000)
	noise := make([]byte, 3<<20)
	rand.NewChaCha8([32]byte{}).Read(noise)
	return map[string]string{
		"empty":              "",
		"one byte":           "a",
		"one block":          strings.Repeat("a", source.BlockSize),
		"one block and more": strings.Repeat("a", source.BlockSize+1),
		"lines":              strings.Repeat(line, 40_000),
		"paragraphs":         strings.Repeat(strings.Repeat(line, 30)+"\n", 1000),
		"one long line":      strings.Repeat("a", 3<<20),
		"newlines":           strings.Repeat("\n", 3<<20),
		"wide runes":         wide,
		"not UTF-8":          "t" + strings.Repeat("\x80", 3<<20),
		"noise":              "t\x00" + string(noise),
	}
}

func TestFragments(t *testing.T) {
	for name, text := range texts() {
		for _, steps := range [][]int{{1 << 30}, {1 << 16}, {4095, 1, 70_001}} {
			count := checkFragments(t, []byte(text), &stepReader{strings.NewReader(text), steps, 0})
			if len(text) < source.BlockSize && count > 1 {
				t.Errorf("%s: a text of less than a block has %d fragments", name, count)
			}
		}
	}
}

func TestCutsAtBlankLineThenLine(t *testing.T) {
	line := strings.Repeat("x", 79) + "\n"
	for text, ending := range map[string]string{
		strings.Repeat(line, 80_000):                          "\n",
		strings.Repeat(strings.Repeat(line, 30)+"\n", 3000):   "\n\n",
		strings.Repeat(strings.Repeat("y", 600_000)+"\n", 10): "y",
	} {
		first := true
		var cov source.Coverage
		source.Read(context.Background(), strings.NewReader(text), source.File{}, &source.Options{}, &cov,
			func(_ int, _ *source.File, f *scanner.Fragment) {
				if own := f.Data[f.From:f.To]; first && !bytes.HasSuffix(own, []byte(ending)) {
					t.Errorf("the first fragment ends in %q, want %q", own[len(own)-4:], ending)
				}
				first = false
			})
	}
}

func FuzzFragments(f *testing.F) {
	for _, text := range []string{"", "a\n", "ab\n\ncd", "ü€😀\n", "\x80\x80\x80\xff"} {
		f.Add([]byte(text), uint32(1), uint16(7))
		f.Add([]byte(text), uint32(3*source.BlockSize), uint16(60_000))
	}
	f.Fuzz(func(t *testing.T, unit []byte, size uint32, step uint16) {
		if len(unit) == 0 || source.IsBinary("", unit) {
			return
		}
		n := int(size)%(3*source.BlockSize) + 1
		text := bytes.Repeat(unit, n/len(unit)+1)[:n]
		if !source.IsBinary("", text) {
			checkFragments(t, text, &stepReader{bytes.NewReader(text), []int{int(step) + 500}, 0})
		}
	})
}

func TestReadError(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, compat := range []bool{false, true} {
		for _, size := range []int{0, 10, 99_000, 110_000, 3 << 20} {
			r := io.MultiReader(strings.NewReader(strings.Repeat("a", size)), iotest.ErrReader(broken))
			var cov source.Coverage
			source.Read(context.Background(), r, source.File{Path: "x"}, &source.Options{Compat: compat}, &cov,
				func(int, *source.File, *scanner.Fragment) {})
			got := cov.Totals()
			if got.Bytes != int64(size) {
				t.Errorf("compat %v: %d of %d bytes before an error were scanned", compat, got.Bytes, size)
			}
			if diff := cmp.Diff([]source.Gap{{Path: "x", Cause: broken.Error()}}, got.Gaps); diff != "" {
				t.Errorf("compat %v, %d bytes: %s", compat, size, diff)
			}
		}
	}
}

// endless gives the same line for ever.
type endless struct{ given int64 }

func (e *endless) Read(p []byte) (int, error) {
	n := copy(p, "all work and no play\n")
	e.given += int64(n)
	return n, nil
}

func TestCancel(t *testing.T) {
	for _, compat := range []bool{false, true} {
		ctx, cancel := context.WithCancel(context.Background())
		fragments := 0
		var cov source.Coverage
		err := source.Read(ctx, &endless{}, source.File{}, &source.Options{Compat: compat}, &cov,
			func(int, *source.File, *scanner.Fragment) {
				if fragments++; fragments == 3 {
					cancel()
				}
			})
		if !errors.Is(err, context.Canceled) || fragments != 3 {
			t.Errorf("compat %v: %d fragments, error %v", compat, fragments, err)
		}
	}
}

func BenchmarkFragments(b *testing.B) {
	line := strings.Repeat("x", 79) + "\n"
	text := strings.Repeat(strings.Repeat(line, 30)+"\n", 10_000)
	for _, compat := range []bool{false, true} {
		b.Run(map[bool]string{false: "default", true: "compat"}[compat], func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				var cov source.Coverage
				source.Read(context.Background(), strings.NewReader(text), source.File{}, &source.Options{Compat: compat}, &cov,
					func(int, *source.File, *scanner.Fragment) {})
			}
		})
	}
}

// sizes returns length and line of every fragment.
func sizes(r io.Reader, opts *source.Options) (got [][2]int) {
	var cov source.Coverage
	source.Read(context.Background(), r, source.File{}, opts, &cov, func(_ int, _ *source.File, f *scanner.Fragment) {
		got = append(got, [2]int{len(f.Data), f.Line})
	})
	return slices.Clip(got)
}
