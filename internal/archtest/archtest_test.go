package archtest_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/stanch-dev/stanch"

// may lists, per top-level package or internal leaf, which of our packages it may
// import, each with its sub-packages. A package that is not listed fails the test,
// so that every newcomer gets its place by decision.
var may = map[string][]string{
	"main":              {"internal/cli"},
	"internal/archtest": {},
	"internal/cli":      {"rules", "scanner", "proxy", "vault", "policies", "internal"},
	"internal/secret":   {},
	"internal/bitmap":   {},
	"internal/known":    {"internal/bitmap", "internal/secret"},
	"internal/codec":    {},
	"internal/config":   {"internal/secret"},
	"internal/audit":    {"internal/secret"},
	"internal/loopback": {},
	"internal/testenv":  {},
	"internal/exam":     {},
	"rules":             {},
	"scanner":           {"rules", "internal/bitmap", "internal/known", "internal/secret", "internal/codec"},
	"proxy":             {"scanner", "internal/known", "internal/codec", "internal/identity", "internal/audit", "internal/secret", "internal/config"},
	"vault":             {"internal/known", "internal/codec", "internal/identity", "internal/audit", "internal/secret", "internal/config"},
	"policies":          {"internal/loopback", "internal/identity", "internal/audit", "internal/secret", "internal/config"},
}

// owners says which package alone may import a heavy module, and why.
var owners = []struct{ module, owner, why string }{
	{"github.com/zricethezav/gitleaks/v8", "rules", "only the text of its default rules is used; its detector is the examiner's"},
	{"github.com/open-policy-agent/opa", "policies", "decisions have one place; the rest asks it through an interface of its own"},
	{"github.com/prometheus/client_golang", "proxy", "other parts count, and are asked"},
	{"go.etcd.io/bbolt", "vault", "a storage is one of several behind one contract"},
	{"github.com/tink-crypto/tink-go", "vault", "names are encrypted in the barrier alone"},
	{"github.com/gobwas/ws", "proxy", "frames are the relay's"},
	{"github.com/spf13/cobra", "internal/cli", "commands are wiring; the parts must be usable without a command line"},
}

// pkg is the part of `go list -json` the tests read.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// room names the entry of may that a package of ours belongs to.
func room(importPath string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(importPath, module), "/")
	if rel == "" {
		return "main"
	}
	parts := strings.Split(rel, "/")
	if parts[0] == "internal" && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func goList(t *testing.T, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}

func packages(t *testing.T) (all []pkg) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(goList(t, "-json=ImportPath,Imports,TestImports,XTestImports", "./...")))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func allowed(from, to string) bool {
	if from == to {
		return true
	}
	return slices.ContainsFunc(may[from], func(a string) bool { return a == to || strings.HasPrefix(to, a+"/") })
}

func TestArrowsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		if _, listed := may[from]; !listed {
			t.Errorf("%s has no place in the house: list what it may import in archtest", p.ImportPath)
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, module) && !allowed(from, room(imp)) {
				t.Errorf("%s imports %s: %s may import only %v", p.ImportPath, imp, from, may[from])
			}
		}
	}
}

func TestHeavyModulesHaveOneOwner(t *testing.T) {
	for _, p := range packages(t) {
		for _, imp := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			for _, o := range owners {
				if (imp == o.module || strings.HasPrefix(imp, o.module+"/")) && room(p.ImportPath) != o.owner {
					t.Errorf("%s imports %s, which belongs to %s: %s", p.ImportPath, imp, o.owner, o.why)
				}
			}
		}
	}
}

func TestTopLevelIsFixed(t *testing.T) {
	known := []string{"proxy", "scanner", "vault", "policies", "rules", "internal", "deploy", "go.mod", "go.sum", "Makefile",
		"README.md", "main.go", "LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md"}
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); name[0] != '.' && name != "stanch" && !slices.Contains(known, name) {
			t.Errorf("%s stands at the top level, which is fixed", name)
		}
	}
}

// TestModuleListIsCommitted shows every module that reaches the binary in the
// diff. Run `make modules` after a deliberate change.
func TestModuleListIsCommitted(t *testing.T) {
	got := strings.Fields(string(goList(t, "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", ".")))
	sort.Strings(got)
	got = slices.Compact(got)
	want, err := os.ReadFile("modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Fields(string(want)), got); diff != "" {
		t.Errorf("modules in the binary differ from internal/archtest/modules.txt (-listed +built); 'make modules' rewrites it:\n%s", diff)
	}
}
