package suite

import (
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// Vacuous returns the tests and rows of docs that pass on policies which say nothing:
// every rule of the modules that decide is undefined. Such a test cannot fail, or it
// asks only for what a broken policy does too. A table without rows is one.
func Vacuous(ctx context.Context, docs source.Documents) ([]TestID, error) {
	p, err := Load(docs)
	if err != nil {
		return nil, err
	}
	silent := *p
	silent.Policies, silent.Filled = silenced(p.Policies), silenced(p.Filled)
	compiler := Compiler().WithStrict(false).WithUseTypeCheckAnnotations(false)
	results, err := collect(ctx, silent.runner(Options{}).SetCompiler(compiler))
	if err != nil {
		return nil, fmt.Errorf("testing with all rules removed: %w", err)
	}
	found := []TestID{}
	for _, r := range results {
		id, tabular := idOf(r), false
		for name, sub := range leaves(r) {
			tabular = true
			if !sub.Fail && r.Error == nil {
				id.Row = name
				found = append(found, id)
			}
		}
		if !tabular && outcome(r) == Pass {
			found = append(found, id)
		}
	}
	return found, nil
}

// silenced returns modules whose rules all are undefined. The names stay, so that
// what refers to them compiles.
func silenced(modules sandbox.Modules) sandbox.Modules {
	all := sandbox.Modules{}
	for name, m := range modules {
		silent := *m
		silent.Rules, silent.Annotations = nil, nil
		for _, rule := range m.Rules {
			if mute := undefined(rule); !slices.ContainsFunc(silent.Rules, func(r *ast.Rule) bool { return contains(r, mute) }) {
				silent.Rules = append(slices.DeleteFunc(silent.Rules, func(r *ast.Rule) bool { return contains(mute, r) }), mute)
			}
		}
		all[name] = &silent
	}
	return all
}

// contains reports whether b is the rule a, or lies within it.
func contains(a, b *ast.Rule) bool { return b.Head.Reference.HasPrefix(a.Head.Reference) }

// undefined returns a rule or function of the same name and arity that never has a
// value. To the type checker it could be anything.
func undefined(rule *ast.Rule) *ast.Rule {
	head := &ast.Head{
		Name: rule.Head.Name, Reference: rule.Head.Ref().GroundPrefix(), Assign: true,
		Value: ast.NewTerm(ast.MustParseRef("data.nothing")), Location: rule.Location,
	}
	for i := range rule.Head.Args {
		head.Args = append(head.Args, ast.VarTerm(fmt.Sprintf("argument%d", i)))
	}
	return &ast.Rule{Head: head, Body: ast.NewBody(ast.NewExpr(ast.BooleanTerm(false))), Location: rule.Location}
}
