package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

const (
	// leastPassed is how many of the published vectors stanch must pass.
	leastPassed = 475
	// mostUnredacted is the share that may be passed without redacting, of a hundred.
	mostUnredacted = 5
)

func load(t *testing.T) []vector.Vector {
	t.Helper()
	vectors, err := vector.Load(os.DirFS(filepath.FromSlash("../../../scanner/testdata/vectors")))
	if err != nil {
		t.Fatal(err)
	}
	return vectors
}

func hold(t *testing.T, vectors []vector.Vector, subject tool) *scores {
	t.Helper()
	outcomes, err := examine(t.Context(), vectors, subject, runtime.GOMAXPROCS(0))
	if err != nil {
		t.Fatal(err)
	}
	return score(outcomes)
}

// TestStanch holds the exam of the filter, as built from this tree.
func TestStanch(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each of 500 vectors")
	}
	stanch := filepath.Join(t.TempDir(), "stanch")
	build := exec.Command("go", "build", "-o", stanch, ".")
	build.Dir = filepath.FromSlash("../../..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building stanch: %v\n%s", err, out)
	}
	args := []string{stanch, "filter", "--quiet", "--known", "{known}"}
	s := hold(t, load(t), command(args, t.TempDir()))
	var table strings.Builder
	s.writeText(&table, testing.Verbose())
	t.Log("\n" + table.String())
	if s.Total.Passed < leastPassed {
		t.Errorf("%d of %d vectors are passed; it must be %d at least", s.Total.Passed, s.Total.Of, leastPassed)
	}
}

// TestCopying is the control: a tool that redacts nothing must fail.
func TestCopying(t *testing.T) {
	copying := func(_ context.Context, v *vector.Vector) ([]byte, error) { return v.Input, nil }
	s := hold(t, load(t), copying)
	if s.Total.percent() > mostUnredacted {
		t.Errorf("copying passes %d of %d vectors", s.Total.Passed, s.Total.Of)
	}
}

// TestSwallowing is the other control: a tool that lets nothing through must fail.
func TestSwallowing(t *testing.T) {
	swallowing := func(context.Context, *vector.Vector) ([]byte, error) { return nil, nil }
	if s := hold(t, load(t), swallowing); s.Total.Passed > 0 {
		t.Errorf("writing nothing passes %d of %d vectors", s.Total.Passed, s.Total.Of)
	}
}

// few are vectors in all chunkings.
func few(t *testing.T) (some []vector.Vector) {
	t.Helper()
	seen := map[string]int{}
	for _, v := range load(t) {
		if seen[v.Axes.Chunking]++; seen[v.Axes.Chunking] <= 2 {
			some = append(some, v)
		}
	}
	return some
}

// unchanged reports outputs that differ from their inputs.
func unchanged(t *testing.T, vectors []vector.Vector, subject tool) {
	t.Helper()
	for _, v := range vectors {
		output, err := subject(t.Context(), &v)
		if err != nil || string(output) != string(v.Input) {
			t.Errorf("%s: %d bytes instead of %d, error %v", v.ID, len(output), len(v.Input), err)
		}
	}
}

func TestCommandIsFed(t *testing.T) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip("there is no cat")
	}
	unchanged(t, few(t), command([]string{cat}, t.TempDir()))
}

func TestCommandIsToldTheKnown(t *testing.T) {
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip("there is no cat")
	}
	v := vector.Vector{Known: []vector.Known{{Name: "a/b", Value: "c=d"}}, Input: []byte("x")}
	output, err := command([]string{cat, "{known}"}, t.TempDir())(t.Context(), &v)
	if got, want := string(output), unrelated+"\na/b=c=d\n"; err == nil && got != want || err != nil && !strings.Contains(err.Error(), "read to the end") {
		t.Errorf("the file holds %q instead of %q, error %v", got, want, err)
	}
}

func TestFailingCommandFails(t *testing.T) {
	v := vector.Vector{Input: []byte("x")}
	if _, err := command([]string{"go", "no-such-command"}, t.TempDir())(t.Context(), &v); err == nil {
		t.Error("no error")
	}
}

func TestHTTPIsFed(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		if _, err := io.Copy(w, r.Body); err != nil {
			t.Error(err)
		}
	}))
	defer echo.Close()
	unchanged(t, few(t), overHTTP(echo.URL))
}

// TestNoSecretIsPrinted runs the report on a tool that leaks everything.
func TestNoSecretIsPrinted(t *testing.T) {
	vectors := load(t)
	s := hold(t, vectors, func(_ context.Context, v *vector.Vector) ([]byte, error) {
		return v.Input, fmt.Errorf("exit status 1")
	})
	var out strings.Builder
	s.writeText(&out, true)
	if err := s.writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		for _, secret := range v.Vanish {
			if strings.Contains(out.String(), secret[:12]) {
				t.Fatalf("%s: its secret is printed", v.ID)
			}
		}
	}
	if s.Errors != len(vectors) || s.Leaked != len(vectors) {
		t.Errorf("%d errors and %d leaks of %d", s.Errors, s.Leaked, len(vectors))
	}
}
