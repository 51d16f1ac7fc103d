package parity_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/internal/exam/gitleaks/parity"
)

// text holds findings of several rules: specific, generic, encoded, on a line
// that has two, and on a last line without an end. The secrets are split so that
// scanners of this file see none.
var text = strings.Join([]string{
	"token: gl", "pat-xK3vP9qLmZ7tR2wYbN5c\n",
	"\n",
	"api_key = \"q7Zt", "V4nX9rB2mK8sLwP3yH6d\"\n",
	"a=gl", "pat-8sHd72KskwPq01mZxyTb b=gl", "pat-Qm4vXz81LskdJf7Rt2Wn\n",
	"ZW5jb2RlZDogZ2xwYXQtWlhj", "dkJubTEyM2FzZGYwOTg3cXcg\n",
	"last gl", "pat-m2N8bV5cX1zL4kJ7hG0f",
}, "")

func fragments() corpus.Corpus {
	return corpus.Of("self-check", []corpus.Fragment{{Path: "a.txt", Line: 1, Raw: text}, {Path: "dir/a.p12", Line: 1}})
}

func newReference(t *testing.T) *parity.Reference {
	t.Helper()
	reference, err := parity.NewReference("")
	if err != nil {
		t.Fatal(err)
	}
	return reference
}

// altered returns gitleaks' own scan as a subject's, with one of the findings in
// text altered.
func altered(reference *parity.Reference, alter func([]parity.Finding) []parity.Finding) parity.Scan {
	return func(f corpus.Fragment) []parity.Finding {
		findings := reference.Scan(f)
		slices.SortFunc(findings, func(a, b parity.Finding) int { return strings.Compare(a.Secret, b.Secret) })
		if f.Raw != text {
			return findings
		}
		return alter(findings)
	}
}

// first makes an alteration of the first finding.
func first(alter func(*parity.Finding)) func([]parity.Finding) []parity.Finding {
	return func(f []parity.Finding) []parity.Finding {
		alter(&f[0])
		return f
	}
}

func ulps(f *parity.Finding, n uint32) {
	f.Entropy = math.Float32frombits(math.Float32bits(f.Entropy) + n)
}

func same(f []parity.Finding) []parity.Finding           { return f }
func withoutFirst(f []parity.Finding) []parity.Finding   { return f[1:] }
func withFirstTwice(f []parity.Finding) []parity.Finding { return append(f, f[0]) }

// TestExactSeesEveryAlteration is the examiner's own exam.
func TestExactSeesEveryAlteration(t *testing.T) {
	reference := newReference(t)
	for _, test := range []struct {
		name           string
		alter          func([]parity.Finding) []parity.Finding
		missing, extra int
	}{
		{"nothing", same, 0, 0},
		{"order", func(f []parity.Finding) []parity.Finding { slices.Reverse(f); return f }, 0, 0},
		{"entropy within the tolerance", first(func(f *parity.Finding) { ulps(f, 2) }), 0, 0},
		{"entropy", first(func(f *parity.Finding) { ulps(f, 3) }), 1, 1},
		{"one lost", withoutFirst, 1, 0},
		{"one twice", withFirstTwice, 0, 1},
		{"rule", first(func(f *parity.Finding) { f.Rule = "jwt" }), 1, 1},
		{"start line", first(func(f *parity.Finding) { f.StartLine++ }), 1, 1},
		{"end line", first(func(f *parity.Finding) { f.EndLine++ }), 1, 1},
		{"start column", first(func(f *parity.Finding) { f.StartColumn-- }), 1, 1},
		{"end column", first(func(f *parity.Finding) { f.EndColumn-- }), 1, 1},
		{"match", first(func(f *parity.Finding) { f.Match += " " }), 1, 1},
		{"secret", first(func(f *parity.Finding) { f.Secret = f.Secret[1:] }), 1, 1},
		{"line", first(func(f *parity.Finding) { f.Line = strings.TrimPrefix(f.Line, "\n") + "\n" }), 1, 1},
		{"tags", first(func(f *parity.Finding) { f.Tags = append(f.Tags, "decoded:hex") }), 1, 1},
		{"all lost", func([]parity.Finding) []parity.Finding { return nil }, 6, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			subject := parity.Subject{Name: "altered", Scan: altered(reference, test.alter), Judge: parity.Exact}
			tally, err := parity.Run(fragments(), reference, []parity.Subject{subject})
			if err != nil {
				t.Fatal(err)
			}
			if tally.Findings != 7 || len(tally.Rules) != 3 {
				t.Errorf("gitleaks has %d findings of %d rules, want 7 of 3", tally.Findings, len(tally.Rules))
			}
			if tally.Missing["altered"] != test.missing || tally.Extra["altered"] != test.extra {
				t.Errorf("missing %d, extra %d, want %d and %d", tally.Missing["altered"], tally.Extra["altered"], test.missing, test.extra)
			}
			if tally.Failed() != (test.missing+test.extra > 0) {
				t.Errorf("Failed() = %v", tally.Failed())
			}
			var report strings.Builder
			tally.Describe(&report)
			if tally.Failed() != strings.Contains(report.String(), "altered: ") {
				t.Errorf("the report says:\n%s", report.String())
			}
		})
	}
}

