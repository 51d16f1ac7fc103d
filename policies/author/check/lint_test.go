package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies/author/check"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

const (
	title   = "# METADATA\n# title: It\n# description: Says so.\n"
	header  = title + "package stanch.access\n\n" + title + "default decision := {\"allow\": false}\n\n"
	helper  = title + "package stanch.access.help\n\n"
	outside = title + "package stanch.help\n\n"
)

// testsOf returns a test module with body for package stanch.access.
func testsOf(body string) string {
	return "package stanch.access_test\n\nimport data.stanch.access\n\n" + body + "\n"
}

const smoke = "test_it if access.decision.allow == false with input as {}"

// TestLint has, for each rule of the lint, modules it finds something in, with the
// number of findings, and modules that are much like them in which it finds nothing.
func TestLint(t *testing.T) {
	for _, c := range []struct {
		rule, name   string
		access, test string
		want         int
	}{
		{"data-under-rules", "with a package", header, testsOf("test_it if access.decision with data.stanch.access as {\"decision\": 1}"), 1},
		{"data-under-rules", "with an imported package", header, testsOf("test_it if access.decision with access as {}"), 1},
		{"data-under-rules", "with what holds packages", header, testsOf("test_it if access.decision with data.stanch as {}"), 1},
		{"data-under-rules", "with all data", header, testsOf("test_it if access.decision with data as {}"), 1},
		{"data-under-rules", "with a rule", header, testsOf("test_it if access.decision with access.decision as {}"), 0},
		{"data-under-rules", "with settings", header, testsOf("test_it if access.decision with data.config as {} with data.index as {}"), 0},
		{"data-under-rules", "no such rule", header + "x := data.stanch.access.settings\n", testsOf(smoke), 1},
		{"data-under-rules", "no such rule, imported", header, testsOf("test_it if access.alow"), 1},
		{"data-under-rules", "a rule", header + "x := data.stanch.access.y\n\ny := 1\n", testsOf(smoke), 0},
		{"data-under-rules", "a function", header + "x := data.stanch.access.f(1)\n\nf(a) := a\n", testsOf(smoke), 0},

		{"not-on-unknown", "input without a schema", outside + "x if not input.user.admin\n", testsOf(smoke), 1},
		{"not-on-unknown", "data of nobody", header + "x if not data.settings.strict\n", testsOf(smoke), 1},
		{"not-on-unknown", "an index of nobody", header + "x if not data.index.grnts[input.subject.id]\n", testsOf(smoke), 1},
		{"not-on-unknown", "an index", header + "x if not data.index.grants[input.subject.id]\n", testsOf(smoke), 0},
		{"not-on-unknown", "input with a schema", header + "x if not input.context.mfa\n", testsOf(smoke), 0},
		{"not-on-unknown", "input with a schema, below", helper + "x if not input.context.mfa\n", testsOf(smoke), 0},
		{"not-on-unknown", "a rule", header + "x if not y\n\ny if input.context.mfa\n", testsOf(smoke), 0},
		{"not-on-unknown", "in a test", header, testsOf("test_it if not access.decision.allow with input as {}"), 0},

		{"hoist", "two loops", header + `x contains grant.id if {
	some key in input.subject.keys
	some prefix in input.resource.ancestors
	some grant in data.index.grants[key][prefix]
}
`, testsOf(smoke), 1},
		{"hoist", "within an expression", header + `x if {
	some key in input.subject.keys
	some prefix in input.resource.ancestors
	data.index.grants[key][prefix]
}
`, testsOf(smoke), 1},
		{"hoist", "assigned before", header + `x contains grant.id if {
	some key in input.subject.keys
	by_prefix := data.index.grants[key]
	some prefix in input.resource.ancestors
	some grant in by_prefix[prefix]
}
`, testsOf(smoke), 0},
		{"hoist", "one loop", header + "x contains grant.id if {\n\tsome key in input.subject.keys\n\tsome grant in data.index.wildcards[key]\n}\n", testsOf(smoke), 0},
		{"hoist", "the inner loop's key", header + `x if {
	some key in input.subject.keys
	some prefix in input.resource.ancestors
	data.index.other[prefix][key]
}
`, testsOf(smoke), 0},

		{"linear-scan", "all grants", header + "x contains g if some g in data.index.grants\n", testsOf(smoke), 1},
		{"linear-scan", "other data", header + "x if {\n\tsome g in data.people\n\tg.id == input.subject.id\n}\n", testsOf(smoke), 1},
		{"linear-scan", "by wildcard", header + "x if data.index.grants[_][input.resource.id]\n", testsOf(smoke), 1},
		{"linear-scan", "by key", header + "x contains g if some g in data.index.wildcards[input.subject.id]\n", testsOf(smoke), 0},
		{"linear-scan", "settings", header + "x contains g if some g in data.config.gate.waivers\n", testsOf(smoke), 0},
		{"linear-scan", "a rule", header + "x contains g if some g in data.stanch.access.y\n\ny := [1]\n", testsOf(smoke), 0},

		{"missing-default", "a condition", title + "package stanch.access\n\n" + title + "decision := {\"allow\": true} if input.context.mfa\n", testsOf(smoke), 1},
		{"missing-default", "no entrypoint", title + "package stanch.access\n\nallow := true\n", testsOf(smoke), 1},
		{"missing-default", "a default", header, testsOf(smoke), 0},
		{"missing-default", "else", title + "package stanch.access\n\n" + title + "decision := {\"allow\": true} if {\n\tinput.context.mfa\n} else := {\"allow\": false}\n", testsOf(smoke), 0},
		{"missing-default", "no condition", title + "package stanch.access\n\n" + title + "decision := {\"allow\": input.context.mfa}\n", testsOf(smoke), 0},
		{"missing-default", "other packages", outside + "x if input.a\n", testsOf(smoke), 0},

		{"missing-metadata", "a package", "package stanch.access\n\n" + title + "default decision := {\"allow\": false}\n", testsOf(smoke), 1},
		{"missing-metadata", "an entrypoint", title + "package stanch.access\n\ndefault decision := {\"allow\": false}\n", testsOf(smoke), 1},
		{"missing-metadata", "a title only", strings.Replace(header, "# description: Says so.\n", "", 1), testsOf(smoke), 1},
		{"missing-metadata", "both", header, testsOf(smoke), 0},

		{"missing-test", "none", header, testsOf("x := access.decision"), 1},
		{"missing-test", "a test of something else", header, "package other_test\n\ntest_it if 1 == 1\n", 1},
		{"missing-test", "imported", header, testsOf(smoke), 0},
		{"missing-test", "by its path", header, "package other_test\n\ntest_it if data.stanch.access.decision with input as {}\n", 0},

		{"shadowed-builtin", "a rule", header + "count := 1\n", testsOf(smoke), 1},
		{"shadowed-builtin", "a variable", header + "x if {\n\tsum := 1\n\tsum == input.context.time\n}\n", testsOf(smoke), 1},
		{"shadowed-builtin", "a loop's variable", header + "x contains max if some max in input.subject.keys\n", testsOf(smoke), 1},
		{"shadowed-builtin", "an argument", header + "f(lower) := lower\n", testsOf(smoke), 1},
		{"shadowed-builtin", "an import", strings.Replace(header, "package stanch.access\n", "package stanch.access\n\nimport data.config as split\n", 1) + "x := split\n", testsOf(smoke), 1},
		{"shadowed-builtin", "other names", header + "counts := 1\n\nf(time) := time\n", testsOf(smoke), 0},

		{"inequality-in-loop", "a wildcard", header + "x if input.subject.keys[_] != \"root\"\n", testsOf(smoke), 1},
		{"inequality-in-loop", "some", header + "x if {\n\tsome key in input.subject.keys\n\tkey != \"root\"\n}\n", testsOf(smoke), 1},
		{"inequality-in-loop", "a filter", header + "x contains key if {\n\tsome key in input.subject.keys\n\tkey != \"root\"\n}\n", testsOf(smoke), 0},
		{"inequality-in-loop", "a second condition", header + "x if {\n\tsome key in input.subject.keys\n\tkey != \"root\"\n\tstartswith(key, \"r\")\n}\n", testsOf(smoke), 0},
		{"inequality-in-loop", "every", header + "x if {\n\tevery key in input.subject.keys {\n\t\tkey != \"root\"\n\t}\n}\n", testsOf(smoke), 0},
		{"inequality-in-loop", "not in", header + "x if not \"root\" in input.subject.keys\n", testsOf(smoke), 0},

		{"deny-without-reason", "a text", header + "deny contains \"no\" if input.context.mfa\n", testsOf(smoke), 1},
		{"deny-without-reason", "no code", header + "deny contains {\"message\": \"no\"} if input.context.mfa\n", testsOf(smoke), 1},
		{"deny-without-reason", "both", header + "deny contains {\"code\": \"no\", \"message\": \"no\"} if input.context.mfa\n", testsOf(smoke), 0},
		{"deny-without-reason", "another rule", header + "denied contains \"no\" if input.context.mfa\n", testsOf(smoke), 0},

		{"constant-condition", "two constants", header + "x if 1 == 1\n", testsOf(smoke), 1},
		{"constant-condition", "true", header + "x if {\n\tinput.context.mfa\n\ttrue\n}\n", testsOf(smoke), 1},
		{"constant-condition", "if true", header + "x if true\n", testsOf(smoke), 1},
		{"constant-condition", "false", header + "x if {\n\tinput.context.mfa\n\tfalse\n}\n", testsOf(smoke), 1},
		{"constant-condition", "the same", header + "x if input.subject.id == input.subject.id\n", testsOf(smoke), 1},
		{"constant-condition", "none written", header + "x := 1\n\ny contains 2\n\nz if input.context.mfa == true\n", testsOf(smoke), 0},
	} {
		t.Run(c.rule+"/"+c.name, func(t *testing.T) {
			r := run(t, policiestest.Documents(t, "access/access.rego", c.access, "access/access_test.rego", c.test), check.Options{})
			var got []string
			for _, f := range r.Findings {
				if f.Rule == "parse" {
					t.Fatal(f.Message)
				}
				if f.Rule == c.rule {
					got = append(got, fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message))
					if f.Help == "" || f.Line < 1 || f.Column < 1 {
						t.Errorf("incomplete: %+v", f)
					}
				}
			}
			if len(got) != c.want {
				t.Errorf("%d findings, want %d: %q\n%s", len(got), c.want, got, c.access)
			}
		})
	}
}
