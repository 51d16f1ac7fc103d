package bundle_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/bundle"
)

// TestRefuses sends bundles that nobody vouches for, and that are wrong.
func TestRefuses(t *testing.T) {
	roots := func(list string) entry { return entry{".manifest", `{"roots": ` + list + `}`} }
	for _, c := range []struct {
		name    string
		entries []entry
		want    string
	}{
		{"no manifest", with(policy(), entry{".manifest", ""}), "b: the bundle has no .manifest"},
		{"an empty manifest", with(policy(), entry{".manifest", "{}"}), `b/.manifest: the root "" is not for bundles`},
		{"the root of all", with(policy(), roots(`[""]`)), `the root "" is not for bundles`},
		{"index", with(policy(), roots(`["stanch", "config", "index"]`)), `the root "index" is not for bundles`},
		{"below index", with(policy(), roots(`["stanch", "config", "/index/grants"]`)), `the root "index/grants" is not for bundles`},
		{"data of index", with(policy(), entry{"index/data.json", `{"grants": {}}`}), "do not permit data at path '/index'"},
		{"index in all data", with(policy(), entry{"data.json", `{"index": {"grants": {}}}`}), "do not permit data at path '/index'"},
		{"another package", with(policy(), entry{"lib/lib.rego", "package lib\n"}), "do not permit 'package lib' in module 'lib/lib.rego'"},
		{"a package of index", with(policy(), entry{"lib/lib.rego", "package index.grants\n"}), "do not permit 'package index.grants'"},
		{"outside its roots", with(policy(), roots(`["config"]`)), "do not permit 'package stanch.access'"},
		{"data below rules", with(policy(), entry{"stanch/access/data.json", `{"decision": {"allow": true}}`}), "there is data below stanch"},
		{"Rego 0", with(policy(), entry{".manifest", `{"roots": ["stanch", "config"], "rego_version": 0}`}), "rego_version may only be 1"},
		{"Rego 0 of a file", with(policy(), entry{".manifest", `{"roots": ["stanch", "config"], "file_rego_versions": {"/*/*.rego": 0}}`}), "rego_version may only be 1"},
		{"Rego 3", with(policy(), entry{".manifest", `{"roots": ["stanch", "config"], "rego_version": 3}`}), "refused"},
		{"wasm in the manifest", with(policy(), entry{".manifest", `{"roots": ["stanch", "config"], "wasm": [{"entrypoint": "stanch/access", "module": "x"}]}`}), "wasm"},
		{"wasm", with(policy(), entry{"policy.wasm", "\x00asm"}), `"policy.wasm" is a compiled policy`},
		{"other wasm", with(policy(), entry{"a/x.wasm", "\x00asm"}), `"a/x.wasm" is not a file of a bundle`},
		{"a plan", with(policy(), entry{"plan.json", "{}"}), `"plan.json" is a compiled policy`},
		{"a plan in protobuf", with(policy(), entry{"x/plan.pb", "x"}), "compiled policy"},
		{"a manifest in protobuf", with(policy(), entry{".manifest.pb", "x"}), `".manifest.pb" is not a file of a bundle`},
		{"a second manifest", with(policy(), entry{"config/.manifest", "{}"}), "is not a file of a bundle"},
		{"a revision of two lines", with(policy(), entry{".manifest", `{"revision": "a\nb", "roots": ["stanch", "config"]}`}), "a revision has at most 200 bytes"},
		{"a long revision", with(policy(), entry{".manifest", `{"revision": "` + strings.Repeat("a", 201) + `", "roots": ["stanch", "config"]}`}), "a revision has at most 200 bytes"},
		{"an unknown file", with(policy(), entry{"grants.json", "{}"}), `"grants.json" is not a file of a bundle: it may hold`},
		{"YAML that OPA skips", with(policy(), entry{"config/more.yaml", "{}"}), "is not a file of a bundle"},
		{"a file called schemas", with(policy(), entry{"schemas", "{}"}), "is not a file of a bundle"},
		{"hidden Rego", with(policy(), entry{"a/.b/c.rego", module}), "is not a file of a bundle"},
		{"grants twice", with(policy(), entry{"grants/data.json", "[]"}), "data.grants and the file grants.yaml say the same"},
		{"universe twice", with(policy(), entry{"universe/data.json", "{}"}, entry{"universe.yaml", universe}), "data.universe and the file universe.yaml"},
		{"broken Rego", with(policy(), entry{"access/access.rego", "package stanch.access\n\nx := {\n"}), "b/access/access.rego:4: "},
		{"no package", with(policy(), entry{"access/access.rego", "x := 1\n"}), "b/access/access.rego:1: package expected"},
		{"empty Rego", with(policy(), entry{"access/b.rego", "\n"}), "b/access/b.rego"},
		{"broken grants", with(policy(), entry{"grants.yaml", "grants:\n  - id: [\n"}), "b/grants.yaml:2: "},
		{"grants of a wrong kind", with(policy(), entry{"grants.yaml", ""}, entry{"grants/data.json", `{"a": 1}`}), "b/grants.yaml:"},
		{"broken configuration", with(policy(), entry{"data.json", ""}, entry{"config/data.yaml", "access: {}\n\ngate: {fail: []}\n"}), `b/config/data.yaml:3: unknown key "fail"`},
		{"broken configuration among all data", with(policy(), entry{"data.json", `{"config": {"gate": {"fail": []}}}`}), `b/config/data.yaml:3: unknown key "fail"`},
		{"configuration of a wrong kind", with(policy(), entry{"data.json", `{"config": 1}`}), "b/config/data.yaml:1: a value of the wrong type"},
		{"broken JSON", with(policy(), entry{"data.json", `{"config": `}), "bundle load failed on data.json"},
		{"broken YAML", with(policy(), entry{"data.json", ""}, entry{"config/data.yaml", "a: ["}), "bundle load failed on config/data.yaml"},
		{"data that disagrees", with(policy(), entry{"config/access/data.json", "{}"}, entry{"config/access/environments/data.json", "1"}), "refused"},
		{"twice", append(policy(), entry{"access/access.rego", module}), `"access/access.rego" stands in the bundle twice`},
		{"twice, written differently", append(policy(), entry{"./access/access.rego", module}), `"access/access.rego" stands in the bundle twice`},
		{"no policies", []entry{{".manifest", manifest}}, "b: no policies here"},
		{"nothing", nil, "b: the bundle has no .manifest"},
	} {
		t.Run(c.name, func(t *testing.T) {
			docs, err := read(archive(t, c.entries), unsigned)
			wantRefused(t, docs, err, c.want)
		})
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"../a.rego", "a/../../b.rego", "a/../b.rego", "/../a.rego", "//a.rego", "././a.rego", ".//a.rego", "a//b.rego", "a/./b.rego", `a\b.rego`, `..\a.rego`,
		"a\nb.rego", "a\x1b[1m.rego", "a\u202eb.rego", "\xff.rego", "..", "/.", ".rego/../x.rego", " \t.rego"} {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) {
			docs, err := read(archive(t, with(policy(), entry{name, module})), unsigned)
			wantRefused(t, docs, err, "b: ")
			if err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the error repeats the name as it is: %q", err)
			}
		})
	}
}