func TestCoversLosesNothing(t *testing.T) {
	reference := newReference(t)
	for _, test := range []struct {
		name    string
		alter   func([]parity.Finding) []parity.Finding
		missing int
		causes  map[string]int
	}{
		{"nothing", same, 0, nil},
		{"positions of its own", first(func(f *parity.Finding) { f.StartColumn-- }), 0, nil},
		{"longer secret", first(func(f *parity.Finding) { f.Secret += "." }), 0, nil},
		{"shorter secret", first(func(f *parity.Finding) { f.Secret = f.Secret[1:] }), 1, map[string]int{"gained: gitleaks has it with another secret": 1}},
		{"one lost", withoutFirst, 1, nil},
		{"other line", first(func(f *parity.Finding) { f.StartLine += 9; f.EndLine += 9 }), 1, map[string]int{"gained: other": 1}},
		{"specific in place of generic", func(f []parity.Finding) []parity.Finding {
			i := slices.IndexFunc(f, func(f parity.Finding) bool { return f.Rule == "generic-api-key" })
			f[i].Rule = "jwt"
			return f
		}, 0, map[string]int{"lost: a more specific rule found it": 1, "gained: other": 1}},
		{"one more", func(f []parity.Finding) []parity.Finding {
			return append(f, parity.Finding{Rule: "jwt", StartLine: 1, EndLine: 1, Secret: "x"})
		}, 0, map[string]int{"gained: other": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := corpus.Fragment{Path: "a.txt", Line: 1, Raw: text}
			v := parity.Covers(f, reference.Scan(f), altered(reference, test.alter)(f))
			if len(v.Missing) != test.missing || len(v.Extra) != 0 {
				t.Errorf("missing %d, extra %d, want %d and 0", len(v.Missing), len(v.Extra), test.missing)
			}
			if len(v.Causes)+len(test.causes) > 0 && !cmp.Equal(v.Causes, test.causes) {
				t.Errorf("causes: %v, want %v", v.Causes, test.causes)
			}
		})
	}
}

// TestCoversKnowsCauses has cases that text has not.
func TestCoversKnowsCauses(t *testing.T) {
	at := func(line int, secret string) []parity.Finding {
		return []parity.Finding{{Rule: "jwt", StartLine: line, EndLine: line, Match: secret, Secret: secret}}
	}
	for _, test := range []struct {
		name, raw         string
		gitleaks, subject []parity.Finding
		missing           int
		causes            map[string]int
	}{
		{"terminator", `abc\n`, at(1, `abc\n`), at(1, "abc"), 0,
			map[string]int{"lost: gitleaks reads a terminator as part of the secret": 1, "gained: gitleaks has it with another secret": 1}},
		{"no terminator", `abc\t`, at(1, `abc\t`), at(1, "abc"), 1, map[string]int{"gained: gitleaks has it with another secret": 1}},
		{"allowed line", "x\nabc # gitleaks" + ":allow\n", at(2, "abc"), nil, 0, map[string]int{"lost: its line is allowed": 1}},
		{"allowed line above", "x # gitleaks" + ":allow\nabc\n", at(2, "abc"), nil, 1, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := parity.Covers(corpus.Fragment{Path: "a.txt", Line: 1, Raw: test.raw}, test.gitleaks, test.subject)
			if len(v.Missing) != test.missing || len(v.Extra) != 0 {
				t.Errorf("missing %d, extra %d, want %d and 0", len(v.Missing), len(v.Extra), test.missing)
			}
			if len(v.Causes)+len(test.causes) > 0 && !cmp.Equal(v.Causes, test.causes) {
				t.Errorf("causes: %v, want %v", v.Causes, test.causes)
			}
		})
	}
}

// TestFindingsAreKept shows that gitleaks' findings in a fixed corpus are taken
// from the folder, and are not taken for another text's.
func TestFindingsAreKept(t *testing.T) {
	dir := t.TempDir()
	reference, err := parity.NewReference(dir)
	if err != nil {
		t.Fatal(err)
	}
	run := func(raw string) int {
		c := corpus.Of("fixed", []corpus.Fragment{{Path: "a.txt", Line: 1, Raw: raw}})
		c.Fixed = true
		tally, err := parity.Run(c, reference, nil)
		if err != nil {
			t.Fatal(err)
		}
		return tally.Findings
	}
	if n := run("nothing"); n != 0 {
		t.Fatalf("%d findings in nothing", n)
	}
	nothing := only(t, dir)
	if err := os.Rename(nothing, nothing+"~"); err != nil {
		t.Fatal(err)
	}
	if n := run(text); n != 6 {
		t.Fatalf("%d findings, want 6", n)
	}
	os.Remove(nothing + "~")
	// What was kept for one text is put in the place of the other's.
	if err := os.Rename(only(t, dir), nothing); err != nil {
		t.Fatal(err)
	}
	if n := run("nothing"); n != 6 {
		t.Errorf("%d findings: the kept 6 were not taken", n)
	}
}

// only returns the one file in dir whose name has no tilde.
func only(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*[^~]"))
	if err != nil || len(names) != 1 {
		t.Fatalf("kept: %v (%v), want one file", names, err)
	}
	return names[0]
}

func TestFailuresCanBeLookedAtAgain(t *testing.T) {
	reference := newReference(t)
	want := corpus.Fragment{Path: "dir/b\xff.txt", Line: 7, Raw: text + "\xff\x00", Origin: "self-check"}
	lost := parity.Subject{Name: "lost", Judge: parity.Exact, Scan: func(corpus.Fragment) []parity.Finding { return nil }}
	tally, err := parity.Run(corpus.Of("x", []corpus.Fragment{want}), reference, []parity.Subject{lost})
	if err != nil {
		t.Fatal(err)
	}
	names, err := tally.Save(t.TempDir())
	if err != nil || len(names) != 1 {
		t.Fatalf("saved %d files (%v), want 1", len(names), err)
	}
	loaded, err := parity.Load(names...)
	if err != nil {
		t.Fatal(err)
	}
	for got, err := range loaded.Fragments {
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("loaded %v (%v), want %v", got, err, want)
		}
	}
}
