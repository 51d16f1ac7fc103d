package source_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/policies/source"
)

func TestParseGrants(t *testing.T) {
	got, err := source.ParseGrants([]byte(`
grants:
  - id: shop-api
    subject: kubernetes/shop/api
    path: kv/shop/prod/**
    can: [read, list]
    expires_at: 2027-01-01T00:00:00Z
    owner: team-shop
    note: until the move
  - id: oncall
    subjects: [group/sre, group/dba]
    paths: ["**", kv/shop/prod/db]
    can: [admin]
    break_glass: true
  - {id: dba, subject: group/dba, path: "kv/*/prod/db", can: [read]}
`), "grants.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []source.Grant{
		{ID: "shop-api", Subjects: []string{"kubernetes/shop/api"}, Paths: []string{"kv/shop/prod/**"}, Can: []string{"read", "list"},
			ExpiresAt: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Owner: "team-shop", Note: "until the move", File: "grants.yaml", Line: 3},
		{ID: "oncall", Subjects: []string{"group/sre", "group/dba"}, Paths: []string{"**", "kv/shop/prod/db"}, Can: []string{"admin"},
			BreakGlass: true, File: "grants.yaml", Line: 10},
		{ID: "dba", Subjects: []string{"group/dba"}, Paths: []string{"kv/*/prod/db"}, Can: []string{"read"}, File: "grants.yaml", Line: 15},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	for _, nothing := range []string{"", "# words\n", "grants:\n", "grants: []\n"} {
		if got, err := source.ParseGrants([]byte(nothing), "grants.yaml"); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", nothing, got, err)
		}
	}
}

func TestGrantsAreStrict(t *testing.T) {
	grant := func(fields string) string {
		return "grants:\n  - id: a\n    " + strings.ReplaceAll(fields, "; ", "\n    ") + "\n"
	}
	const whole = "subject: s; path: p; can: [read]"
	for _, c := range []struct{ text, want string }{
		{grant(whole + "; subjcet: t"), `g:6: unknown key "subjcet"`},
		{grant(whole + "; break_glass: perhaps"), "g:6: a value of the wrong type (str)"},
		{grant(whole + "; id: b"), `g:6: mapping key "id" already defined`},
		{"grants:\n  - subject: s\n    path: p\n    can: [read]\n", "g:2: a grant needs an id"},
		{grant("path: p; can: [read]"), `g:2: grant "a": subject is missing`},
		{grant("subjects: [s, '']; path: p; can: [read]"), `g:2: grant "a": subject is missing`},
		{grant("subject: s; can: [read]"), `g:2: grant "a": path is missing`},
		{grant("subject: s; path: p"), `g:2: grant "a": can is missing`},
		{grant("subject: s; path: p; can: [red]"), `g:2: grant "a": unknown capability "red"; there are admin, delete, `},
		{grant("subject: s; paths: [p, '']; can: [read]"), `path "" is empty; '**' means everything`},
		{grant("subject: s; path: /p; can: [read]"), `path "/p" begins with a slash`},
		{grant("subject: s; path: kv/shop**; can: [read]"), "behind a part of a name"},
		{grant("subject: s; path: kv/**/db; can: [read]"), "has ** before its end"},
		{grant("subject: s; path: kv/**/**; can: [read]"), "has ** before its end"},
		{grant("subject: s; path: 'kv/[ab]'; can: [read]"), "which have no meaning in paths"},
		{grant("subject: s; path: 'kv/{a,b}'; can: [read]"), "which have no meaning in paths"},
		{grant("subject: s; path: 'kv/a?'; can: [read]"), "which have no meaning in paths"},
		{grant("subject: s; path: kv/*/db; can: [read]; break_glass: true"), "a grant for emergencies names paths or subtrees"},
		{grant(whole) + "  - id: a\n    " + strings.ReplaceAll(whole, "; ", "\n    "), `g:6: grant "a" has the id of the one in line 2`},
		{"grants:\n  - x\n", "g:2: "},
		{"grants: [\n", "g:1: "},
		{"grants: {a: 1}\n", "g:1: a value of the wrong type (map)"},
		{"grunts: []\n", `g:1: unknown key "grunts"`},
		{"- id: a\n", "g:1: a value of the wrong type (seq)"},
		{"grants: []\n---\ngrants: []\n", "a second document; only one is read"},
	} {
		_, err := source.ParseGrants([]byte(c.text), "g")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\nerror %v, want %q", c.text, err, c.want)
		}
	}
	_, err := source.ParseGrants([]byte("grants:\n  - {id: a}\n  - {id: b, subject: s, path: p, can: [x]}\n"), "g")
	wantError(t, err, `g:2: grant "a"`, `g:3: grant "b"`) // all mistakes at once
	_, err = source.ParseGrants([]byte("grants:\n  # who\n  # reads\n  - {id: a,\n     bogus: 1}\n"), "g")
	wantError(t, err, `g:5: unknown key "bogus"`)
	_, err = source.ParseGrants([]byte("grants:\n  # who\n  # reads\n  - id: a\n    bogus: 1\n"), "g")
	wantError(t, err, `g:5: unknown key "bogus"`)
	all, err := source.ParseGrants([]byte("grants:\n  - &a {id: a, subject: s, path: p, can: [read], expires_at: '2027-01-31'}\n  - {<<: *a, id: b, expires_at: 1801353600}\n"), "g")
	if err != nil || len(all) != 2 || all[1].Subjects[0] != "s" || !all[0].ExpiresAt.Equal(all[1].ExpiresAt) {
		t.Errorf("with an anchor: %+v, %v", all, err)
	}
}

