package activate_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/author/activate"
	"github.com/stanch-dev/stanch/policies/source"
)

// candidate writes a policy directory that differs from others by id, in two files.
func candidate(t testing.TB, id string) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "candidate"), id)
}

func write(t testing.TB, dir, id string) string {
	t.Helper()
	for name, text := range map[string]string{
		"access/access.rego": "package stanch.access\n\ndecision := {\"allow\": false, \"grants\": [\"" + id + "\"]}\n",
		"grants.yaml":        "grants:\n  - {id: " + id + ", subject: a, path: kv/a, can: [read]}\n",
		"README.md":          "for people\n",
		"samples/one.json":   "{}\n",
		".git/HEAD":          "not ours\n",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inForce returns the id of the generation in force, and fails if its files are of
// several.
func inForce(t testing.TB, active string) string {
	t.Helper()
	docs, err := source.ReadDir(active)
	if err != nil {
		t.Fatal(err)
	}
	id := docs.Grants[0].ID
	if !strings.Contains(string(docs.Modules[0].Text), `"`+id+`"`) {
		t.Fatalf("a mix of generations: grants of %s with %s", id, docs.Modules[0].Text)
	}
	return id
}

func agree(context.Context, activate.Change) error { return nil }

func agreeing() activate.Steps {
	return activate.Steps{Check: agree, Test: agree, Invariants: agree, Replay: agree, Diff: agree}
}

func options(active, from string) activate.Options {
	return activate.Options{Active: active, Candidate: from, By: "ann", Time: time.Unix(1_700_000_000, 0)}
}

func run(t testing.TB, active, from string) activate.Result {
	t.Helper()
	r, err := activate.Run(context.Background(), agreeing(), options(active, from))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRun(t *testing.T) {
	active, a, b := filepath.Join(t.TempDir(), "active"), candidate(t, "a"), candidate(t, "b")
	first := run(t, active, a)
	if !first.Activated || first.Previous != "" || inForce(t, active) != "a" {
		t.Fatalf("first activation: %+v, in force is %s", first, inForce(t, active))
	}
	var order []string
	see := func(name string) activate.Step {
		return func(_ context.Context, c activate.Change) error {
			order = append(order, name)
			if c.Active.Grants[0].ID != "a" || c.Candidate.Grants[0].ID != "b" || c.Candidate.Name != b {
				t.Errorf("%s was shown %s instead of a, and %s of %s instead of b", name, c.Active.Grants[0].ID, c.Candidate.Grants[0].ID, c.Candidate.Name)
			}
			if inForce(t, active) != "a" {
				t.Errorf("at %s the candidate is in force", name)
			}
			write(t, b, "c") // what is changed after it was copied does not count
			return nil
		}
	}
	steps := activate.Steps{Check: see("check"), Test: see("test"), Invariants: see("invariants"), Diff: see("diff")}
	second, err := activate.Run(context.Background(), steps, options(active, b))
	if err != nil || !second.Activated || second.Previous != first.Revision || inForce(t, active) != "b" {
		t.Fatalf("second activation: %+v, %v, in force is %s", second, err, inForce(t, active))
	}
	if diff := cmp.Diff([]string{"check", "test", "invariants", "diff"}, order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	write(t, b, "b")
	if again := run(t, active, b); again.Activated || !again.Unchanged {
		t.Errorf("the same again: %+v", again)
	}
	if _, err := os.Stat(filepath.Join(active, "..data", "samples", "one.json")); err != nil {
		t.Errorf("what is for people was not kept: %v", err)
	}
	at := time.Unix(1_700_000_000, 0).UTC()
	want := []activate.Entry{
		{Time: at, By: "ann", Action: activate.Activated, Revision: first.Revision, From: a},
		{Time: at, By: "ann", Action: activate.Activated, Revision: second.Revision, Previous: first.Revision, From: b},
	}
	got, err := activate.History(active)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("history (-want +got), %v:\n%s", err, diff)
	}
}

// TestStops lets each step fail: later ones are not asked, nothing is in force that
// was not, nothing is left behind.
func TestStops(t *testing.T) {
	active := filepath.Join(t.TempDir(), "active")
	run(t, active, candidate(t, "a"))
	before := names(t, active)
	for i, name := range []string{"check", "test", "invariants", "replay", "diff"} {
		asked := 0
		step := func(at int) activate.Step {
			return func(context.Context, activate.Change) error {
				asked++
				if at == i {
					return errors.New("no")
				}
				return nil
			}
		}
		steps := activate.Steps{Check: step(0), Test: step(1), Invariants: step(2), Replay: step(3), Diff: step(4)}
		_, err := activate.Run(context.Background(), steps, options(active, candidate(t, "b")))
		var stopped *activate.Stopped
		if !errors.As(err, &stopped) || stopped.Step != name || asked != i+1 {
			t.Errorf("%s fails: error %v after %d steps", name, err, asked)
		}
		if got := names(t, active); inForce(t, active) != "a" || !slices.Equal(got, before) {
			t.Errorf("%s fails: in force is %s, there are %q", name, inForce(t, active), got)
		}
	}
}

func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestRefuses(t *testing.T) {
	link := candidate(t, "a")
	if err := os.Symlink("/etc/hostname", filepath.Join(link, "access", "more.rego")); err != nil {
		t.Fatal(err)
	}
	volume := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(volume, "..2026_01_01"), 0o755), os.Symlink("..2026_01_01", filepath.Join(volume, "..data"))); err != nil {
		t.Fatal(err)
	}
	empty := func() string { return filepath.Join(t.TempDir(), "active") }
	beside := empty()
	run(t, beside, candidate(t, "a"))
	write(t, beside, "b")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx     context.Context
		steps   activate.Steps
		options activate.Options
		want    string
	}{
		"no checks":         {steps: activate.Steps{}, options: options(empty(), candidate(t, "a")), want: "only the replay may be left out"},
		"nobody":            {options: activate.Options{Active: empty(), Candidate: candidate(t, "a")}, want: "say who does it"},
		"no candidate":      {options: options(empty(), filepath.Join(t.TempDir(), "none")), want: "no such file"},
		"link":              {options: options(empty(), link), want: "more.rego: not a regular file"},
		"plain files":       {options: options(write(t, empty(), "a"), candidate(t, "b")), want: "holds plain files"},
		"plain files too":   {options: options(beside, candidate(t, "b")), want: "has files beside ..data, which nothing reads: README.md, access, grants.yaml, samples"},
		"others' files":     {options: activate.Options{Active: beside, Candidate: candidate(t, "b"), Convert: true, By: "ann"}, want: "not what is in force"},
		"volume":            {options: options(volume, candidate(t, "b")), want: "if Kubernetes manages this volume"},
		"cancelled":         {ctx: cancelled, options: options(empty(), candidate(t, "b")), want: "context canceled"},
		"parent is missing": {options: options(filepath.Join(empty(), "x"), candidate(t, "a")), want: "no such file"},
	} {
		if c.steps.Check == nil && name != "no checks" {
			c.steps = agreeing()
		}
		if c.ctx == nil {
			c.ctx = context.Background()
		}
		r, err := activate.Run(c.ctx, c.steps, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) || r.Activated {
			t.Errorf("%s: %+v, error %v, want one with %q", name, r, err, c.want)
		}
	}
}

