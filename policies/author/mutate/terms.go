package mutate

import (
	"encoding/json"
	"math/big"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// term surveys a value: constants change, collections lose an element, and what is
// within is surveyed in turn.
func (s *survey) term(t *ast.Term, put func(*ast.Term) *ast.Rule) {
	become := func(v ast.Value) *ast.Rule { return put(moved(v, t)) }
	switch v := t.Value.(type) {
	case ast.Boolean, ast.Number, ast.String, *ast.TemplateString:
		for _, other := range otherConstants(v) {
			s.addIn(t.Location, change(t, other), func() *ast.Rule { return become(other) })
		}
	case ast.Ref:
		for i, part := range v {
			switch part.Value.(type) {
			case ast.String, ast.Var: // the path itself: another one has no value, as if dropped
			default:
				s.term(part, func(t *ast.Term) *ast.Rule { return become(replaced(v, i, t)) })
			}
		}
	case ast.Call:
		s.callTerm(t, v, put)
	case *ast.Array:
		s.elements(slice(v.Foreach), func(list []*ast.Term) *ast.Rule { return become(ast.NewArray(list...)) })
	case ast.Set:
		s.elements(slice(v.Foreach), func(list []*ast.Term) *ast.Rule { return become(ast.NewSet(list...)) })
	case ast.Object:
		s.object(v, become)
	default:
		s.comprehension(t, become)
	}
}

// change says that t becomes other. What a text becomes says nothing.
func change(t *ast.Term, other ast.Value) string {
	if _, isText := other.(ast.String); isText {
		return words(t) + " changes"
	}
	return words(t) + " becomes " + other.String()
}

// otherConstants returns what v can become.
func otherConstants(v ast.Value) []ast.Value {
	switch v := v.(type) {
	case ast.Boolean:
		return []ast.Value{!v}
	case ast.String:
		return []ast.Value{v + "~"}
	case ast.Number:
		n, ok := new(big.Rat).SetString(string(v))
		if !ok {
			return nil
		}
		one := big.NewRat(1, 1)
		return []ast.Value{number(new(big.Rat).Add(n, one)), number(new(big.Rat).Sub(n, one))}
	}
	return []ast.Value{ast.String("~")} // a template
}

func number(n *big.Rat) ast.Number {
	if n.IsInt() {
		return ast.Number(n.Num().String())
	}
	f, _ := n.Float64()
	text, _ := json.Marshal(f) // a number always has a text
	return ast.Number(text)
}

// callTerm surveys a call, and puts operands in its place: the argument of f(x), and
// each side of an operator that combines two things of a kind.
func (s *survey) callTerm(t *ast.Term, call ast.Call, put func(*ast.Term) *ast.Rule) {
	operator := call[0].Value.String()
	if len(call) == 2 || slices.Contains(combining, operator) {
		for _, operand := range call[1:] {
			s.addIn(t.Location, words(t)+" becomes "+words(operand), func() *ast.Rule { return put(operand) })
		}
	}
	s.call(call, func(terms []*ast.Term) *ast.Rule { return put(moved(ast.Call(terms), t)) })
}

// elements surveys the elements of a collection.
func (s *survey) elements(list []*ast.Term, put func([]*ast.Term) *ast.Rule) {
	for i, e := range list {
		s.addIn(e.Location, "drop the element "+words(e), func() *ast.Rule { return put(without(list, i)) })
		s.term(e, func(t *ast.Term) *ast.Rule { return put(replaced(list, i, t)) })
	}
}

// object surveys the values of an object. Its keys are not changed: that is to drop
// one.
func (s *survey) object(o ast.Object, become func(ast.Value) *ast.Rule) {
	var pairs [][2]*ast.Term
	o.Foreach(func(k, v *ast.Term) { pairs = append(pairs, [2]*ast.Term{k, v}) })
	for i, pair := range pairs {
		s.addIn(pair[0].Location, "drop the key "+words(pair[0]), func() *ast.Rule { return become(ast.NewObject(without(pairs, i)...)) })
		s.term(pair[1], func(t *ast.Term) *ast.Rule {
			return become(ast.NewObject(replaced(pairs, i, [2]*ast.Term{pair[0], t})...))
		})
	}
}

// comprehension surveys a collection that is computed, its results and conditions.
func (s *survey) comprehension(t *ast.Term, become func(ast.Value) *ast.Rule) {
	switch c := t.Value.(type) {
	case *ast.ArrayComprehension:
		s.computed(t, c.Term, c.Body, func(t *ast.Term, b ast.Body) *ast.Rule { return become(&ast.ArrayComprehension{Term: t, Body: b}) })
	case *ast.SetComprehension:
		s.computed(t, c.Term, c.Body, func(t *ast.Term, b ast.Body) *ast.Rule { return become(&ast.SetComprehension{Term: t, Body: b}) })
	case *ast.ObjectComprehension:
		s.computed(t, c.Value, c.Body, func(t *ast.Term, b ast.Body) *ast.Rule {
			return become(&ast.ObjectComprehension{Key: c.Key, Value: t, Body: b})
		})
	}
}

func (s *survey) computed(all, result *ast.Term, body ast.Body, put func(*ast.Term, ast.Body) *ast.Rule) {
	defer s.within(words(all))()
	s.term(result, func(t *ast.Term) *ast.Rule { return put(t, body) })
	s.body(body, func(b ast.Body) *ast.Rule { return put(result, b) })
}

// slice collects what each visits.
func slice(each func(func(*ast.Term))) (list []*ast.Term) {
	each(func(t *ast.Term) { list = append(list, t) })
	return list
}
