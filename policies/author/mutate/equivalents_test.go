package mutate_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/author/mutate"
)

const list = `# what needs no test
- file: access/access.rego
  mutant: 'decision: drop input.context.time >= 100'
  reason: the door opened before
- {file: access/access.rego, mutant: "decision: drop the default", reason: "undefined is \"no\" too"}
`

func TestEquivalents(t *testing.T) {
	equivalents, err := mutate.ParseEquivalents([]byte(list), "e.yaml")
	if err != nil {
		t.Fatal(err)
	}
	docs := documents(t, door, weak)
	r := run(t, docs, mutate.Options{Equivalents: equivalents})
	want := []string{"decision: drop input.context.time >= 100", "decision: drop the default"}
	if got := changes(r.Equivalents); !slices.Equal(got, want) || len(r.Survivors) != 8 || r.Score != 50 || r.Equivalents[0].Reason != "the door opened before" {
		t.Errorf("equivalents %q and\n%s", got, text(t, r))
	}
	for what, change := range map[string]string{"is killed": "decision: negate input.context.time >= 100", "is gone": "decision: drop input.context.time >= 7"} {
		stale := append(slices.Clone(equivalents), mutate.Equivalent{Path: "access/access.rego", Mutant: change, Reason: "none", Place: "e.yaml:9"})
		r, err := mutate.Run(context.Background(), docs, mutate.Options{Equivalents: stale})
		if err == nil || !strings.Contains(err.Error(), "e.yaml:9: no mutant of access/access.rego survives") || len(r.Equivalents) != 2 {
			t.Errorf("an entry that %s: error %v, %d equivalents", what, err, len(r.Equivalents))
		}
	}
}

func TestParseEquivalents(t *testing.T) {
	got, err := mutate.ParseEquivalents([]byte(list), "e.yaml")
	want := []mutate.Equivalent{
		{Path: "access/access.rego", Mutant: "decision: drop input.context.time >= 100", Reason: "the door opened before", Place: "e.yaml:2"},
		{Path: "access/access.rego", Mutant: "decision: drop the default", Reason: `undefined is "no" too`, Place: "e.yaml:5"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for _, empty := range []string{"", "# nothing\n", "[]\n", "---\n"} {
		if got, err := mutate.ParseEquivalents([]byte(empty), "e.yaml"); len(got) != 0 || err != nil {
			t.Errorf("%q: %v, %v", empty, got, err)
		}
	}
	for text, want := range map[string]string{
		"file: a":                          "e.yaml:1: not a list",
		"- a":                              "e.yaml:1: not an object",
		"\n- {file: a, mutant: b}":         "e.yaml:2: file, mutant and reason are all needed",
		"- {file: a, mutant: b, reason: }": "e.yaml:1: reason is not a text at line 1",
		"- {file: a, mutant: [b]}":         "e.yaml:1: mutant is not a text",
		"- file: a\n  why: b":              `e.yaml:1: unknown key "why" at line 2`,
		"- {file: a, file: b}":             "e.yaml:1: file is there twice",
		"- {file: a, mutant: b, reason: c}\n- {file: a, mutant: b, reason: d}": "e.yaml:2: listed twice",
		"- {":                      "e.yaml: line 1",
		"[]\n---\n[]":              "e.yaml: more than one document",
		"- &a {file: a}\n- *a":     "e.yaml:2: not an object",
		strings.Repeat(" ", 2<<20): "e.yaml: larger than 1 MiB",
	} {
		if _, err := mutate.ParseEquivalents([]byte(text), "e.yaml"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: error %v, want %q", text, err, want)
		}
	}
}

// FuzzParseEquivalents holds that what is read is complete, and nothing breaks down.
func FuzzParseEquivalents(f *testing.F) {
	for _, seed := range []string{list, "", "- a", "- {file: a, mutant: b, reason: c}", "&a [*a]", "- {? {a: b} : c}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := mutate.ParseEquivalents(text, "e.yaml")
		for _, e := range all {
			if err == nil && (e.Path == "" || e.Mutant == "" || e.Reason == "" || !strings.HasPrefix(e.Place, "e.yaml:")) {
				t.Fatalf("%+v is not complete", e)
			}
		}
	})
}
