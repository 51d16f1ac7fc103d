package mutate

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/sandbox"
)

// reach tells which rules each test asks for, by their text. A change to a rule can
// only change what those tests say: until they ask for it everything is as before.
type reach map[place]map[string]ast.Ref

// place is where a test begins.
type place struct {
	file string
	line int
}

// reachOf runs each test alone and watches which rules it asks for. It fails if a
// test does not pass.
func reachOf(ctx context.Context, p *suite.Program) (reach, error) {
	compiled, err := compile(p.Checked())
	if err != nil {
		return nil, sandbox.ErrorsOf(err, "")
	}
	all := reach{}
	for _, t := range testsOf(compiled, p.Store) {
		seen := &lookups{refs: map[string]ast.Ref{}}
		if passed, err := t.passes(ctx, suite.DefaultTimeout, seen); !passed {
			return nil, errors.Join(ErrTestsFail, err, ctx.Err())
		}
		at := t.place()
		if all[at] == nil {
			all[at] = map[string]ast.Ref{}
		}
		maps.Copy(all[at], seen.refs)
	}
	return all, nil
}

// covering returns the modules that have tests which ask for rule, without the others.
func (r reach) covering(tests sandbox.Modules, rule ast.Ref) sandbox.Modules {
	asking := map[string]bool{}
	kept := only(tests, func(test place) bool {
		asks := r.asks(test, rule)
		asking[test.file] = asking[test.file] || asks
		return asks
	})
	maps.DeleteFunc(kept, func(file string, _ *ast.Module) bool { return !asking[file] })
	return kept
}

// only returns modules with the tests that keep takes and all rules that are no tests.
func only(modules sandbox.Modules, keep func(place) bool) sandbox.Modules {
	kept := sandbox.Modules{}
	for file, m := range modules {
		pruned := *m
		pruned.Rules = slices.DeleteFunc(slices.Clone(m.Rules), func(rule *ast.Rule) bool {
			return suite.TestRef(rule) != nil && !keep(place{file, rule.Location.Row})
		})
		kept[file] = &pruned
	}
	return kept
}

func (r reach) asks(test place, rule ast.Ref) bool {
	for _, ref := range r[test] {
		if ref.HasPrefix(rule) || rule.HasPrefix(ref) {
			return true
		}
	}
	return false
}

// lookups is a tracer that keeps the names of the rules that were looked for.
type lookups struct{ refs map[string]ast.Ref } // by their text

// Enabled makes OPA trace.
func (l *lookups) Enabled() bool { return true }

// Config asks for events without the values of variables.
func (l *lookups) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent keeps the name if the event is a look-up.
func (l *lookups) TraceEvent(e topdown.Event) {
	if e.Op == topdown.IndexOp && e.Ref != nil {
		l.refs[e.Ref.String()] = e.Ref.Copy()
	}
}
