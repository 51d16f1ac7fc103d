package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/internal/exam/gitleaks/parity"
)

// outcome is what a command says of a scan.
type outcome struct {
	findings []map[string]any // of a report in gitleaks' JSON, all fields
	exit     int
}

// commands are the two programs under comparison.
type commands struct{ gitleaks, stanch string }

func buildCommands(t *testing.T) commands {
	t.Helper()
	dir := t.TempDir()
	c := commands{filepath.Join(dir, "gitleaks"), filepath.Join(dir, "stanch")}
	for _, args := range [][]string{
		{"build", "-tags", "gore2regex", "-o", c.gitleaks, "github.com/zricethezav/gitleaks/v8"},
		{"build", "-o", c.stanch, "github.com/stanch-dev/stanch"},
	} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			t.Fatalf("go %v: %v\n%s", args, err, out)
		}
	}
	return c
}

// output runs a program in dir.
func output(t *testing.T, dir, stdin, program string, args ...string) (out []byte, exit int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	if exit = cmd.ProcessState.ExitCode(); exit > 1 {
		t.Fatalf("%s: exit code %d\n%s", cmd, exit, stderr.Bytes())
	}
	return stdout.Bytes(), exit
}

func parse(t *testing.T, report []byte, exit int) outcome {
	t.Helper()
	o := outcome{exit: exit}
	if err := json.Unmarshal(report, &o.findings); err != nil {
		t.Fatalf("not a report: %v\n%.300q", err, report)
	}
	slices.SortFunc(o.findings, func(a, b map[string]any) int { return strings.Compare(identity(a), identity(b)) })
	return o
}

// identity is every field of a finding but the entropy, which is compared apart.
func identity(finding map[string]any) string {
	rest := maps.Clone(finding)
	delete(rest, "Entropy")
	text, err := json.Marshal(rest)
	if err != nil {
		panic(err) // it was JSON before
	}
	return string(text)
}

func (c commands) scanGitleaks(t *testing.T, dir, stdin string, args ...string) outcome {
	t.Helper()
	report := filepath.Join(t.TempDir(), "report.json")
	_, exit := output(t, dir, stdin, c.gitleaks, append(args, "-f", "json", "-r", report, "--no-banner")...)
	return parse(t, []byte(read(t, report)), exit)
}

func (c commands) scanStanch(t *testing.T, dir, stdin string, args ...string) outcome {
	t.Helper()
	report, exit := output(t, dir, stdin, c.stanch, append([]string{"scan", "-o", "gitleaks", "--reveal"}, args...)...)
	return parse(t, report, exit)
}

// closeEntropies lets cmp.Diff take entropies for equal that differ as little as
// two runs of gitleaks.
var closeEntropies = cmp.Comparer(func(a, b float64) bool { return parity.SameEntropy(float32(a), float32(b)) })

// scans are the scans both programs make of makeTree's folder tree in the folder
// above it, unless inside is set: then in it. Least is how many findings gitleaks
// must have for the scan to prove something.
var scans = []struct {
	name             string
	inside           bool
	stdin            string // a file of the tree
	gitleaks, stanch []string
	least            int
	prepare          func(t *testing.T, tree string, programs commands)
}{
	{name: "folder", gitleaks: []string{"dir", "tree"}, stanch: []string{"tree"}, least: 200},
	{name: "folder with a slash", gitleaks: []string{"dir", "./tree/"}, stanch: []string{"./tree/"}, least: 200},
	{name: "working folder", inside: true, gitleaks: []string{"dir", "."}, stanch: []string{"."}, least: 200},
	{name: "no folder", inside: true, gitleaks: []string{"dir"}, least: 200},
	{name: "one file", inside: true, gitleaks: []string{"dir", "large/blanks.txt"}, stanch: []string{"large/blanks.txt"}, least: 10},
	{name: "a skipped file by name", inside: true, gitleaks: []string{"dir", "a.png"}, stanch: []string{"a.png"}},
	{name: "symbolic links", gitleaks: []string{"dir", "tree", "--follow-symlinks"}, stanch: []string{"--follow-symlinks", "tree"}, least: 200},
	{name: "standard input", stdin: "large/lines.txt", gitleaks: []string{"stdin"}, stanch: []string{"-"}, least: 10},
	{name: "empty standard input", gitleaks: []string{"stdin"}, stanch: []string{"-"}},
	{name: "decoding off", gitleaks: []string{"dir", "tree", "--max-decode-depth", "0"}, stanch: []string{"--max-decode-depth", "0", "tree"}, least: 200},
	{name: "allow comments ignored", gitleaks: []string{"dir", "tree", "--ignore-gitleaks-allow"}, stanch: []string{"--ignore-allow", "tree"}, least: 200},
	{name: "ignored fingerprints", gitleaks: []string{"dir", "tree"}, stanch: []string{"tree"}, least: 100, prepare: ignoreSome},
	{name: "rules of its own", gitleaks: []string{"dir", "tree"}, stanch: []string{"tree"}, least: 100, prepare: writeRules},
}

