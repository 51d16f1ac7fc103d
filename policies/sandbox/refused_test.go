package sandbox_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/sandbox"
)

// refused compiles files, which must fail with an error in file that names message.
func refused(t *testing.T, file, message string, files ...string) {
	t.Helper()
	docs, err := documents(files...)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := sandbox.Parse(docs)
	if err == nil {
		_, err = sandbox.Compile(modules)
	}
	var mistakes sandbox.Errors
	if !errors.As(err, &mistakes) {
		t.Fatalf("got %v, want mistakes", err)
	}
	for _, m := range mistakes {
		if m.File == "hostile/"+file && m.Line > 0 && strings.Contains(m.Message, message) {
			return
		}
	}
	t.Errorf("got %v, want %q in %s", err, message, file)
}

// TestBuiltinsThatAreNotAllowed calls everything that OPA has and the sandbox has not.
func TestBuiltinsThatAreNotAllowed(t *testing.T) {
	allowed := map[string]bool{}
	for _, b := range sandbox.Capabilities().Builtins {
		if b.IsNondeterministic() {
			t.Errorf("%s is allowed, and not deterministic", b.Name)
		}
		allowed[b.Name] = true
	}
	tried := 0
	for _, b := range ast.CapabilitiesForThisVersion().Builtins {
		if allowed[b.Name] {
			continue
		}
		tried++
		args := strings.TrimSuffix(strings.Repeat("input.subject.id, ", b.Decl.Arity()), ", ")
		module := fmt.Sprintf("package stanch.access\n\ndecision := {\"allow\": true} if %s(%s)\n", b.Name, args)
		t.Run(b.Name, func(t *testing.T) {
			refused(t, "access/a.rego", "undefined function "+b.Name, "access/a.rego", module)
		})
	}
	if tried < 30 {
		t.Errorf("only %d builtins are not allowed", tried)
	}
	for _, name := range strings.Fields("http.send net.lookup_ip_addr opa.runtime time.now_ns rand.intn uuid.rfc4122 io.jwt.decode_verify graph.reachable_paths json.unmarshal net.cidr_expand bits.lsh") {
		if allowed[name] {
			t.Errorf("%s is allowed", name)
		}
	}
}

