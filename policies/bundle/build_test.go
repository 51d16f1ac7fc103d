package bundle_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	opa "github.com/open-policy-agent/opa/v1/bundle"

	"github.com/stanch-dev/stanch/policies/bundle"
	"github.com/stanch-dev/stanch/policies/source"
)

// TestBuild holds that a bundle says what its directory says, lines of grants
// included, whatever key signs it, and that OPA takes it too.
func TestBuild(t *testing.T) {
	dir := directory(t)
	want, err := source.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	curve := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, algorithm string
		key             crypto.Signer
	}{
		{"unsigned", "", nil}, {"RSA", "", rsaKey}, {"RSA PSS", "PS384", rsaKey},
		{"P-256", "", curve(elliptic.P256())}, {"P-384", "ES384", curve(elliptic.P384())}, {"P-521", "", curve(elliptic.P521())}, {"Ed25519", "", edKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := bundle.Options{AllowUnsigned: true}
			var signing *bundle.Signing
			if c.key != nil {
				p := pairOf(c.key)
				signing = &bundle.Signing{KeyID: "release", PEM: append([]byte("a comment\n"), p.private...), Algorithm: c.algorithm}
				options = bundle.Options{Keys: map[string]bundle.Key{"other": {PEM: key().public}, "release": {PEM: p.public, Algorithm: c.algorithm}}}
			}
			var out bytes.Buffer
			if err := bundle.Build(&out, dir, "", signing); err != nil {
				t.Fatal(err)
			}
			got, err := bundle.Read(bytes.NewReader(out.Bytes()), dir, options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("documents (-directory +bundle):\n%s", diff)
			}
			if _, err := opa.NewReader(&out).WithSkipBundleVerification(c.key == nil).Read(); c.key == nil && err != nil {
				t.Errorf("OPA does not take it: %v", err)
			}
		})
	}
}

func TestBuildRevision(t *testing.T) {
	var out bytes.Buffer
	if err := bundle.Build(&out, directory(t), "release 7", nil); err != nil {
		t.Fatal(err)
	}
	docs, err := read(out.Bytes(), bundle.Options{AllowUnsigned: true})
	if err != nil || docs.Revision != "release 7" {
		t.Errorf("revision %q, error %v", docs.Revision, err)
	}
}

func TestBuildRefuses(t *testing.T) {
	good := func() bundle.Signing { return bundle.Signing{KeyID: "k", PEM: key().private} }
	for name, c := range map[string]struct {
		file, text string
		revision   string
		signing    func(*bundle.Signing)
		want       string
	}{
		"no directory":      {file: "unknown.txt", text: "x", want: "not a file of a policy directory"},
		"broken Rego":       {file: "access/access.rego", text: "package stanch.access\n\nx :=\n", want: "access/access.rego:4: "},
		"a package outside": {file: "lib.rego", text: "package lib\n", want: "do not permit"},
		"a bad revision":    {revision: "a\nb", want: "a revision has at most"},
		"no key id":         {signing: func(s *bundle.Signing) { s.KeyID = "" }, want: "a key needs an id"},
		"no PEM":            {signing: func(s *bundle.Signing) { s.PEM = []byte("/etc/passwd") }, want: "not a private key in PEM form"},
		"a public key":      {signing: func(s *bundle.Signing) { s.PEM = key().public }, want: "signing needs the private key"},
		"another algorithm": {signing: func(s *bundle.Signing) { s.Algorithm = "RS256" }, want: `the algorithm "RS256" is not for this key`},
		"HMAC":              {signing: func(s *bundle.Signing) { s.Algorithm = "HS256" }, want: `the algorithm "HS256" is not for this key`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := directory(t)
			if c.file != "" {
				if err := os.WriteFile(filepath.Join(dir, c.file), []byte(c.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := good()
			if c.signing != nil {
				c.signing(&s)
			}
			var out bytes.Buffer
			err := bundle.Build(&out, dir, c.revision, &s)
			wantRefused(t, source.Documents{}, err, c.want)
			if out.Len() > 0 {
				t.Errorf("%d bytes written with an error", out.Len())
			}
		})
	}
}