func TestNotRegular(t *testing.T) {
	for _, h := range []*tar.Header{
		{Typeflag: tar.TypeSymlink, Name: "access/b.rego", Linkname: "/etc/passwd"},
		{Typeflag: tar.TypeLink, Name: "access/b.rego", Linkname: "access/access.rego"},
		{Typeflag: tar.TypeFifo, Name: "access/b.rego"},
		{Typeflag: tar.TypeChar, Name: "access/b.rego"},
		{Typeflag: tar.TypeBlock, Name: "access/b.rego"},
		{Typeflag: '9', Name: "access/b.rego"},
	} {
		var out bytes.Buffer
		tw := tar.NewWriter(&out)
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if err := tw.Flush(); err != nil {
			t.Fatal(err)
		}
		docs, err := read(zip(t, append(out.Bytes(), tarball(t, policy())...)), unsigned)
		wantRefused(t, docs, err, `"access/b.rego" is not a regular file`)
	}
}

// TestDamaged cuts a bundle at every byte, and changes each.
func TestDamaged(t *testing.T) {
	good := archive(t, signed(t, policy()))
	whole, err := read(good, trusting())
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		docs, err := read(good[:n], trusting())
		wantRefused(t, docs, err, "b: ")
	}
	docs, err := read(good[:len(good)/2], unsigned)
	wantRefused(t, docs, err, "b: the bundle is cut off")
	docs, err = read(good[:len(good)-4], unsigned)
	wantRefused(t, docs, err, "b: the bundle is cut off")
	for i := 10; i < len(good); i++ { // the header has a time and the like
		changed := bytes.Clone(good)
		changed[i] ^= 0x20
		docs, err := read(changed, trusting())
		if err == nil { // zeros copied from elsewhere are zeros still
			if diff := cmp.Diff(whole, docs); diff != "" {
				t.Fatalf("byte %d changed, and with it (-whole +changed):\n%s", i, diff)
			}
			continue
		}
		wantRefused(t, docs, err, "b: ")
	}
	for name, c := range map[string]struct {
		bytes []byte
		want  string
	}{
		"nothing":         {nil, "b: the bundle is cut off"},
		"text":            {[]byte("<html>not found</html>"), "b: not a bundle, which is a tar.gz"},
		"zip":             {[]byte("PK\x03\x04 and so on"), "b: not a bundle, which is a tar.gz"},
		"a tar":           {tarball(t, policy()), "b: not a bundle, which is a tar.gz"},
		"zipped text":     {zip(t, bytes.Repeat([]byte("text "), 1000)), "b: the bundle is damaged"},
		"zipped twice":    {zip(t, good), "b: the bundle is"},
		"nothing, zipped": {zip(t, nil), "b: the bundle has no .manifest"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := read(c.bytes, unsigned)
			wantRefused(t, docs, err, c.want)
		})
	}
}

