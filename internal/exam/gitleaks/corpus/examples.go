package corpus

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const gitleaks = "github.com/zricethezav/gitleaks/v8"

// recorder replaces, in a copy of gitleaks, the file that checks examples.
//
//go:embed recorder.go.txt
var recorder []byte

// Example is a text that a rule's author says the rule finds, or does not find.
// Most are generated: the values differ from run to run.
type Example struct {
	Rule     string
	Positive bool
	Path     string // "" when the rule does not look at paths
	Value    []byte
}

func (e Example) kind() string {
	if e.Positive {
		return "positive"
	}
	return "negative"
}

// Examples runs gitleaks' rule generators and returns the examples they hold. It
// needs the go command and builds a copy of the gitleaks module in a temporary
// folder, with the versions of the modules that this module chose.
func Examples() ([]Example, error) {
	work, err := os.MkdirTemp("", "stanch-examples-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	if err := buildGenerator(work); err != nil {
		return nil, fmt.Errorf("building gitleaks' rule generator: %w", err)
	}
	generate := exec.Command(filepath.Join(work, "generate"), filepath.Join(work, "rules.toml"))
	generate.Dir = filepath.Join(work, "gitleaks/cmd/generate/config") // where it looks for its template
	out, err := output(generate)
	if err != nil {
		return nil, fmt.Errorf("running gitleaks' rule generator: %w", err)
	}
	return decode(out)
}

// buildGenerator leaves the program work/generate.
func buildGenerator(work string) error {
	module, err := output(exec.Command("go", "list", "-m", "-f", "{{.Dir}}", gitleaks))
	if err != nil {
		return err
	}
	copied := filepath.Join(work, "gitleaks")
	if err := copySource(copied, strings.TrimSpace(string(module))); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(copied, "cmd/generate/config/utils/validate.go"), recorder, 0o600); err != nil {
		return err
	}
	ours, err := output(exec.Command("go", "env", "GOMOD"))
	if err != nil {
		return err
	}
	return build(work, copied, strings.TrimSpace(string(ours)))
}

// build builds the generator from the copied module, under a copy of our go.mod
// that names it.
func build(work, copied, gomod string) error {
	text, err := os.ReadFile(gomod)
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(strings.TrimSuffix(gomod, "mod") + "sum")
	if err != nil {
		return err
	}
	text = fmt.Appendf(text, "\nreplace %s => %s\n", gitleaks, copied)
	modfile := filepath.Join(work, "go.mod")
	err = errors.Join(os.WriteFile(modfile, text, 0o600), os.WriteFile(filepath.Join(work, "go.sum"), sums, 0o600))
	if err != nil {
		return err
	}
	_, err = output(exec.Command("go", "build", "-modfile", modfile, "-o", filepath.Join(work, "generate"), gitleaks+"/cmd/generate/config"))
	return err
}

// copySource copies a module, which is read-only, without its test data.
func copySource(dst, src string) error {
	return fs.WalkDir(os.DirFS(src), ".", func(name string, d fs.DirEntry, err error) error {
		target := filepath.Join(dst, name)
		switch {
		case err != nil:
			return err
		case d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(target, 0o700)
		}
		data, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

// output runs cmd; its error carries what the command said.
func output(cmd *exec.Cmd) ([]byte, error) {
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, stderr.Bytes())
	}
	return out, nil
}

func decode(out []byte) (examples []Example, err error) {
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var e Example
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return examples, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading examples: %w", err)
		}
		examples = append(examples, e)
	}
}
