package check

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/sandbox"
)

// constantCondition finds expressions that hold, or do not, whatever the input is.
func constantCondition(p *pass) {
	eachBody(p.module, func(body ast.Body) {
		for _, x := range body {
			if written(x) && isConstant(x) {
				p.report(x.Location, "%v is always the same", x)
			}
		}
	})
}

// written reports whether x stands in the text: the parser puts true into bodies that
// are not there, at the place of what is.
func written(x *ast.Expr) bool {
	return x.Location != nil && (len(x.With) > 0 || !isTrue(ast.Body{x}) || strings.HasPrefix(string(x.Location.Text), "true"))
}

func isConstant(x *ast.Expr) bool {
	switch t := x.Terms.(type) {
	case *ast.Term:
		return ast.IsConstant(t.Value)
	case []*ast.Term:
		if len(t) != 3 || !comparisons[x.Operator().String()] {
			return false
		}
		a, b := t[1], t[2]
		_, isVar := a.Value.(ast.Var)
		_, isRef := a.Value.(ast.Ref)
		return ast.IsConstant(a.Value) && ast.IsConstant(b.Value) || (isVar || isRef) && a.Equal(b) && !hasWildcard(a)
	}
	return false
}

var comparisons = map[string]bool{"equal": true, "neq": true, "lt": true, "lte": true, "gt": true, "gte": true, "eq": true}

// shadowedBuiltin finds rules, variables and arguments with the name of a builtin.
func shadowedBuiltin(p *pass) {
	seen := map[string]bool{"input": true, "data": true}
	for _, b := range sandbox.Capabilities().Builtins {
		if b.Infix == "" && !strings.Contains(b.Name, ".") {
			seen[b.Name] = true
		}
	}
	reserved := func(what, name string, location *ast.Location) {
		if seen[name] {
			p.report(location, "%s %s has the name of what Rego has built in", what, name)
		}
	}
	for _, imp := range p.module.Imports {
		if imp.Alias != "" {
			reserved("the import", string(imp.Alias), imp.Location)
		}
	}
	ast.WalkRules(p.module, func(r *ast.Rule) bool {
		if name, ok := ruleName(r); ok {
			reserved("rule", name, r.Location)
		}
		for _, a := range r.Head.Args {
			ast.WalkVars(a, func(v ast.Var) bool { reserved("argument", string(v), a.Location); return false })
		}
		return false
	})
	ast.WalkExprs(p.module, func(x *ast.Expr) bool {
		for _, v := range declared(x) {
			reserved("variable", string(v), x.Location)
		}
		return false
	})
}

// declared returns the variables that x introduces.
func declared(x *ast.Expr) (names []ast.Var) {
	add := func(v ast.Var) bool { names = append(names, v); return false }
	switch t := x.Terms.(type) {
	case *ast.SomeDecl:
		if names, _ = iterated(t); names == nil {
			for _, s := range t.Symbols {
				ast.WalkVars(s, add)
			}
		}
	case *ast.Every:
		ast.WalkVars([]*ast.Term{t.Value}, add)
		if t.Key != nil {
			ast.WalkVars(t.Key, add)
		}
	case []*ast.Term:
		if x.IsAssignment() {
			ast.WalkVars(x.Operand(0), add)
		}
	}
	return names
}
