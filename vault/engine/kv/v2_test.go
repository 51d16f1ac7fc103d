package kv_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

// now is the harness's time as answers show it.
const now = `"2026-11-24T10:00:00Z"`

// version is the JSON about a version that an answer has.
func version(n int, parts ...string) string {
	shown := fmt.Sprintf(`{"version":%d,"created_time":%s,"deletion_time":"","destroyed":false,"custom_metadata":null}`, n, now)
	return strings.NewReplacer(parts...).Replace(shown)
}

func read(key, value, version string) string {
	return fmt.Sprintf(`{%q:%s,"metadata":%s}`, key, value, version)
}

var (
	deleted   = []string{`"deletion_time":""`, `"deletion_time":` + now}
	destroyed = []string{`"destroyed":false`, `"destroyed":true`}
)

var dataSteps = map[string][]step{
	"write and read": {
		{"GET data/a/b", ``, 404, ``},
		{"POST data/a/b", `{"data":{"n":123456789012345678901,"x":"<&>"}}`, 200, version(1)},
		{"GET data/a/b", ``, 200, read("data", `{"n":123456789012345678901,"x":"<&>"}`, version(1))},
		{"POST data/a/b", `{"data":{}}`, 200, version(2)},
		{"GET data/a/b", ``, 200, read("data", `{}`, version(2))},
		{"GET data/a/b?version=1", ``, 200, read("data", `{"n":123456789012345678901,"x":"<&>"}`, version(1))},
		{"GET data/a/b?version=0", ``, 200, read("data", `{}`, version(2))},
		{"GET data/a/b?version=3", ``, 404, ``},
		{"GET data/a", ``, 404, ``},
	},
	"check and set": {
		{"POST data/a", `{"data":{},"options":{"cas":1}}`, 400, `check-and-set parameter did not match the current version`},
		{"POST data/a", `{"data":{},"options":{"cas":0}}`, 200, version(1)},
		{"POST data/a", `{"data":{},"options":{"cas":0}}`, 400, `check-and-set parameter did not match the current version`},
		{"POST data/a", `{"data":{},"options":{"cas":null}}`, 400, `check-and-set parameter did not match the current version`},
		{"POST data/a", `{"data":{},"options":{"cas":-1}}`, 400, `check-and-set parameter did not match the current version`},
		{"POST data/a", `{"data":{},"options":{"cas":"1"}}`, 200, version(2)},
		{"POST data/a", `{"data":{},"options":{"cas":"x"}}`, 400, `error parsing check-and-set parameter`},
		{"POST data/a", `{"data":{},"options":{}}`, 200, version(3)},
		{"PATCH data/a", `{"data":{},"options":{"cas":2}}`, 400, `check-and-set parameter did not match the current version`},
		{"PATCH data/a", `{"data":{},"options":{"cas":3}}`, 200, version(4)},
		{"POST config", `{"cas_required":true}`, 204, ``},
		{"POST data/a", `{"data":{}}`, 400, `check-and-set parameter required for this call`},
		{"PATCH data/a", `{"data":{}}`, 400, `check-and-set parameter required for this call`},
		{"POST config", `{"cas_required":false}`, 204, ``},
		{"POST metadata/a", `{"cas_required":true}`, 204, ``},
		{"POST data/a", `{"data":{}}`, 400, `check-and-set parameter required for this call`},
		{"POST data/a", `{"data":{},"options":{"cas":4}}`, 200, version(5)},
		{"POST data/b", `{"data":{}}`, 200, version(1)},
	},
	"patch": {
		{"PATCH data/a", `{}`, 400, `no data provided`},
		{"PATCH data/a", `{"data":{"k":1}}`, 404, ``},
		{"POST metadata/a", `{"max_versions":3}`, 204, ``},
		{"PATCH data/a", `{"data":{"k":1}}`, 404, ``},
		{"POST data/a", `{"data":{"k":1,"o":{"a":1,"b":2},"l":[1],"gone":1}}`, 200, version(1)},
		{"PATCH data/a", `{"data":{"o":{"b":null,"c":{"d":null,"e":3}},"l":{"x":null},"gone":null,"never":null,"new":[null]}}`, 200, version(2)},
		{"GET data/a", ``, 200, read("data", `{"k":1,"o":{"a":1,"c":{"e":3}},"l":{},"new":[null]}`, version(2))},
		{"GET data/a?version=1", ``, 200, read("data", `{"k":1,"o":{"a":1,"b":2},"l":[1],"gone":1}`, version(1))},
		{"DELETE data/a", ``, 204, ``},
		{"PATCH data/a", `{"data":{"k":1}}`, 404, version(2, deleted...)},
		{"POST destroy/a", `{"versions":[2]}`, 204, ``},
		{"PATCH data/a", `{"data":{"k":1}}`, 404, version(2, append(deleted, destroyed...)...)},
	},
	"delete, undelete, destroy": {
		{"DELETE data/a", ``, 204, ``},
		{"POST delete/a", `{"versions":[1]}`, 204, ``},
		{"POST undelete/a", `{"versions":[1]}`, 204, ``},
		{"POST destroy/a", `{"versions":[1]}`, 204, ``},
		{"GET metadata/a", ``, 404, ``},
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"POST data/a", `{"data":{"k":2}}`, 200, version(2)},
		{"DELETE data/a", ``, 204, ``},
		{"GET data/a", ``, 404, read("data", `null`, version(2, deleted...))},
		{"GET subkeys/a", ``, 404, read("subkeys", `null`, version(2, deleted...))},
		{"POST delete/a", `{"versions":"1, 2,9"}`, 204, ``},
		{"GET data/a?version=1", ``, 404, read("data", `null`, version(1, deleted...))},
		{"POST undelete/a", `{"versions":["1"]}`, 204, ``},
		{"GET data/a?version=1", ``, 200, read("data", `{"k":1}`, version(1))},
		{"POST undelete/a", `{"versions":2}`, 204, ``},
		{"POST destroy/a", `{"versions":[1]}`, 204, ``},
		{"POST undelete/a", `{"versions":[1]}`, 204, ``},
		{"GET data/a?version=1", ``, 404, read("data", `null`, version(1, destroyed...))},
		{"GET data/a", ``, 200, read("data", `{"k":2}`, version(2))},
		{"DELETE metadata/a", ``, 204, ``},
		{"GET data/a", ``, 404, ``},
		{"DELETE metadata/a", ``, 204, ``},
		{"POST data/a", `{"data":{"k":3},"options":{"cas":0}}`, 200, version(1)},
	},
	"subkeys": {
		{"GET subkeys/a", ``, 404, ``},
		{"POST data/a", `{"data":{"s":"x","e":{},"l":[{"a":1}],"o":{"p":{"q":{"r":1}}}}}`, 200, version(1)},
		{"GET subkeys/a", ``, 200, read("subkeys", `{"s":null,"e":null,"l":null,"o":{"p":{"q":{"r":null}}}}`, version(1))},
		{"GET subkeys/a?depth=1", ``, 200, read("subkeys", `{"s":null,"e":null,"l":null,"o":null}`, version(1))},
		{"GET subkeys/a?depth=2&version=1", ``, 200, read("subkeys", `{"s":null,"e":null,"l":null,"o":{"p":null}}`, version(1))},
		{"GET subkeys/a?version=2", ``, 404, ``},
	},
	"names of secrets inside others": {
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"POST data/a/1", `{"data":{"k":2}}`, 200, version(1)},
		{"POST data/a/1/1", `{"data":{"k":3}}`, 200, version(1)},
		{"DELETE metadata/a", ``, 204, ``},
		{"GET data/a/1", ``, 200, read("data", `{"k":2}`, version(1))},
		{"DELETE metadata/a/1", ``, 204, ``},
		{"GET data/a/1/1", ``, 200, read("data", `{"k":3}`, version(1))},
	},
	"errors": {
		{"POST data/a", `{}`, 400, `no data provided`},
		{"POST data/a", `{"data":null}`, 400, `no data provided`},
		{"POST data/a", `{"data":"k"}`, 400, `error converting input for field "data": expected object, got text`},
		{"POST data/a", `{"data":{},"options":[]}`, 400, `error converting input for field "options": expected object, got a list`},
		{"GET data/a?version=x", ``, 400, `error converting input for field "version": expected a whole number`},
		{"LIST data/a", ``, 405, `unsupported operation`},
		{"GET delete/a", ``, 405, `unsupported operation`},
		{"POST delete/a", `{}`, 400, `No version number provided`},
		{"POST undelete/a", `{"versions":[]}`, 400, `No version number provided`},
		{"POST destroy/a", `{}`, 400, `no version number provided`},
		{"POST destroy/a", `{"versions":["x"]}`, 400, `error converting input for field "versions": expected whole numbers`},
		{"POST destroy/a", `{"versions":[-1]}`, 400, `error converting input for field "versions": expected whole numbers`},
		{"POST data/a%00b", `{"data":{}}`, 200, version(1)},
		{"POST data/a\x00b", `{"data":{}}`, 400, `the path contains control characters`},
		{"GET data/a//b", ``, 400, `the path contains an empty segment`},
		{"GET data/a/../b", ``, 400, `relative paths not supported`},
		{"GET data/a..b", ``, 404, ``},
		{"GET data/" + strings.Repeat("x", 2049), ``, 400, `the path is too long: at most 2048 bytes in 128 segments`},
		{"GET data/" + strings.Repeat("x/", 128) + "x", ``, 400, `the path is too long: at most 2048 bytes in 128 segments`},
		{"GET x", ``, 404, `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation.`},
		{"POST x/y", `{"k":1}`, 404, `Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. If using the Vault CLI, use 'vault kv put' for this operation.`},
		{"POST data/", `{"data":{}}`, 404, `Non-listing operations on the root of a K/V v2 mount are not supported.`},
		{"POST metadata", `{"max_versions":1}`, 400, `missing path`},
		{"GET metadata", ``, 404, ``},
	},
}

