package kv_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

// metadata is the JSON of a secret's metadata without versions, with parts replaced.
func metadata(parts ...string) string {
	const shown = `{"versions":{},"current_version":0,"oldest_version":0,"created_time":` + now + `,"updated_time":` + now +
		`,"max_versions":0,"cas_required":false,"delete_version_after":"0s","custom_metadata":null}`
	return strings.NewReplacer(parts...).Replace(shown)
}

func schema(parts ...string) string {
	const shown = `{"owner":"","kind":"static","class":"","max_age":"0s","uses":null,"rotator":"","created_time":` + now + `,"changed_time":""}`
	return strings.NewReplacer(parts...).Replace(shown)
}

func withSchema(parts ...string) string {
	return strings.TrimSuffix(metadata(), "}") + `,"stanch":` + schema(parts...) + `}`
}

const oneVersion = `{"1":{"created_time":` + now + `,"deletion_time":"","destroyed":false}}`

var metadataSteps = map[string][]step{
	"read": {
		{"GET metadata/a", ``, 404, ``},
		{"POST data/a", `{"data":{}}`, 200, version(1)},
		{"GET metadata/a", ``, 200, metadata(`"versions":{}`, `"versions":`+oneVersion, `"current_version":0`, `"current_version":1`)},
	},
	"write": {
		{"POST metadata/a", `{}`, 204, ``},
		{"GET metadata/a", ``, 404, ``},
		{"POST metadata/a", `{"max_versions":7}`, 204, ``},
		{"GET metadata/a", ``, 200, metadata(`"max_versions":0`, `"max_versions":7`)},
		{"GET data/a", ``, 404, ``},
		{"POST metadata/a", `{"cas_required":true,"delete_version_after":"30s","custom_metadata":{"color":"blue","n":7,"b":true}}`, 204, ``},
		{"GET metadata/a", ``, 200, metadata(`"max_versions":0`, `"max_versions":7`, `"cas_required":false`, `"cas_required":true`,
			`"0s"`, `"30s"`, `"custom_metadata":null`, `"custom_metadata":{"color":"blue","n":"7","b":"true"}`)},
		{"POST metadata/a", `{"custom_metadata":{"x":"y"},"cas_required":false,"max_versions":0,"delete_version_after":"0s"}`, 204, ``},
		{"GET metadata/a", ``, 200, metadata(`"custom_metadata":null`, `"custom_metadata":{"x":"y"}`)},
		{"POST data/a", `{"data":{}}`, 200, version(1, `"custom_metadata":null`, `"custom_metadata":{"x":"y"}`)},
		{"POST metadata/a", `{"custom_metadata":{}}`, 204, ``},
		{"POST data/a", `{"data":{}}`, 200, version(2)},
	},
	"patch": {
		{"PATCH metadata/a", `{"max_versions":7}`, 404, ``},
		{"PATCH metadata/a", `{}`, 404, ``},
		{"POST metadata/a", `{"max_versions":7,"cas_required":true,"custom_metadata":{"a":"1","b":"2"}}`, 204, ``},
		{"PATCH metadata/a", `{"max_versions":null,"custom_metadata":{"a":null,"c":"3"}}`, 204, ``},
		{"GET metadata/a", ``, 200, metadata(`"cas_required":false`, `"cas_required":true`, `"custom_metadata":null`, `"custom_metadata":{"b":"2","c":"3"}`)},
		{"PATCH metadata/a", `{"custom_metadata":null,"cas_required":null}`, 204, ``},
		{"GET metadata/a", ``, 200, metadata()},
	},
	"warnings": {
		{"POST config", `{"cas_required":true}`, 204, ``},
		{"POST metadata/a", `{"cas_required":false}`, 200, `"cas_required" set to false, but is mandated by backend config. This value will be ignored.`},
		{"PATCH metadata/a", `{"cas_required":false}`, 200, `"cas_required" set to false, but is mandated by backend config. This value will be ignored.`},
		{"POST metadata/a", `{"cas_required":true}`, 204, ``},
	},
	"errors": {
		{"POST metadata/a", `{"max_versions":-1}`, 400, `max_versions must be between 0 and 4294967295`},
		{"POST metadata/a", `{"max_versions":"many"}`, 400, `error converting input for field "max_versions": expected a whole number`},
		{"POST metadata/a", `{"delete_version_after":"-1s"}`, 400, `error converting input for field "delete_version_after": expected a duration such as 90s, 1h30m or 2d`},
		{"POST metadata/a", `{"custom_metadata":"x"}`, 400, `error converting input for field "custom_metadata": expected object, got text`},
		{"POST metadata/a", `{"custom_metadata":{"a":{}}}`, 400, `custom_metadata validation failed: a value is neither text nor a number nor a boolean`},
		{"POST metadata/a", `{"custom_metadata":{"a":null,"":"x"}}`, 400, "2 errors occurred:\n" +
			"\t* custom_metadata validation failed: length of key \"\" is 0 but must be 0 < len(key) <= 128\n" +
			"\t* custom_metadata validation failed: length of value for key \"a\" is 0 but must be 0 < len(value) <= 512\n\n"},
		{"POST metadata/a", `{"custom_metadata":{"a\u0001":"x","b":"\n"}}`, 400, "2 errors occurred:\n" +
			"\t* custom_metadata validation failed: key \"a\\x01\" contains unprintable characters\n" +
			"\t* custom_metadata validation failed: value for key \"b\" contains unprintable characters\n\n"},
		{"GET metadata/a", ``, 404, ``},
	},
	"list": {
		{"LIST metadata/", ``, 404, ``},
		{"POST data/b/c", `{"data":{}}`, 200, version(1)},
		{"POST data/a", `{"data":{}}`, 200, version(1)},
		{"POST data/b", `{"data":{}}`, 200, version(1)},
		{"LIST metadata/", ``, 200, `{"keys":["a","b","b/"]}`},
		{"LIST metadata", ``, 200, `{"keys":["a","b","b/"]}`},
		{"LIST metadata/b/", ``, 200, `{"keys":["c"]}`},
		{"LIST metadata/a/", ``, 404, ``},
		{"LIST metadata/?after=a", ``, 200, `{"keys":["b","b/"]}`},
		{"LIST metadata/?after=a&limit=1", ``, 200, `{"keys":["b"]}`},
		{"LIST metadata/?limit=-1", ``, 200, `{"keys":["a","b","b/"]}`},
		{"LIST metadata/?after=c", ``, 404, ``},
		{"DELETE data/a", ``, 204, ``},
		{"LIST metadata/", ``, 200, `{"keys":["a","b","b/"]}`},
		{"DELETE metadata/a", ``, 204, ``},
		{"LIST metadata/", ``, 200, `{"keys":["b","b/"]}`},
	},
}

