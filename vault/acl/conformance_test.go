package acl_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/acl"
)

// TestRecordedAnswers compares with what OpenBao 2.6.2 answered at
// sys/capabilities, for documents in HCL and for the same ones in JSON.
func TestRecordedAnswers(t *testing.T) {
	text, err := os.ReadFile("testdata/acl-openbao.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for number, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		var c struct {
			Policies  map[string]string
			Decisions map[string][]string
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		var documents, inJSON []*acl.Policy
		for _, name := range slices.Sorted(maps.Keys(c.Policies)) {
			documents = append(documents, parse(t, name, c.Policies[name]))
			inJSON = append(inJSON, parse(t, name, asJSON(c.Policies[name])))
		}
		a, b := acl.New(documents...), acl.New(inJSON...)
		for path, want := range c.Decisions {
			if diff := cmp.Diff(want, a.Capabilities(path)); diff != "" {
				t.Errorf("line %d, path %q (-recorded +ours):\n%s", number+1, path, diff)
			}
			if diff := cmp.Diff(want, b.Capabilities(path)); diff != "" {
				t.Errorf("line %d in JSON, path %q (-recorded +ours):\n%s", number+1, path, diff)
			}
			compared++
		}
	}
	if compared < 3000 {
		t.Errorf("compared %d answers, want at least 3000", compared)
	}
}

// asJSON writes one of the recorded documents, which have one block a line, as
// JSON. A path that stands twice stays twice.
func asJSON(hcl string) string {
	var blocks []string
	for line := range strings.Lines(hcl) {
		var path string
		rest := strings.TrimSpace(line)
		if n, err := fmt.Sscanf(rest, "path %q", &path); n != 1 || err != nil {
			panic(line)
		}
		list := rest[strings.Index(rest, "["):strings.Index(rest, "]")] + "]"
		blocks = append(blocks, fmt.Sprintf("{%q: {\"capabilities\": %s}}", path, list))
	}
	return `{"path": [` + strings.Join(blocks, ",\n") + "]}"
}

func parse(t testing.TB, name, text string) *acl.Policy {
	t.Helper()
	p, err := acl.Parse(name, text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestIndexIsTheDocumentedRule compares the index with the rule as the
// documentation states it, applied to a plain list of patterns.
func TestIndexIsTheDocumentedRule(t *testing.T) {
	segment := rapid.SampledFrom([]string{"a", "b", "ab", "abc", "a+", "+", "+", ""})
	path := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		granted := map[string]string{} // pattern → the only policy that grants it
		var policies []*acl.Policy
		for i, p := range rapid.SliceOfN(path, 1, 12).Draw(t, "patterns") {
			if rapid.Bool().Draw(t, "star") && !strings.HasSuffix(p, "+") {
				p += "*"
			}
			p = strings.TrimLeft(p, "/")
			if p == "" || granted[p] != "" {
				continue
			}
			granted[p] = fmt.Sprint("p", i)
			policy, err := acl.Parse(granted[p], fmt.Sprintf("path %q { capabilities = [\"read\"] }", p))
			if err != nil {
				t.Fatal(err)
			}
			policies = append(policies, policy)
		}
		asked := strings.TrimLeft(path.Draw(t, "path"), "/")
		got := acl.New(policies...).Decide(acl.Request{Operation: acl.Read, Path: asked})
		want := documented(slices.Sorted(maps.Keys(granted)), asked)
		if got.Pattern != want || got.Policy != granted[want] || got.Allowed != (granted[want] != "") {
			t.Fatalf("path %q of %q: decided by %q of policy %q, want %q", asked, slices.Sorted(maps.Keys(granted)), got.Pattern, got.Policy, want)
		}
	})
}

// documented picks the pattern that decides a path, or "".
func documented(patterns []string, path string) (best string) {
	found := false
	for _, p := range patterns {
		if p == path && !segmented(p) && !strings.HasSuffix(p, "*") {
			return p
		}
		if matches(p, path) && (!found || loses(best, p)) {
			best, found = p, true
		}
	}
	return best
}

func segmented(p string) bool {
	return p == "+" || strings.HasPrefix(p, "+/") || strings.Contains(p, "/+")
}

func matches(pattern, path string) bool {
	start, star := strings.CutSuffix(pattern, "*")
	want, got := strings.Split(start, "/"), strings.Split(path, "/")
	if len(got) < len(want) || !star && len(got) != len(want) {
		return false
	}
	for i, w := range want {
		last := star && i == len(want)-1
		if w != "+" && w != got[i] && !(last && strings.HasPrefix(got[i], w)) {
			return false
		}
	}
	return true
}

// loses reports whether p gives way to q, by the five rules in their order.
func loses(p, q string) bool {
	first := func(s string) int {
		if segmented(s) {
			return strings.Index(s, "+")
		}
		return strings.LastIndex(s, "*")
	}
	wild := func(s string) (n int) {
		for _, segment := range strings.Split(s, "/") {
			if segment == "+" {
				n++
			}
		}
		return n
	}
	startP, starP := strings.CutSuffix(p, "*")
	startQ, starQ := strings.CutSuffix(q, "*")
	switch {
	case first(p) != first(q):
		return first(p) < first(q)
	case starP != starQ:
		return starP
	case wild(p) != wild(q):
		return wild(p) > wild(q)
	case len(startP) != len(startQ):
		return len(startP) < len(startQ)
	}
	return startP < startQ
}