func TestV2Data(t *testing.T) {
	for name, steps := range dataSteps {
		t.Run(name, func(t *testing.T) { run(t, logicaltest.New(kv.NewV2()), steps) })
	}
}

func TestConfig(t *testing.T) {
	run(t, logicaltest.New(kv.NewV2()), []step{
		{"GET config", ``, 200, `{"max_versions":0,"cas_required":false,"delete_version_after":"0s"}`},
		{"POST config", `{"max_versions":17,"cas_required":"true","delete_version_after":"30m0s"}`, 204, ``},
		{"GET config", ``, 200, `{"max_versions":17,"cas_required":true,"delete_version_after":"30m0s"}`},
		{"POST config", `{"delete_version_after":"-10m"}`, 204, ``},
		{"GET config", ``, 200, `{"max_versions":17,"cas_required":true,"delete_version_after":"-1s"}`},
		{"POST config", `{"delete_version_after":-1,"max_versions":0}`, 204, ``},
		{"POST config", `{"delete_version_after":0}`, 204, ``},
		{"POST config", `{}`, 204, ``},
		{"GET config", ``, 200, `{"max_versions":0,"cas_required":true,"delete_version_after":"0s"}`},
		{"POST config", `{"max_versions":-1}`, 400, `max_versions must be between 0 and 4294967295`},
		{"POST config", `{"max_versions":4294967295}`, 200, `"max_versions" is more than 65536: so many versions are kept at most.`},
		{"DELETE config", ``, 405, `unsupported operation`},
	})
}

