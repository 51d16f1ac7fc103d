package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// leastCalls are how many decisions are timed at once if they are quick: fewer would
// be told apart from reading the clock and the allocations only badly.
const leastCalls = 100

// meter keeps the least cost it saw: what else the machine does only ever adds.
type meter struct {
	cost    Cost
	repeats int // of what is measured
}

func newMeter() *meter { return &meter{Cost{math.Inf(1), math.Inf(1)}, 1} }

// fit repeats n calls, which took that long, until they are enough to be measured,
// unless that would take too large a part of limit.
func (m *meter) fit(n int, took, limit time.Duration) {
	m.repeats = (leastCalls + n - 1) / max(n, 1)
	for m.repeats > 1 && took*time.Duration(m.repeats) > limit/4 {
		m.repeats /= 2
	}
}

// measure calls do with 0 to n-1, repeatedly.
func (m *meter) measure(n int, do func(int)) {
	before := allocations()
	start := time.Now()
	for range m.repeats {
		for i := range n {
			do(i)
		}
	}
	took := time.Since(start)
	made := allocations() - before
	calls := float64(n * m.repeats)
	m.cost.Micros = min(m.cost.Micros, float64(took.Nanoseconds())/1000/calls)
	m.cost.Allocations = min(m.cost.Allocations, math.Floor(float64(made)/calls)) // the runtime's own are fewer
}

// allocations returns how many allocations the process made so far.
func allocations() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// floor measures the smallest evaluation that OPA can do.
type floor struct {
	*meter
	query rego.PreparedEvalQuery
	input ast.Value
}

func newFloor(ctx context.Context) (*floor, error) {
	query, err := rego.New(rego.Query("data.floor.allow"), rego.Module("floor.rego", "package floor\n\nallow if input.x == 1\n")).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("benchmark: %w", err)
	}
	return &floor{newMeter(), query, ast.NewObject([2]*ast.Term{ast.StringTerm("x"), ast.NumberTerm("1")})}, nil
}

func (f *floor) measure() {
	f.meter.measure(leastCalls, func(int) { f.query.Eval(context.Background(), rego.EvalParsedInput(f.input)) })
}
