package cli_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stanch-dev/stanch/internal/cli"
)

var update = flag.Bool("update", false, "rewrite the expected output inside the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"stanch": func() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs every script of testdata/script against the real command. Two
// commands are added: `join FILE PART...` writes a line made of parts, so that no
// script holds a secret in one piece, and `exits CODE COMMAND...` runs a command
// and wants it to exit with that code.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"join": join, "exits": exits},
	})
}

func join(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: join FILE PART...")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(args[1:], "")+"\n"), 0o600))
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// TestReadmeWalk holds that the script takes the walk that README shows.
func TestReadmeWalk(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/script/policy_walk.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, walk, _ := strings.Cut(string(readme), "A walk, for an empty folder")
	walk, _, _ = strings.Cut(walk, "```\n\n")
	steps := 0
	for line := range strings.Lines(walk) {
		command, _, _ := strings.Cut(line, "#")
		if command = strings.TrimSpace(command); !strings.HasPrefix(command, "stanch policy ") {
			continue
		}
		steps++
		if !strings.Contains(string(script), command) {
			t.Errorf("README's walk has %q, the script has not", command)
		}
	}
	if steps < 8 {
		t.Errorf("README's walk has %d steps", steps)
	}
}