// TestBombs sends little that becomes much.
func TestBombs(t *testing.T) {
	zeros := func(n int) string { return string(make([]byte, n)) }
	var behind bytes.Buffer // the archive is whole, and then come zeros
	zw := gzip.NewWriter(&behind)
	for _, part := range [][]byte{tarball(t, policy()), make([]byte, 33<<20)} {
		if _, err := zw.Write(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	var large, many, folders []entry
	for i := range 5 {
		large = append(large, entry{fmt.Sprintf("samples/%d", i), zeros(8 << 20)})
	}
	for i := range 1001 {
		many = append(many, entry{fmt.Sprintf("samples/%d", i), "x"})
		folders = append(folders, entry{fmt.Sprintf("samples/%d/", i), ""})
	}
	aliases := "custom:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'j'; c++ {
		aliases += fmt.Sprintf("  %c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", "))
	}
	for _, c := range []struct {
		name  string
		bytes []byte
		want  string
	}{
		{"a file too large", archive(t, with(policy(), entry{"samples/a", zeros(8<<20 + 1)})), `b: "samples/a" is larger than 8 MiB`},
		{"together too large", archive(t, append(policy(), large...)), "b: the bundle has more than 33554432 bytes unpacked"},
		{"zeros behind", behind.Bytes(), "b: the bundle has more than 33554432 bytes unpacked"},
		{"too many files", archive(t, append(policy(), many...)), "b: more than 1000 files"},
		{"too many folders", archive(t, append(policy(), folders...)), "b: more than 1000 files"},
		{"holes", sparse(t), "b: the bundle has more than 33554432 bytes unpacked"},
		{"aliases", archive(t, with(policy(), entry{"data.json", ""}, entry{"config/data.yaml", aliases})), "excessive aliasing"},
		{"brackets in Rego", archive(t, with(policy(), entry{"access/access.rego", "package stanch.access\nx := " + strings.Repeat("[", 1<<20)})), "b/access/access.rego:2: "},
		{"brackets in JSON", archive(t, with(policy(), entry{"data.json", strings.Repeat("[", 1<<20)})), "b: "},
		{"brackets in YAML", archive(t, with(policy(), entry{"data.json", ""}, entry{"config/data.yaml", strings.Repeat("[", 1<<20)})), "b: "},
		{"brackets in the manifest", archive(t, with(policy(), entry{".manifest", strings.Repeat("[", 1<<20)})), "b: .manifest is not JSON"},
		{"brackets in signatures", archive(t, append(policy(), entry{".signatures.json", strings.Repeat("[", 1<<20)})), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, o := range map[string]bundle.Options{"unsigned": unsigned, "signed": trusting()} {
				docs, err := read(c.bytes, o)
				switch {
				case name == "unsigned" && c.want != "":
					wantRefused(t, docs, err, c.want)
				case name == "signed":
					wantRefused(t, docs, err, "b: ")
				}
			}
		})
	}
	docs, err := bundle.Read(bytes.NewReader(archive(t, policy())), "b", bundle.Options{AllowUnsigned: true, MaxBytes: 64})
	wantRefused(t, docs, err, "b: the bundle has more than 64 bytes sent")
}

// sparse is a tar whose files are all holes: 40 MiB of them in a few blocks each.
func sparse(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	for i := range 5 {
		const size = 8 << 20
		body := fmt.Sprintf("1\n%d\n0\n", size)
		body += strings.Repeat("\x00", 512-len(body))
		tw := tar.NewWriter(&out)
		records := ""
		for _, kv := range [][2]string{{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.name", fmt.Sprintf("samples/%d", i)}, {"GNU.sparse.realsize", fmt.Sprint(size)}} {
			n := len(kv[0]) + len(kv[1]) + 3
			n += len(fmt.Sprint(n + len(fmt.Sprint(n))))
			records += fmt.Sprintf("%d %s=%s\n", n, kv[0], kv[1])
		}
		for _, e := range []struct {
			flag byte
			body string
		}{{tar.TypeReg, records}, {tar.TypeReg, body}} {
			if err := tw.WriteHeader(&tar.Header{Typeflag: e.flag, Name: "x", Size: int64(len(e.body)), Format: tar.FormatUSTAR}); err != nil {
				t.Fatal(err)
			}
			if _, err := tw.Write([]byte(e.body)); err != nil {
				t.Fatal(err)
			}
		}
		if err := tw.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	all := out.Bytes()
	for at := 0; at+512 <= len(all); at += 2048 { // every first header is one of PAX records
		setTypeflag(all[at:at+512], 'x')
	}
	return zip(t, append(all, tarball(t, policy())...))
}

// setTypeflag changes the kind of a tar header and its checksum.
func setTypeflag(header []byte, flag byte) {
	header[156] = flag
	copy(header[148:156], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:156], fmt.Sprintf("%06o\x00 ", sum))
}
