package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/activate"
	"github.com/stanch-dev/stanch/policies/author/check"
	"github.com/stanch-dev/stanch/policies/author/replay"
	"github.com/stanch-dev/stanch/policies/author/suite"
)

// activateFlags are the flags of policy activate.
type activateFlags struct {
	logs          []string
	yes, rollback bool
	convert       bool
}

func newPolicyActivate(std stdio, f *policyFlags) *cobra.Command {
	var a activateFlags
	cmd := &cobra.Command{
		Use:   "activate CANDIDATE ACTIVE",
		Short: "put policies in force, if everything agrees",
		Long: `Activate puts the policy directory CANDIDATE in force as ACTIVE, the directory that
servers watch, if all of this agrees, in this order: check, test, invariants, replay of
the decision logs that --replay names (none may change, unless --yes), and the
difference in access, which is shown and has to be accepted.

ACTIVE is swapped as a whole, in the layout Kubernetes uses: a server sees one
generation or the other. Earlier generations are kept; --rollback returns to the one
before.

Exit codes: 0 in force, 2 usage, 3 failed, 5 refused by one of the steps.`,
		Example: `  stanch policy activate policies /etc/stanch/policies
  stanch policy activate policies /etc/stanch/policies --replay decisions.jsonl --yes
  stanch policy activate --rollback /etc/stanch/policies`,
		Args: func(cmd *cobra.Command, args []string) error {
			if a.rollback {
				return cobra.ExactArgs(1)(cmd, args)
			}
			return cobra.ExactArgs(2)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if a.rollback {
				return f.rollback(std, args[0])
			}
			return a.run(cmd.Context(), std, f, args[0], args[1])
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&a.logs, "replay", nil, "decision log `file` to decide again; can be repeated")
	flags.BoolVarP(&a.yes, "yes", "y", false, "accept the differences without being asked")
	flags.BoolVar(&a.rollback, "rollback", false, "return to the generation before")
	flags.BoolVar(&a.convert, "convert", false, "let ACTIVE, a directory of plain files, become one that can be swapped")
	return cmd
}

func (f *policyFlags) rollback(std stdio, active string) error {
	entry, err := activate.Rollback(active, whoami(), time.Now())
	if err != nil {
		return &exitError{ExitFailed, err}
	}
	return f.report(std, entry, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s: %s is in force again, instead of %s\n", active, entry.Revision, entry.Previous)
		return err
	})
}

func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

func (a *activateFlags) run(ctx context.Context, std stdio, f *policyFlags, candidate, active string) error {
	steps := activate.Steps{
		Check:      a.check(std),
		Test:       a.test(std),
		Invariants: a.invariants(std),
		Diff:       a.diff(std),
	}
	if len(a.logs) > 0 {
		steps.Replay = a.replay(std)
	}
	result, err := activate.Run(ctx, steps, activate.Options{
		Active: active, Candidate: candidate, Convert: a.convert, By: whoami(),
		Progress: func(step string) { fmt.Fprintf(std.err, "%s …\n", step) },
	})
	var stopped *activate.Stopped
	switch {
	case errors.As(err, &stopped):
		return &exitError{ExitDenied, err}
	case err != nil:
		return &exitError{ExitFailed, err}
	}
	return f.report(std, result, func(w io.Writer) error {
		if result.Unchanged {
			_, err := fmt.Fprintf(w, "%s: %s is in force already\n", active, result.Revision)
			return err
		}
		_, err := fmt.Fprintf(w, "%s: %s is in force\n", active, result.Revision)
		return err
	})
}

func (a *activateFlags) check(std stdio) activate.Step {
	return func(ctx context.Context, c activate.Change) error {
		r, err := check.Run(ctx, c.Candidate, check.Options{Vacuous: vacuousTests})
		if err != nil || !r.Failed() {
			return err
		}
		return errors.Join(r.Write(std.err), errors.New("the check has findings"))
	}
}

func (a *activateFlags) test(std stdio) activate.Step {
	return func(ctx context.Context, c activate.Change) error {
		r, err := suite.Run(ctx, c.Candidate, suite.Options{})
		if err != nil || !r.Failed() {
			return err
		}
		return errors.Join(r.Write(std.err, false), errors.New("tests fail"))
	}
}

func (a *activateFlags) invariants(std stdio) activate.Step {
	return func(ctx context.Context, c activate.Change) error {
		s, err := policies.Compile(c.Candidate)
		if err != nil {
			return err
		}
		return violated(ctx, std, s)
	}
}

func (a *activateFlags) replay(std stdio) activate.Step {
	return func(ctx context.Context, c activate.Change) error {
		s, err := policies.Compile(c.Candidate)
		if err != nil {
			return err
		}
		logs, closeLogs, err := openLogs(std, a.logs)
		if err != nil {
			return err
		}
		defer closeLogs()
		r, err := replay.Run(ctx, s, logs, replay.Options{})
		if err != nil {
			return err
		}
		if err := r.Write(std.err); err != nil {
			return err
		}
		switch {
		case r.Incomplete:
			return errors.New("the replay is incomplete")
		case r.Changed > 0 && !a.yes:
			return fmt.Errorf("%d recorded decisions would change; --yes accepts that", r.Changed)
		}
		return nil
	}
}

func (a *activateFlags) diff(std stdio) activate.Step {
	return func(ctx context.Context, c activate.Change) error {
		active := c.Active
		if len(active.Modules) == 0 { // nothing is in force: compare with what would decide then
			var err error
			if active, err = policies.Defaults(); err != nil {
				return err
			}
		}
		old, err := policies.Compile(active)
		if err != nil {
			return fmt.Errorf("what is in force now: %w", err)
		}
		candidate, err := policies.Compile(c.Candidate)
		if err != nil {
			return err
		}
		changes, err := diffPolicies(ctx, old, candidate)
		if err != nil {
			return err
		}
		if err := changes.Write(std.err); err != nil || changes.Empty() || a.yes {
			return err
		}
		if !isTerminal(std.in) {
			return errors.New("access changes; --yes accepts that where nobody can be asked")
		}
		fmt.Fprint(std.err, "put this in force? [y/N] ")
		var answer string
		if fmt.Fscanln(std.in, &answer); answer != "y" && answer != "yes" {
			return errors.New("not accepted")
		}
		return nil
	}
}