// TestRefused has modules that must not compile.
func TestRefused(t *testing.T) {
	const header = "package stanch.access\n\n"
	deep := func(open, inner, close string, n int) string {
		return "decision := " + strings.Repeat(open, n) + inner + strings.Repeat(close, n) + "\n"
	}
	for _, c := range []struct{ name, module, message string }{
		{"a NUL", header + "decision := {\"allow\": \x00}\n", "illegal"},
		{"a NUL in a text", header + "decision := \"\x00\"\n", "illegal"},
		{"no UTF-8", header + "decision := \"\xff\xfe\"\n", "illegal"},
		{"UTF-16", "p\x00a\x00c\x00k\x00a\x00g\x00e\x00", "illegal"},
		{"a letter that looks like another", header + "d\u0435cision := {\"allow\": true}\n", "illegal token"},
		{"the Rego of old", header + "import rego.v0\n\ndecision := true\n", "rego.v0"},

		{"recursion", header + "decision := {\"allow\": a}\n\na := b\n\nb := a\n", "recursive"},
		{"recursion by a function", header + "decision := {\"allow\": f(1)}\n\nf(x) := f(x + 1)\n", "recursive"},
		{"recursion by data", header + "decision := {\"allow\": true} if data.stanch[_].decision\n", "recursive"},
		{"recursion by with", header + "decision := {\"allow\": true} if decision with input as {}\n", "recursive"},
		{"two defaults", header + "default decision := {\"allow\": true}\n\ndefault decision := {\"allow\": false}\n", "multiple default"},
		{"a default that computes", header + "default decision := input.x\n", "default"},
		{"a misspelt field", header + "decision := {\"allow\": true} if not input.context.mfaa\n", "mfaa"},
		{"a misspelt setting", header + "decision := {\"allow\": true} if not data.config.access.frozn\n", "frozn"},
		{"a misspelt field, below", "package stanch.access.below\n\nx if not input.context.mfaa\n", "mfaa"},
		{"another time", header + "decision := {\"allow\": true} if input.x with time.now_ns as 1\n", "with keyword"},
		{"a builtin by with", header + "decision := {\"allow\": true} if count([]) == 7 with count as http.send\n", "http"},

		{"a package index", "package index\n\ngrants := {}\n", "package \"index\""},
		{"a package below index", "package index.grants\n\nx := {}\n", "package \"index\""},
		{"a package config", "package config.access\n\nreveal_needs_mfa := false\n", "package \"config\""},
		{"a schema of its own", "# METADATA\n# schemas:\n#   - input: {type: object}\n" + header + "decision := {\"allow\": true} if not input.bogus\n", "schema"},
		{"a schema for a rule", header + "# METADATA\n# schemas:\n#   - input: {}\ndecision := {\"allow\": true} if not input.bogus\n", "schema"},
		{"a schema of another", "# METADATA\n# schemas:\n#   - input: schema.gate.input\n" + header + "decision := {\"allow\": true} if not input.findings\n", "schema"},
		{"a schema for a part", "# METADATA\n# schemas:\n#   - input.context: schema.gate.input\n" + header + "decision := {\"allow\": true} if not input.context.findings\n", "schema"},
		{"a schema for those below", "# METADATA\n# scope: subpackages\n# schemas:\n#   - input: schema.gate.input\npackage stanch\n\nx := 1\n", "schema"},
		{"a schema that is a file", "# METADATA\n# schemas:\n#   - input: {\"$ref\": \"file:///dev/null\"}\npackage stanch.other\n\nx := input.y\n", "schema"},
		{"a schema from the network", "# METADATA\n# schemas:\n#   - input: {\"$ref\": \"http://127.0.0.1:1/\"}\npackage stanch.other\n\nx := input.y\n", "schema"},
		{"a comment that grows", "# METADATA\n# custom:\n#   a: &a [x, x, x, x, x, x, x, x, x]\n" + aliases("a", "bcdefghi") + header + "decision := 1\n", "aliasing"},

		{"a huge exponent", header + "decision := 1e999999999\n", "number"},
		{"a small exponent", header + "decision := 1e-999999999\n", "number"},
		{"a long number", header + "decision := " + strings.Repeat("9", 101) + "\n", "digits"},
		{"lists within lists", header + deep("[", "1", "]", 1000), "in one another"},
		{"sets within sets", header + deep("{", "1", "}", 1000), "in one another"},
		{"brackets", header + deep("(", "1", ")", 1000), "in one another"},
		{"brackets that a comment hides", header + "# " + strings.Repeat("]", 1000) + "\n" + deep("[", "1", "]", 1000), "in one another"},
		{"brackets that a text hides", header + "x := \"" + strings.Repeat("]", 200_000) + "\"\n\n" + deep("[", "1", "]", 200_000), "depth"},
		{"calls", header + deep("abs(", "1", ")", 1000), "in one another"},
		{"a long sum", header + "decision := " + strings.Repeat("1 + ", 1000) + "1\n", "in one another"},
		{"a longer sum", header + "decision := " + strings.Repeat("1 + ", 200_000) + "1\n", "depth"},
		{"not not", header + "decision if " + strings.Repeat("not ", 1000) + "input.x\n", "not"},
		{"comprehensions", header + deep("[x | x := ", "1", "]", 30), "comprehensions"},
		{"comprehensions in expressions", header + deep("count([1 | not [x | x := ", "1", "]])", 10), "comprehensions"},
		{"templates", header + deep("$\"{", "1", "}\"", 30), "templates"},
		{"objects as keys", header + deep("{", "1", ": 1}", 100), "keys"},
		{"else", header + "decision := 1 if input.action.name\n" + strings.Repeat("else := 2 if input.action.name\n", 1000), "in one another"},
		{"with", header + "decision if input.action.name" + strings.Repeat(" with input.x as true", 1000) + "\n", "expressions"},
		{"a long body", header + "decision if {\n" + strings.Repeat("\tinput.action.name\n", 1000) + "}\n", "expressions"},
		{"many rules", header + strings.Repeat("decision := 1 if input.action.name\n\n", 2001), "rules"},
		{"a list that doubles", header + steps("a", 40, "[1]", "[PREV, PREV]") + "decision := a40\n", "times"},
		{"an object that doubles", header + steps("a", 40, "[1]", `{"a": PREV, "b": PREV}`) + "decision := 1 if a40 == 1\n", "times"},
		{"a variable that doubles", header + "f(x) := a40 if {\n" + steps("a", 40, "[x]", "[PREV, PREV]") + "}\n\ndecision := f(1)\n", "times"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, "access/a.rego", c.message, "access/a.rego", c.module) })
	}
}

// TestLimitsAreWide has what a careful author may write: just below the limits.
func TestLimitsAreWide(t *testing.T) {
	for name, rules := range map[string]string{
		"brackets":       "decision := {\"allow\": " + strings.Repeat("(", 150) + "true" + strings.Repeat(")", 150) + "}",
		"comprehensions": `decision := {"allow": count([1 | some x in [y | some y in [z | some z in input.subject.keys]]; x]) > 0}`,
		"a long body":    "decision := {\"allow\": true} if {\n" + strings.Repeat("\tinput.action.name\n", 200) + "}",
		"alternatives":   "decision := {\"allow\": true} if input.action.name in {" + strings.Repeat("\"x\", ", 5000) + "\"read\"}",
		"a list":         "decision := {\"allow\": count([" + strings.Repeat("1, ", 20_000) + "1]) > 0}",
		"a UUID":         `decision := {"allow": regex.match("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", "01234567-89ab-cdef-0123-456789abcdef")}`,
		"a long text":    `decision := {"allow": count(concat("", ["0123456789" | some _ in numbers.range(1, 1000)])) == 10000}`,
		"a message":      `decision := {"allow": sprintf("%s may %v: %d, %.2f, %q", ["ann", ["read"], 12, 3.14159, "x"]) == "ann may [\"read\"]: 12, 3.14, \"x\""}`,
		"networks":       `decision := {"allow": net.cidr_contains("10.0.0.0/8", "10.1.2.3")}`,
	} {
		t.Run(name, func(t *testing.T) {
			if d := access(mustCompile(t, "access/a.rego", "package stanch.access\n\n"+rules+"\n")); !d.Allow {
				t.Errorf("%+v", d)
			}
		})
	}
}

// aliases returns YAML in which each name is a list of nine times the one before.
func aliases(before, names string) string {
	var b strings.Builder
	for _, name := range strings.Split(names, "") {
		fmt.Fprintf(&b, "#   %s: &%s [%s*%s]\n", name, name, strings.Repeat("*"+before+", ", 8), before)
		before = name
	}
	return b.String()
}
