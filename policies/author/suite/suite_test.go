package suite_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

const access = `package stanch.access

default decision := {"allow": false}

decision := {"allow": true} if {
	input.action.name == "read"
	"group/sre" in input.subject.keys
}

decision := {"allow": true, "obligations": ["audit_reveal"]} if {
	input.action.name == "reveal"
	print("reveal by", input.subject.id)
}

level(n) := "high" if n > 10

level(n) := "low" if n <= 10
`

const tests = `package stanch.access_test

import data.stanch.access

test_sre_reads if access.decision.allow with input as {"action": {"name": "read"}, "subject": {"keys": ["group/sre"]}}

test_nobody_reads if not access.decision.allow with input as {"action": {"name": "read"}, "subject": {"keys": []}}

test_levels[note] if {
	some note, c in {"ten": {"n": 10, "want": "low"}, "eleven": {"n": 11, "want": "high"}, "wrong": {"n": 3, "want": "high"}}
	got := access.level(c.n)
	got == c.want
}

test_reveal if {
	got := access.decision with input as {"action": {"name": "reveal"}, "subject": {"id": "kim"}}
	got.allow == true
	count(got.obligations) == 2
}

test_broken if to_number(access.level(1)) == 1

todo_test_later if false
`

func documents(t testing.TB, files ...string) source.Documents {
	t.Helper()
	texts := map[string][]byte{}
	for i := 0; i < len(files); i += 2 {
		texts[files[i]] = []byte(files[i+1])
	}
	docs, err := source.FromFiles(texts, "p")
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func run(t testing.TB, docs source.Documents, o suite.Options) suite.Report {
	t.Helper()
	r, err := suite.Run(context.Background(), docs, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t testing.TB, r suite.Report, verbose bool) string {
	t.Helper()
	r.Duration = 12 * time.Millisecond
	var b strings.Builder
	if err := r.Write(&b, verbose); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRun(t *testing.T) {
	r := run(t, documents(t, "access/access.rego", access, "access/access_test.rego", tests), suite.Options{Coverage: true})
	want := `p/access/access_test.rego:12: FAIL test_levels[wrong]: got == c.want: is "low", not "high"
p/access/access_test.rego:18: FAIL test_reveal: count(got.obligations) == 2: is 1, not 2
    reveal by kim
p/access/access_test.rego:21: ERROR test_broken: to_number: strconv.ParseFloat: parsing "low": invalid syntax: to_number(access.level(1))
p/access/access_test.rego:23: SKIP todo_test_later
4 passed, 2 failed, 1 could not be evaluated, 1 skipped in 12ms; 100.0 % of the lines are reached
`
	if diff := cmp.Diff(want, text(t, r, false)); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if !r.Failed() {
		t.Error("the report says that nothing failed")
	}
	if long := text(t, r, true); !strings.Contains(long, "PASS test_levels[ten]") || !strings.Contains(long, `"low"`) {
		t.Errorf("the long report lacks what passed or the values of what failed:\n%s", long)
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct{ condition, want string }{
		"objects":  {`got := object.union({"a": 1, "b": {"c": [1]}}, {}); want := object.union({"b": {"c": [2]}, "e": 3}, {}); got == want`, `got == want: has "a"; b.c is [1], not [2]; lacks "e"`},
		"sets":     {`got := {"s": {1, 2}}; got == {"s": {2, 3}}`, `got == {"s": {2, 3}}: s has 1; s lacks 3`},
		"many":     {`got := {1, 2, 3, 4, 5, 6}; got == set()`, `got == set(): has 1; has 2; has 3; has 4; and 2 more`},
		"order":    {`got := 3; got > 4`, `got > 4`},
		"not":      {`got := 3; not got == 3`, `not got == 3`},
		"no place": {`input.key == 1`, ""}, // OPA's index leaves the rule out before it is tried
		"every":    {`every x in [1, 2] { x == 1 }`, `x == 1: is 2, not 1`},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, documents(t, "access/access_test.rego", "package own_test\n\ntest_it if { "+c.condition+" }\n"), suite.Options{})
			got, _, _ := strings.Cut(text(t, r, false), "\n")
			if want := strings.TrimSuffix("p/access/access_test.rego:3: FAIL test_it: "+c.want, ": "); got != want {
				t.Errorf("reported\n%s, want\n%s", got, want)
			}
		})
	}
}

func TestFilter(t *testing.T) {
	docs := documents(t, "access/access.rego", access, "access/access_test.rego", tests)
	r := run(t, docs, suite.Options{Filter: `access_test\.test_sre`})
	if len(r.Tests) != 1 || r.Failed() || r.Coverage != nil {
		t.Errorf("report %+v, want one test that passes", r)
	}
	if r = run(t, docs, suite.Options{Filter: "nothing"}); !r.Failed() {
		t.Error("a run of no tests counts as good")
	}
	if _, err := suite.Run(context.Background(), docs, suite.Options{Filter: "("}); err == nil {
		t.Error("a filter that is no regular expression was taken")
	}
}

func TestCoverage(t *testing.T) {
	r := run(t, documents(t, "access/access.rego", access, "access/access_test.rego", tests), suite.Options{Coverage: true, Filter: "test_sre"})
	want := []suite.FileCoverage{{
		File: "p/access/access.rego", Percent: 100 * 4.0 / 9,
		Covered:    []suite.Lines{{5, 7}, {11, 11}},
		NotCovered: []suite.Lines{{3, 3}, {10, 10}, {12, 12}, {15, 15}, {17, 17}},
	}}
	got := r.Coverage.Files
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("coverage (-want +got):\n%s", diff)
	}
	if got[0].Reaches(12) || !got[0].Reaches(6) {
		t.Error("lines are reached that are not, or the other way round")
	}
}