// TestOneAtATime starts a second activation within the first.
func TestOneAtATime(t *testing.T) {
	active := filepath.Join(t.TempDir(), "active")
	steps := agreeing()
	steps.Test = func(ctx context.Context, _ activate.Change) error {
		_, err := activate.Run(ctx, agreeing(), options(active, candidate(t, "b")))
		if err == nil || !strings.Contains(err.Error(), "another activation is under way") {
			t.Errorf("a second one: %v", err)
		}
		return nil
	}
	if _, err := activate.Run(context.Background(), steps, options(active, candidate(t, "a"))); err != nil || inForce(t, active) != "a" {
		t.Errorf("the first: %v, in force is %s", err, inForce(t, active))
	}
}

// TestChangedInBetween changes the copy behind the back of the checks.
func TestChangedInBetween(t *testing.T) {
	active := filepath.Join(t.TempDir(), "active")
	run(t, active, candidate(t, "a"))
	steps := agreeing()
	steps.Diff = func(context.Context, activate.Change) error {
		write(t, filepath.Join(active, "..new"), "evil")
		return nil
	}
	_, err := activate.Run(context.Background(), steps, options(active, candidate(t, "b")))
	if err == nil || !strings.Contains(err.Error(), "not what was checked any more") || inForce(t, active) != "a" {
		t.Errorf("error %v, in force is %s", err, inForce(t, active))
	}
}

