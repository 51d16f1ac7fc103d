package source_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/policies/source"
)

// report is one call of a watcher.
type report struct {
	docs source.Documents
	err  error
}

// watch runs w until the test ends and returns its reports.
func watch(t *testing.T, w *source.Watcher) <-chan report {
	t.Helper()
	reports := make(chan report, 10_000)
	w.Changed = func(docs source.Documents, err error) { reports <- report{docs, err} }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { w.Run(ctx); close(ended) }()
	t.Cleanup(func() { stop(); <-ended })
	return reports
}

// next waits for a report. The time is for a machine that does something else.
func next(t *testing.T, reports <-chan report) report {
	t.Helper()
	select {
	case r := <-reports:
		return r
	case <-time.After(time.Minute):
		t.Fatal("no report")
		return report{}
	}
}

// wantModule waits for documents whose first module has text.
func wantModule(t *testing.T, reports <-chan report, text string) source.Documents {
	t.Helper()
	r := next(t, reports)
	if r.err != nil || len(r.docs.Modules) == 0 || string(r.docs.Modules[0].Text) != text {
		t.Fatalf("reported %+v, want a module %q", r, text)
	}
	return r.docs
}

// replace does as editors do: write a file beside and rename it.
func replace(t *testing.T, path, text string) {
	t.Helper()
	beside := filepath.Join(filepath.Dir(path), ".tmp")
	if err := os.WriteFile(beside, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	rename(t, beside, path)
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestWatchEvents never reads at an interval: what it finds, events told.
func TestWatchEvents(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "access/access.rego", "one")
	reports := watch(t, &source.Watcher{Dir: dir, Every: time.Hour})
	wantModule(t, reports, "one")

	write(t, dir, "access/access.rego", "two") // in place
	wantModule(t, reports, "two")
	replace(t, filepath.Join(dir, "access/access.rego"), "three")
	wantModule(t, reports, "three")
	write(t, dir, "README.md", "words", ".hidden", "x", "access/access_test.rego", "tests") // a file more
	if docs := wantModule(t, reports, "three"); len(docs.Modules) != 2 {
		t.Errorf("%d modules, want the tests too", len(docs.Modules))
	}
	rename(t, filepath.Join(dir, "access"), filepath.Join(dir, "aaa"))
	wantModule(t, reports, "three")
	write(t, dir, "aaa/access.rego", "four") // in a folder that came later
	wantModule(t, reports, "four")
	if err := os.RemoveAll(filepath.Join(dir, "aaa")); err != nil {
		t.Fatal(err)
	}
	wantError(t, next(t, reports).err, "no policies here")
}

// TestWatchInterval changes what events do not tell of.
func TestWatchInterval(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "policies")
	write(t, parent, "a/access.rego", "one", "b/access.rego", "two", "c/access.rego", "three")
	rename(t, filepath.Join(parent, "a"), dir)
	reports := watch(t, &source.Watcher{Dir: dir, Every: 10 * time.Millisecond})
	wantModule(t, reports, "one")

	rename(t, dir, filepath.Join(parent, "old"))
	wantError(t, next(t, reports).err, "policies: no such file")
	rename(t, filepath.Join(parent, "b"), dir)
	wantModule(t, reports, "two")

	link := filepath.Join(parent, "link")
	if err := os.Symlink("c", link); err != nil {
		t.Fatal(err)
	}
	rename(t, dir, filepath.Join(parent, "older"))
	wantError(t, next(t, reports).err, "policies: no such file")
	rename(t, link, dir)
	wantModule(t, reports, "three")
}

func TestWatchErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "access.rego", "one", "grants.yaml", grants)
	docs, err := source.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	reports := watch(t, &source.Watcher{Dir: dir, Revision: docs.Revision, Every: 10 * time.Millisecond})

	file := filepath.Join(dir, "grants.yaml")
	for i := range 5 { // half-written, more and more, with one mistake, is one report
		replace(t, file, grants[:len(grants)-3]+strings.Repeat("d", i))
		time.Sleep(30 * time.Millisecond)
	}
	r := next(t, reports)
	wantError(t, r.err, "grants.yaml:")
	if len(r.docs.Modules) != 0 {
		t.Error("documents with an error")
	}
	replace(t, file, grants) // what the caller has already
	if r := next(t, reports); r.err != nil || r.docs.Revision != docs.Revision {
		t.Errorf("reported %+v after the error, want the documents again", r)
	}
	write(t, dir, "unknown.txt", "")
	wantError(t, next(t, reports).err, "unknown.txt: not a file of a policy directory")
	rename(t, filepath.Join(dir, "unknown.txt"), filepath.Join(dir, "other.txt"))
	wantError(t, next(t, reports).err, "other.txt: not a file of a policy directory")
	rename(t, filepath.Join(dir, "other.txt"), filepath.Join(dir, "words.md"))
	if r := next(t, reports); r.err != nil || r.docs.Revision != docs.Revision {
		t.Errorf("reported %+v after the errors, want the documents again", r)
	}
	if len(reports) != 0 {
		t.Errorf("%d reports more", len(reports))
	}
}

// generation is a policy directory whose files all say number n.
func generation(n int) (files []string) {
	for i := range 8 {
		files = append(files, fmt.Sprintf("access/%d.rego", i), fmt.Sprint(n))
	}
	return append(files, "grants.yaml", strings.Replace(grants, "id: shop", fmt.Sprintf("id: \"%d\"", n), 1))
}

// wantGenerations reads reports until the last generation is there. None of them
// mixes files of two.
func wantGenerations(t *testing.T, reports <-chan report, last int) {
	t.Helper()
	for {
		r := next(t, reports)
		if r.err != nil {
			continue // a generation was removed while it was read, or there was none
		}
		of := r.docs.Grants[0].ID
		for _, m := range r.docs.Modules {
			if string(m.Text) != of {
				t.Fatalf("%s is of generation %s, the grants of %s", m.Path, m.Text, of)
			}
		}
		if len(r.docs.Modules) != 8 {
			t.Fatalf("%d modules of generation %s", len(r.docs.Modules), of)
		}
		if of == fmt.Sprint(last) {
			return
		}
	}
}

// TestWatchConfigMap writes a volume as Kubernetes does: files are links through
// ..data, which is a link to a generation and is renamed over.
func TestWatchConfigMap(t *testing.T) {
	for name, every := range map[string]time.Duration{"events": time.Hour, "interval": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			put := func(n int) {
				gen := fmt.Sprintf("..generation-%d", n)
				write(t, filepath.Join(dir, gen), generation(n)...)
				if err := os.Symlink(gen, filepath.Join(dir, "..data_tmp")); err != nil {
					t.Fatal(err)
				}
				rename(t, filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data"))
				if err := os.RemoveAll(filepath.Join(dir, fmt.Sprintf("..generation-%d", n-1))); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range []string{"access", "grants.yaml"} {
				if err := os.Symlink(filepath.Join("..data", file), filepath.Join(dir, file)); err != nil {
					t.Fatal(err)
				}
			}
			put(0)
			reports := watch(t, &source.Watcher{Dir: dir, Every: every})
			const last = 100
			for n := 1; n <= last; n++ {
				put(n)
			}
			wantGenerations(t, reports, last)
		})
	}
}

// TestWatchReplaced renames whole directories while they are read.
func TestWatchReplaced(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "policies")
	write(t, dir, generation(0)...)
	reports := watch(t, &source.Watcher{Dir: dir, Every: time.Millisecond})
	const last = 100
	for n := 1; n <= last; n++ {
		fresh, old := filepath.Join(parent, fmt.Sprint(n)), filepath.Join(parent, "old")
		write(t, fresh, generation(n)...)
		rename(t, dir, old)
		rename(t, fresh, dir)
		if err := os.RemoveAll(old); err != nil {
			t.Fatal(err)
		}
	}
	wantGenerations(t, reports, last)
}

func TestWatchEnds(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "access.rego", "one")
	before := runtime.NumGoroutine()
	for range 20 {
		ctx, stop := context.WithCancel(context.Background())
		w := source.Watcher{Dir: dir, Changed: func(source.Documents, error) { stop() }}
		w.Run(ctx) // returns, or the test does not
	}
	for range 1000 { // those that are about to end
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