// numbers are what metadata shows of the numbers of a secret after writes.
func numbers(t *testing.T, h *logicaltest.Harness, name string) string {
	t.Helper()
	_, text := do(t, h, "GET metadata/"+name, "")
	m := decode(text).(map[string]any)
	return fmt.Sprintf("%v %v %d", m["oldest_version"], m["current_version"], len(m["versions"].(map[string]any)))
}

func TestMaxVersions(t *testing.T) {
	for _, tc := range []struct {
		mount, secret, writes int
		want                  string // oldest, current, how many
	}{
		{0, 0, 1, "0 1 1"},
		{0, 0, 9, "0 9 9"},
		{0, 0, 10, "1 10 10"},
		{0, 0, 12, "3 12 10"},
		{2, 0, 5, "4 5 2"},
		{0, 2, 5, "4 5 2"},
		{3, 2, 5, "3 5 3"},
		{2, 3, 5, "3 5 3"},
		{0, 1, 3, "3 3 1"},
		{0, 20, 12, "0 12 12"},
	} {
		h := logicaltest.New(kv.NewV2())
		do(t, h, "POST config", fmt.Sprintf(`{"max_versions":%d}`, tc.mount))
		do(t, h, "POST metadata/a", fmt.Sprintf(`{"max_versions":%d}`, tc.secret))
		for range tc.writes {
			do(t, h, "POST data/a", `{"data":{}}`)
		}
		if got := numbers(t, h, "a"); got != tc.want {
			t.Errorf("mount %d, secret %d, %d writes: %s, want %s", tc.mount, tc.secret, tc.writes, got, tc.want)
		}
		var kept []string
		err := h.Storage.View(t.Context(), func(tx logical.Tx) (err error) {
			kept, err = tx.List("versions/a/", "", 0)
			return err
		})
		if want := tc.want[strings.LastIndexByte(tc.want, ' ')+1:]; err != nil || fmt.Sprint(len(kept)) != want {
			t.Errorf("mount %d, secret %d, %d writes: %d versions in the storage, want %s; %v", tc.mount, tc.secret, tc.writes, len(kept), want, err)
		}
	}
}

