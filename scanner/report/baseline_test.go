package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/scanner/report"
)

// gitleaksReport returns a report in gitleaks' format.
func gitleaksReport(t testing.TB, r *report.Report) []byte {
	t.Helper()
	for _, format := range report.Formats() {
		if format.Name == "gitleaks" {
			var out bytes.Buffer
			if err := format.Write(&out, r); err != nil {
				t.Fatal(err)
			}
			return out.Bytes()
		}
	}
	t.Fatal("no such format")
	return nil
}

func TestBaseline(t *testing.T) {
	word := newRule("word", `pass=(\w+)`)
	path := newRule("path", "")
	path.Regex = nil
	whole := string(gitleaksReport(t, &report.Report{Records: collect(&report.Collector{Reveal: true}, report.Origin{File: "f"}, "pass=abcd", word, path)}))
	hidden := string(gitleaksReport(t, &report.Report{Records: collect(&report.Collector{}, report.Origin{File: "f"}, "pass=abcd", word, path)}))
	partly := strings.ReplaceAll(whole, "abcd", "ab...")
	for _, c := range []struct {
		name, baseline string
		from           report.Origin
		text           string
		known          bool
	}{
		{"the same", whole, report.Origin{File: "f"}, "pass=abcd", true},
		{"another secret", whole, report.Origin{File: "f"}, "pass=efgh", false},
		{"redacted", hidden, report.Origin{File: "f"}, "pass=abcd", true},
		{"redacted, another secret", hidden, report.Origin{File: "f"}, "pass=efgh", true},
		{"redacted in part", partly, report.Origin{File: "f"}, "pass=abcd", true},
		{"another length", hidden, report.Origin{File: "f"}, "pass=abcde", false},
		{"another line", whole, report.Origin{File: "f"}, "\npass=abcd", false},
		{"another file", whole, report.Origin{File: "g"}, "pass=abcd", false},
		{"another commit", whole, report.Origin{File: "f", Commit: "c0de"}, "pass=abcd", false},
		{"another description", strings.ReplaceAll(whole, "A secret of", "secret of"), report.Origin{File: "f"}, "pass=abcd", false},
		{"empty", "[]", report.Origin{File: "f"}, "pass=abcd", false},
	} {
		baseline, err := report.ParseBaseline([]byte(c.baseline))
		if err != nil {
			t.Fatal(err)
		}
		col := report.Collector{Baseline: baseline}
		if records := collect(&col, c.from, c.text, word); (len(records) == 0) != c.known || len(records)+col.Suppressed != 1 {
			t.Errorf("%s: %d records, %d suppressed", c.name, len(records), col.Suppressed)
		}
	}
	baseline, err := report.ParseBaseline([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if records := collect(&report.Collector{Baseline: baseline}, report.Origin{File: "f"}, "x", path); len(records) != 0 {
		t.Errorf("a finding on a path is new: %+v", records[0])
	}
}

func TestLoadBaseline(t *testing.T) {
	path := filepath.Join(t.TempDir(), "baseline.json")
	for _, text := range []string{"", "{}", "[null]", `[{"StartLine":"x"}]`, "[{}"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := report.LoadBaseline(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: error %v", text, err)
		}
	}
	if _, err := report.LoadBaseline(path + "x"); err == nil {
		t.Error("no error for no file")
	}
}

func FuzzBaseline(f *testing.F) {
	f.Add(gitleaksReport(f, sample(true)))
	f.Add([]byte(`[{"RuleID":"word","StartLine":1,"StartColumn":1,"Tags":null},{}]`))
	word := newRule("word", `pass=(\w+)`)
	f.Fuzz(func(t *testing.T, text []byte) {
		baseline, err := report.ParseBaseline(text)
		if err != nil {
			return
		}
		collect(&report.Collector{Baseline: baseline}, report.Origin{File: "f"}, "pass=abcd", word)
	})
}
