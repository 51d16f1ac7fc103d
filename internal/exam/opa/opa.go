// Package opa examines the embedded policies with the tools that their users have:
// the real opa checks, formats and tests them, conftest decides with the gate policy.
//
// stanch embeds OPA as a library and adds its own loader. That the same files work
// without stanch is promised, so it is tested without stanch. This is a module of its
// own, so that the two programs stay out of the product; they are built from the
// versions in go.mod, where OPA's is that of the product.
package opa

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Tool is a program that this module builds. The zero value is none.
type Tool struct{ path string }

// Build builds the tool of that name, or finds it in Go's build cache: the first time
// takes minutes, later ones a second.
func Build(name string) (Tool, error) {
	out, code, err := output(exec.Command("go", "tool", "-n", name))
	if err == nil && code != 0 {
		err = fmt.Errorf("exit code %d\n%s", code, out)
	}
	if err != nil {
		return Tool{}, fmt.Errorf("building %s: %w", name, err)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return Tool{lines[len(lines)-1]}, nil
}

// Run runs the tool and returns what it says, on either stream, and its exit code.
// The error is about a tool that did not run.
func (t Tool) Run(args ...string) (said string, code int, err error) {
	return output(exec.Command(t.path, args...))
}

func output(cmd *exec.Cmd) (said string, code int, err error) {
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err = cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return both.String(), exit.ExitCode(), nil
	}
	return both.String(), 0, err
}
