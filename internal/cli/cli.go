// Package cli holds stanch's commands and the only wiring of its parts.
//
// Each command is one file with one constructor, listed in the table of
// commands below; help, completion and exit codes come from that table. Standard
// output is data, standard error is talk, and no command needs a config file for
// its main job. Nothing imports this package but main.
package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	ExitClean    = 0 // the job was done and nothing was found
	ExitFindings = 1 // the job was done and something was found
	ExitUsage    = 2 // wrong flags, arguments or configuration
	ExitFailed   = 3 // the job failed or is incomplete; never to be read as clean
	ExitDenied   = 5 // one of the checks before the job refused it
)

// stdio is where a command reads and writes; commands touch no other streams.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// commands is every command stanch has, in the order help shows them.
var commands = []func(stdio) *cobra.Command{
	newScan,
	newFilter,
	newKnown,
	newRules,
	newPolicy,
	newProxy,
	newDoctor,
	newDemo,
	newVersion,
}

// exitError ends a command with a code of its own. A nil err has been reported
// already, or says nothing that needs words (findings exist).
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks err as the caller's mistake.
func usageError(err error) error { return &exitError{ExitUsage, err} }

// Main runs stanch with args (without the program's name) and returns its exit
// code. Errors are written to stderr, one line each.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(stdio{stdin, stdout, stderr})
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return ExitClean
	}
	var exit *exitError
	if !errors.As(err, &exit) { // cobra's own: unknown command, missing argument
		exit = &exitError{ExitUsage, err}
	}
	if exit.err != nil {
		fmt.Fprintf(stderr, "stanch: %v\n", exit.err)
		if exit.code == ExitUsage {
			fmt.Fprintln(stderr, "run 'stanch --help' for the commands and 'stanch COMMAND --help' for their flags")
		}
	}
	return exit.code
}

func newRoot(std stdio) *cobra.Command {
	root := &cobra.Command{
		Use:   "stanch",
		Short: "stops secrets from leaking",
		Long: `stanch stops secrets from leaking.

Exit codes: 0 clean, 1 findings, 2 usage or configuration, 3 failed or incomplete,
5 refused.`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	for _, construct := range commands {
		root.AddCommand(construct(std))
	}
	return root
}
