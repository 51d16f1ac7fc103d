package source_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/source"
)

// TestCompatFragments holds length and line of the first fragments and of the last
// one that gitleaks 8.30.1 makes of some texts.
func TestCompatFragments(t *testing.T) {
	line := strings.Repeat("x", 49) + "\n"
	paragraph := strings.Repeat(line, 60) + "\n"
	crlf := strings.Repeat(strings.Repeat("y", 48)+"\r\n", 60) + " \t\r\n"
	for _, c := range []struct {
		name, text  string
		step, count int
		first       [][2]int
		last        [2]int
	}{
		{"one line", strings.Repeat("x", 300_000), 1 << 30, 8, [][2]int{{125000, 1}, {28672, 1}}, [2]int{2968, 1}},
		{"short", line, 1 << 30, 1, [][2]int{{50, 1}}, [2]int{50, 1}},
		{"lines", strings.Repeat(line, 8000), 1 << 30, 11, [][2]int{{125000, 1}, {28672, 2501}, {28672, 3074}}, [2]int{16952, 7661}},
		{"paragraphs", strings.Repeat(paragraph, 100), 1 << 30, 50, [][2]int{{102034, 1}, {3001, 2075}, {6002, 2136}}, [2]int{3001, 6040}},
		{"crlf", strings.Repeat(crlf, 100), 1 << 30, 50, [][2]int{{102136, 1}, {3004, 2075}, {6008, 2136}}, [2]int{3004, 6040}},
		{"pipe", strings.Repeat(paragraph, 100), 65536, 58, [][2]int{{66022, 1}, {6002, 1343}, {3001, 1465}}, [2]int{3001, 6040}},
		{"blank line at a read's end", strings.Repeat("x", 99_998) + "\n\n" + line, 1 << 30, 2, [][2]int{{100000, 1}}, [2]int{50, 3}},
		{"binary in the second fragment", strings.Repeat("x", 125_000) + "MZ" + line, 1 << 30, 1, [][2]int{{125000, 1}}, [2]int{125000, 1}},
		{"binary after a newline", line + strings.Repeat("x", 124_950) + "MZ" + line, 1 << 30, 2, [][2]int{{125000, 1}}, [2]int{52, 2}},
	} {
		got := sizes(&stepReader{strings.NewReader(c.text), []int{c.step}, 0}, &source.Options{Compat: true})
		if len(got) != c.count {
			t.Errorf("%s: %d fragments, want %d: %v", c.name, len(got), c.count, got)
			continue
		}
		if diff := cmp.Diff(c.first, got[:len(c.first)]); diff != "" {
			t.Errorf("%s: first fragments (-want +got):\n%s", c.name, diff)
		}
		if got[len(got)-1] != c.last {
			t.Errorf("%s: last fragment %v, want %v", c.name, got[len(got)-1], c.last)
		}
	}
}

func TestCompatLosesNothing(t *testing.T) {
	for name, text := range texts() {
		if text == "" {
			continue
		}
		var got []byte
		var cov source.Coverage
		source.Read(context.Background(), &stepReader{strings.NewReader(text), []int{70_001, 3}, 0}, source.File{},
			&source.Options{Compat: true}, &cov, func(_ int, _ *source.File, f *scanner.Fragment) {
				if f.Offset != len(got) || f.From != 0 || f.To != len(f.Data) || f.Line != 1+bytes.Count(got, []byte("\n")) {
					t.Fatalf("%s: fragment at %d is [%d:%d] of line %d", name, len(got), f.From, f.To, f.Line)
				}
				got = append(got, f.Data...)
			})
		if string(got) != text {
			t.Errorf("%s: fragments hold %d bytes, want %d", name, len(got), len(text))
		}
	}
}

func TestArchiveNames(t *testing.T) {
	yes := []string{"a.zip", "a.tar", "A.TAR.GZ", "dir/x.target.go", "a.7z", "a.brand", "x.s2s", "a.lz", "a.mz", "a.lz4", "a.bz2.txt", "a.zst", "a.rar", "a.xz", "a.zz", "a.sz"}
	no := []string{"", "a", "a.go", "dir.zip/a.go", "a.lz.txt", "a.mzn", "zip", "tar.go", "a.tgz", "a.jar"}
	for _, name := range slices.Concat(yes, no) {
		if got, want := source.IsArchiveName(name), slices.Contains(yes, name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}
