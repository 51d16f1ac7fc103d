package bundle_test

import (
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/bundle"
)

// FuzzRead changes a signed bundle in every way: it is refused, or says the same.
// Unsigned, it may say anything that is whole.
func FuzzRead(f *testing.F) {
	seed := tarball(f, signed(f, with(policy(), entry{"README.md", "x"}, entry{"universe/data.json", `{}`})))
	want, err := read(zip(f, seed), trusting())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(tarball(f, policy()))
	f.Add(tarball(f, with(policy(), entry{"data.json", ""}, entry{"config/data.yaml", config}, entry{"/universe.yaml", universe})))
	f.Add([]byte("no tar"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		zipped := zip(t, plain)
		docs, err := read(zipped, trusting())
		if err != nil {
			wantRefused(t, docs, err, "")
		} else if diff := cmp.Diff(want, docs); diff != "" {
			t.Fatalf("verified, and changed (-signed +read):\n%s", diff)
		}
		docs, err = read(zipped, unsigned)
		if err != nil {
			wantRefused(t, docs, err, "b")
			return
		}
		if docs.Name != "b" || docs.Revision == "" {
			t.Fatalf("documents %+v", docs)
		}
		for _, m := range docs.Modules {
			if !fs.ValidPath(m.Path) {
				t.Fatalf("a module at %q", m.Path)
			}
		}
	})
}

// FuzzArchive reads what need not be a tar.gz.
func FuzzArchive(f *testing.F) {
	f.Add(archive(f, policy()))
	f.Add([]byte("no archive"))
	f.Fuzz(func(t *testing.T, sent []byte) {
		docs, err := read(sent, bundle.Options{AllowUnsigned: true, MaxBytes: 1 << 20})
		if err != nil {
			wantRefused(t, docs, err, "b")
		}
	})
}

// FuzzFile puts a file into a signed bundle, or in the place of one.
func FuzzFile(f *testing.F) {
	base := signed(f, policy())
	want, err := read(archive(f, base), trusting())
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range append(base, entry{"config/data.yaml", config}, entry{"../x.rego", module}, entry{"universe/data.yml", universe}, entry{"./README.md", "x"}) {
		f.Add(e.name, e.text)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if len(name) == 0 || len(name) > 200 || name[len(name)-1] == '/' || !utf8.ValidString(name) || strings.Contains(name, "\x00") {
			return // not to be written with the writer of tars
		}
		sent := archive(t, with(base, entry{name, text}))
		docs, err := read(sent, trusting())
		if err != nil {
			wantRefused(t, docs, err, "b")
		} else if diff := cmp.Diff(want, docs); diff != "" {
			t.Fatalf("verified, and changed (-signed +read):\n%s", diff)
		}
		if docs, err = read(sent, unsigned); err != nil {
			wantRefused(t, docs, err, "b")
		}
	})
}
