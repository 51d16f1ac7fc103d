package kv_test

import (
	"testing"
	"time"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

func TestV1(t *testing.T) {
	for name, steps := range map[string][]step{
		"values": {
			{"GET a/b", ``, 404, ``},
			{"POST a/b", `{"user":"x","n":123456789012345678901,"deep":{"list":[1.50,null,"<&>"]}}`, 204, ``},
			{"GET a/b", ``, 200, `{"user":"x","n":123456789012345678901,"deep":{"list":[1.50,null,"<&>"]}}`},
			{"GET a/b/", ``, 200, `{"user":"x","n":123456789012345678901,"deep":{"list":[1.50,null,"<&>"]}}`},
			{"POST a/b", `{"user":"y"}`, 204, ``},
			{"GET a/b", ``, 200, `{"user":"y"}`},
			{"GET a", ``, 404, ``},
			{"DELETE a/b", ``, 204, ``},
			{"DELETE a/b", ``, 204, ``},
			{"GET a/b", ``, 404, ``},
		},
		"list": {
			{"LIST ", ``, 404, ``},
			{"POST a/b", `{"k":1}`, 204, ``},
			{"POST a", `{"limit":"abc","after":[]}`, 204, ``},
			{"POST c", `{"k":1}`, 204, ``},
			{"LIST ", ``, 200, `{"keys":["a","a/","c"]}`},
			{"LIST a/", ``, 200, `{"keys":["b"]}`},
			{"LIST c/", ``, 404, ``},
			{"LIST ?after=a&limit=1", ``, 200, `{"keys":["a/"]}`},
			{"LIST ?limit=x", ``, 400, `error converting input for field "limit": expected a whole number`},
			{"LIST a//b", ``, 400, `the path contains an empty segment`},
		},
		"errors": {
			{"POST a", `{}`, 400, `missing data fields`},
			{"POST a", ``, 400, `missing data fields`},
			{"POST ", `{"k":1}`, 400, `missing path`},
			{"GET ", ``, 404, ``},
			{"PATCH a", `{"k":1}`, 405, `unsupported operation`},
			{"POST a/../b", `{"k":1}`, 400, `relative paths not supported`},
		},
	} {
		t.Run(name, func(t *testing.T) { run(t, logicaltest.New(kv.NewV1()), steps) })
	}
}

func TestV1TTL(t *testing.T) {
	for value, want := range map[string]time.Duration{
		`{"k":1}`:                   768 * time.Hour,
		`{"ttl":"1h30m"}`:           90 * time.Minute,
		`{"ttl":60}`:                time.Minute,
		`{"ttl":"60"}`:              time.Minute,
		`{"ttl":0}`:                 0,
		`{"lease":"2m"}`:            2 * time.Minute,
		`{"ttl":"3m","lease":"2m"}`: 3 * time.Minute,
		`{"ttl":"soon"}`:            768 * time.Hour,
		`{"ttl":null}`:              768 * time.Hour,
		`{"ttl":{"a":1}}`:           768 * time.Hour,
	} {
		h := logicaltest.New(kv.NewV1())
		run(t, h, []step{{"POST a", value, 204, ``}})
		r, err := h.Do(t.Context(), logical.Read, "a", nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.TTL != want || r.Lease != nil {
			t.Errorf("%s: TTL %v and lease %v, want %v and none", value, r.TTL, r.Lease, want)
		}
	}
}

// Create and Update are told apart, since ACLs do.
func TestExists(t *testing.T) {
	for name, tc := range map[string]struct {
		backend logical.Backend
		path    string
		data    map[string]any
	}{
		"v1":       {kv.NewV1(), "a", map[string]any{"k": "v"}},
		"data":     {kv.NewV2(), "data/a", map[string]any{"data": map[string]any{}}},
		"metadata": {kv.NewV2(), "metadata/a", map[string]any{"max_versions": 3}},
	} {
		t.Run(name, func(t *testing.T) {
			h := logicaltest.New(tc.backend)
			for _, want := range []bool{false, true} {
				var exists bool
				for _, p := range tc.backend.Paths() {
					segments, ok := p.Match(tc.path)
					if !ok {
						continue
					}
					fields, err := logical.ParseFields(p.Fields, nil, segments)
					if err != nil {
						t.Fatal(err)
					}
					exists, err = p.Exists(t.Context(), &logical.Call{Request: &logical.Request{}, Fields: fields, Storage: h.Storage})
					if err != nil {
						t.Fatal(err)
					}
					break
				}
				if exists != want {
					t.Fatalf("exists: %v, want %v", exists, want)
				}
				if _, err := h.Do(t.Context(), logical.Update, tc.path, tc.data); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
