package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/scanner/report"
)

const ignoreFile = `# comment
dir/a.go:word:1

  c0de:dir\b.go:word:1
dir\c.go:word:2
dir/never.go:word:1
dir/a.go:word:1
c0de:with:colon.go:word:1
not a fingerprint
a::word:1
`

func TestIgnore(t *testing.T) {
	var g report.Ignore
	if err := g.Parse(".gitleaksignore", []byte(ignoreFile)); err != nil {
		t.Fatal(err)
	}
	wantWarnings := []string{
		".gitleaksignore:9: not a fingerprint, [commit:]file:rule:line: not a fingerprint",
		".gitleaksignore:10: not a fingerprint, [commit:]file:rule:line: a::word:1",
	}
	if diff := cmp.Diff(wantWarnings, g.Warnings); diff != "" {
		t.Error(diff)
	}
	word := newRule("word", `pass=(\w+)`)
	for _, c := range []struct {
		file, commit, text string
		ignored            bool
	}{
		{"dir/a.go", "", "pass=abcd", true},
		{"dir/a.go", "beef", "pass=abcd", true},
		{"dir/a.go", "", "\npass=abcd", false},
		{"dir/b.go", "c0de", "pass=abcd", true},
		{"dir/b.go", "beef", "pass=abcd", false},
		{"dir/b.go", "", "pass=abcd", false},
		{"dir/c.go", "", "\npass=abcd", true},
		{"with:colon.go", "c0de", "pass=abcd", true},
	} {
		col := report.Collector{Ignore: &g}
		records := collect(&col, report.Origin{File: c.file, Commit: c.commit}, c.text, word)
		if (len(records) == 0) != c.ignored || col.Suppressed+len(records) != 1 {
			t.Errorf("%+v: %d records, %d suppressed", c, len(records), col.Suppressed)
		}
	}
	wantUnused := []string{
		".gitleaksignore:6: dir/never.go:word:1",
		".gitleaksignore:9: not a fingerprint",
		".gitleaksignore:10: a::word:1",
	}
	if diff := cmp.Diff(wantUnused, g.Unused()); diff != "" {
		t.Error(diff)
	}
}

func TestIgnoreLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ignore")
	var g report.Ignore
	if err := g.Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("a:b:1\r\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := g.Load(path); err != nil || len(g.Unused()) != 1 || len(g.Warnings) != 0 {
		t.Errorf("%v %v %v", err, g.Unused(), g.Warnings)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 100_000)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := g.Load(path); err == nil {
		t.Error("a line of 100 kB was taken")
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Skip(err)
	}
	if err := g.Load(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a file of 1 TB: %v", err)
	}
}

func FuzzIgnore(f *testing.F) {
	f.Add(ignoreFile)
	f.Add("a:b:1\n\x00::\\:\xff")
	f.Fuzz(func(t *testing.T, text string) {
		var g report.Ignore
		if err := g.Parse("x", []byte(text)); err != nil {
			return
		}
		lines := strings.Count(text, "\n") + 1
		if len(g.Unused()) > lines || len(g.Warnings) > lines {
			t.Errorf("%d lines give %d entries and %d warnings", lines, len(g.Unused()), len(g.Warnings))
		}
		for _, message := range append(g.Unused(), g.Warnings...) {
			if report.Display(message) != message {
				t.Errorf("%q is not fit for a terminal", message)
			}
		}
	})
}
