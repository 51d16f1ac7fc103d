package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	opa "github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/stanch-dev/stanch/policies/bundle"
	"github.com/stanch-dev/stanch/policies/source"
)

const (
	module   = "package stanch.access\n\ndecision := {\"allow\": false}\n"
	grants   = "grants:\n  # the shop\n  - id: shop\n    subject: kubernetes/shop/api\n    path: kv/shop/**\n    can: [read]\n    expires_at: 2027-01-01T00:00:00Z\n"
	config   = "access:\n  environments: {prod: {frozen: true}}\ngate:\n  fail_on: [high]\n  waivers: [{fingerprint: f, reason: r, owner: o, expires_at: 2027-01-31}]\n"
	universe = "principals:\n  - {id: ann, groups: [sre]}\nresources:\n  - path: kv/shop/prod/db\n"
	manifest = `{"revision": "r1", "roots": ["stanch", "config", "grants", "universe"]}`
)

// entry is a file of an archive.
type entry struct{ name, text string }

// policy is a whole bundle, unsigned.
func policy() []entry {
	return []entry{{".manifest", manifest}, {"access/access.rego", module}, {"grants.yaml", grants}, {"data.json", `{"config": {"access": {"environments": {}}}}`}}
}

// with returns entries where those of the same name are replaced. An empty text
// leaves one out.
func with(entries []entry, changed ...entry) (all []entry) {
	for _, e := range entries {
		if i := slices.IndexFunc(changed, func(c entry) bool { return c.name == e.name }); i >= 0 {
			e, changed = changed[i], slices.Delete(slices.Clone(changed), i, i+1)
		}
		if e.text != "" {
			all = append(all, e)
		}
	}
	return append(all, changed...)
}

func tarball(t testing.TB, entries []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for _, e := range entries {
		flag := byte(tar.TypeReg)
		if strings.HasSuffix(e.name, "/") {
			flag = tar.TypeDir
		}
		if err := tw.WriteHeader(&tar.Header{Typeflag: flag, Name: e.name, Mode: 0o644, Size: int64(len(e.text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write([]byte(e.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zip(t testing.TB, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zw := gzip.NewWriter(&out)
	if _, err := zw.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func archive(t testing.TB, entries []entry) []byte { return zip(t, tarball(t, entries)) }

// pair is a key to sign with and its public half.
type pair struct{ private, public []byte }

func pairOf(private crypto.Signer) pair {
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	pkix, err := x509.MarshalPKIXPublicKey(private.Public())
	if err != nil {
		panic(err)
	}
	return pair{
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE " + "KEY", Bytes: pkcs8}),
		pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}),
	}
}

// key signs what is trusted. It is the same in every process, as the fuzzer needs it.
func key() pair { return pairOf(ed25519.NewKeyFromSeed([]byte(strings.Repeat("a", ed25519.SeedSize)))) }

func otherKey() pair {
	return pairOf(ed25519.NewKeyFromSeed([]byte(strings.Repeat("b", ed25519.SeedSize))))
}

// trusting accepts what key signs under the id "main".
func trusting() bundle.Options {
	return bundle.Options{Keys: map[string]bundle.Key{"main": {PEM: key().public}}}
}

// token signs the files of entries as OPA does.
func token(t testing.TB, entries []entry, signer pair, algorithm, keyID string, claims map[string]any) string {
	t.Helper()
	hasher, err := opa.NewSignatureHasher(opa.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	files := []opa.FileInfo{}
	for _, e := range entries {
		var value any = []byte(e.text)
		if opa.IsStructuredDoc(e.name) {
			if err := util.Unmarshal([]byte(e.text), &value); err != nil {
				t.Fatal(err)
			}
		}
		hash, err := hasher.HashFile(value)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, opa.NewFile(e.name, hex.EncodeToString(hash), "SHA-256"))
	}
	claimsFile := ""
	if claims != nil {
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		claimsFile = filepath.Join(t.TempDir(), "claims.json")
		if err := os.WriteFile(claimsFile, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	signed, err := opa.GenerateSignedToken(files, opa.NewSigningConfig(string(signer.private), algorithm, claimsFile), keyID)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// signatures is the file that holds tokens.
func signatures(tokens ...string) entry {
	text, err := json.Marshal(map[string]any{"signatures": tokens})
	if err != nil {
		panic(err)
	}
	return entry{".signatures.json", string(text)}
}

// signed returns entries with a signature of key.
func signed(t testing.TB, entries []entry) []entry {
	t.Helper()
	return with(entries, signatures(token(t, entries, key(), "EdDSA", "main", nil)))
}

func read(archive []byte, o bundle.Options) (source.Documents, error) {
	return bundle.Read(bytes.NewReader(archive), "b", o)
}

// wantRefused checks that there are no documents, and that err says want.
func wantRefused(t testing.TB, docs source.Documents, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q in it", err, want)
	}
	if docs.Name != "" || docs.Revision != "" || docs.Modules != nil || docs.Grants != nil {
		t.Errorf("documents %+v with an error", docs)
	}
}

// directory writes a policy directory.
func directory(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, e := range []entry{
		{"access/access.rego", module}, {"access/access_test.rego", "package stanch.access_test\n\ntest_no if true\n"},
		{"config/data.yaml", config}, {"grants.yaml", grants}, {"universe.yaml", universe},
		{"README.md", "words"}, {"schemas/config/data.json", "{}"},
	} {
		file := filepath.Join(dir, e.name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(e.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
