package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies/rego"
)

func newPolicyInit(std stdio, f *policyFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "write a policy directory to start from",
		Long: `Init writes the embedded policies to DIR (default ./policies): the four policies
with their tests, the schemas of their inputs, a configuration, a file of grants and
inputs to try. Everything is green at once: 'stanch policy check' and 'stanch policy
test' pass. What you do not change you may delete: a policy that the directory lacks
is the embedded one.

DIR must be new or empty.

Exit codes: 0 written, 2 usage, 3 not written.`,
		Example: `  stanch policy init
  stanch policy init deploy/policies`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			dir := "policies"
			if len(args) > 0 {
				dir = args[0]
			}
			return initPolicies(std, dir)
		},
	}
}

func initPolicies(std stdio, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usageError(err)
	}
	if len(entries) > 0 {
		return usageError(fmt.Errorf("%s is not empty: name a new directory, so that nothing of yours is overwritten", dir))
	}
	files := 0
	err = fs.WalkDir(rego.FS, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if entry.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		text, err := fs.ReadFile(rego.FS, path)
		if err != nil {
			return err
		}
		files++
		return os.WriteFile(to, text, 0o644)
	})
	if err != nil {
		return &exitError{ExitFailed, err}
	}
	fmt.Fprintf(std.err, "%s: %d files; grants.yaml says who may do what, config/data.yaml is what the policies are set to\n", dir, files)
	fmt.Fprintf(std.err, "next: stanch policy test -p %s\n", dir)
	return nil
}
