package mutate

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// body surveys what must hold: each expression can be dropped or negated, or
// changed within.
func (s *survey) body(b ast.Body, put func(ast.Body) *ast.Rule) {
	for i, e := range b {
		putAt := func(e *ast.Expr) *ast.Rule { return put(replaced(b, i, e)) }
		if canDrop(e) {
			s.add(e.Location, "drop "+words(e), func() *ast.Rule {
				if len(b) == 1 {
					return putAt(constant(ast.Boolean(true), e.Location))
				}
				return put(without(b, i))
			})
		}
		if canNegate(e) {
			s.add(e.Location, "negate "+words(e), func() *ast.Rule {
				changed := *e
				changed.Negated = !e.Negated
				return putAt(&changed)
			})
		}
		s.expression(e, putAt)
	}
}

// canDrop reports whether something changes without e: not if it is true, or only
// says which names are variables.
func canDrop(e *ast.Expr) bool {
	switch terms := e.Terms.(type) {
	case *ast.SomeDecl:
		_, isIn := terms.Symbols[0].Value.(ast.Call)
		return isIn
	case *ast.Term:
		return e.Negated || terms.Value.Compare(ast.Boolean(true)) != 0
	}
	return true
}

// canNegate reports whether e says something and does not only name something.
func canNegate(e *ast.Expr) bool {
	switch e.Terms.(type) {
	case *ast.SomeDecl, *ast.Every:
		return false
	}
	return !e.IsAssignment()
}

func (s *survey) expression(e *ast.Expr, put func(*ast.Expr) *ast.Rule) {
	defer s.within(words(e))()
	putTerms := func(terms any) *ast.Rule { changed := *e; changed.Terms = terms; return put(&changed) }
	switch terms := e.Terms.(type) {
	case *ast.Term:
		s.term(terms, func(t *ast.Term) *ast.Rule { return putTerms(t) })
	case []*ast.Term:
		s.call(terms, func(call []*ast.Term) *ast.Rule { return putTerms(call) })
	case *ast.SomeDecl:
		for i, symbol := range terms.Symbols {
			if call, isIn := symbol.Value.(ast.Call); isIn {
				s.call(call, func(call []*ast.Term) *ast.Rule {
					changed := *terms
					changed.Symbols = replaced(terms.Symbols, i, moved(ast.Call(call), symbol))
					return putTerms(&changed)
				})
			}
		}
	case *ast.Every:
		s.term(terms.Domain, func(t *ast.Term) *ast.Rule { changed := *terms; changed.Domain = t; return putTerms(&changed) })
		s.body(terms.Body, func(b ast.Body) *ast.Rule { changed := *terms; changed.Body = b; return putTerms(&changed) })
	}
	for i, with := range e.With {
		s.term(with.Value, func(t *ast.Term) *ast.Rule {
			other := *with
			other.Value = t
			changed := *e
			changed.With = replaced(e.With, i, &other)
			return put(&changed)
		})
	}
}

// call surveys an operator or function and its operands.
func (s *survey) call(terms []*ast.Term, put func([]*ast.Term) *ast.Rule) {
	operator := terms[0].Value.String()
	for _, to := range operators[operator] {
		s.addIn(terms[0].Location, symbol(operator)+" becomes "+symbol(to), func() *ast.Rule {
			return put(replaced(terms, 0, moved(ast.BuiltinMap[to].Ref(), terms[0])))
		})
	}
	for i, operand := range terms[1:] {
		s.term(operand, func(t *ast.Term) *ast.Rule { return put(replaced(terms, i+1, t)) })
	}
}

// constant returns the expression that is v.
func constant(v ast.Value, loc *ast.Location) *ast.Expr {
	return ast.NewExpr(ast.NewTerm(v).SetLocation(loc)).SetLocation(loc)
}

// moved returns v as a term that stands where like stood.
func moved(v ast.Value, like *ast.Term) *ast.Term { return ast.NewTerm(v).SetLocation(like.Location) }

// replaced returns list with another element i, without i what is left of it.
func replaced[L ~[]E, E any](list L, i int, e E) L {
	changed := slices.Clone(list)
	changed[i] = e
	return changed
}

// without returns list without element i.
func without[L ~[]E, E any](list L, i int) L {
	return slices.Delete(slices.Clone(list), i, i+1)
}
