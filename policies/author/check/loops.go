package check

import (
	"github.com/open-policy-agent/opa/v1/ast"
)

// loops follows the variables of a body: each has the number of the loop in which it
// changes. Zero is none.
type loops struct {
	depth int
	of    map[ast.Var]int
}

// enter takes what x iterates or assigns.
func (l *loops) enter(x *ast.Expr) {
	if some, ok := x.Terms.(*ast.SomeDecl); ok {
		if names, _ := iterated(some); names != nil {
			l.depth++
			for _, name := range names {
				l.of[name] = l.depth
			}
		}
		return
	}
	if !x.IsAssignment() && !x.IsEquality() {
		return
	}
	name, ok := x.Operand(0).Value.(ast.Var)
	if !ok {
		return
	}
	if hasWildcard(x.Operand(1)) {
		l.depth++
		l.of[name] = l.depth
		return
	}
	l.of[name] = l.deepest(x.Operand(1))
}

// deepest returns the innermost loop that x depends on.
func (l *loops) deepest(x any) int {
	most := 0
	ast.WalkVars(x, func(v ast.Var) bool {
		most = max(most, l.of[v])
		return false
	})
	return most
}

// iterated returns the variables that "some x in xs" or "some k, v in xs" declares,
// and xs.
func iterated(some *ast.SomeDecl) (names []ast.Var, collection *ast.Term) {
	for _, s := range some.Symbols {
		call, ok := s.Value.(ast.Call)
		if !ok {
			return nil, nil
		}
		collection = call[len(call)-1]
		for _, t := range call[1 : len(call)-1] {
			ast.WalkVars(t, func(v ast.Var) bool {
				names = append(names, v)
				return false
			})
		}
	}
	return names, collection
}

// hasWildcard reports whether t iterates by itself, as xs[_] does.
func hasWildcard(t *ast.Term) (found bool) {
	ast.WalkTerms(t, func(t *ast.Term) bool {
		if ref, ok := t.Value.(ast.Ref); ok {
			for _, part := range ref[1:] {
				v, isVar := part.Value.(ast.Var)
				found = found || isVar && v.IsWildcard()
			}
		}
		return found || ast.IsComprehension(t.Value)
	})
	return found
}

// eachBody calls use with all bodies below x.
func eachBody(x any, use func(ast.Body)) {
	ast.WalkBodies(x, func(b ast.Body) bool {
		use(b)
		return false
	})
}

// hoist finds look-ups in data by a key that an outer loop gives.
func hoist(p *pass) {
	if p.isTest {
		return
	}
	eachBody(p.module, func(body ast.Body) {
		l := loops{of: map[ast.Var]int{}}
		for _, x := range body {
			inner := l.depth // the loop that x runs in; what x iterates comes after
			ast.WalkTerms(x, func(t *ast.Term) bool {
				if ref := p.resolve(t); ref != nil && ref[0].Equal(ast.DefaultRootDocument) && !ast.IsComprehension(t.Value) {
					if part := constantWithin(ref, &l, inner); part != nil {
						p.report(t.Location, "%v is looked up again in each turn of a loop that does not change it", part)
					}
				}
				return ast.IsComprehension(t.Value)
			})
			l.enter(x)
		}
	})
}

// constantWithin returns the longest beginning of ref that has a variable of a loop,
// but of none as deep as inner.
func constantWithin(ref ast.Ref, l *loops, inner int) (part ast.Ref) {
	deepest := 0
	for i, t := range ref {
		if i > 0 {
			deepest = max(deepest, l.deepest(t))
		}
		if v, ok := t.Value.(ast.Var); ok && i > 0 && (v.IsWildcard() || l.of[v] == 0) || deepest >= inner {
			break
		}
		if deepest > 0 {
			part = ref[:i+1]
		}
	}
	return part
}

// linearScan finds iterations of all of some data but data.config.
func linearScan(p *pass) {
	if p.isTest {
		return
	}
	ast.WalkExprs(p.module, func(x *ast.Expr) bool {
		if some, ok := x.Terms.(*ast.SomeDecl); ok {
			if _, collection := iterated(some); collection != nil {
				if ref := p.resolve(collection); ref != nil && p.isLarge(ref) {
					p.report(x.Location, "every element of %v is visited", ref)
				}
			}
		}
		return false
	})
	p.eachRef(p.module, func(ref ast.Ref, location *ast.Location) {
		for i, t := range ref {
			if v, ok := t.Value.(ast.Var); ok && i > 0 && v.IsWildcard() && p.isLarge(ref[:i]) {
				p.report(location, "every element of %v is visited", ref[:i])
				return
			}
		}
	})
}

// isLarge reports whether ref is data that grows: not looked up by a key, no rule
// and not in config/data.yaml.
func (p *pass) isLarge(ref ast.Ref) bool {
	parts, all := ground(ref)
	return all && len(parts) > 1 && parts[0] == "data" && parts[1] != "config" && !p.hasBelow(parts[1])
}

// inequalityInLoop finds comparisons that hold if any element differs.
func inequalityInLoop(p *pass) {
	ast.WalkRules(p.module, func(r *ast.Rule) bool {
		var head []any
		for _, t := range []*ast.Term{r.Head.Key, r.Head.Value} {
			if t != nil {
				head = append(head, t)
			}
		}
		for _, x := range r.Body {
			if x.OperatorTerm() == nil || x.Operator().String() != ast.NotEqual.Name || x.Negated {
				continue
			}
			switch a, b := x.Operand(0), x.Operand(1); {
			case hasWildcard(a) || hasWildcard(b):
				p.report(x.Location, "%v holds if any element differs", x)
			case onlyUsedIn(x, a, r.Body, head) || onlyUsedIn(x, b, r.Body, head):
				p.report(x.Location, "%v holds if any element of the loop differs", x)
			}
		}
		return false
	})
}

// onlyUsedIn reports whether operand, or what it is part of, is a loop's variable
// that nothing but x asks about.
func onlyUsedIn(x *ast.Expr, operand *ast.Term, body ast.Body, head []any) bool {
	name, ok := operand.Value.(ast.Var)
	if ref, isRef := operand.Value.(ast.Ref); isRef {
		name, ok = ref[0].Value.(ast.Var)
	}
	if !ok {
		return false
	}
	looped := false
	for _, other := range body {
		if some, isSome := other.Terms.(*ast.SomeDecl); isSome {
			names, collection := iterated(some)
			for _, n := range names {
				looped = looped || n == name
			}
			if collection != nil && uses(collection, name) {
				return false
			}
			continue
		}
		if other != x && uses(other, name) {
			return false
		}
	}
	for _, h := range head {
		if uses(h, name) {
			return false
		}
	}
	return looped
}

func uses(x any, name ast.Var) (found bool) {
	ast.WalkVars(x, func(v ast.Var) bool {
		found = found || v == name
		return found
	})
	return found
}
