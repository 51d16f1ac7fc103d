// Package bench measures what the decisions of a policy cost, so that an author sees
// what a rule adds before it is in force.
//
// Microseconds depend on the machine and on who else uses it. So every run also
// measures the floor, the smallest evaluation OPA can do, in between, and gives each
// cost as a multiple of it; that is the number to compare between runs. The rules
// that OPA tries one by one and the expressions that take the time are named, since
// they are what can be done about it.
package bench

import (
	"context"
	"errors"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stanch-dev/stanch/policies"
)

const (
	defaultTime = 500 * time.Millisecond
	defaultTop  = 10
	maxInputs   = 1000 // of one entrypoint that are measured
)

// Options of a run. The zero value is a good one.
type Options struct {
	Time time.Duration // to measure each entrypoint for; zero: half a second
	Top  int           // expressions that are reported; zero: 10
}

// Report is what decisions cost.
type Report struct {
	Revision string `json:"revision"`
	Floor    Cost   `json:"floor"` // of one trivial rule
	// Results has the entrypoints that there were inputs for.
	Results []Result `json:"results"`
}

// Cost is the mean of one decision, in the quietest moment of the run.
type Cost struct {
	Micros      float64 `json:"micros"`
	Allocations float64 `json:"allocations"`
}

// Result is about one entrypoint.
type Result struct {
	Entrypoint policies.Entrypoint `json:"entrypoint"`
	Given      int                 `json:"given"`    // inputs
	Measured   int                 `json:"measured"` // of those; fewer if there are many, or if they are slow
	// Failed inputs could not be decided; Failure is what was wrong with the first.
	Failed  int    `json:"failed"`
	Failure string `json:"failure,omitempty"`
	// Evaluated is a decision that is not in the cache: the input is built and the
	// rules are evaluated.
	Evaluated Cost    `json:"evaluated"`
	Ratio     float64 `json:"ratio"` // of Evaluated to the floor, in time
	// Cached is a decision from the cache; nil if these are not kept.
	Cached *Cost `json:"cached,omitempty"`
	// Linear are rules that the index did not help with, most definitions first.
	Linear []Linear `json:"linear"`
	// Expressions are the lines that take most of the time, the dearest first.
	Expressions []Expression `json:"expressions"`
}

// Run measures the decisions of s about inputs. The error is ctx's, or that there are
// no inputs.
func Run(ctx context.Context, s *policies.Snapshot, inputs []policies.Input, o Options) (Report, error) {
	if o.Time <= 0 {
		o.Time = defaultTime
	}
	if o.Top <= 0 {
		o.Top = defaultTop
	}
	r := Report{Revision: s.Revision(), Results: []Result{}}
	if len(inputs) == 0 {
		return r, errors.New("benchmark: no inputs to decide about")
	}
	floor, err := newFloor(ctx)
	if err != nil {
		return r, err
	}
	for _, name := range policies.Entrypoints() {
		var mine []policies.Input
		for _, in := range inputs {
			if in.Entrypoint() == name {
				mine = append(mine, in)
			}
		}
		if len(mine) == 0 {
			continue
		}
		e, err := newEntry(ctx, s, name)
		if err != nil {
			return r, err
		}
		result, err := e.measure(ctx, mine, floor, o)
		if err != nil {
			return r, err
		}
		r.Results = append(r.Results, result)
	}
	r.Floor = floor.cost
	for i := range r.Results {
		r.Results[i].Ratio = r.Results[i].Evaluated.Micros / r.Floor.Micros
	}
	return r, nil
}

// entry is an entrypoint without its cache.
type entry struct {
	name     policies.Entrypoint
	snapshot *policies.Snapshot
	query    rego.PreparedEvalQuery
}

func newEntry(ctx context.Context, s *policies.Snapshot, name policies.Entrypoint) (*entry, error) {
	query, err := rego.New(rego.Query(name.Query()), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil })).PrepareForEval(ctx)
	return &entry{name, s, query}, err
}

// evaluate decides in as a Snapshot does that has not seen it.
func (e *entry) evaluate(in policies.Input, options ...rego.EvalOption) error {
	ctx, cancel := context.WithTimeout(context.Background(), policies.Deadline)
	defer cancel()
	_, err := e.query.Eval(ctx, append(options, rego.EvalParsedInput(policies.Term(in).Value))...)
	return err
}

func (e *entry) measure(ctx context.Context, given []policies.Input, floor *floor, o Options) (Result, error) {
	r := Result{Entrypoint: e.name, Given: len(given)}
	inputs := e.warm(&r, given[:min(len(given), maxInputs)], o.Time)
	keeps := e.keeps(inputs)
	start := time.Now()
	for _, in := range inputs {
		e.evaluate(in)
	}
	evaluated, cached := newMeter(), newMeter()
	evaluated.fit(len(inputs), time.Since(start), o.Time)
	cached.fit(len(keeps), 0, o.Time)
	start = time.Now()
	for round := 0; round < 3 || time.Since(start) < o.Time; round++ {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		floor.measure()
		evaluated.measure(len(inputs), func(i int) { e.evaluate(inputs[i]) })
		if len(keeps) > 0 {
			cached.measure(len(keeps), func(i int) { e.ask(keeps[i]) })
		}
	}
	r.Evaluated = evaluated.cost
	if len(keeps) > 0 {
		r.Cached = &cached.cost
	}
	var err error
	if r.Linear, err = e.linear(ctx, inputs); err != nil {
		return r, err
	}
	r.Expressions = e.profile(inputs, o)
	return r, nil
}

// warm decides each input once, for as long as limit allows, and returns those it
// came to.
func (e *entry) warm(r *Result, inputs []policies.Input, limit time.Duration) []policies.Input {
	start := time.Now()
	for _, in := range inputs {
		if r.Measured > 0 && time.Since(start) > limit {
			break
		}
		r.Measured++
		if err := e.snapshot.Decide(context.Background(), in).Failure(); err != nil {
			if r.Failed++; r.Failed == 1 {
				r.Failure = err.Error()
			}
		}
	}
	return inputs[:r.Measured]
}

// ask decides in. Unlike Decide it makes no interface of the decision, which would be
// an allocation.
func (e *entry) ask(in policies.Input) {
	switch in := in.(type) {
	case *policies.AccessInput:
		e.snapshot.Access(context.Background(), in)
	case *policies.RedactionInput:
		e.snapshot.Redaction(context.Background(), in)
	}
}

// keeps returns the inputs whose decisions are in the snapshot's cache.
func (e *entry) keeps(inputs []policies.Input) (all []policies.Input) {
	for _, in := range inputs {
		switch d := e.snapshot.Decide(context.Background(), in).(type) {
		case policies.Access:
			if d.Cached {
				all = append(all, in)
			}
		case policies.Redaction:
			if d.Cached {
				all = append(all, in)
			}
		}
	}
	return all
}
