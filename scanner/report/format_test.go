package report_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/report"
	"github.com/stanch-dev/stanch/scanner/source"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func decodeBase64(b []byte) []byte {
	out, err := base64.StdEncoding.DecodeString(string(b))
	if err != nil {
		panic(err)
	}
	return out
}

// sample is a report with one finding of each kind.
func sample(reveal bool) *report.Report {
	word := newRule("word", `pass=(\w+)`)
	word.Tags = []string{"demo", "a<b>"}
	block := newRule("block", `(?s)BEGIN.*?END`)
	encoded := newRule("encoded", `Y3VydmUt\w+=*`)
	encoded.decode = decodeBase64
	path := fakeRule{Rule: &rules.Rule{ID: "path-only", Description: "A file of keys."}}
	c := &report.Collector{Reveal: reveal}
	collect(c, report.Origin{File: "src/b.go"}, "first line\n\tx := \"pass=aaaabbbb\" // pass=cccc & aaaabbbb\r\nlast", word)
	collect(c, report.Origin{File: "src/a<>.go", Symlink: "link.go"}, "key: BEGIN\nabcabcabc\nEND of it\n", block)
	collect(c, report.Origin{File: "src/b.go", Commit: strings.Repeat("c0de", 10), Author: "Ann Other", Email: "ann@example.org",
		Date: "2024-01-02T03:04:05Z", Message: "add\n\nall"}, "\n\n\npass=ddddeeee\n", word)
	collect(c, report.Origin{File: "keys.p12"}, "\x00", path)
	collect(c, report.Origin{}, "日本語 "+base64.StdEncoding.EncodeToString([]byte("curve-ball"))+" \x1b[31m\u202e\xff é", encoded)
	return &report.Report{Records: c.Records, Coverage: source.Totals{
		Files: 4, Bytes: 1234567, Skipped: map[source.Reason]int64{source.Binary: 2, source.Allowlisted: 1}, Incomplete: 1,
		Gaps: []source.Gap{{Path: "src/c.go", Cause: "open: permission denied"}},
	}}
}

func TestFormats(t *testing.T) {
	for _, format := range report.Formats() {
		for name, reveal := range map[string]bool{".txt": false, ".revealed.txt": true} {
			var out bytes.Buffer
			if err := format.Write(&out, sample(reveal)); err != nil {
				t.Fatal(err)
			}
			golden(t, format.Name+name, out.Bytes())
			for _, plain := range []string{"aaaabbbb", "abcabcabc", "ddddeeee", "curve-ball"} {
				if got := strings.Contains(out.String(), plain); got != reveal {
					t.Errorf("%s, reveal %v: contains %q: %v", format.Name, reveal, plain, got)
				}
			}
		}
		var empty bytes.Buffer
		if err := format.Write(&empty, &report.Report{Coverage: (&source.Coverage{}).Totals()}); err != nil {
			t.Fatal(err)
		}
		golden(t, format.Name+".empty.txt", empty.Bytes())
	}
}

func TestTextIsFitForTerminals(t *testing.T) {
	r := sample(true)
	for _, record := range r.Records {
		record.File = "\x1b]0;title\a" + record.File + "\u202e"
		record.Symlink, record.Commit, record.Author = record.File, record.File, record.File
	}
	var out bytes.Buffer
	if err := report.Formats()[0].Write(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"\x1b", "\a", "\r", "\u202e", "\xff"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("the text holds %q", bad)
		}
	}
	out.Reset()
	r = sample(false)
	r.Color = true
	if err := report.Formats()[0].Write(&out, r); err != nil {
		t.Fatal(err)
	}
	golden(t, "text.color.txt", out.Bytes())
}

// TestJSONIsRead makes sure that the line and object formats have the same.
func TestJSONIsRead(t *testing.T) {
	var object struct {
		Findings   []map[string]any
		Coverage   map[string]any
		Incomplete bool
	}
	var lines []map[string]any
	for _, format := range report.Formats() {
		var out bytes.Buffer
		if err := format.Write(&out, sample(false)); err != nil {
			t.Fatal(err)
		}
		switch format.Name {
		case "json":
			if err := json.Unmarshal(out.Bytes(), &object); err != nil {
				t.Fatal(err)
			}
		case "jsonl":
			for line := range bytes.Lines(out.Bytes()) {
				var value map[string]any
				if err := json.Unmarshal(line, &value); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
				lines = append(lines, value)
			}
		}
	}
	want := append(object.Findings, map[string]any{"coverage": object.Coverage, "incomplete": object.Incomplete})
	if diff := cmp.Diff(want, lines); diff != "" || len(lines) != 7 {
		t.Errorf("%d lines: %s", len(lines), diff)
	}
}

func TestWriteCoverage(t *testing.T) {
	for _, c := range []struct {
		totals source.Totals
		want   string
	}{
		{source.Totals{}, "scanned 0 bytes in 0 files\n"},
		{source.Totals{Files: 1, Bytes: 1}, "scanned 1 byte in 1 file\n"},
		{source.Totals{Files: 2, Bytes: 9_940}, "scanned 9.9 kB in 2 files\n"},
		{source.Totals{Files: 2, Bytes: 999_499}, "scanned 999 kB in 2 files\n"},
		{source.Totals{Files: 2, Bytes: 999_500}, "scanned 1.0 MB in 2 files\n"},
		{source.Totals{Files: 2, Bytes: 12e15}, "scanned 12000 TB in 2 files\n"},
		{source.Totals{Skipped: map[source.Reason]int64{source.Special: 1, source.Allowlisted: 3}},
			"scanned 0 bytes in 0 files; skipped 3 allowlisted, 1 special file\n"},
		{source.Totals{Incomplete: 3, Gaps: []source.Gap{{Path: "a\n", Cause: "b\x1b"}, {Cause: "c"}}},
			"scanned 0 bytes in 0 files\nincomplete: 3 paths could not be read or not to the end\n  a\\x0a: b\\x1b\n  <stdin>: c\n  and 1 more\n"},
	} {
		var out strings.Builder
		if err := report.WriteCoverage(&out, &c.totals); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, out.String()); diff != "" {
			t.Errorf("%+v: %s", c.totals, diff)
		}
	}
}