func TestIndexGrants(t *testing.T) {
	all, err := source.ParseGrants([]byte(`
grants:
  - {id: a, subject: s, paths: [kv/a, "kv/b/**", "**"], can: [read, list], expires_at: 2023-11-14T22:13:20Z}
  - {id: b, subjects: [s, t], paths: [kv/a, "kv/*/db", "kv/*/x/**"], can: [write]}
  - {id: c, subject: s, paths: [kv/a, "kv/c/**"], can: [read], break_glass: true}
`), "g")
	if err != nil {
		t.Fatal(err)
	}
	const never = int64(253402300799) // 9999-12-31T23:59:59Z
	a := map[string]any{"id": "a", "capabilities": map[string]any{"read": true, "list": true}, "expires_at": int64(1_700_000_000)}
	b := map[string]any{"id": "b", "capabilities": map[string]any{"write": true}, "expires_at": never}
	c := map[string]any{"id": "c", "capabilities": map[string]any{"read": true}, "expires_at": never}
	wild := func(pattern string) map[string]any {
		return map[string]any{"id": "b", "capabilities": map[string]any{"write": true}, "expires_at": never, "pattern": pattern}
	}
	patterns := []any{wild("kv/*/db"), wild("kv/*/x/**")}
	want := map[string]any{
		"grants": map[string]any{
			"s": map[string]any{"kv/a": []any{a, b}, "kv/b/": []any{a}, "": []any{a}},
			"t": map[string]any{"kv/a": []any{b}},
		},
		"wildcards":   map[string]any{"s": patterns, "t": patterns},
		"break_glass": map[string]any{"s": map[string]any{"kv/a": []any{c}, "kv/c/": []any{c}}},
	}
	if diff := cmp.Diff(want, source.IndexGrants(all)); diff != "" {
		t.Errorf("index (-want +got):\n%s", diff)
	}
}

func TestCovers(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"kv/a", []string{"kv/a"}, []string{"kv/a/", "kv/ab", "kv", ""}},
		{"kv/a/**", []string{"kv/a/", "kv/a/b", "kv/a/b/c"}, []string{"kv/a", "kv/ab", "kv"}},
		{"**", []string{"", "kv", "kv/a/b"}, nil},
		{"kv/*/db", []string{"kv/x/db", "kv//db"}, []string{"kv/x/y/db", "kv/db", "kv/x/db2", "kv/x/db/"}},
		{"kv/a*b*/x", []string{"kv/ab/x", "kv/aabb/x"}, []string{"kv/a/b/x", "kv/ba/x"}},
		{"kv/*/x/**", []string{"kv/a/x/", "kv/a/x/y/z"}, []string{"kv/a/x", "kv/a/b/x/y"}},
	} {
		g := source.Grant{Paths: []string{"other", c.pattern}}
		for _, path := range c.yes {
			if !g.Covers(path) {
				t.Errorf("%s does not cover %q", c.pattern, path)
			}
		}
		for _, path := range c.no {
			if g.Covers(path) {
				t.Errorf("%s covers %q", c.pattern, path)
			}
		}
	}
}

// TestCoversAgrees compares Covers with a plain way: split into segments.
func TestCoversAgrees(t *testing.T) {
	segment := rapid.StringOfN(rapid.SampledFrom([]rune("ab*")), 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.SliceOfN(segment, 1, 4).Draw(t, "pattern")
		path := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("ab")), 0, 4, -1), 1, 4).Draw(t, "path")
		for i, p := range pattern { // a single * within a segment
			for strings.Contains(p, "**") {
				p = strings.ReplaceAll(p, "**", "*")
			}
			pattern[i] = p
		}
		want := slices.EqualFunc(pattern, path, segmentMatches)
		g := source.Grant{Paths: []string{strings.Join(pattern, "/")}}
		if got := g.Covers(strings.Join(path, "/")); got != want {
			t.Fatalf("%q covers %q: %v, want %v", pattern, path, got, want)
		}
	})
}

func segmentMatches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(text, first) || !strings.HasSuffix(text[len(first):], last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}
