package set_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/labelled/set"
)

// TestSeedDecides holds that the same seed makes the same set, and another another.
func TestSeedDecides(t *testing.T) {
	digests := map[string]bool{}
	var first []set.Label
	for i, seed := range []uint64{set.Seed, set.Seed, set.Seed + 1} {
		dir := t.TempDir()
		labels, err := set.Write(dir, seed)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := set.Digest(dir)
		if err != nil {
			t.Fatal(err)
		}
		digests[digest] = true
		switch i {
		case 0:
			first = labels
		case 1:
			if diff := cmp.Diff(first, labels); diff != "" {
				t.Errorf("the labels differ:\n%.1000s", diff)
			}
		}
	}
	if len(digests) != 2 {
		t.Errorf("%d digests of two seeds", len(digests))
	}
}

// TestLabelsStandWhereTheySay holds that each label's lines exist, that no two
// overlap, and that no field of a form was left unfilled in a secret's line.
func TestLabelsStandWhereTheySay(t *testing.T) {
	dir := t.TempDir()
	labels, err := set.Write(dir, set.Seed)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]string{}
	taken := map[string]map[int]bool{}
	secrets, decoys := 0, 0
	for _, l := range labels {
		if files[l.File] == nil {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(l.File)))
			if err != nil {
				t.Fatal(err)
			}
			files[l.File] = strings.Split(string(text), "\n")
			taken[l.File] = map[int]bool{}
		}
		if l.Start < 1 || l.End < l.Start || l.End > len(files[l.File]) {
			t.Fatalf("%+v: the file has %d lines", l, len(files[l.File]))
		}
		for n := l.Start; n <= l.End; n++ {
			if taken[l.File][n] {
				t.Errorf("%+v: line %d has two labels", l, n)
			}
			taken[l.File][n] = true
		}
		if !l.Secret {
			decoys++
			continue
		}
		secrets++
		line := files[l.File][l.Start-1]
		if len(line) < 8 || strings.Contains(line, "{alnum:") || strings.Contains(line, "{hex:") || strings.Contains(line, "FIELD") {
			t.Errorf("%+v: no secret in a line of %d bytes", l, len(line))
		}
	}
	if secrets < 3000 || decoys < 3000 {
		t.Errorf("%d secrets and %d decoys", secrets, decoys)
	}
}
