package source_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies/source"
)

// FuzzGrants holds that what is accepted as a grant is whole, and can be indexed.
func FuzzGrants(f *testing.F) {
	for _, seed := range []string{grants, "grants: [{id: a, subjects: [s, t], paths: ['**', 'kv/*/x'], can: [read], expires_at: 2027-01-01T00:00:00Z, break_glass: true}]",
		"grants:\n  - &a {id: a, subject: s, path: p, can: [read]}\n  - {<<: *a, id: b}\n", "grants: [x]", "- a", "a: &a [*a]", "grants:\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := source.ParseGrants(text, "grants.yaml")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "grants.yaml:") {
				t.Fatalf("error %q does not begin with the file", err)
			}
			return
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + strings.Count(string(text), "\u2028") + strings.Count(string(text), "\u2029") + strings.Count(string(text), "\u0085") + 1
		ids := map[string]bool{}
		for _, g := range all {
			if g.ID == "" || ids[g.ID] || len(g.Subjects) == 0 || len(g.Paths) == 0 || len(g.Can) == 0 || g.Line < 1 || g.Line > lines {
				t.Fatalf("accepted grant %+v", g)
			}
			ids[g.ID] = true
			g.Covers("kv/shop/prod/db")
		}
		if _, err := json.Marshal(source.IndexGrants(all)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzConfig holds that an accepted configuration survives being written and read.
func FuzzConfig(f *testing.F) {
	for _, seed := range []string{config, "custom: {a: [1, .inf, null, 2001-01-01]}", "redaction: {rules: {h: [{id: a, action: block, style: drop, expires_at: 2027-01-31}]}}",
		"gate: {fail_on: [low], waivers: [{expires_at: 1}]}", "rotation: {classes: {a: {max_age_days: 1, unused_days: 1, max_live_versions: 1}}}", "a: &a [*a]", "access: {}\n---\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := source.ParseConfig(text, "data.yaml")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "data.yaml:") {
				t.Fatalf("error %q does not begin with the file", err)
			}
			return
		}
		data, err := c.Data()
		if err != nil {
			return // .inf and the like, which JSON does not have
		}
		delete(data, "custom") // free, and YAML takes some of JSON's texts for numbers
		written, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		again, err := source.ParseConfig(written, "data.yaml")
		if err != nil {
			t.Fatalf("%s\ncannot be read again: %v", written, err)
		}
		back, err := again.Data()
		if err != nil {
			t.Fatal(err)
		}
		if rewritten, _ := json.Marshal(back); string(rewritten) != string(written) {
			t.Fatalf("%s\nbecame\n%s", written, rewritten)
		}
	})
}
