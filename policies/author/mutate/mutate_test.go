package mutate_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/mutate"
	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

func documents(t testing.TB, policy, tests string) source.Documents {
	t.Helper()
	files := map[string][]byte{"access/access.rego": []byte("package stanch.access\n" + policy)}
	if tests != "" {
		if strings.Contains(tests, "access.") {
			tests = "import data.stanch.access\n\n" + tests
		}
		files["access/access_test.rego"] = []byte("package stanch.access_test\n\n" + tests)
	}
	docs, err := source.FromFiles(files, "p")
	if err != nil {
		t.Fatal(err)
	}
	return docs
}

func run(t testing.TB, docs source.Documents, o mutate.Options) mutate.Report {
	t.Helper()
	r, err := mutate.Run(context.Background(), docs, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func text(t testing.TB, r mutate.Report) string {
	t.Helper()
	r.Duration = 1500 * time.Millisecond
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func changes(list []mutate.Mutant) []string {
	all := []string{}
	for _, m := range list {
		all = append(all, m.Change)
	}
	return all
}

const door = `
default decision := {"allow": false}

decision := {"allow": true} if {
	input.action.name in {"read", "list"}
	input.context.time >= 100
}
`

const (
	weak = `test_read if access.decision.allow with input as {"action": {"name": "read"}, "context": {"time": 200}}
`
	strong = `decided(name, time) := decision if {
	decision := access.decision with input as {"action": {"name": name}, "context": {"time": time}}
}

test_times[note] if {
	some note, c in {
		"read": ["read", 100, true], "list": ["list", 100, true], "early": ["read", 99, false], "write": ["write", 100, false],
	}
	decided(c[0], c[1]) == {"allow": c[2]}
}
`
)

// TestSurvivors gives a policy tests that miss much, and then some that miss nothing.
func TestSurvivors(t *testing.T) {
	r := run(t, documents(t, door, weak), mutate.Options{})
	want := `p/access/access.rego:3:1: survives: decision: drop the default (not covered)
    default decision := {"allow": false}
p/access/access.rego:3:22: survives: decision: drop the key "allow" in decision := {"allow": false} (not covered)
    default decision := {"allow": false}
p/access/access.rego:3:31: survives: decision: false becomes true in decision := {"allow": false} (not covered)
    default decision := {"allow": false}
p/access/access.rego:6:2: survives: decision: drop input.action.name in {"read", "list"}
    input.action.name in {"read", "list"}
p/access/access.rego:6:32: survives: decision: drop the element "list" in input.action.name in {"read", "list"}
    input.action.name in {"read", "list"}
p/access/access.rego:6:32: survives: decision: "list" changes in input.action.name in {"read", "list"}
    input.action.name in {"read", "list"}
p/access/access.rego:7:2: survives: decision: drop input.context.time >= 100
    input.context.time >= 100
p/access/access.rego:7:21: survives: decision: >= becomes > in input.context.time >= 100
    input.context.time >= 100
p/access/access.rego:7:24: survives: decision: 100 becomes 101 in input.context.time >= 100
    input.context.time >= 100
p/access/access.rego:7:24: survives: decision: 100 becomes 99 in input.context.time >= 100
    input.context.time >= 100
18 mutants: 8 killed, 10 survive; 0 do not compile, 0 change nothing; score 44.4 % in 1.5s
`
	if diff := cmp.Diff(want, text(t, r)); diff != "" {
		t.Errorf("report of the weak tests (-want +got):\n%s", diff)
	}
	if !r.Failed() {
		t.Error("the report says that all is well")
	}
	r = run(t, documents(t, door, strong), mutate.Options{})
	if r.Failed() || r.Killed != 18 || r.Score != 100 {
		t.Errorf("report of the strong tests:\n%s", text(t, r))
	}
}

// TestKinds lists the mutants of small rules: without tests, all of them survive.
func TestKinds(t *testing.T) {
	for name, c := range map[string]struct {
		policy string
		want   []string
	}{
		"comparison": {`r if input.context.time < 5`, []string{
			"never holds: r if input.context.time < 5", "drop input.context.time < 5", "negate input.context.time < 5",
			"< becomes <= in input.context.time < 5", "< becomes >= in input.context.time < 5",
			"5 becomes 6 in input.context.time < 5", "5 becomes 4 in input.context.time < 5"}},
		"not": {`r if not input.context.mfa`, []string{
			"never holds: r if not input.context.mfa", "drop not input.context.mfa", "negate not input.context.mfa"}},
		"operators": {`r := ({1} | {2}) - input.x`, []string{
			"never holds: r := ({1} | {2}) - input.x",
			"({1} | {2}) - input.x becomes ({1} | {2}) in r := ({1} | {2}) - input.x", "({1} | {2}) - input.x becomes input.x in r := ({1} | {2}) - input.x",
			"({1} | {2}) becomes {1} in r := ({1} | {2}) - input.x", "({1} | {2}) becomes {2} in r := ({1} | {2}) - input.x", "| becomes & in r := ({1} | {2}) - input.x",
			"drop the element 1 in r := ({1} | {2}) - input.x", "1 becomes 2 in r := ({1} | {2}) - input.x", "1 becomes 0 in r := ({1} | {2}) - input.x",
			"drop the element 2 in r := ({1} | {2}) - input.x", "2 becomes 3 in r := ({1} | {2}) - input.x", "2 becomes 1 in r := ({1} | {2}) - input.x"}},
		"function": {`r if f("a")
f("a") := lower(trim_space(input.x))`, []string{
			`never holds: r if f("a")`, `drop f("a")`, `negate f("a")`, `"a" changes in f("a")`,
			`never holds: f("a") := lower(trim_space(input.x))`, `"a" changes in f("a") := lower(trim_space(input.x))`,
			`lower(trim_space(input.x)) becomes trim_space(input.x) in f("a") := lower(trim_space(input.x))`,
			`trim_space(input.x) becomes input.x in f("a") := lower(trim_space(input.x))`}},
		"else": {`r := 1.5 if input.a else := -1 if input.b == 0`, []string{
			"never holds: r := 1.5 if input.a else := -1 if input.b == 0", "1.5 becomes 2.5 in r := 1.5", "1.5 becomes 0.5 in r := 1.5", "drop input.a", "negate input.a",
			"never holds: else := -1 if input.b == 0", "-1 becomes 0 in else := -1", "-1 becomes -2 in else := -1", "drop equal(input.b, 0)", "negate equal(input.b, 0)",
			"== becomes != in equal(input.b, 0)", "0 becomes 1 in equal(input.b, 0)", "0 becomes -1 in equal(input.b, 0)"}},
		"set": {`r contains ["x", true] if some y in input.xs`, []string{
			`never holds: r contains ["x", true] if some y in input.xs`,
			`drop the element "x" in r contains ["x", true]`, `"x" changes in r contains ["x", true]`,
			`drop the element true in r contains ["x", true]`, `true becomes false in r contains ["x", true]`, "drop some y in input.xs"}},
		"every": {`r if every x in input.xs { x > 1 }`, []string{
			"never holds: r if every x in input.xs { x > 1 }", "drop every x in input.xs { x > 1 }", "negate x > 1",
			"> becomes >= in x > 1", "> becomes <= in x > 1", "1 becomes 2 in x > 1", "1 becomes 0 in x > 1"}},
		"comprehension": {`r := max([x[2] | some x in input.xs; x != 1])`, []string{
			"never holds: r := max([x[2] | some x in input.xs; x != 1])",
			"max([x[2] | some x in input.xs; x != 1]) becomes [x[2] | some x in input.xs; x != 1] in r := max([x[2] | some x in input.xs; x != 1])",
			"max becomes min in r := max([x[2] | some x in input.xs; x != 1])",
			"2 becomes 3 in [x[2] | some x in input.xs; x != 1]", "2 becomes 1 in [x[2] | some x in input.xs; x != 1]",
			"drop x != 1", "negate x != 1", "!= becomes == in x != 1", "1 becomes 2 in x != 1", "1 becomes 0 in x != 1"}},
		"object and with": {`r := {"k": {v: w | some v, w in input.xs}} if s with input.z as "z"
s := $"a {input.y}" if input.z`, []string{
			`never holds: r := {"k": {v: w | some v, w in input.xs}} if s with input.z as "z"`,
			`drop the key "k" in r := {"k": {v: w | some v, w in input.xs}}`,
			`drop s with input.z as "z"`, `negate s with input.z as "z"`, `"z" changes in s with input.z as "z"`,
			`never holds: s := $"a {input.y}" if input.z`, `$"a {input.y}" changes in s := $"a {input.y}"`, "drop input.z", "negate input.z"}},
		"twice": {"r contains 1 if input.a\nr contains 2 if input.a", []string{
			"never holds: r contains 1 if input.a", "1 becomes 2 in r contains 1", "1 becomes 0 in r contains 1", "drop input.a", "negate input.a",
			"never holds: r contains 2 if input.a", "2 becomes 3 in r contains 2", "2 becomes 1 in r contains 2", "drop input.a (2)", "negate input.a (2)"}},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := source.FromFiles(map[string][]byte{"own.rego": []byte("package own\n" + strings.ReplaceAll(c.policy, "\n", "\n\n"))}, "p")
			if err != nil {
				t.Fatal(err)
			}
			r := run(t, docs, mutate.Options{})
			got := changes(r.Survivors)
			for i, change := range got {
				_, got[i], _ = strings.Cut(change, ": ")
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("mutants (-want +got):\n%s", diff)
			}
			if slices.ContainsFunc(r.Survivors, func(m mutate.Mutant) bool { return !m.NotCovered }) {
				t.Error("a mutant is said to be covered where no tests are")
			}
		})
	}
}

// TestWhatDoesNotCount has mutants that do not compile, change nothing, or hang.
func TestWhatDoesNotCount(t *testing.T) {
	docs := documents(t, `
hidden contains x if {
	some x in input.subject.keys
	print("here is", x)
}

slow if {
	input.context.mfa
	some i in numbers.range(1, 5000)
	some j in numbers.range(1, 5000)
	i + j < 0
}
`, `test_hidden if access.hidden == {"a"} with input as {"subject": {"keys": ["a"]}}

test_fast if not access.slow with input as {"context": {"mfa": false}}
`)
	r := run(t, docs, mutate.Options{Timeout: 100 * time.Millisecond})
	if r.Invalid == 0 || r.Same == 0 || r.Killed+r.Invalid+r.Same+len(r.Survivors) != r.Total {
		t.Errorf("counts are not right:\n%s", text(t, r))
	}
	if got := changes(r.Survivors); slices.Contains(got, "slow: drop input.context.mfa") || !slices.Contains(got, "slow: drop i + j < 0") {
		t.Errorf("survivors %q, want none that hangs", got)
	}
}

// TestTestsThatNoLongerCompile holds that the compiler's word counts too, if it is
// about a test.
func TestTestsThatNoLongerCompile(t *testing.T) {
	r := run(t, documents(t, "\nanswer := {\"a\": 1, \"b\": 2}\n", "test_a if access.answer.a == 1\n"), mutate.Options{})
	want := []string{`answer: drop the key "b" in answer := {"a": 1, "b": 2}`, `answer: 2 becomes 3 in answer := {"a": 1, "b": 2}`, `answer: 2 becomes 1 in answer := {"a": 1, "b": 2}`}
	if diff := cmp.Diff(want, changes(r.Survivors)); diff != "" || r.Killed != 4 || r.Invalid != 0 {
		t.Errorf("%d killed, %d invalid, survivors (-want +got):\n%s", r.Killed, r.Invalid, diff)
	}
}

// TestReach has tests that ask for rules in ways that do not name them.
func TestReach(t *testing.T) {
	for name, tests := range map[string]string{
		"the whole package":  `test_all if data.stanch.access == {"a": true, "p": {"x": 1}} with input as {"context": {"mfa": true}, "action": {"name": "x"}}`,
		"by a variable":      `test_any if { count([1 | some n in ["a", "p"]; data.stanch.access[n] in {true, {"x": 1}}]) == 2 with input as {"context": {"mfa": true}, "action": {"name": "x"}} }`,
		"through a helper":   "test_a if holds(true)\n\ntest_p if access.p.x with input as {\"action\": {\"name\": \"x\"}}\n\nholds(mfa) if access.a with input as {\"context\": {\"mfa\": mfa}}",
		"under a name twice": "test_a if access.p.x == 1 with input as {\"action\": {\"name\": \"x\"}}\n\ntest_a if access.a with input as {\"context\": {\"mfa\": true}}",
		"under a path":       "a.test_a if access.p.x == 1 with input as {\"action\": {\"name\": \"x\"}}\n\na.test_b if access.a with input as {\"context\": {\"mfa\": true}}",
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, documents(t, "\na if input.context.mfa\n\np[x] := 1 if x := input.action.name\n", tests), mutate.Options{})
			got := changes(r.Survivors)
			if slices.Contains(got, "a: never holds: a if input.context.mfa") || slices.Contains(got, "a: negate input.context.mfa") || slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, "p: never") }) {
				t.Errorf("survivors %q, want a and p held by the test", got)
			}
		})
	}
}

