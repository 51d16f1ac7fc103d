package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// maxInput bounds an input that is read from a file or standard input.
const maxInput = 16 << 20

// policyFlags are the flags of every stanch policy command.
type policyFlags struct{ dir, output string }

func newPolicy(std stdio) *cobra.Command {
	var f policyFlags
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "write, test and question the policies that decide",
		Long: `Policies are Rego, and answer four questions: who may do what with a secret
(access), what happens to a finding in motion (redaction), which secrets are
overdue (rotation), and whether a build passes (gate). They live in a directory:
'stanch policy init' writes one to start from, with tests.

Without --policies, commands use the policy directory they are in, else
./policies, else the embedded policies. No server is needed.`,
		Example: `  stanch policy init
  stanch policy check
  stanch policy test --mutate
  stanch policy can kubernetes/shop/api read kv/shop/prod/db
  stanch policy who-can read kv/shop/prod/db
  stanch policy diff old new`,
		Args:              cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := cmd.PersistentFlags()
	flags.StringVarP(&f.dir, "policies", "p", "", "policy `directory` (default: this one, ./policies, or the embedded policies)")
	flags.StringVarP(&f.output, "output", "o", "text", "output `format`: text, json")
	for _, construct := range policyCommands {
		cmd.AddCommand(construct(std, &f))
	}
	return cmd
}

func (f *policyFlags) check() error {
	if f.output != "text" && f.output != "json" {
		return usageError(fmt.Errorf("output format %q is not one of text, json", f.output))
	}
	return nil
}

// load reads the policy directory the flags mean.
func (f *policyFlags) load() (source.Documents, error) {
	dir := f.dir
	for _, candidate := range []string{".", "policies"} {
		if dir == "" && isPolicyDir(candidate) {
			dir = candidate
		}
	}
	var docs source.Documents
	var err error
	if dir == "" {
		docs, err = policies.Defaults()
	} else {
		docs, err = source.ReadDir(dir)
	}
	if err != nil {
		return docs, usageError(err)
	}
	return docs, nil
}

func isPolicyDir(dir string) bool {
	signs := []string{source.GrantsFile, "..data"}
	for _, e := range policies.Entrypoints() {
		signs = append(signs, filepath.Join(string(e), string(e)+".rego"))
	}
	return slices.ContainsFunc(signs, func(file string) bool {
		_, err := os.Stat(filepath.Join(dir, file))
		return err == nil
	})
}

// snapshot reads and compiles the policy directory the flags mean.
func (f *policyFlags) snapshot() (*policies.Snapshot, error) {
	docs, err := f.load()
	if err != nil {
		return nil, err
	}
	return compilePolicies(docs)
}

func compilePolicies(docs source.Documents) (*policies.Snapshot, error) {
	s, err := policies.Compile(docs)
	if err != nil {
		return nil, usageError(err)
	}
	return s, nil
}

func readPolicies(dir string) (*policies.Snapshot, error) {
	docs, err := source.ReadDir(dir)
	if err != nil {
		return nil, usageError(err)
	}
	return compilePolicies(docs)
}

// report writes v as JSON or, with text, in words.
func (f *policyFlags) report(std stdio, v any, text func(io.Writer) error) error {
	err := error(nil)
	if f.output == "json" {
		err = writeJSON(std.out, v)
	} else {
		err = text(std.out)
	}
	if err != nil {
		return &exitError{ExitFailed, err}
	}
	return nil
}

// readInput reads an input from a file, or from standard input if it is "-". An
// input may be wrapped, as {"input": …}, the way OPA's API takes it.
func readInput(std stdio, entry policies.Entrypoint, file string) (policies.Input, error) {
	text, err := readLimited(std, file)
	if err != nil {
		return nil, usageError(err)
	}
	in, err := policies.ParseInput(entry, unwrap(text))
	if err != nil {
		return nil, usageError(fmt.Errorf("%s: %w", file, err))
	}
	return in, nil
}

func readLimited(std stdio, file string) ([]byte, error) {
	r := std.in
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(text) > maxInput {
		err = fmt.Errorf("%s: an input has at most %d MiB", file, maxInput>>20)
	}
	return text, err
}

// entrypointNamed returns the entrypoint of a name on the command line.
func entrypointNamed(name string) (policies.Entrypoint, error) {
	var names []string
	for _, e := range policies.Entrypoints() {
		if string(e) == name {
			return e, nil
		}
		names = append(names, string(e))
	}
	return "", usageError(fmt.Errorf("%q is none of the questions: %s", name, strings.Join(names, ", ")))
}

// failedRun is the error of a run that did not come to its end.
func failedRun(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return &exitError{ExitFailed, errors.New("interrupted")}
	}
	return &exitError{ExitFailed, err}
}
