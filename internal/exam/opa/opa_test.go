package opa_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/opa"
	"github.com/stanch-dev/stanch/policies/rego"
)

// says fails unless the tool ends with code and says want.
func says(t *testing.T, tool opa.Tool, code int, want string, args ...string) {
	t.Helper()
	said, got, err := tool.Run(args...)
	if err != nil {
		t.Fatal(err)
	}
	if got != code || !strings.Contains(said, want) {
		t.Errorf("%v: exit code %d, want %d, and %q in:\n%s", args, got, code, want, said)
	}
}

// The tools, each built once.
var (
	theOPA      = sync.OnceValues(func() (opa.Tool, error) { return opa.Build("opa") })
	theConftest = sync.OnceValues(func() (opa.Tool, error) { return opa.Build("conftest") })
)

func built(t *testing.T, tool func() (opa.Tool, error)) opa.Tool {
	t.Helper()
	b, err := tool()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// write puts text in place of the file at path below dir.
func write(t *testing.T, dir, path, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// policies writes the policy directory that stanch embeds. It comes from the package
// and not from the disk, so that Go's test cache knows when it changes.
func policies(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, rego.FS); err != nil {
		t.Fatal(err)
	}
	return dir
}

// altered is policies with text in place of one file.
func altered(t *testing.T, path, text string) (dir string) {
	t.Helper()
	dir = policies(t)
	write(t, dir, path, text)
	return dir
}

// TestVersion holds the examined version to the one in the product.
func TestVersion(t *testing.T) {
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	pin := regexp.MustCompile(`github\.com/open-policy-agent/opa v(\S+)`).FindSubmatch(mod)
	if pin == nil {
		t.Fatal("the product's go.mod does not name OPA")
	}
	says(t, built(t, theOPA), 0, "Version: "+string(pin[1])+"\n", "version")
	says(t, built(t, theConftest), 0, "OPA: "+string(pin[1])+"\n", "--version")
}

// In bundle mode opa reads policies and data.yaml files only, not the samples, the
// schemas and the grants.

func check(dir string) []string {
	return []string{"check", "--bundle", "--strict", "--schema", filepath.Join(dir, "schemas"), dir}
}

func format(dir string) []string { return []string{"fmt", "--list", "--fail", dir} }

func cover(dir string) []string {
	return []string{"test", "--bundle", "--fail-on-empty", "--coverage", "--threshold", "100", dir}
}

func TestPolicies(t *testing.T) {
	tool, dir := built(t, theOPA), policies(t)
	says(t, tool, 0, "", check(dir)...)
	says(t, tool, 0, `"coverage": 100`, cover(dir)...)
	said, code, err := tool.Run(format(dir)...)
	if err != nil || code != 0 || said != "" {
		t.Errorf("opa fmt: exit code %d, %v, files that are not formatted:\n%s", code, err, said)
	}
}

// TestExaminer breaks the policies in ways that each of the checks must report.
func TestExaminer(t *testing.T) {
	tool := built(t, theOPA)
	for _, c := range []struct {
		name, path, text string
		args             func(dir string) []string
		code             int
		want             string
	}{
		{"a misspelt input", "gate/gate.rego", "# METADATA\n# schemas:\n#   - input: schema.gate.input\npackage stanch.gate\n\nx if input.nowadays\n", check, 1, "undefined ref: input.nowadays"},
		{"an import unused", "gate/gate.rego", "package stanch.gate\n\nimport data.stanch.access\n", check, 1, "unused"},
		{"not formatted", "gate/gate.rego", "package   stanch.gate\n", format, 2, "gate.rego"},
		{"lines without a test", "gate/more.rego", "package stanch.more\n\nx if input.y\n", cover, 2, "Code coverage threshold not met"},
	} {
		t.Run(c.name, func(t *testing.T) { says(t, tool, c.code, c.want, c.args(altered(t, c.path, c.text))...) })
	}
}

// TestTestsNeedRules removes the rules of each policy: every one of its tests must
// fail, since one that does not proves nothing.
func TestTestsNeedRules(t *testing.T) {
	tool := built(t, theOPA)
	for _, name := range []string{"access", "rotation", "redaction", "gate"} {
		t.Run(name, func(t *testing.T) {
			dir := altered(t, name+"/"+name+".rego", "package stanch."+name+"\n")
			said, code, err := tool.Run("test", "--bundle", "--run", "data.stanch."+name+"_test", "--verbose", dir)
			if err != nil {
				t.Fatal(err)
			}
			if code == 0 || !strings.Contains(said, "FAIL") {
				t.Fatalf("exit code %d, all is well without rules:\n%s", code, said)
			}
			for line := range strings.Lines(said) {
				if strings.Contains(line, "PASS") && !strings.HasPrefix(line, "PASS: 0/") {
					t.Errorf("passes without rules: %s", line)
				}
			}
		})
	}
}
