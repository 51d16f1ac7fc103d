package check_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/check"
	"github.com/stanch-dev/stanch/policies/policiestest"
	"github.com/stanch-dev/stanch/policies/source"
)

func run(t testing.TB, docs source.Documents, opts check.Options) check.Report {
	t.Helper()
	r, err := check.Run(context.Background(), docs, opts)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// places returns FILE:LINE RULE of the report's findings.
func places(r check.Report) []string {
	all := []string{}
	for _, f := range r.Findings {
		all = append(all, strings.TrimPrefix(f.File, "policies/")+":"+strconv.Itoa(f.Line)+" "+f.Rule)
	}
	return all
}

func text(t testing.TB, r check.Report) string {
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEmbeddedPoliciesAreClean(t *testing.T) {
	docs, err := policies.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if len(docs.Modules) == 0 {
		t.Fatal("no modules")
	}
	if r := run(t, docs, check.Options{}); len(r.Findings) > 0 {
		t.Errorf("the embedded policies:\n%s", text(t, r))
	}
}

// TestExpiredRules has a rule that ends: a moment before, it decides.
func TestExpiredRules(t *testing.T) {
	docs := policiestest.Documents(t, "config/data.yaml", `
redaction:
  rules:
    "*":
      - {id: for-good, action: allow}
      - id: until-2027
        action: allow
        expires_at: 2027-01-31
`)
	end := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	if r := run(t, docs, check.Options{Now: end.Add(-time.Second)}); len(r.Findings) > 0 {
		t.Errorf("before the end:\n%s", text(t, r))
	}
	r := run(t, docs, check.Options{Now: end})
	if got := text(t, r); r.Failed() || !strings.HasPrefix(got, "policies/config/data.yaml:8: redaction rule \"until-2027\" has expired and decides nothing [expired-rule]\n") {
		t.Errorf("failed: %v\n%s", r.Failed(), got)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, module, rule, message string }{
		{"parse", "package stanch.access\n\ndecision :=\n", "parse", "unexpected"},
		{"empty", "# nothing\n", "parse", "empty module"},
		{"clock", "package stanch.access\n\ndecision := {\"allow\": true} if time.now_ns() > 0\n", "clock", "time.now_ns"},
		{"network", "package stanch.access\n\ndecision := http.send({})\n", "sandbox", "http.send"},
		{"no such function", "package stanch.access\n\ndecision := alow(1)\n", "undefined-function", "alow"},
		{"misspelt field", "package stanch.access\n\ndecision := {\"allow\": true} if input.context.mfaa\n", "unknown-field", "mfaa"},
		{"misspelt setting", "package stanch.access\n\ndecision := {\"allow\": true} if data.config.acces\n", "unknown-field", "acces"},
		{"unused argument", "package stanch.access\n\nf(a, b) := a\n\ndecision := f(1, 2)\n", "unused-argument", "b"},
		{"unused variable", "package stanch.access\n\ndecision if x := 1\n", "unused-variable", "x"},
		{"unsafe", "package stanch.access\n\ndecision := x\n", "unsafe-var", "x"},
		{"recursion", "package stanch.access\n\ndecision := a\n\na := decision\n", "recursion", "recursive"},
		{"type", "package stanch.access\n\ndecision := 1 + \"a\"\n", "type", "invalid argument"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := run(t, policiestest.Documents(t, "access/access.rego", c.module), check.Options{})
			i := slices.IndexFunc(r.Findings, func(f check.Finding) bool { return f.Rule == c.rule })
			if i < 0 {
				t.Fatalf("no finding %s:\n%s", c.rule, text(t, r))
			}
			if f := r.Findings[i]; f.Severity != check.Error || !r.Failed() || f.File != "policies/access/access.rego" || f.Line == 0 || !strings.Contains(f.Message, c.message) {
				t.Errorf("%+v, want an error about %q", f, c.message)
			}
		})
	}
}

func TestMistakesOfTwoFiles(t *testing.T) {
	r := run(t, policiestest.Documents(t, "a.rego", "package a\n\nx := )\n", "b.rego", "package b\n\ny := )\n"), check.Options{})
	want := []string{"a.rego:3 parse", "b.rego:3 parse"}
	if diff := cmp.Diff(want, slices.Compact(places(r))); diff != "" {
		t.Error(diff)
	}
}

const tested = `package stanch.access_test

import data.stanch.access

test_denied if not access.decision.allow with input as {}
`

const sound = `# METADATA
# title: Nothing is allowed
# description: To start from.
package stanch.access

# METADATA
# title: The decision
# description: Always no.
# entrypoint: true
default decision := {"allow": false}
`

func TestVacuous(t *testing.T) {
	docs := policiestest.Documents(t, "access/access.rego", sound, "access/access_test.rego", tested)
	if r := run(t, docs, check.Options{}); len(r.Findings) > 0 {
		t.Fatalf("sound policies:\n%s", text(t, r))
	}
	r := run(t, docs, check.Options{Vacuous: func(context.Context, source.Documents) ([]check.Place, error) {
		return []check.Place{{File: "policies/access/access_test.rego", Line: 5, Name: "test_denied"}}, nil
	}})
	if diff := cmp.Diff([]string{"access/access_test.rego:5 vacuous-test"}, places(r)); diff != "" || !r.Failed() {
		t.Error(diff)
	}
	failed := errors.New("no tests")
	_, err := check.Run(context.Background(), docs, check.Options{Vacuous: func(context.Context, source.Documents) ([]check.Place, error) { return nil, failed }})
	if !errors.Is(err, failed) {
		t.Errorf("got %v, want %v", err, failed)
	}
}

func TestIgnore(t *testing.T) {
	loop := sound + "\nelsewhere if {\n\t%sinput.subject.keys[_] != \"root\"\n}\n"
	for _, c := range []struct {
		comment string
		want    int
	}{
		{"", 1}, {"# check:ignore inequality-in-loop\n\t", 0}, {"# check:ignore hoist\n\t", 1}, {"# check:ignore hoist inequality-in-loop\n\t", 0},
	} {
		r := run(t, policiestest.Documents(t, "access/access.rego", strings.Replace(loop, "%s", c.comment, 1), "access/access_test.rego", tested), check.Options{})
		if len(r.Findings) != c.want {
			t.Errorf("%q: %d findings, want %d:\n%s", c.comment, len(r.Findings), c.want, text(t, r))
		}
	}
}

func TestHidden(t *testing.T) {
	for _, c := range []struct {
		module string
		want   []string
	}{
		{sound + "\n# \u202eif\u202c\n", []string{"access/access.rego:12 hidden-text", "access/access.rego:12 hidden-text"}},
		{sound + "\nx := \"a\u200bb\"\n", []string{"access/access.rego:12 hidden-text"}},
		{sound + "\nx := \"a\\u200bb é ü 日\"\n", []string{}},
		{"\ufeff" + sound, []string{}},
	} {
		r := run(t, policiestest.Documents(t, "access/access.rego", c.module, "access/access_test.rego", tested), check.Options{})
		r.Findings = slices.DeleteFunc(r.Findings, func(f check.Finding) bool { return f.Rule != "hidden-text" })
		if diff := cmp.Diff(c.want, places(r)); diff != "" {
			t.Errorf("%q: %s", c.module, diff)
		}
	}
}

func TestText(t *testing.T) {
	r := check.Report{Findings: []check.Finding{
		{File: "p/a.rego", Line: 3, Column: 1, Rule: "hoist", Severity: check.Warning, Message: "again", Help: "Do it\nonce."},
		{File: "p/b.rego", Line: 4, Column: 2, Rule: "type", Severity: check.Error, Message: "wrong"},
	}}
	want := "p/a.rego:3: again [hoist]\n    Do it\n    once.\np/b.rego:4: wrong [type]\n"
	if diff := cmp.Diff(want, text(t, r)); diff != "" {
		t.Error(diff)
	}
	if !r.Failed() || (check.Report{Findings: r.Findings[:1]}).Failed() {
		t.Error("an error fails, a warning does not")
	}
}
