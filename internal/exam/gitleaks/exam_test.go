package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/internal/exam/gitleaks/parity"
)

const testSeed = 1 // of the choices; the examples themselves are new at every run

// TestParity is the exam that continuous integration takes: the examples of
// gitleaks' rules and a sample of files.
func TestParity(t *testing.T) {
	dirs, err := newFolders()
	if err != nil {
		t.Fatal(err)
	}
	reference, err := parity.NewReference(dirs.kept)
	if err != nil {
		t.Fatal(err)
	}
	subjects, err := stanch()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		corpora         func(*parity.Reference, uint64) ([]corpus.Corpus, error)
		rules, findings int // that each of the corpora must have at least, to prove anything
	}{
		{exampleCorpora, 150, 500},
		{notUTF8Corpora, 40, 100},
		{sampleCorpora, 3, 20},
	} {
		list, err := test.corpora(reference, testSeed)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			t.Run(c.Name, func(t *testing.T) {
				tally, err := parity.Run(c, reference, subjects)
				if err != nil {
					t.Fatal(err)
				}
				if len(tally.Rules) < test.rules || tally.Findings < test.findings {
					t.Errorf("gitleaks has %d findings of %d rules here; fewer than %d of %d prove nothing",
						tally.Findings, len(tally.Rules), test.findings, test.rules)
				}
				report(t, tally, dirs.failed)
			})
		}
	}
}

// report logs the tally and fails with its differences.
func report(t *testing.T, tally *parity.Tally, failed string) {
	var text strings.Builder
	tally.Table(&text)
	t.Log("\n" + text.String())
	if !tally.Failed() {
		return
	}
	text.Reset()
	tally.Describe(&text)
	names, err := tally.Save(failed)
	if err != nil {
		t.Error(err)
	}
	t.Errorf("stanch and gitleaks differ:\n%s\nsaved for 'go run . FILE':\n%s", text.String(), strings.Join(names, "\n"))
}

// TestBytesThatAreNoUTF8 compares what a build with RE2 cannot, in a build of its
// own.
func TestBytesThatAreNoUTF8(t *testing.T) {
	if parity.Strict {
		return // TestParity has done it
	}
	out, err := exec.Command("go", "run", "-tags=", ".", "-corpus", "not-utf8", "-seed", "1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "| not UTF-8 ") || strings.Contains(string(out), "not compared") {
		t.Fatalf("the strict build compared nothing:\n%s", out)
	}
	t.Logf("\n%s", out)
}
