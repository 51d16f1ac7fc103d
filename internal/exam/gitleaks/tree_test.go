package main

import (
	"encoding/base64"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
)

// magics are the first bytes of files that gitleaks knows by content; it skips
// those whose media type is "application", and scans images.
var magics = map[string]string{
	"elf": "\x7fELF\x02\x01\x01", "zip": "PK\x03\x04", "gzip": "\x1f\x8b\x08", "pdf": "%PDF-1.7", "wasm": "\x00asm\x01\x00\x00\x00",
	"sqlite": "SQLite format 3\x00", "png": "\x89PNG\r\n\x1a\n", "gif": "GIF89a", "rtf": "{\\rtf1", "xz": "\xfd7zXZ\x00",
	"7z": "7z\xbc\xaf\x27\x1c", "bzip2": "BZh9", "psd": "8BPS", "woff": "wOF2\x00\x01\x00\x00", "class": "\xca\xfe\xba\xbe",
}

// names are paths that gitleaks skips, or looks as if it might.
var names = []string{
	"plain.txt", "a.zip", "a.zip.txt", "a.tar.gz", "a.gz", "a.GZ.log", "a.tgz", "a.7z", "a.rar", "a.xz", "a.bz2", "a.zst", "a.lz4",
	"a.br", "a.sz", "a.zz", "a.lz", "a.jar", "a.tart", "dir.zip/a.txt", "node_modules/a/index.js", "sub/node_modules/a.js", "node_modules.txt",
	"vendor/github.com/x/a.go", "vendor/example.com/a.go", "go.sum", "sub/go.mod", "go.mod.txt", "package-lock.json", "a.png", "a.PNG.txt",
	"a.svg", "gitleaks.toml", "sub/.gitleaks.toml", "venv/lib/a.py", "venv/bin/a", ".git/config", "sub/.github/a.yml", "a.p12", "sub/b.pfx",
	"x.p12/a.txt", "a b.txt", "a:b.txt", "naïve.txt", "a\"b.txt", "a<b>&.txt", "#a", "-r", "Database.refactorlog", "gradlew", "jquery.min.js",
}

// makeTree fills dir with files of every kind that gitleaks treats apart. Every
// one holds examples, so that what only one side scans shows.
func makeTree(t *testing.T, dir string, examples []corpus.Example) {
	t.Helper()
	rng := rand.New(rand.NewPCG(testSeed, 0))
	add := func(name, content string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, path, content)
	}
	page := func(n int, end string) string {
		var b strings.Builder
		for range n {
			b.WriteString("some words" + end)
			b.Write(examples[rng.IntN(len(examples))].Value)
			b.WriteString(end)
		}
		return b.String()
	}
	for _, name := range names {
		add(name, page(5, "\n"))
	}
	for _, name := range slices.Sorted(maps.Keys(magics)) {
		add("magic/"+name, magics[name]+page(5, "\n"))
	}
	for i, e := range examples {
		if e.Path != "" {
			add(fmt.Sprintf("paths/%d/%s", i, e.Path), string(e.Value))
		}
	}
	filler := strings.Repeat("a line of nothing at all\n", 4_000)
	add("large/lines.txt", page(3, "\n")+filler+page(20, "\n")+filler+filler+page(20, "\n"))
	add("large/blanks.txt", strings.Repeat(filler[:50_000]+"\n\n"+page(5, "\n\n"), 6))
	add("large/one-line.txt", strings.ReplaceAll(filler+filler+page(20, " "), "\n", " "))
	add("ends/crlf.txt", page(10, "\r\n"))
	add("ends/no-newline.txt", strings.TrimRight(page(10, "\n"), "\n"))
	add("ends/nul.txt", page(10, "\x00"))
	add("allowed.txt", page(10, " # gitleaks"+":allow\n"))
	add("encoded.txt", base64.StdEncoding.EncodeToString([]byte(page(20, "\n")))+"\n")
	add("links/file.txt", page(2, "\n"))
	add("empty/file.txt", "")
	add("empty/file.p12", "")
	for link, target := range map[string]string{"to-file": "../plain.txt", "to-dir": "../magic", "to-nothing": "../nothing", "to-itself": "to-itself"} {
		if err := os.Symlink(target, filepath.Join(dir, "links", link)); err != nil {
			t.Fatal(err)
		}
	}
}
