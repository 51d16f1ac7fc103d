package sandbox

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxExpanded is how many terms a value may be written out to, if each variable in
// it stands for what it was assigned. With b := [a, a], c := [b, b] and so on, 30
// lines make a gigabyte, in the evaluation and in the compiler's messages alike.
const maxExpanded = 100_000

// expander writes out what the variables of one module stand for.
type expander struct {
	rules map[ast.Var][]*ast.Term // values by the name of the rule
	local map[ast.Var][]*ast.Term // values by the name of the variable, within one rule
	known map[ast.Var]int         // sizes; 1 while one is computed
}

// expanding returns an error for each rule of module that has a value too long to be
// written out.
func expanding(module *ast.Module, file string) (all Errors) {
	e := expander{rules: map[ast.Var][]*ast.Term{}}
	ast.WalkRules(module, func(r *ast.Rule) bool {
		if name, ok := ruleName(r); ok && r.Head.Value != nil {
			e.rules[name] = append(e.rules[name], r.Head.Value)
		}
		return false
	})
	shared := map[ast.Var]int{}
	for _, rule := range module.Rules {
		e.local, e.known = assigned(rule), shared
		if len(e.local) > 0 {
			e.known = map[ast.Var]int{} // its variables may hide rules
		}
		if e.largest(rule) > maxExpanded {
			all = append(all, &Error{file, rule.Location.Row, rule.Location.Col, ast.ParseErr,
				fmt.Sprintf("a value that is %d times what it is made of, or more: variables in it stand for values that hold others several times", maxExpanded)})
		}
	}
	return all
}

func ruleName(r *ast.Rule) (ast.Var, bool) {
	name, ok := r.Head.Ref()[0].Value.(ast.Var)
	return name, ok
}

// assigned returns what rule assigns to variables.
func assigned(rule *ast.Rule) map[ast.Var][]*ast.Term {
	local := map[ast.Var][]*ast.Term{}
	ast.WalkExprs(rule, func(x *ast.Expr) bool {
		if !x.IsAssignment() && !x.IsEquality() {
			return false
		}
		a, b := x.Operand(0), x.Operand(1)
		if name, ok := a.Value.(ast.Var); ok {
			local[name] = append(local[name], b)
		}
		if name, ok := b.Value.(ast.Var); ok && x.IsEquality() {
			local[name] = append(local[name], a)
		}
		return false
	})
	return local
}

// largest returns the size of the largest value that rule writes.
func (e *expander) largest(rule *ast.Rule) int {
	most := 0
	for _, values := range e.local {
		for _, v := range values {
			most = max(most, e.size(v))
		}
	}
	ast.WalkRules(rule, func(r *ast.Rule) bool {
		if r.Head.Value != nil {
			most = max(most, e.size(r.Head.Value))
		}
		return false
	})
	return most
}

// size returns the size of t, written out, or something above maxExpanded.
func (e *expander) size(t *ast.Term) int {
	n := 1
	add := func(t *ast.Term) { n = min(n+e.size(t), maxExpanded+1) }
	switch v := t.Value.(type) {
	case ast.Var:
		return e.variable(v)
	case ast.Ref:
		return e.size(v[0])
	case *ast.Array:
		v.Foreach(add)
	case ast.Set:
		v.Foreach(add)
	case ast.Object:
		v.Foreach(func(k, t *ast.Term) { add(k); add(t) })
	case *ast.ArrayComprehension:
		add(v.Term)
	case *ast.SetComprehension:
		add(v.Term)
	case *ast.ObjectComprehension:
		add(v.Key)
		add(v.Value)
	}
	return n
}

func (e *expander) variable(name ast.Var) int {
	if n, ok := e.known[name]; ok {
		return n
	}
	e.known[name] = 1
	values, isLocal := e.local[name]
	if !isLocal {
		values = e.rules[name]
	}
	n := 1
	for _, v := range values {
		n = max(n, e.size(v))
	}
	e.known[name] = n
	return n
}
