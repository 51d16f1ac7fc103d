package bundle_test

import (
	"archive/tar"
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/bundle"
	"github.com/stanch-dev/stanch/policies/source"
)

var unsigned = bundle.Options{AllowUnsigned: true}

// TestRead reads the forms in which OPA's tools write the same policies.
func TestRead(t *testing.T) {
	const (
		accessJSON = `{"environments": {"prod": {"frozen": true}}}`
		grantsJSON = `[{"id": "shop", "subject": "kubernetes/shop/api", "path": "kv/shop/**", "can": ["read"], "expires_at": "2027-01-01T00:00:00Z"}]`
		universeJS = `{"principals": [{"id": "ann", "groups": ["sre"]}], "resources": [{"path": "kv/shop/prod/db"}]}`
	)
	base := []entry{{".manifest", manifest}, {"access/access.rego", module}}
	for name, files := range map[string][]entry{
		"all data in one": {{"data.json", `{"config": {"access": ` + accessJSON + `}, "grants": ` + grantsJSON + `, "universe": ` + universeJS + `}`}},
		"a folder each":   {{"config/data.json", `{"access": ` + accessJSON + `}`}, {"grants/data.json", grantsJSON}, {"universe/data.yml", universe}},
		"deeper":          {{"config/access/data.yaml", "environments: {prod: {frozen: true}}"}, {"grants/data.yaml", grantsJSON}, {"universe/principals/data.json", `[{"id": "ann", "groups": ["sre"]}]`}, {"universe/resources/data.json", `[{"path": "kv/shop/prod/db"}]`}},
		"a directory":     {{"config/data.yaml", "access: " + accessJSON}, {"grants.yaml", grants}, {"universe.yaml", universe}, {"README.md", "x"}, {"access/LICENSE", "x"}, {"samples/a.json", "no JSON"}},
	} {
		for _, prefix := range []string{"", "/", "./"} {
			t.Run(name+" "+prefix, func(t *testing.T) {
				entries := signed(t, append(base[:2:2], files...))
				for i := range entries {
					entries[i].name = prefix + entries[i].name
				}
				docs, err := read(archive(t, entries), trusting())
				if err != nil {
					t.Fatal(err)
				}
				line := docs.Grants[0].Line
				want := source.Documents{
					Name: "b", Revision: "r1",
					Modules: []source.Module{{Path: "access/access.rego", Text: []byte(module)}},
					Config:  source.Config{Access: &source.AccessConfig{Environments: map[string]source.Environment{"prod": {Frozen: true}}}},
					Grants: []source.Grant{{ID: "shop", Subjects: []string{"kubernetes/shop/api"}, Paths: []string{"kv/shop/**"}, Can: []string{"read"},
						ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), File: "b/grants.yaml", Line: line}},
					Universe: source.Universe{Principals: []source.UniversePrincipal{{ID: "ann", Groups: []string{"sre"}}}, Resources: []source.UniverseResource{{Path: "kv/shop/prod/db"}}},
				}
				if diff := cmp.Diff(want, docs); diff != "" {
					t.Errorf("documents (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestReadTars takes what tar and git write besides files.
func TestReadTars(t *testing.T) {
	var out bytes.Buffer
	tw := tar.NewWriter(&out)
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "a commit"}},
		{Typeflag: tar.TypeDir, Name: "./", Mode: 0o755},
		{Typeflag: tar.TypeDir, Name: "./access/", Mode: 0o755},
	} {
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Flush(); err != nil {
		t.Fatal(err)
	}
	docs, err := read(zip(t, append(out.Bytes(), tarball(t, policy())...)), unsigned)
	if err != nil || len(docs.Modules) != 1 {
		t.Errorf("%d modules, error %v", len(docs.Modules), err)
	}
}

func TestRevisionOfText(t *testing.T) {
	plain := entry{".manifest", `{"roots": ["stanch", "config"]}`}
	one, err := read(archive(t, with(policy(), plain)), unsigned)
	if err != nil || len(one.Revision) != 16 {
		t.Fatalf("revision %q, error %v", one.Revision, err)
	}
	two, err := read(archive(t, with(policy(), plain, entry{"access/access.rego", module + "\n"})), unsigned)
	if err != nil || two.Revision == one.Revision {
		t.Errorf("another text has the revision %q too, error %v", two.Revision, err)
	}
}

// signatureCase is a bundle, what is trusted, and the error, if there is one.
type signatureCase struct {
	name    string
	entries []entry
	options func(*bundle.Options)
	want    string
}

func checkSignatures(t *testing.T, cases []signatureCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := trusting()
			if c.options != nil {
				c.options(&o)
			}
			docs, err := read(archive(t, c.entries), o)
			if c.want != "" {
				wantRefused(t, docs, err, c.want)
			} else if err != nil || docs.Revision != "r1" || len(docs.Modules) != 1 || len(docs.Grants) != 1 {
				t.Errorf("documents %+v, error %v", docs, err)
			}
		})
	}
}

// TestSignedFiles alters signed bundles.
func TestSignedFiles(t *testing.T) {
	files := policy()
	good := signed(t, files)
	checkSignatures(t, []signatureCase{
		{name: "good", entries: good},
		{name: "good, in another order", entries: append(good[1:len(good):len(good)], good[0])},
		{name: "JSON written differently", entries: with(good, entry{".manifest", manifest + "\n\n"}, entry{"data.json", `{"config":{"access":{"environments":{}}}}`})},
		{name: "stripped", entries: files, want: "missing .signatures.json"},
		{name: "a signature of nothing", entries: with(good, entry{".signatures.json", `{}`}), want: "missing .signatures.json"},
		{name: "no JSON", entries: with(good, entry{".signatures.json", `x`}), want: "signatures decode"},
		{name: "another verifier", entries: with(good, entry{".signatures.json", `{"signatures": ["x"], "plugin": "mine"}`}), want: "no verifier exists"},
		{name: "two tokens", entries: with(files, signatures(token(t, files, key(), "EdDSA", "main", nil), token(t, files, key(), "EdDSA", "main", nil))), want: "multiple JWTs"},
		{name: "repacked Rego", entries: with(good, entry{"access/access.rego", module + " "}), want: "access/access.rego: digest mismatch"},
		{name: "repacked grants", entries: with(good, entry{"grants.yaml", grants + " "}), want: "grants.yaml: digest mismatch"},
		{name: "repacked data", entries: with(good, entry{"data.json", `{"config": {"access": {"reveal_needs_mfa": false}}}`}), want: "data.json: digest mismatch"},
		{name: "repacked manifest", entries: with(good, entry{".manifest", `{"revision": "r9", "roots": ["stanch", "config", "grants", "universe"]}`}), want: ".manifest: digest mismatch"},
		{name: "a file more", entries: with(good, entry{"access/more.rego", module}), want: "access/more.rego not included in bundle signature"},
		{name: "words more", entries: with(good, entry{"README.md", "x"}), want: "README.md not included in bundle signature"},
		{name: "a file less", entries: with(good, entry{"grants.yaml", ""}), want: "not found in the target bundle"},
		{name: "renamed", entries: with(good, entry{"access/access.rego", ""}, entry{"gate/gate.rego", module}), want: "gate/gate.rego not included"},
		{name: "signature of another bundle", entries: with(policy(), entry{"access/access.rego", module + "x := 1\n"}, good[len(good)-1]), want: "digest mismatch"},
		{name: "delta", entries: []entry{{"patch.json", `{"data": [{"op": "upsert", "path": "/config", "value": {}}]}`}, {".manifest", manifest}}, want: "a delta bundle (patch.json) cannot be signed"},
		{name: "delta in a whole one", entries: with(good, entry{"patch.json", `{"data": [{"op": "upsert", "path": "/config", "value": {}}]}`}), want: "a delta bundle"},
		{name: "delta in a folder", entries: with(good, entry{"config/patch.json", `{}`}), want: "a delta bundle"},
	})
}

// TestKeys signs with other keys and for other scopes than are trusted.
func TestKeys(t *testing.T) {
	files := policy()
	good := signed(t, files)
	withToken := func(signer pair, algorithm, id string, claims map[string]any) []entry {
		return with(files, signatures(token(t, files, signer, algorithm, id, claims)))
	}
	only := func(id string) func(*bundle.Options) { return func(o *bundle.Options) { o.KeyID = id } }
	scope := func(s string) func(*bundle.Options) { return func(o *bundle.Options) { o.Scope = s } }
	hmac := pair{private: key().public, public: key().public} // the public key as a secret
	checkSignatures(t, []signatureCase{
		{name: "good, only that key", entries: good, options: only("main")},
		{name: "no tokens", entries: with(good, entry{".signatures.json", `{"signatures": []}`}), want: "missing JWT"},
		{name: "wrong key", entries: withToken(otherKey(), "EdDSA", "main", nil), want: "failed to verify JWT signature"},
		{name: "unknown key", entries: withToken(key(), "EdDSA", "other", nil), want: "ID other not found"},
		{name: "key id missing", entries: withToken(key(), "EdDSA", "", nil), want: "key ID is empty"},
		{name: "key id missing, only that key", entries: withToken(key(), "EdDSA", "", nil), options: only("main")},
		{name: "key id missing, wrong key", entries: withToken(otherKey(), "EdDSA", "", nil), options: only("main"), want: "failed to verify"},
		{name: "stripped, only that key", entries: files, options: only("main"), want: "missing .signatures.json"},
		{name: "HMAC with the public key", entries: withToken(hmac, "HS256", "main", nil), want: "failed to verify JWT signature"},
		{name: "no algorithm", entries: with(files, signatures("eyJhbGciOiJub25lIiwia2lkIjoibWFpbiJ9.eyJmaWxlcyI6W119.")), want: "failed to verify JWT signature"},
		{name: "no token", entries: with(files, signatures("x")), want: "failed to split compact JWT"},
		{name: "scope wanted", entries: good, options: scope("prod"), want: "scope mismatch"},
		{name: "scope of another", entries: withToken(key(), "EdDSA", "main", map[string]any{"scope": "test"}), options: scope("prod"), want: "scope mismatch"},
		{name: "scope not wanted", entries: withToken(key(), "EdDSA", "main", map[string]any{"scope": "prod"}), want: "scope mismatch"},
		{name: "scope", entries: withToken(key(), "EdDSA", "main", map[string]any{"scope": "prod"}), options: scope("prod")},
	})
}

// TestVerifiedTextCounts sends a text that one parser of YAML may read as something
// other than the parser that verifies: the manifest with text behind its JSON, and
// data whose key stands twice.
func TestVerifiedTextCounts(t *testing.T) {
	good := signed(t, policy())
	for name, c := range map[string]struct {
		e    entry
		want string
	}{
		"manifest": {entry{".manifest", manifest + "\n" + `{"roots": [""]}`}, ".manifest is not JSON"},
		"YAML":     {entry{".manifest", "revision: r1\nroots: [stanch, config, grants, universe]\n"}, ".manifest is not JSON"},
		"data":     {entry{"data.json", `{"config": {"access": {"reveal_needs_mfa": false}, "access": {"environments": {}}}}`}, ""},
	} {
		docs, err := read(archive(t, with(good, c.e)), trusting())
		if c.want != "" {
			wantRefused(t, docs, err, c.want)
		} else if err != nil || docs.Config.Access.RevealNeedsMFA != nil {
			t.Errorf("%s: %+v, %v: the key that was not verified counts", name, docs.Config.Access, err)
		}
	}
}

func TestOptions(t *testing.T) {
	good := archive(t, signed(t, policy()))
	pem := func(text string) map[string]bundle.Key { return map[string]bundle.Key{"k": {PEM: []byte(text)}} }
	for name, c := range map[string]struct {
		options bundle.Options
		want    string
	}{
		"nothing":         {bundle.Options{}, "there is no key to verify them with"},
		"both":            {bundle.Options{AllowUnsigned: true, Keys: trusting().Keys}, "choose one"},
		"unknown key":     {bundle.Options{Keys: trusting().Keys, KeyID: "x"}, `the key "x" is not among the keys`},
		"no id":           {bundle.Options{Keys: map[string]bundle.Key{"": {PEM: key().public}}}, "a key needs an id"},
		"a shared secret": {bundle.Options{Keys: pem("a shared secret")}, "not a public key in PEM form; HMAC is not accepted"},
		"a private key":   {bundle.Options{Keys: pem(string(key().private))}, "verifying needs the public key"},
		"broken":          {bundle.Options{Keys: pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")}, "does not hold the key it says"},
		"HMAC":            {bundle.Options{Keys: map[string]bundle.Key{"main": {PEM: key().public, Algorithm: "HS256"}}}, `the algorithm "HS256" is not for this key; there are EdDSA`},
		"none":            {bundle.Options{Keys: map[string]bundle.Key{"main": {PEM: key().public, Algorithm: "none"}}}, `the algorithm "none"`},
		"too small":       {bundle.Options{Keys: trusting().Keys, MaxBytes: 100}, "b: the bundle has more than 100 bytes sent"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := read(good, c.options)
			wantRefused(t, docs, err, c.want)
		})
	}
}
