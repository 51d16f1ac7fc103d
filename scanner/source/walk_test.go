package source_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/source"
)

// tree makes a directory of files, goes into it and returns it. A name that ends
// in a slash is a directory, a content "-> x" a symbolic link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "-> "); link {
			err = os.Symlink(target, name)
		} else if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(name, 0o777)
		} else {
			err = os.WriteFile(name, []byte(content), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// walk returns what was read, as "path", or "path < link", sorted, and the totals.
func walk(t *testing.T, opts *source.Options, paths ...string) ([]string, source.Totals) {
	t.Helper()
	var mu sync.Mutex
	var got []string
	var cov source.Coverage
	err := source.Walk(context.Background(), paths, opts, &cov, func(_ int, file *source.File, f *scanner.Fragment) {
		mu.Lock()
		defer mu.Unlock()
		name := file.Path
		if file.Symlink != "" {
			name += " < " + file.Symlink
		}
		if f.Path != file.Path {
			t.Errorf("fragment of %q says it is of %q", file.Path, f.Path)
		}
		if f.Offset == 0 {
			got = append(got, name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	totals := cov.Totals()
	if totals.Files != int64(len(got)) {
		t.Errorf("coverage counts %d files, %d were read", totals.Files, len(got))
	}
	return got, totals
}

func allowlists(t *testing.T, toml string) []*rules.Allowlist {
	t.Helper()
	set, err := rules.Parse("test", []byte(toml))
	if err != nil {
		t.Fatal(err)
	}
	return set.Allowlists
}

const someRule = "[[rules]]\nid = \"r\"\nregex = \"r\"\n"

var plainTree = map[string]string{
	"a.go":                "a",
	"dir/b.go":            "b",
	"dir/empty":           "",
	"dir/sub/c.go":        "c",
	"dir/x.target.go":     "named like an archive",
	"dir/x.gz":            "\x1f\x8b\x08\x00",
	"node_modules/d.js":   "d",
	"dir/node_modules/e/": "",
	"big":                 strings.Repeat("x", 1000),
	"link.go":             "-> a.go",
	"linkdir":             "-> dir",
	"loop":                "-> .",
	"dead":                "-> nowhere",
}

func TestWalk(t *testing.T) {
	skip := allowlists(t, someRule+"[[allowlists]]\npaths = ['''(?:^|/)node_modules(?:/.*)?$''', '''sub/c''']\n")
	for _, c := range []struct {
		name    string
		opts    source.Options
		paths   []string
		want    []string
		skipped map[source.Reason]int64
		gaps    []string
	}{
		{"default", source.Options{Allowlists: skip}, []string{"."},
			[]string{"a.go", "big", "dir/b.go", "dir/x.target.go"},
			map[source.Reason]int64{source.Allowlisted: 1, source.AllowlistedDir: 2, source.Binary: 1, source.Empty: 1, source.Symlink: 4}, nil},
		{"compat", source.Options{Allowlists: skip, Compat: true}, []string{"."},
			[]string{"a.go", "big", "dir/b.go"},
			map[source.Reason]int64{source.Allowlisted: 1, source.AllowlistedDir: 2, source.ArchiveName: 2, source.Empty: 1, source.Symlink: 4}, nil},
		{"limit and own file", source.Options{MaxFileSize: 100, Own: []string{"./dir/../a.go"}}, []string{".", "dir/sub"},
			[]string{"dir/b.go", "dir/sub/c.go", "dir/x.target.go", "node_modules/d.js"},
			map[source.Reason]int64{source.Binary: 1, source.Empty: 1, source.Own: 1, source.Symlink: 4, source.TooLarge: 1}, nil},
		{"links followed", source.Options{FollowSymlinks: true}, []string{"a.go", "link.go", "linkdir", "dead"},
			[]string{"a.go", "linkdir/b.go", "linkdir/sub/c.go", "linkdir/x.target.go"},
			map[source.Reason]int64{source.Binary: 1, source.Empty: 1}, []string{"dead"}},
		{"links met", source.Options{FollowSymlinks: true, MaxFileSize: 10}, []string{"."},
			[]string{"a.go", "a.go < link.go", "dir/b.go", "dir/sub/c.go", "node_modules/d.js"},
			map[source.Reason]int64{source.Binary: 1, source.Empty: 1, source.Symlink: 2, source.TooLarge: 2}, []string{"dead"}},
		{"a named link", source.Options{}, []string{"link.go", "linkdir/"},
			[]string{"a.go < link.go", "linkdir/b.go", "linkdir/sub/c.go", "linkdir/x.target.go"},
			map[source.Reason]int64{source.Binary: 1, source.Empty: 1}, nil},
		{"a named link, compat", source.Options{Compat: true}, []string{"link.go", "linkdir"}, nil,
			map[source.Reason]int64{source.Symlink: 2}, nil},
		{"overlapping", source.Options{}, []string{"dir/sub", "dir", "./dir", "dir/../dir/b.go", "nowhere"},
			[]string{"dir/../dir/b.go", "dir/sub/c.go", "dir/x.target.go"},
			map[source.Reason]int64{source.Binary: 1, source.Empty: 1}, []string{"nowhere"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree(t, plainTree)
			got, totals := walk(t, &c.opts, c.paths...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("read (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.skipped, totals.Skipped); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
			var gaps []string
			for _, gap := range totals.Gaps {
				gaps = append(gaps, gap.Path)
			}
			if diff := cmp.Diff(c.gaps, gaps); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOnSkipAndProgress(t *testing.T) {
	tree(t, map[string]string{"a": "aaa", "b": "", "c": "cc"})
	var skipped []string
	cov := source.Coverage{OnSkip: func(path string, why source.Reason) {
		skipped = append(skipped, path+": "+why.String())
	}}
	err := source.Walk(context.Background(), []string{"a", "b", "c"}, &source.Options{Workers: 1}, &cov,
		func(int, *source.File, *scanner.Fragment) {})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b: empty"}, skipped); diff != "" {
		t.Error(diff)
	}
	if done, total := cov.Progress(); done != 5 || total != 5 {
		t.Errorf("%d of %d bytes", done, total)
	}
}

// TestPathList compares the path list with the expressions themselves.
func TestPathList(t *testing.T) {
	set, err := rules.Default()
	if err != nil {
		t.Fatal(err)
	}
	match := source.PathMatcher(set.Allowlists, true)
	matched := 0
	for _, path := range somePaths() {
		want := slices.ContainsFunc(set.Allowlists, func(a *rules.Allowlist) bool {
			return a.Paths != nil && a.Paths.Regexp().MatchString(path)
		})
		if want {
			matched++
		}
		if got := match(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	}
	if matched < 20 {
		t.Errorf("only %d paths match", matched)
	}
}

func somePaths() (paths []string) {
	parts := []string{"a", "node_modules", "NODE_MODULES", "vendor", "github.com", "x.png", "x.PNG", "go.mod", "go.modx", ".git",
		".github", "jquery-1.2.min.js", "yarn.lock", "\xff.gif", "lib", "python3.11", "Ünder", "ſ.\u212a"}
	for _, a := range parts {
		for _, b := range parts {
			paths = append(paths, a, a+"/"+b, "/"+a+"/"+b+"/", a+b, a+"\n"+b)
		}
	}
	return append(paths, "")
}

func FuzzPathList(f *testing.F) {
	set, err := rules.Default()
	if err != nil {
		f.Fatal(err)
	}
	match := source.PathMatcher(set.Allowlists, true)
	for _, path := range somePaths()[:50] {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		want := path != "" && slices.ContainsFunc(set.Allowlists, func(a *rules.Allowlist) bool {
			return a.Paths != nil && a.Paths.Regexp().MatchString(path)
		})
		if got := match(path); got != want {
			t.Errorf("%q: %v, want %v", path, got, want)
		}
	})
}

// TestListThatAsksForMore: gitleaks skips a file for its path although the list
// asks for something in it too.
func TestListThatAsksForMore(t *testing.T) {
	lists := allowlists(t, someRule+"[[allowlists]]\ncondition = \"AND\"\npaths = ['''a''']\nstopwords = [\"w\"]\n")
	for _, compat := range []bool{false, true} {
		if got := source.PathMatcher(lists, compat)("a"); got != compat {
			t.Errorf("compat %v: matches %v", compat, got)
		}
	}
}

func BenchmarkPathList(b *testing.B) {
	set, err := rules.Default()
	if err != nil {
		b.Fatal(err)
	}
	match := source.PathMatcher(set.Allowlists, false)
	path := "src/github.com/prometheus/discovery/kubernetes/endpointslice_test.go"
	b.SetBytes(int64(len(path)))
	for b.Loop() {
		match(path)
	}
}

func BenchmarkWalk(b *testing.B) {
	dir := b.TempDir()
	for i := range 1000 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("file%d.go", i)), make([]byte, 8000), 0o666); err != nil {
			b.Fatal(err)
		}
	}
	set, err := rules.Default()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(8_000_000)
	for b.Loop() {
		var cov source.Coverage
		source.Walk(context.Background(), []string{dir}, &source.Options{Allowlists: set.Allowlists}, &cov,
			func(int, *source.File, *scanner.Fragment) {})
		if totals := cov.Totals(); totals.Files != 1000 {
			b.Fatalf("%+v", totals)
		}
	}
}
