package source_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/source"
)

const (
	module = "package stanch.access\n\ndecision := {\"allow\": false}\n"
	grants = "grants:\n  - id: shop\n    subject: kubernetes/shop/api\n    path: kv/shop/**\n    can: [read]\n"
	config = "access:\n  reveal_needs_mfa: false\n"
)

// write makes a directory of files: pairs of path and text.
func write(t testing.TB, dir string, files ...string) {
	t.Helper()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// wantError checks that err says all of want.
func wantError(t testing.TB, err error, want ...string) {
	t.Helper()
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("error %v, want %q in it", err, w)
		}
	}
}

func TestReadDir(t *testing.T) {
	dir := t.TempDir()
	write(t, dir,
		"access/access.rego", "\ufeff"+module, "access/access_test.rego", "package stanch.access_test\n",
		"config/data.yaml", config, "grants.yaml", grants, "universe.yaml", "resources:\n  - path: kv/shop/prod/db\n    environment: prod\n",
		"README.md", "words", "LICENSE", "words", "schemas/access/input.json", "{}", "samples/a.json", "not JSON",
		".hidden.yaml", "x: [", ".git/config", "x: [")
	docs, err := source.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	no := false
	want := source.Documents{
		Name: dir,
		Modules: []source.Module{
			{Path: "access/access.rego", Text: []byte(module)}, // without the byte order mark
			{Path: "access/access_test.rego", Text: []byte("package stanch.access_test\n")},
		},
		Config:   source.Config{Access: &source.AccessConfig{RevealNeedsMFA: &no}},
		Grants:   []source.Grant{{ID: "shop", Subjects: []string{"kubernetes/shop/api"}, Paths: []string{"kv/shop/**"}, Can: []string{"read"}, File: dir + "/grants.yaml", Line: 2}},
		Universe: source.Universe{Resources: []source.UniverseResource{{Path: "kv/shop/prod/db", Environment: "prod"}}},
		Revision: docs.Revision,
	}
	if diff := cmp.Diff(want, docs); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	if docs.Modules[0].IsTest() || !docs.Modules[1].IsTest() {
		t.Error("tests are told from policies by the end of their name")
	}
}

// TestRevision holds that the revision names what decides, and nothing else.
func TestRevision(t *testing.T) {
	files := map[string]string{"access/access.rego": module, "grants.yaml": grants, "config/data.yaml": config, "README.md": "words"}
	revision := func(path, text string) string {
		all := maps.Clone(files)
		all[path] = text
		texts := map[string][]byte{}
		for path, text := range all {
			texts[path] = []byte(text)
		}
		docs, err := source.FromFiles(texts, "policies")
		if err != nil {
			t.Fatal(err)
		}
		return docs.Revision
	}
	base := revision("README.md", "words")
	if len(base) != 16 || revision("README.md", "other words") != base || revision("samples/a.json", "{}") != base {
		t.Errorf("revision %q changes with what is for people", base)
	}
	seen := []string{base}
	for path, text := range map[string]string{
		"access/access.rego": module + "\n", "grants.yaml": grants + "\n", "config/data.yaml": config + "\n",
		"universe.yaml": "", "access/b.rego": "", "access/access_test.rego": module,
	} {
		r := revision(path, text)
		if slices.Contains(seen, r) {
			t.Errorf("another %s has the revision of something else, %s", path, r)
		}
		seen = append(seen, r)
	}
}

func TestNotAPolicyDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "", "empty/.keep", "", "people/README.md", "words", "unknown/grants.yml", grants, "folder/data.yaml", config,
		"broken/grants.yaml", "grants:\n  - id: [", "broken/config/data.yaml", "x: 1", "broken/universe.yaml", "principal: []")
	for name, want := range map[string][]string{
		"missing": {"reading policies", "missing: no such file"},
		"file":    {"file is not a directory"},
		"empty":   {"empty: no policies here; 'stanch policy init'"},
		"people":  {"people: no policies here"},
		"unknown": {"unknown/grants.yml: not a file of a policy directory"},
		"folder":  {"folder/data.yaml: not a file of a policy directory"},
		"broken":  {"broken/grants.yaml:2: ", `broken/config/data.yaml:1: unknown key "x"`, `broken/universe.yaml:1: unknown key "principal"`},
	} {
		_, err := source.ReadDir(filepath.Join(dir, name))
		wantError(t, err, want...)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "outside/grants.yaml", grants, "outside/folder/a.rego", module, "a/access/access.rego", module, "b/access/access.rego", module, "c/access/access.rego", module)
	link := func(to, at string) {
		if err := os.Symlink(to, filepath.Join(dir, at)); err != nil {
			t.Fatal(err)
		}
	}
	link("../outside/grants.yaml", "a/grants.yaml")
	link("../outside/folder", "b/more")
	link("nowhere", "c/grants.yaml")
	link("a", "current")
	link("loop", "loop")
	for name, want := range map[string]string{"a": "", "current": "", "b": "b/more: not a regular file", "c": "c/grants.yaml: ", "loop": "too many"} {
		docs, err := source.ReadDir(filepath.Join(dir, name))
		switch {
		case want != "":
			wantError(t, err, want)
		case err != nil || len(docs.Grants) != 1 || len(docs.Modules) != 1:
			t.Errorf("%s: %d grants, %d modules, error %v", name, len(docs.Grants), len(docs.Modules), err)
		}
	}
}

func TestLimits(t *testing.T) {
	large := make([]byte, 8<<20)
	fsys := func(files map[string][]byte) fstest.MapFS {
		all := fstest.MapFS{}
		for path, text := range files {
			all[path] = &fstest.MapFile{Data: text}
		}
		return all
	}
	numbered := func(n int, text []byte) map[string][]byte {
		files := map[string][]byte{}
		for i := range n {
			files[fmt.Sprintf("%d.rego", i)] = text
		}
		return files
	}
	for _, c := range []struct {
		name  string
		files map[string][]byte
		want  string
	}{
		{"as large as may be", map[string][]byte{"a.rego": large}, ""},
		{"a file too large", map[string][]byte{"a.rego": append(large, 0)}, "policies/a.rego: larger than 8 MiB"},
		{"together too large", numbered(5, large), "policies: more than 1000 files or 32 MiB"},
		{"as many as may be", numbered(1000, nil), ""},
		{"too many", numbered(1001, nil), "policies: more than 1000 files or 32 MiB"},
		{"as deep as may be", map[string][]byte{strings.Repeat("d/", 8) + "a.rego": nil}, ""},
		{"too deep", map[string][]byte{strings.Repeat("d/", 9) + "a.rego": nil}, "more than 8 folders"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := source.FromFS(fsys(c.files), "policies")
			if c.want != "" {
				wantError(t, err, c.want)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}