// TestStable holds that the names of mutants do not depend on where they stand.
func TestStable(t *testing.T) {
	before := run(t, documents(t, door, weak), mutate.Options{Parallel: 1})
	calls, total := 0, 0
	after := run(t, documents(t, "\n# METADATA\n# title: more\nother := 3\n\n"+door, weak+"\ntest_other if access.other == 3\n"),
		mutate.Options{Parallel: 3, Progress: func(done, all int) { calls, total = calls+1, all }})
	if diff := cmp.Diff(changes(before.Survivors), changes(after.Survivors)); diff != "" {
		t.Errorf("survivors (-before +after lines were added):\n%s", diff)
	}
	if calls != total || total != after.Total {
		t.Errorf("progress was told %d times up to %d, of %d mutants", calls, total, after.Total)
	}
	if again, err := json.Marshal(after); err != nil || !strings.Contains(string(again), `"mutant":"decision: drop the default"`) {
		t.Errorf("as JSON: %s, %v", again, err)
	}
}

func TestRunRefuses(t *testing.T) {
	if _, err := mutate.Run(context.Background(), documents(t, door, "test_wrong if false\n"), mutate.Options{}); !errors.Is(err, mutate.ErrTestsFail) {
		t.Errorf("error %v of tests that fail", err)
	}
	_, err := mutate.Run(context.Background(), documents(t, door+"x if y", weak), mutate.Options{})
	if _, isList := errors.AsType[sandbox.Errors](err); !isList {
		t.Errorf("error %v of a policy that does not compile", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	o := mutate.Options{Progress: func(int, int) { stop() }}
	if _, err := mutate.Run(ctx, documents(t, door, weak), o); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a run that was stopped", err)
	}
}

// TestDefaults holds that the tests of the embedded policies notice every change that
// is not listed with a reason.
func TestDefaults(t *testing.T) {
	if testing.Short() {
		t.Skip("tries each mutant of the embedded policies")
	}
	docs, err := policies.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	const file = "testdata/equivalents.yaml"
	list, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	equivalents, err := mutate.ParseEquivalents(list, file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := mutate.Run(context.Background(), docs, mutate.Options{Equivalents: equivalents})
	if err != nil || r.Failed() {
		t.Errorf("%v\n%s", err, text(t, r))
	}
	t.Logf("%d mutants in %v", r.Total, r.Duration)
}
