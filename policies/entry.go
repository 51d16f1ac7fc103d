package policies

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/dependencies"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// entry is a compiled question to a snapshot.
type entry struct {
	*Snapshot
	name  Entrypoint
	query ast.Body
	reads fields // that any rule it depends on may read
	timed bool   // the time is one of them
}

// result is the variable of a query that takes the answer.
const result = ast.Var("result")

func newEntry(s *Snapshot, name Entrypoint) (*entry, error) {
	ref := ast.MustParseRef(name.Query())
	query, err := s.compiler.QueryCompiler().Compile(ast.NewBody(ast.Equality.Expr(ast.NewTerm(ref), ast.NewTerm(result))))
	if err != nil {
		return nil, err
	}
	refs, err := dependencies.Base(s.compiler, ref)
	if err != nil {
		return nil, err
	}
	e := &entry{Snapshot: s, name: name, query: query}
	for i, field := range fieldNames[name] {
		if slices.ContainsFunc(refs, func(r ast.Ref) bool { return overlap(r.String(), "input."+field) }) {
			e.reads |= 1 << i
			e.timed = e.timed || field == "now" || field == "context.time"
		}
	}
	return e, nil
}

// overlap reports whether one of the two refs is, or is within, the other.
func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(a, b+"[") || strings.HasPrefix(b, a+".")
}

// holds returns for which times a decision made at now may be kept: for the seconds
// its policy says, but not beyond the next time that a grant or a redaction rule
// expires. What does not depend on the time holds always.
func (e *entry) holds(now int64, seconds int) (from, until int64) {
	if !e.timed {
		return math.MinInt64, math.MaxInt64
	}
	until = now + int64(max(0, min(seconds, MaxCacheSeconds)))
	if i, _ := slices.BinarySearch(e.expiries, now+1); i < len(e.expiries) {
		until = min(until, e.expiries[i])
	}
	return now, until
}

// ask evaluates e for in and reads the answer.
func ask[D any](ctx context.Context, e *entry, in Input, deadline time.Duration, decode func(*ast.Term) (D, error)) (d D, err error) {
	t, err := e.evaluate(ctx, in.value(e.reads), deadline)
	if err != nil {
		return d, err
	}
	if d, err = decode(t); err != nil {
		err = fmt.Errorf("%s: %w", e.name.Query(), err)
	}
	return d, err
}

// evaluate returns the one result for input, or why there is none. It stops at the
// deadline, or when ctx ends. It asks OPA's evaluator directly: the rego package costs
// a transaction, a goroutine and a conversion more for each decision.
func (e *entry) evaluate(ctx context.Context, input ast.Value, deadline time.Duration) (t *ast.Term, err error) {
	cancel := topdown.NewCancel()
	timer := time.AfterFunc(deadline, cancel.Cancel)
	defer timer.Stop()
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, cancel.Cancel)()
	}
	defer func() {
		if recover() != nil {
			t, err = nil, fmt.Errorf("%s: evaluation broke down", e.name.Query())
		}
	}()
	results := 0
	err = topdown.NewQuery(e.query).WithCompiler(e.compiler).WithStore(e.store).WithTransaction(e.read).
		WithInput(ast.NewTerm(input)).WithStrictBuiltinErrors(true).WithCancel(cancel).
		Iter(ctx, func(r topdown.QueryResult) error {
			t = r[result]
			results++
			return nil
		})
	switch {
	case topdown.IsCancel(err):
		return nil, fmt.Errorf("%s: took longer than %v", e.name.Query(), deadline)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", e.name.Query(), placed(err))
	case results == 0:
		return nil, fmt.Errorf("%s is undefined: no rule gave a result", e.name.Query())
	case results > 1:
		return nil, fmt.Errorf("%s has %d results instead of one", e.name.Query(), results)
	}
	return t, nil
}

// placed returns OPA's error with its place.
func placed(err error) error {
	var e *topdown.Error
	if !errors.As(err, &e) || e.Location == nil {
		return err
	}
	return fmt.Errorf("%s:%d: %s", e.Location.File, e.Location.Row, e.Message)
}
