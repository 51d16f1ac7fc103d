package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/explain"
)

func newPolicyEval(std stdio, f *policyFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "eval QUESTION [INPUT]",
		Short: "decide one input",
		Long: `Eval answers one of the questions access, redaction, rotation and gate for the
input in the file INPUT (default: standard input), as a server would: a policy that
fails gives the closed answer, and says why on standard error.

Exit codes: 0 allowed or passed, 1 not (denied, blocked, overdue, not passed), 2 usage
or a wrong policy, 3 the policy could not decide.`,
		Example: `  stanch policy eval access policies/samples/access-read.json
  jq .input decision.json | stanch policy eval redaction`,
		Args:      cobra.RangeArgs(1, 2),
		ValidArgs: []string{"access", "redaction", "rotation", "gate"},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, in, err := f.question(std, args)
			if err != nil {
				return err
			}
			d := s.Decide(cmd.Context(), in)
			if err := writeJSON(std.out, d); err != nil {
				return &exitError{ExitFailed, err}
			}
			if err := d.Failure(); err != nil {
				return &exitError{ExitFailed, fmt.Errorf("the policy could not decide: %w", err)}
			}
			return exitOf(d)
		},
	}
}

func newPolicyExplain(std stdio, f *policyFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "explain QUESTION [INPUT]",
		Short: "tell why one input is decided as it is",
		Long: `Explain decides as eval does and tells why: the grants that allow it, the rules
that gave something, the expressions that did not hold with the values they had, and
for what is denied the grants that come near, each with the one thing that differs.

Exit codes: as eval.`,
		Example: `  stanch policy explain access policies/samples/access-read.json
  stanch policy explain gate findings.json -o json`,
		Args:      cobra.RangeArgs(1, 2),
		ValidArgs: []string{"access", "redaction", "rotation", "gate"},
		RunE: func(cmd *cobra.Command, args []string) error {
			s, in, err := f.question(std, args)
			if err != nil {
				return err
			}
			return f.explain(cmd.Context(), std, s, in)
		},
	}
}

func (f *policyFlags) question(std stdio, args []string) (*policies.Snapshot, policies.Input, error) {
	entry, err := entrypointNamed(args[0])
	if err != nil {
		return nil, nil, err
	}
	s, err := f.snapshot()
	if err != nil {
		return nil, nil, err
	}
	file := "-"
	if len(args) > 1 {
		file = args[1]
	}
	in, err := readInput(std, entry, file)
	return s, in, err
}

func (f *policyFlags) explain(ctx context.Context, std stdio, s *policies.Snapshot, in policies.Input) error {
	e, err := explain.Run(ctx, s, in)
	if err != nil {
		return &exitError{ExitFailed, err}
	}
	if err := f.report(std, e, func(w io.Writer) error { return e.Write(w) }); err != nil {
		return err
	}
	if e.Failure != "" {
		return &exitError{ExitFailed, nil}
	}
	return exitOf(e.Decision)
}

// exitOf returns the exit code that says no.
func exitOf(d policies.Decision) error {
	no := false
	switch d := d.(type) {
	case policies.Access:
		no = !d.Allow
	case policies.Redaction:
		no = d.Action == "block"
	case policies.Rotation:
		no = len(d.Findings) > 0
	case policies.Gate:
		no = !d.Pass
	}
	if no {
		return &exitError{ExitFindings, nil}
	}
	return nil
}

// unwrap returns the input within {"input": …}, or text if it is none.
func unwrap(text []byte) []byte {
	var wrapped map[string]json.RawMessage
	if json.Unmarshal(text, &wrapped) == nil && len(wrapped) == 1 && wrapped["input"] != nil {
		return wrapped["input"]
	}
	return text
}
