package matrix

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// equated returns the variables that expr, an equation, binds to refs.
func equated(expr *ast.Expr) map[ast.Var]ast.Ref {
	if expr.Negated || !expr.IsEquality() || len(expr.Operands()) != 2 {
		return nil
	}
	all := map[ast.Var]ast.Ref{}
	for i, o := range expr.Operands() {
		v, isVar := o.Value.(ast.Var)
		ref, isRef := expr.Operand(1 - i).Value.(ast.Ref)
		if isVar && isRef {
			all[v] = ref
		}
	}
	return all
}

// operandRefs returns the refs that have to be defined for expr to hold.
func operandRefs(expr *ast.Expr) (refs []ast.Ref) {
	for _, t := range operandTerms(expr) {
		if ref, ok := t.Value.(ast.Ref); ok {
			refs = append(refs, ref)
		}
	}
	return refs
}

// constants returns the texts that terms are, if they all are.
func constants(terms []*ast.Term) ([]string, bool) {
	var texts []string
	for _, t := range terms {
		text, isText := t.Value.(ast.String)
		if !isText {
			return nil, false
		}
		texts = append(texts, string(text))
	}
	return texts, len(texts) > 0
}

// elementsOf returns the elements of a set or array that is written out.
func elementsOf(t *ast.Term) (terms []*ast.Term) {
	add := func(element *ast.Term) { terms = append(terms, element) }
	switch list := t.Value.(type) {
	case ast.Set:
		list.Foreach(add)
	case *ast.Array:
		list.Foreach(add)
	}
	return terms
}

// tableRef returns the table and the rest of a ref data.index.table[rest].
func tableRef(ref ast.Ref) (table string, rest ast.Ref) {
	if len(ref) < 4 || !ref[0].Equal(ast.DefaultRootDocument) || !ref[1].Equal(ast.StringTerm("index")) {
		return "", nil
	}
	name, _ := ref[2].Value.(ast.String)
	return string(name), ref[3:]
}

// mayReadIndex reports whether ref is to something in data.index, or may be.
func mayReadIndex(ref ast.Ref) bool {
	if !ref.HasPrefix(ast.DefaultRootRef) {
		return false
	}
	return len(ref) == 1 || !ast.IsConstant(ref[1].Value) || ref[1].Equal(ast.StringTerm("index"))
}

// total are operators that have an answer for operands of any kind.
var total = []string{ast.Equality.Name, ast.Equal.Name, ast.NotEqual.Name, ast.LessThan.Name, ast.LessThanEq.Name, ast.GreaterThan.Name, ast.GreaterThanEq.Name, ast.Member.Name}

// quiet reports whether evaluating expr cannot fail with an error: it compares and
// looks up data, and asks no rule.
func (c *conjunction) quiet(expr *ast.Expr) bool {
	switch expr.Terms.(type) {
	case *ast.Term:
	case []*ast.Term:
		if !slices.Contains(total, expr.Operator().String()) {
			return false
		}
	default:
		return false
	}
	quiet := true
	check := func(x any) bool {
		switch x := x.(type) {
		case ast.Call, *ast.ArrayComprehension, *ast.SetComprehension, *ast.ObjectComprehension, *ast.TemplateString:
			quiet = false
		case ast.Ref:
			quiet = quiet && (!x.HasPrefix(ast.DefaultRootRef) || c.isData(x))
		}
		return !quiet
	}
	for _, t := range operandTerms(expr) {
		ast.NewGenericVisitor(check).Walk(t)
	}
	return quiet
}

// isData reports whether ref is to data that no rule makes.
func (c *conjunction) isData(ref ast.Ref) bool {
	return len(ref) > 1 && (ref[1].Equal(ast.StringTerm("index")) || ref[1].Equal(ast.StringTerm("config"))) && len(c.virtual(ref)) == 0
}

func operandTerms(expr *ast.Expr) []*ast.Term {
	if t, ok := expr.Terms.(*ast.Term); ok {
		return []*ast.Term{t}
	}
	return expr.Operands()
}

// test explains a comparison of one field with constants.
func (c *conjunction) test(expr *ast.Expr) bool {
	t, at, ok := c.testOf(expr)
	if !ok {
		return false
	}
	plain := expr.Copy()
	plain.Negated, plain.With = false, nil
	c.reads.tests[t.field.String()+" "+plain.String()] = t
	c.explained[expr] = true
	c.use(at)
	return true
}

// testOf returns the comparison of a field of the subject, the resource or the action
// with constants that expr is, and the operand that is the field.
func (c *conjunction) testOf(expr *ast.Expr) (t test, at *ast.Term, ok bool) {
	if !expr.IsCall() {
		return t, nil, false
	}
	t = test{operator: expr.Operator().String(), operands: slices.Clone(expr.Operands())}
	builtin := ast.BuiltinMap[t.operator]
	if builtin == nil || builtin.Decl.Arity() != len(t.operands) || builtin.IsNondeterministic() {
		return t, nil, false
	}
	for i, o := range t.operands {
		if ast.IsConstant(o.Value) {
			continue
		}
		field := c.field(o)
		if at != nil || !slices.ContainsFunc(testable, func(group ast.Ref) bool { return field.HasPrefix(group) }) {
			return t, nil, false
		}
		t.field, t.operands[i], at = field, nil, o
	}
	return t, at, at != nil
}

// fails reports whether one of exprs, of which none but the last can end in an error,
// is a test that the known action or resource does not pass.
func (c *conjunction) fails(exprs []*ast.Expr) bool {
	return slices.ContainsFunc(exprs, func(expr *ast.Expr) bool {
		t, _, ok := c.testOf(expr)
		if !ok || t.field.HasPrefix(subjectRef) {
			return false
		}
		outcome := t.outcome(c.known)
		return outcome == "false" && !expr.Negated || outcome == "true" && expr.Negated
	})
}

var (
	subjectRef = ast.MustParseRef("input.subject")
	testable   = []ast.Ref{subjectRef, ast.MustParseRef("input.resource"), ast.MustParseRef("input.action")}
)
