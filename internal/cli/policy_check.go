package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/check"
	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/source"
)

func newPolicyCheck(std stdio, f *policyFlags) *cobra.Command {
	var fix bool
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "find mistakes in policies without running them",
		Long: `Check parses and compiles the policies of DIR, strictly and with the types of their
inputs, so that a misspelt field is an error; compares their format with OPA's; looks for
what is legal and wrong (tests that cannot fail, negations of what may be undefined, loops
where a look-up would do, …); and evaluates the invariants of invariants.rego for every
known principal, secret and capability.

Exit codes: 0 nothing, or warnings only; 1 findings; 2 usage; 3 could not be checked.`,
		Example: `  stanch policy check
  stanch policy check policies --fix
  stanch policy check -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.dir = args[0]
			}
			docs, err := f.load()
			if err != nil {
				return err
			}
			if fix {
				if docs, err = formatPolicies(std, docs); err != nil {
					return err
				}
			}
			return f.checkPolicies(cmd.Context(), std, docs)
		},
	}
	cmd.Flags().BoolVar(&fix, "fix", false, "write the policies in OPA's format first")
	return cmd
}

// checkReport is all that check found.
type checkReport struct {
	check.Report
	Violations matrix.Violations `json:"violations"` // of invariants
	// Invariants tells whether there are any, so that no violation means something.
	Invariants bool `json:"invariants"`
}

func (f *policyFlags) checkPolicies(ctx context.Context, std stdio, docs source.Documents) error {
	report := checkReport{Violations: matrix.Violations{}}
	var err error
	if report.Report, err = check.Run(ctx, docs, check.Options{Vacuous: vacuousTests}); err != nil {
		return failedRun(err)
	}
	if s, err := policies.Compile(docs); err == nil && matrix.HasInvariants(s) {
		report.Invariants = true
		if report.Violations, err = matrix.Invariants(ctx, s, policyUniverse(docs)); err != nil {
			return failedRun(err)
		}
	}
	err = f.report(std, report, func(w io.Writer) error {
		if err := report.Report.Write(w); err != nil || !report.Invariants {
			return err
		}
		return report.Violations.Write(w)
	})
	if len(report.Findings)+len(report.Violations) == 0 {
		fmt.Fprintf(std.err, "%s: nothing found in %d modules\n", docs.Name, len(docs.Modules))
	}
	if err == nil && (report.Failed() || len(report.Violations) > 0) {
		err = &exitError{ExitFindings, nil}
	}
	return err
}

// formatPolicies writes the modules of docs in OPA's format, and returns docs read
// again.
func formatPolicies(std stdio, docs source.Documents) (source.Documents, error) {
	texts, err := check.Format(docs)
	if err != nil {
		return docs, usageError(err)
	}
	for file, text := range texts {
		name := filepath.Join(docs.Name, filepath.FromSlash(file))
		if err := os.WriteFile(name, text, 0o644); err != nil {
			return docs, &exitError{ExitFailed, err}
		}
		fmt.Fprintf(std.err, "%s: formatted\n", name)
	}
	if len(texts) == 0 {
		return docs, nil
	}
	again, err := source.ReadDir(docs.Name)
	if err != nil {
		return docs, usageError(err)
	}
	return again, nil
}

// vacuousTests returns the tests that pass on a policy that says nothing.
func vacuousTests(ctx context.Context, docs source.Documents) (places []check.Place, err error) {
	ids, err := suite.Vacuous(ctx, docs)
	for _, id := range ids {
		places = append(places, check.Place{File: id.File, Line: id.Line, Name: id.String()})
	}
	return slices.Clip(places), err
}