// TestCommands compares the two programs' reports on a folder of hard cases.
func TestCommands(t *testing.T) {
	examples, err := corpus.Examples()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	tree := filepath.Join(work, "tree")
	makeTree(t, tree, examples)
	programs := buildCommands(t)
	for _, test := range scans {
		t.Run(test.name, func(t *testing.T) {
			if test.prepare != nil {
				test.prepare(t, tree, programs)
			}
			dir := work
			if test.inside {
				dir = tree
			}
			stdin := ""
			if test.stdin != "" {
				stdin = read(t, filepath.Join(tree, test.stdin))
			}
			want := programs.scanGitleaks(t, dir, stdin, test.gitleaks...)
			if len(want.findings) < test.least {
				t.Errorf("gitleaks has %d findings; fewer than %d prove nothing", len(want.findings), test.least)
			}
			compareReports(t, want, programs.scanStanch(t, dir, stdin, append(slices.Clone(test.stanch), "--gitleaks-compat")...))
			for _, f := range parity.Covers(corpus.Fragment{}, convert(t, want), convert(t, programs.scanStanch(t, dir, stdin, test.stanch...))).Missing {
				t.Errorf("default mode has lost %s:%d", f.Rule, f.StartLine)
			}
		})
	}
}

// compareReports wants got, of compatible mode, to be what gitleaks says.
func compareReports(t *testing.T, want, got outcome) {
	t.Helper()
	if got.exit != want.exit {
		t.Errorf("exit code %d, gitleaks has %d", got.exit, want.exit)
	}
	if diff := cmp.Diff(want.findings, got.findings, closeEntropies); diff != "" {
		t.Errorf("reports differ (-gitleaks +stanch):\n%.6000s", diff)
	}
}

// convert returns the findings in parity's words, with the file in the place of
// the line and in the rule's name, so that only findings of one file are compared.
func convert(t *testing.T, o outcome) (findings []parity.Finding) {
	t.Helper()
	for _, record := range o.findings {
		var f parity.Finding
		text, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &f); err != nil {
			t.Fatal(err)
		}
		f.Line = fmt.Sprint(record["File"])
		f.Rule = fmt.Sprint(record["RuleID"]) + " in " + f.Line
		findings = append(findings, f)
	}
	return findings
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ignoreSome writes a .gitleaksignore with every third of gitleaks' findings.
func ignoreSome(t *testing.T, tree string, programs commands) {
	t.Helper()
	text := "# comment\n\n"
	for i, f := range programs.scanGitleaks(t, filepath.Dir(tree), "", "dir", "tree").findings {
		if i%3 == 0 {
			text += fmt.Sprintln(f["Fingerprint"])
		}
	}
	write(t, filepath.Join(tree, ".gitleaksignore"), text)
}

// writeRules writes a .gitleaks.toml that extends the default rules.
func writeRules(t *testing.T, tree string, _ commands) {
	t.Helper()
	write(t, filepath.Join(tree, ".gitleaks.toml"), `title = "own"
[extend]
useDefault = true
disabledRules = ["generic-api-key"]
[[rules]]
id = "words"
description = "some words"
regex = '''some (w[a-z]+)'''
keywords = ["some"]
tags = ["own", "test"]
[[rules]]
id = "file-name"
path = '''(?i)crlf\.txt$'''
[[allowlists]]
paths = ['''(^|/)magic/''']
`)
}
