package rules_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/scanner"
)

// With -clean.bytes 50000000 the test takes half a minute; with -clean.dirs also
// what is found in directories is listed, which is for people to judge.
var (
	cleanBytes = flag.Int64("clean.bytes", 2<<20, "bytes of each kind of clean text to search")
	cleanDirs  = flag.String("clean.dirs", "", "directories, separated by colons, to list what is found in")
)

// findings lists what the rules for motion find in a text, by rule.
func findings(s *scanner.Scanner, name string, text []byte, byRule map[string][]string) {
	s.Scan(&scanner.Fragment{Data: text}, func(f *scanner.Finding, x scanner.Text) {
		byRule[f.Rule.ID] = append(byRule[f.Rule.ID], fmt.Sprintf("%s:%d: %.80q", name, f.StartLine, x.Match.Reveal()))
	})
}

func cleanScanner(t *testing.T) *scanner.Scanner {
	t.Helper()
	s, err := scanner.New(motion(t), scanner.Options{IgnoreAllow: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestNothingInCleanText searches text that is made up without secrets.
func TestNothingInCleanText(t *testing.T) {
	s := cleanScanner(t)
	for name, write := range map[string]func(io.Writer, uint64, int64) error{
		"logs": func(w io.Writer, seed uint64, size int64) error {
			return corpus.Logs(w, seed, size, corpus.LogOptions{})
		},
		"json": corpus.JSON, "minified": corpus.Minified, "nonenglish": corpus.NonEnglish, "base64": corpus.Base64Heavy,
	} {
		var text bytes.Buffer
		if err := write(&text, 7, *cleanBytes); err != nil {
			t.Fatal(err)
		}
		byRule := map[string][]string{}
		findings(s, name, text.Bytes(), byRule)
		for _, id := range slices.Sorted(maps.Keys(byRule)) {
			t.Errorf("%s: %d findings, as %s", id, len(byRule[id]), byRule[id][0])
		}
	}
}

// TestDirectories lists, by rule, what is found in the directories that are named.
func TestDirectories(t *testing.T) {
	if *cleanDirs == "" {
		t.Skip("no directories are named with -clean.dirs")
	}
	s := cleanScanner(t)
	byRule := map[string][]string{}
	size := 0
	for _, dir := range strings.Split(*cleanDirs, ":") {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(name)
			if err == nil && bytes.IndexByte(text[:min(len(text), 1000)], 0) < 0 {
				size += len(text)
				findings(s, name, text, byRule)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(byRule)) {
		t.Logf("%s: %d\n\t%s", id, len(byRule[id]), strings.Join(byRule[id], "\n\t"))
	}
	t.Logf("%d bytes", size)
}