func TestMetadata(t *testing.T) {
	for name, steps := range metadataSteps {
		t.Run(name, func(t *testing.T) { run(t, logicaltest.New(kv.NewV2()), steps) })
	}
}

func TestCustomMetadataLimits(t *testing.T) {
	pairs := func(n int) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(`"k%d":"v"`, i))
		}
		return strings.Join(all, ",")
	}
	for _, tc := range []struct{ custom, wrong string }{
		{pairs(64), ""},
		{pairs(65), "1 error occurred:\n\t* custom_metadata validation failed: payload must contain at most 64 keys, provided 65\n\n"},
		{fmt.Sprintf(`"%0128d":"%0512d"`, 1, 1), ""},
		{fmt.Sprintf(`"%0129d":"v"`, 1), fmt.Sprintf("1 error occurred:\n\t* custom_metadata validation failed: length of key \"%0129d\" is 129 but must be 0 < len(key) <= 128\n\n", 1)},
		{fmt.Sprintf(`"k":"%0513d"`, 1), "1 error occurred:\n\t* custom_metadata validation failed: length of value for key \"k\" is 513 but must be 0 < len(value) <= 512\n\n"},
	} {
		status := 204
		if tc.wrong != "" {
			status = 400
		}
		run(t, logicaltest.New(kv.NewV2()), []step{{"POST metadata/a", `{"custom_metadata":{` + tc.custom + `}}`, status, tc.wrong}})
	}
}

func TestSchema(t *testing.T) {
	const full = `{"owner":"shop","kind":"rotated","class":"payment","max_age":"90d","uses":["api.example.com:443/v1","*.example.org","[2001:db8::1]:8443"],"rotator":"database/shop"}`
	shown := []string{`"owner":""`, `"owner":"shop"`, `"static"`, `"rotated"`, `"class":""`, `"class":"payment"`, `"0s"`, `"2160h0m0s"`,
		`"uses":null`, `"uses":["api.example.com:443/v1","*.example.org","[2001:db8::1]:8443"]`, `"rotator":""`, `"rotator":"database/shop"`}
	run(t, logicaltest.New(kv.NewV2()), []step{
		{"POST metadata/a", `{"stanch":` + full + `}`, 204, ``},
		{"GET metadata/a", ``, 200, withSchema(shown...)},
		// What is shown can be written back.
		{"POST metadata/a", `{"stanch":` + schema(shown...) + `}`, 204, ``},
		{"GET metadata/a", ``, 200, withSchema(shown...)},
		{"PATCH metadata/a", `{"stanch":{"owner":"pay","uses":[]}}`, 204, ``},
		{"GET metadata/a", ``, 200, withSchema(append([]string{`"owner":""`, `"owner":"pay"`, `"uses":null`, `"uses":[]`}, shown...)...)},
		{"PATCH metadata/a", `{"stanch":{"uses":null,"owner":null,"max_age":null,"rotator":null,"class":null,"kind":null}}`, 204, ``},
		{"GET metadata/a", ``, 200, withSchema()},
		{"PATCH metadata/a", `{"stanch":null}`, 204, ``},
		{"GET metadata/a", ``, 200, metadata()},
		{"PATCH metadata/a", `{"stanch":{"owner":"pay"}}`, 204, ``},
		{"POST metadata/a", `{"max_versions":0}`, 204, ``},
		{"GET metadata/a", ``, 200, withSchema(`"owner":""`, `"owner":"pay"`)},
	})
}

func TestSchemaErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"ownr":"x"}`:                       `stanch: there is no field "ownr": use owner, kind, class, max_age, uses or rotator`,
		`{"kind":"fixed"}`:                   `stanch: kind must be static, rotated or dynamic`,
		`{"max_age":"soon"}`:                 `stanch: error converting input for field "max_age": expected a duration such as 90s, 1h30m or 2d`,
		`{"owner":"a\nb"}`:                   `stanch: owner must be printable text of at most 256 bytes`,
		`{"class":"a b"}`:                    `stanch: class and rotator may have letters, digits and ._/- only, at most 128`,
		`{"kind":"dynamic","rotator":"../"}`: `stanch: class and rotator may have letters, digits and ._/- only, at most 128`,
		`{"rotator":"db"}`:                   `stanch: a static secret has no rotator: set kind to rotated or dynamic`,
	} {
		run(t, logicaltest.New(kv.NewV2()), []step{{"POST metadata/a", `{"stanch":` + body + `}`, 400, want}, {"GET metadata/a", ``, 404, ``}})
	}
	const wrongUse = `stanch: use 1 must be host, host:port, host/path or host:port/path, in lower case and without a scheme`
	for use, valid := range map[string]bool{
		"a": true, "a.b-c.d": true, "*.a": true, "a:1": true, "a:65535/x/y": true, "10.0.0.1:80": true, "[::1]": true, "[::1]/x": true,
		"": false, "https://a": false, "a:0": false, "a:65536": false, "a:": false, "A": false, "*": false, "a.*": false, "a..b": false, "-a": false,
		"::1": false, "[::1": false, "[1.2.3.4]": false, "a/b c": false, "a/b?c": false, "a/\x01": false, strings.Repeat("a", 513): false,
	} {
		want := step{"POST metadata/a", fmt.Sprintf(`{"stanch":{"uses":[%s]}}`, quote(use)), 204, ``}
		if !valid {
			want.status, want.want = 400, wrongUse
		}
		run(t, logicaltest.New(kv.NewV2()), []step{want})
	}
}

func TestWalk(t *testing.T) {
	h := logicaltest.New(kv.NewV2())
	want := []string{"a", "a/b", "a/c/d", "z"}
	for i := range 600 {
		want = append(want, fmt.Sprintf("many/%03d", i))
	}
	for _, name := range want {
		do(t, h, "POST data/"+name, `{"data":{}}`)
	}
	do(t, h, "POST metadata/a/b", `{"stanch":{"owner":"shop","max_age":"1d"}}`)
	slices.Sort(want)
	var got []string
	var owned kv.Metadata
	err := kv.Walk(t.Context(), h.Storage, func(path string, m kv.Metadata) {
		got = append(got, path)
		if path == "a/b" {
			owned = m
		}
		do(t, h, "POST data/"+path, `{"data":{}}`) // no transaction is open
	})
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v, %d secrets, want %d: %q", err, len(got), len(want), got)
	}
	if owned.Schema == nil || owned.Schema.Owner != "shop" || owned.Created != h.Now || owned.Changed != h.Now || owned.Live(h.Now) != 1 {
		t.Errorf("metadata of a/b: %+v", owned)
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen := 0
	err = kv.Walk(ctx, h.Storage, func(string, kv.Metadata) { seen++; cancel() })
	if !errors.Is(err, context.Canceled) || seen != 1 {
		t.Errorf("cancelled: %v after %d", err, seen)
	}
	broken := errors.New("sealed")
	if err := kv.Walk(t.Context(), failing{broken}, func(string, kv.Metadata) {}); !errors.Is(err, broken) {
		t.Errorf("a storage that fails: %v", err)
	}
}

// failing is a storage that does not work.
type failing struct{ err error }

func (f failing) View(context.Context, func(logical.Tx) error) error   { return f.err }
func (f failing) Update(context.Context, func(logical.Tx) error) error { return f.err }