func TestRollback(t *testing.T) {
	active, from := filepath.Join(t.TempDir(), "active"), map[string]string{}
	for _, id := range []string{"a", "b", "c", "d", "e", "f"} {
		from[id] = candidate(t, id)
		run(t, active, from[id])
	}
	back := func(want string) {
		t.Helper()
		e, err := activate.Rollback(active, "bob", time.Time{})
		if err != nil || inForce(t, active) != want || e.By != "bob" {
			t.Fatalf("rolled back: %+v, %v, in force is %s instead of %s", e, err, inForce(t, active), want)
		}
	}
	back("e")
	back("d")
	run(t, active, from["f"])
	back("d")
	back("c")
	if _, err := activate.Rollback(active, "bob", time.Time{}); err == nil || !strings.Contains(err.Error(), "is not kept any more") {
		t.Errorf("beyond what is kept: %v", err)
	}
	// What was changed on disk is neither put in force nor taken for unchanged.
	write(t, filepath.Join(active, "..data"), "evil")
	if _, err := activate.Run(context.Background(), agreeing(), options(active, from["c"])); err == nil || !strings.Contains(err.Error(), "were changed") {
		t.Errorf("the same as a changed generation: %v", err)
	}
	run(t, active, from["d"])
	if _, err := activate.Rollback(active, "bob", time.Time{}); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("to a changed generation: %v", err)
	}
	if inForce(t, active) != "d" {
		t.Errorf("in force is %s", inForce(t, active))
	}
}

func TestRollbackOfNothing(t *testing.T) {
	active := filepath.Join(t.TempDir(), "active")
	run(t, active, candidate(t, "a"))
	for path, want := range map[string]string{active: "nothing was in force before", t.TempDir(): "nothing was activated yet"} {
		if _, err := activate.Rollback(path, "bob", time.Time{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// TestConvert turns plain files into a generation: it can be rolled back to.
func TestConvert(t *testing.T) {
	active := write(t, filepath.Join(t.TempDir(), "active"), "plain")
	o := options(active, candidate(t, "b"))
	o.Convert = true
	if r, err := activate.Run(context.Background(), agreeing(), o); err != nil || inForce(t, active) != "b" {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, name := range names(t, active) {
		if !strings.HasPrefix(name, ".") {
			t.Errorf("%s is left", name)
		}
	}
	if _, err := os.Stat(filepath.Join(active, ".git", "HEAD")); err != nil {
		t.Errorf("what is not ours: %v", err)
	}
	if e, err := activate.Rollback(active, "bob", time.Time{}); err != nil || inForce(t, active) != "plain" {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestReadersSeeOneGeneration reads while generations change.
func TestReadersSeeOneGeneration(t *testing.T) {
	active := filepath.Join(t.TempDir(), "active")
	from := []string{candidate(t, "a"), candidate(t, "b")}
	run(t, active, from[0])
	done := make(chan struct{})
	seen := map[string]int{}
	go func() {
		defer close(done)
		for i := range 20 {
			if _, err := activate.Run(context.Background(), agreeing(), options(active, from[(i+1)%2])); err != nil {
				t.Error(err)
			}
		}
	}()
	for reading := true; reading; {
		seen[inForce(t, active)]++
		select {
		case <-done:
			reading = false
		default:
		}
	}
	if seen["a"] == 0 || seen["b"] == 0 {
		t.Errorf("seen %v", seen)
	}
}

func FuzzParseHistory(f *testing.F) {
	f.Add([]byte(`{"time":"2026-01-01T00:00:00Z","by":"ann","action":"activate","revision":"0123456789abcdef"}` + "\n" + `{"by`))
	f.Add([]byte("\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, err := activate.ParseHistory(text, "history")
		if err == nil && len(entries) != strings.Count(string(text), "\n") {
			t.Errorf("%d entries", len(entries))
		}
		if err != nil && !strings.HasPrefix(err.Error(), "history:") {
			t.Errorf("error %v", err)
		}
	})
}
