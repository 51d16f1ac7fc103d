package axes_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/exam/leak/axes"
	"github.com/stanch-dev/stanch/internal/exam/leak/check"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// TestPerfectTool holds that every vector can be passed: the same text around
// another secret of the same form is what a perfect tool could make of it.
func TestPerfectTool(t *testing.T) {
	twins := axes.Twins(axes.Seed)
	for _, v := range axes.Vectors(axes.Seed) {
		if bytes.Equal(twins[v.ID], v.Input) {
			t.Errorf("%s: the twin has the same secret", v.ID)
		}
		if r := check.Check(&v, twins[v.ID]); !r.Passed() {
			t.Errorf("%s: %+v", v.ID, r)
		}
	}
}

// TestNoTool holds that no vector is passed by doing nothing, and that then nothing
// but the leaks is wrong.
func TestNoTool(t *testing.T) {
	for _, v := range axes.Vectors(axes.Seed) {
		r := check.Check(&v, v.Input)
		if len(r.Leaked) != len(v.Vanish) {
			t.Errorf("%s: %d of %d secrets are seen in the input", v.ID, len(r.Leaked), len(v.Vanish))
		}
		if r.Lost != nil || r.Broken != "" {
			t.Errorf("%s: %+v", v.ID, r)
		}
	}
}

// TestPairsAreCovered counts what is published: how many vectors there are, and
// that each pair of values that the points show is shown by a chosen one.
func TestPairsAreCovered(t *testing.T) {
	all := axes.Vectors(axes.Seed)
	if len(all) < 300 || len(all) > 500 {
		t.Errorf("%d vectors", len(all))
	}
	if missing := axes.Uncovered(all); len(missing) > 0 {
		t.Errorf("%d pairs are not covered, as %v", len(missing), missing[0])
	}
}

// TestVectorsAreGenerated holds that the published files are what the generator
// makes. After a change of the axes run the command gen.
func TestVectorsAreGenerated(t *testing.T) {
	dir := filepath.FromSlash("../../../../scanner/testdata/vectors")
	files, err := axes.Files(axes.Seed)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what the generator makes", name)
		}
	}
	stored, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(stored) != len(files) {
		t.Errorf("%d files are stored, the generator makes %d", len(stored), len(files))
	}
	loaded, err := vector.Load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(axes.Vectors(axes.Seed), loaded); diff != "" {
		t.Errorf("vectors change when stored (-made +loaded):\n%.2000s", diff)
	}
}

// TestFilesHoldNoSecret holds that no secret, and no writing of one, stands in a
// file in one piece.
func TestFilesHoldNoSecret(t *testing.T) {
	files, err := axes.Files(axes.Seed)
	if err != nil {
		t.Fatal(err)
	}
	var everything strings.Builder
	for _, text := range files {
		everything.Write(text)
	}
	for _, v := range axes.Vectors(axes.Seed) {
		for _, secret := range v.Vanish {
			if strings.Contains(everything.String(), secret[:12]) {
				t.Errorf("%s: a secret stands in one piece", v.ID)
			}
		}
	}
}
