package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

func newPolicyDiff(std stdio, f *policyFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "list whose access two policy directories decide differently",
		Long: `Diff compares the access that the policy directories OLD and NEW give: every known
principal, secret and capability (of their grants and universe.yaml), exactly, not a
sample. Access that widens comes first.

Exit codes: 0 no difference, 1 differences, 2 usage or a wrong policy, 3 failed.`,
		Example: `  stanch policy diff policies candidate
  git worktree add /tmp/main main && stanch policy diff /tmp/main/policies policies`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			old, err := readPolicies(args[0])
			if err != nil {
				return err
			}
			candidate, err := readPolicies(args[1])
			if err != nil {
				return err
			}
			changes, err := diffPolicies(cmd.Context(), old, candidate)
			if err != nil {
				return failedRun(err)
			}
			if err := f.report(std, changes, changes.Write); err != nil || changes.Empty() {
				return err
			}
			return &exitError{ExitFindings, nil}
		},
	}
}

func diffPolicies(ctx context.Context, old, candidate *policies.Snapshot) (matrix.Changes, error) {
	return matrix.Diff(ctx, old, candidate, policyUniverse(old.Documents(), candidate.Documents()))
}

// policyUniverse is whom and what questions about everybody are asked about, now.
func policyUniverse(docs ...source.Documents) matrix.Universe {
	return matrix.UniverseOf(time.Now(), docs...)
}

// answer writes an answer, some of which could not be decided.
func (f *policyFlags) answer(std stdio, v any, text func(io.Writer) error, failed int) error {
	if err := f.report(std, v, text); err != nil {
		return err
	}
	if failed > 0 {
		return &exitError{ExitFailed, fmt.Errorf("%d could not be decided, so are denied", failed)}
	}
	return nil
}

// violated returns an error if an invariant of s does not hold.
func violated(ctx context.Context, std stdio, s *policies.Snapshot) error {
	violations, err := matrix.Invariants(ctx, s, policyUniverse(s.Documents()))
	if err != nil {
		return err
	}
	if len(violations) == 0 {
		return nil
	}
	if err := violations.Write(std.err); err != nil {
		return err
	}
	return errors.New("invariants are violated")
}
