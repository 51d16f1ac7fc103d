package suite

import (
	"context"
	"regexp"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// places runs the tests that failed again, this time recording each step, and returns
// which expression of a test or a row did not hold. Steps are many, so that those of
// tests which pass are not kept.
func (p *Program) places(ctx context.Context, results []*tester.Result, o Options) (map[TestID]*Failure, error) {
	var failed []string
	for _, r := range results {
		if r.Fail {
			failed = append(failed, regexp.QuoteMeta(r.Package+"."+r.Name))
		}
	}
	if len(failed) == 0 {
		return nil, nil
	}
	o.Filter = "^(" + strings.Join(failed, "|") + ")$"
	compiler := Compiler().WithRewriteTestRules(true)
	again, err := collect(ctx, p.runner(o).SetCompiler(compiler).EnableTracing(true))
	if err != nil {
		return nil, err
	}
	places := map[TestID]*Failure{}
	for _, r := range again {
		id := idOf(r)
		places[id] = place(r.Trace)
		for name, sub := range leaves(r) {
			if sub.Fail {
				id.Row = name
				places[id] = place(sub.Trace)
			}
		}
	}
	return places, nil
}

// place returns the last expression of trace that failed, or nil if none is known: a
// test that begins with a condition on the bare input may not even be begun. An every
// fails because of an expression within it.
func place(trace []*topdown.Event) *Failure {
	for i := len(trace) - 1; i >= 0; i-- {
		event := trace[i]
		expr, isExpr := event.Node.(*ast.Expr)
		if event.Op != topdown.FailOp || !isExpr || !event.Location.HasFile() || event.QueryID == 0 {
			continue
		}
		if _, isEvery := expr.Terms.(*ast.Every); isEvery {
			continue
		}
		var drawn strings.Builder
		if topdown.PrettyEvent(&drawn, event, topdown.PrettyEventOpts{PrettyVars: true}) != nil {
			drawn.Reset() // the values are missing, the place is known
		}
		return &Failure{
			File: event.Location.File, Line: event.Location.Row, Column: event.Location.Col,
			Expression: oneLine(string(event.Location.Text)), Differences: differences(event), Values: strings.TrimRight(drawn.String(), "\n"),
		}
	}
	return nil
}

// oneLine returns text with each run of white space as one space.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
