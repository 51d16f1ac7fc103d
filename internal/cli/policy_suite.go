package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies/author/mutate"
	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/source"
)

// suiteFlags are the flags of policy test.
type suiteFlags struct {
	filter         string
	verbose, cover bool
	mutate, watch  bool
	threshold      float64
	equivalents    string
	parallel       int
}

func newPolicyTest(std stdio, f *policyFlags) *cobra.Command {
	var t suiteFlags
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "run the tests of policies, and test the tests",
		Long: `Test runs the rules named test_… of the policy directory, each row of a table apart
(test_x[note] if …), and says which expression of a test did not hold.

--cover tells which lines no test reaches. Coverage is not enough: --mutate changes
the policies in every small way (drops an expression, turns < into <=, true into
false, …) and tells which changes no test notices. Changes that cannot matter may be
listed in a file, with reasons, that --equivalents names.

Exit codes: 0 all pass, 1 a test fails, too little is covered or a mutant survives,
2 usage, or the policies or tests do not compile, 3 could not be run.`,
		Example: `  stanch policy test
  stanch policy test --run redaction -v
  stanch policy test --cover --threshold 100
  stanch policy test --mutate
  stanch policy test --watch`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				f.dir = args[0]
			}
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if t.watch {
				return t.watchTests(ctx, std, f)
			}
			docs, err := f.load()
			if err != nil {
				return err
			}
			if err := t.test(ctx, std, f, docs); err != nil || !t.mutate {
				return err
			}
			return t.mutants(ctx, std, f, docs)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.filter, "run", "", "run only tests whose name matches this `expression`")
	flags.BoolVarP(&t.verbose, "verbose", "v", false, "list tests that pass too")
	flags.BoolVar(&t.cover, "cover", false, "tell which lines no test reaches")
	flags.Float64Var(&t.threshold, "threshold", 0, "fail if less than this `percent` of the lines is covered")
	flags.BoolVar(&t.mutate, "mutate", false, "tell which small changes of the policies no test notices")
	flags.StringVar(&t.equivalents, "equivalents", "", "`file` that lists mutants that cannot matter, with reasons")
	flags.IntVar(&t.parallel, "parallel", 0, "how many mutants are tried at a time (default: the processors)")
	flags.BoolVarP(&t.watch, "watch", "w", false, "run again whenever a file changes")
	return cmd
}

func (t *suiteFlags) test(ctx context.Context, std stdio, f *policyFlags, docs source.Documents) error {
	r, err := suite.Run(ctx, docs, suite.Options{Filter: t.filter, Coverage: t.cover || t.threshold > 0})
	if err != nil {
		return usageError(err)
	}
	if !t.mutate || r.Failed() || f.output == "text" {
		if err := f.report(std, r, func(w io.Writer) error { return r.Write(w, t.verbose) }); err != nil {
			return err
		}
	}
	switch {
	case r.Failed():
		return &exitError{ExitFindings, nil}
	case r.Coverage != nil && r.Coverage.Percent < t.threshold:
		return &exitError{ExitFindings, fmt.Errorf("%.1f %% of the lines are covered, less than %g %%", r.Coverage.Percent, t.threshold)}
	}
	return nil
}

func (t *suiteFlags) mutants(ctx context.Context, std stdio, f *policyFlags, docs source.Documents) error {
	o := mutate.Options{Parallel: t.parallel}
	if t.equivalents != "" {
		text, err := os.ReadFile(t.equivalents)
		if err != nil {
			return usageError(err)
		}
		if o.Equivalents, err = mutate.ParseEquivalents(text, t.equivalents); err != nil {
			return usageError(err)
		}
	}
	if isTerminal(std.err) {
		o.Progress = func(done, total int) { fmt.Fprintf(std.err, "\r\x1b[K%d of %d mutants", done, total) }
		defer fmt.Fprint(std.err, "\r\x1b[K")
	}
	r, err := mutate.Run(ctx, docs, o)
	if err != nil {
		return failedRun(err)
	}
	if err := f.report(std, r, r.Write); err != nil {
		return err
	}
	if r.Failed() {
		return &exitError{ExitFindings, nil}
	}
	return nil
}

// watchTests runs the tests, and again after every change, until it is interrupted.
func (t *suiteFlags) watchTests(ctx context.Context, std stdio, f *policyFlags) error {
	docs, err := f.load()
	if err != nil {
		return err
	}
	if docs.Name == "embedded" {
		return usageError(errors.New("there is no policy directory here to watch; name one, or 'stanch policy init' writes one"))
	}
	run := func(docs source.Documents, err error) {
		fmt.Fprintf(std.err, "\n%s\n", time.Now().Format(time.TimeOnly))
		if err == nil {
			err = t.test(ctx, std, f, docs)
		}
		if err != nil {
			fmt.Fprintf(std.err, "stanch: %v\n", err)
		}
	}
	run(docs, nil)
	(&source.Watcher{Dir: docs.Name, Revision: docs.Revision, Changed: run}).Run(ctx)
	return nil
}
