// Package suite runs the tests of a policy directory.
//
// They run on what decides: the modules of the directory and, for questions that it
// does not answer, the embedded ones, compiled in the sandbox, over data.config and
// data.index as a server builds them. A builtin that fails is an error here, as a
// server would refuse to decide. Besides what passes, the package tells which lines
// no test reaches (coverage) and which tests would pass if the policy said nothing
// (Vacuous). policies/author/mutate asks the harder question on top of it.
package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/stanch-dev/stanch/policies/source"
)

// DefaultTimeout is how long one test may take.
const DefaultTimeout = 5 * time.Second

// Options say what Run does.
type Options struct {
	// Filter is a regular expression. Only tests whose full name, as
	// data.stanch.access_test.test_reveal, matches it are run. Empty means all.
	Filter string
	// Coverage asks for the lines that the tests reach.
	Coverage bool
	// Timeout is how long one test may take; 0 means DefaultTimeout.
	Timeout time.Duration
}

// Run runs the tests of docs. The error says that they could not be run, because the
// policy or a test does not compile (then it is of type sandbox.Errors), the filter
// is no regular expression, or ctx ended. What tests found is in the report.
func Run(ctx context.Context, docs source.Documents, o Options) (Report, error) {
	p, err := Load(docs)
	if err != nil {
		return Report{}, err
	}
	return p.Run(ctx, o)
}

// Run runs the tests of p, as the function of the same name.
func (p *Program) Run(ctx context.Context, o Options) (Report, error) {
	start := time.Now()
	runner := p.runner(o)
	covered := cover.New()
	if o.Coverage {
		runner.SetCoverageQueryTracer(covered).SetCoverageRuns(nil)
	}
	results, err := collect(ctx, runner)
	if err != nil {
		return Report{}, err
	}
	places, err := p.places(ctx, results, o)
	if err != nil {
		return Report{}, err
	}
	report := reportOf(results, places)
	if o.Coverage {
		report.Coverage = p.coverage(covered)
	}
	report.Duration = time.Since(start)
	return report, nil
}

// runner returns what runs the tests of p. It can be used once.
func (p *Program) runner(o Options) *tester.Runner {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return tester.NewRunner().
		SetCompiler(Compiler()).
		SetModules(p.Checked()).
		SetStore(p.Store).
		RaiseBuiltinErrors(true).
		Filter(o.Filter).
		SetTimeout(o.Timeout)
}

// collect runs the tests and returns their results in the order of files and lines.
func collect(ctx context.Context, runner *tester.Runner) ([]*tester.Result, error) {
	running, err := runner.RunTests(ctx, nil)
	if err != nil {
		return nil, mistakes(err)
	}
	var results []*tester.Result
	for r := range running {
		results = append(results, r)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the tests were stopped: %w", ctx.Err())
	}
	slices.SortFunc(results, func(a, b *tester.Result) int {
		if c := strings.Compare(a.Location.File, b.Location.File); c != 0 {
			return c
		}
		return a.Location.Row - b.Location.Row
	})
	return results, nil
}