func TestEmbeddedPoliciesFillWhatIsMissing(t *testing.T) {
	docs := documents(t, "access/access_test.rego", "package stanch.access_test\ntest_closed if not data.stanch.access.decision.allow with input as {}\n"+
		"test_there if data.stanch.access.decision.allow == false with input as {}\n"+
		"test_config if data.config.gate\n")
	r := run(t, docs, suite.Options{Coverage: true})
	if r.Passed != 3 || r.Failed() || len(r.Coverage.Files) != 0 {
		t.Errorf("report %+v, want three tests that pass and no file of the directory", r)
	}
}

func TestVacuous(t *testing.T) {
	docs := documents(t, "access/access.rego", access+"\ndeny contains 1 if input.acl\n\nwhere[x].y := 1 if some x in [1]\n",
		"access/own_test.rego", "package stanch.access\n\ntest_same_package if decision.allow == false with input as {}\n",
		"access/access_test.rego", tests+`
test_constant if 1 + 1 == 2

test_no_rows[x] if some x in access.where[7]

test_no_deny if count(access.deny) == 0

test_table[note] if {
	some note, want in {"allowed": true, "denied": false}
	got := {"x" | access.decision.allow with input as {"action": {"name": ["read", "reveal"][count({1 | want})]}}}
	(got != set()) == want
}
`)
	found, err := suite.Vacuous(context.Background(), docs)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, id := range found {
		names = append(names, id.String())
	}
	want := []string{"test_nobody_reads", "test_constant", "test_no_rows", "test_table[denied]"}
	if !slices.Equal(names, want) {
		t.Errorf("vacuous tests %v, want %v", names, want)
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct{ file, text, want string }{
		"test does not parse":   {"access/access_test.rego", "package x\ntest_a if {", "p/access/access_test.rego:2: "},
		"test does not compile": {"access/access_test.rego", "package x\ntest_a if y > 1", "p/access/access_test.rego:2: var y is unsafe"},
		"policy is wrong":       {"access/access.rego", "package stanch.access\ndecision := {\"allow\": true} if input.context.mfaa", "p/access/access.rego:2: undefined ref"},
		"forbidden in a test":   {"access/access_test.rego", "package x\ntest_a if time.now_ns() > 1", "p/access/access_test.rego:2: undefined function time.now_ns"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := suite.Run(context.Background(), documents(t, c.file, c.text), suite.Options{})
			if _, isList := errors.AsType[sandbox.Errors](err); !isList || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v (%T), want %q", err, err, c.want)
			}
		})
	}
}

func TestSlowTestEnds(t *testing.T) {
	docs := documents(t, "access/access_test.rego",
		"package x\ntest_slow if count([1 | some i in numbers.range(1, 9000); some j in numbers.range(1, 9000); i == j]) > 0\n")
	r := run(t, docs, suite.Options{Timeout: 20 * time.Millisecond})
	if r.Errors != 1 || !r.Failed() {
		t.Errorf("report %+v, want a test that was stopped", r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := suite.Run(ctx, docs, suite.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v after the context ended", err)
	}
}

// TestDefaults holds that the embedded policies pass their own tests, all of them.
func TestDefaults(t *testing.T) {
	docs, err := policies.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if r := run(t, docs, suite.Options{}); r.Failed() || r.Skipped > 0 {
		t.Error(text(t, r, false))
	}
}
