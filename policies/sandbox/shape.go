package sandbox

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// OPA's compiler takes four times as long for each comprehension within another
// (measured: 2 s for 14), copies the text of an object's key for each key around it,
// and grows with the third power of the expressions of a body. It cannot be stopped.
const (
	maxClosures = 5   // comprehensions, templates and composite keys in one another
	maxDepth    = 200 // terms and expressions in one another: 1 + 1 + 1 is two
	maxBody     = 250 // expressions of a body, and bodies of an else chain
	maxRules    = 2000
)

// tooComplex returns an error for each rule of module that would take the compiler
// too long.
func tooComplex(module *ast.Module, file string) (all Errors) {
	fail := func(at *ast.Location, format string, args ...any) {
		e := &Error{file, 1, 1, ast.ParseErr, fmt.Sprintf(format, args...)}
		if at != nil {
			e.Line, e.Column = at.Row, at.Col
		}
		all = append(all, e)
	}
	if len(module.Rules) > maxRules {
		fail(module.Rules[maxRules].Location, "more than %d rules in a file: what rules are generated from is better kept as data", maxRules)
	}
	for _, rule := range module.Rules {
		s := shapeOf(rule)
		switch {
		case s.closures > maxClosures:
			fail(rule.Location, "more than %d comprehensions, templates or composite keys in one another: give the inner ones a rule of their own", maxClosures)
		case s.depth > maxDepth:
			fail(rule.Location, "more than %d terms in one another", maxDepth)
		case s.body > maxBody:
			fail(rule.Location, "more than %d expressions in a body", maxBody)
		}
	}
	return append(all, expanding(module, file)...)
}

// shape is the most of each kind in one rule.
type shape struct{ closures, depth, body int }

func shapeOf(rule *ast.Rule) (most shape) {
	var now shape
	count := func(x any, by int) {
		if closes(x) {
			now.closures += by
		}
		switch x.(type) {
		case *ast.Term, *ast.Expr, *ast.Every, *ast.Rule:
			now.depth += by
		}
		most.closures, most.depth = max(most.closures, now.closures), max(most.depth, now.depth)
	}
	var visitor *ast.BeforeAfterVisitor
	before := func(x any) bool {
		count(x, 1)
		if now.closures > maxClosures || now.depth > maxDepth {
			return true
		}
		switch x := x.(type) {
		case ast.Body:
			most.body = max(most.body, len(x))
		case *ast.Expr:
			most.body = max(most.body, len(x.With))
		case *ast.TemplateString: // OPA's visitor does not go there
			for _, part := range x.Parts {
				visitor.Walk(part)
			}
			return true
		}
		return false
	}
	visitor = ast.NewBeforeAfterVisitor(before, func(x any) { count(x, -1) })
	visitor.Walk(rule)
	return most
}

// closes reports whether the compiler makes a body of its own of x.
func closes(x any) bool {
	switch x := x.(type) {
	case *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.TemplateString:
		return true
	case ast.Object:
		return x.Until(func(k, _ *ast.Term) bool { return !ast.IsScalar(k.Value) && !isName(k) })
	}
	return false
}

func isName(t *ast.Term) bool {
	switch t.Value.(type) {
	case ast.Var, ast.Ref:
		return true
	}
	return false
}