func TestDeleteVersionAfter(t *testing.T) {
	for _, tc := range []struct {
		mount, secret string
		want          time.Duration // 0: never
	}{
		{"0s", "0s", 0},
		{"10m", "0s", 10 * time.Minute},
		{"0s", "10m", 10 * time.Minute},
		{"5m", "10m", 5 * time.Minute},
		{"10m", "5m", 5 * time.Minute},
		{"-1s", "5m", 0},
		{"-1s", "0s", 0},
	} {
		h := logicaltest.New(kv.NewV2())
		do(t, h, "POST config", fmt.Sprintf(`{"delete_version_after":%q}`, tc.mount))
		do(t, h, "POST metadata/a", fmt.Sprintf(`{"delete_version_after":%q}`, tc.secret))
		end := `""`
		if tc.want != 0 {
			end = `"` + h.Now.Add(tc.want).Format(time.RFC3339) + `"`
		}
		shown := version(1, `"deletion_time":""`, `"deletion_time":`+end)
		run(t, h, []step{
			{"POST data/a", `{"data":{}}`, 200, shown},
			{"GET data/a", ``, 200, read("data", `{}`, shown)},
		})
		h.Now = h.Now.Add(tc.want - time.Second)
		run(t, h, []step{{"GET data/a", ``, 200, read("data", `{}`, shown)}})
		h.Now = h.Now.Add(time.Second)
		if tc.want == 0 {
			continue
		}
		run(t, h, []step{
			{"GET data/a", ``, 404, read("data", `null`, shown)},
			{"PATCH data/a", `{"data":{}}`, 404, shown},
			{"POST delete/a", `{"versions":[1]}`, 204, ``}, // it was already: the time stays
			{"GET data/a", ``, 404, read("data", `null`, shown)},
			{"POST undelete/a", `{"versions":[1]}`, 204, ``},
		})
		again := version(1, `"deletion_time":""`, `"deletion_time":"`+h.Now.Add(tc.want).Format(time.RFC3339)+`"`)
		run(t, h, []step{{"GET data/a", ``, 200, read("data", `{}`, again)}})
	}
}
