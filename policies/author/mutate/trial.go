package mutate

import (
	"context"
	"errors"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/sandbox"
)

// compile compiles modules as OPA's test runner does, which marks the rows of tables.
// It is less strict than the sandbox: a variable that is not used once a condition is
// dropped is no reason not to try the change.
func compile(modules sandbox.Modules) (*ast.Compiler, error) {
	compiler := sandbox.NewCompiler().WithStrict(false)
	none, err := tester.NewRunner().SetCompiler(compiler).SetModules(modules).CapturePrintOutput(false).Filter("^$").RunTests(context.Background(), nil)
	if err != nil {
		return nil, err
	}
	for range none { // the filter fits no test
	}
	return compiler, nil
}

// test is a compiled test.
type test struct {
	rule     *ast.Rule
	compiler *ast.Compiler
	store    storage.Store
}

func (t test) place() place { return place{t.rule.Location.File, t.rule.Location.Row} }

// testsOf returns the tests of compiled modules, in no certain order.
func testsOf(compiler *ast.Compiler, store storage.Store) (all []test) {
	for _, m := range compiler.Modules {
		for _, rule := range m.Rules {
			if ref := suite.TestRef(rule); ref != nil && !suite.IsTodo(rule) {
				all = append(all, test{rule, compiler, store})
			}
		}
	}
	return all
}

// passes reports whether t passes, as OPA's runner understands it: its value is true
// or, of a table, the value of every row that was begun. The runner records each step
// of a table with all values, which would take most of the time of a mutant.
func (t test) passes(ctx context.Context, timeout time.Duration, watch topdown.QueryTracer) (passed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if recover() != nil { // a change that the evaluator does not survive
			passed, err = false, errors.New("evaluation broke down")
		}
	}()
	name := t.rule.Module.Package.Path.Extend(suite.TestRef(t.rule))
	options := []func(*rego.Rego){
		rego.Compiler(t.compiler), rego.Store(t.store), rego.StrictBuiltinErrors(true),
		rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(name)))),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil }),
		rego.QueryTracer(watch),
	}
	rows := &rows{}
	table := t.rule.Head.DocKind() == ast.PartialObjectDoc
	if table {
		options = append(options, rego.QueryTracer(rows))
	}
	results, err := rego.New(options...).Eval(ctx)
	if err != nil || len(results) == 0 {
		return false, err
	}
	value := results[0].Expressions[0].Value.(*ast.Term).Value
	if !table {
		return value.Compare(ast.Boolean(true)) == 0, nil
	}
	return allTrue(value) && rows.allIn(value), nil
}

// allTrue reports whether no row of a table says anything but true.
func allTrue(v ast.Value) bool {
	switch v := v.(type) {
	case ast.Object:
		return !v.Until(func(_, row *ast.Term) bool { return !allTrue(row.Value) })
	case ast.Boolean:
		return bool(v)
	case ast.Null:
		return true
	}
	return false
}

// rows is a tracer that keeps the names of the rows that were begun.
type rows struct{ begun []*ast.Array }

// Enabled makes OPA trace.
func (r *rows) Enabled() bool { return true }

// Config asks for events without the values of variables.
func (r *rows) Config() topdown.TraceConfig { return topdown.TraceConfig{} }

// TraceEvent keeps the name of a row.
func (r *rows) TraceEvent(e topdown.Event) {
	if e.Op != topdown.TestCaseOp {
		return
	}
	if call, isCall := e.Node.(*ast.Expr); isCall {
		if name, isName := call.Operand(0).Value.(*ast.Array); isName {
			r.begun = append(r.begun, name)
		}
	}
}

// allIn reports whether table has all rows that were begun.
func (r *rows) allIn(table ast.Value) bool {
	for _, name := range r.begun {
		at := table
		for i := range name.Len() {
			object, isObject := at.(ast.Object)
			if !isObject {
				return false
			}
			row := object.Get(name.Elem(i))
			if row == nil {
				return false
			}
			at = row.Value
		}
	}
	return true
}
