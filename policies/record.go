package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// CodeFailed is the code of a reason, finding or failure that says the policy itself
// could not decide.
const CodeFailed = "policy_failed"

const (
	required = true
	optional = false
)

// record reads an object that a policy returned. Whatever is not as the entrypoint
// promises is an error, and so are keys nobody asked for: "obligation" for
// "obligations" must not be lost in silence.
type record struct {
	obj  ast.Object
	read int // keys that were there and asked for
	err  error
}

func newRecord(t *ast.Term) *record {
	obj, ok := t.Value.(ast.Object)
	if !ok {
		return &record{obj: ast.NewObject(), err: fmt.Errorf("the result is %s where an object was expected", typeName(t))}
	}
	return &record{obj: obj}
}

// typeName says what t is without its value.
func typeName(t *ast.Term) string {
	name := ast.ValueName(t.Value)
	if name == "object" || name == "array" {
		return "an " + name
	}
	return "a " + name
}

func (r *record) fail(name, want string, got *ast.Term) {
	if r.err == nil {
		r.err = fmt.Errorf("%q of the result is %s where %s was expected", name, typeName(got), want)
	}
}

func (r *record) get(name string, required bool) *ast.Term {
	t := r.obj.Get(ast.StringTerm(name))
	if t == nil {
		if required && r.err == nil {
			r.err = fmt.Errorf("the result has no %q", name)
		}
		return nil
	}
	r.read++
	return t
}

func (r *record) boolean(name string, required bool) bool {
	t := r.get(name, required)
	if t == nil {
		return false
	}
	b, ok := t.Value.(ast.Boolean)
	if !ok {
		r.fail(name, "true or false", t)
	}
	return bool(b)
}

func (r *record) text(name string) string { return r.oneOf(name, required) }

// oneOf returns a text, which must be one of allowed if there are any.
func (r *record) oneOf(name string, required bool, allowed ...string) string {
	t := r.get(name, required)
	if t == nil {
		return ""
	}
	s, ok := t.Value.(ast.String)
	if !ok {
		r.fail(name, "a text", t)
	} else if len(allowed) > 0 && !slices.Contains(allowed, string(s)) && r.err == nil {
		r.err = fmt.Errorf("%q of the result is none of %q", name, allowed)
	}
	return string(s)
}

func (r *record) number(name string) int {
	t := r.get(name, optional)
	if t == nil {
		return 0
	}
	n, ok := t.Value.(ast.Number)
	i, whole := n.Int()
	if !ok || !whole {
		r.fail(name, "a whole number", t)
	}
	return i
}

// texts returns the texts of a set or list, sorted; never nil.
func (r *record) texts(name string) []string {
	all := []string{}
	r.each(name, func(t *ast.Term) {
		s, ok := t.Value.(ast.String)
		if !ok {
			r.fail(name, "texts", t)
		}
		all = append(all, string(s))
	})
	slices.Sort(all)
	return all
}

func (r *record) each(name string, use func(*ast.Term)) {
	if t := r.get(name, optional); t != nil && !forEach(t, use) {
		r.fail(name, "a set or list", t)
	}
}

// forEach calls use with the elements of a set or list. It reports whether t is one.
func forEach(t *ast.Term, use func(*ast.Term)) bool {
	switch list := t.Value.(type) {
	case ast.Set:
		list.Foreach(use)
	case *ast.Array:
		list.Foreach(use)
	default:
		return false
	}
	return true
}

// done returns what was wrong with the record.
func (r *record) done() error {
	if r.err == nil && r.read < r.obj.Len() {
		return errors.New("the result has keys that mean nothing here")
	}
	return r.err
}

// readEach returns the records in the set or list name of r; never nil.
func readEach[T any](r *record, name string, read func(*record) T) []T {
	all := []T{}
	r.each(name, func(t *ast.Term) {
		element := newRecord(t)
		all = append(all, read(element))
		r.err = cmp.Or(r.err, element.done())
	})
	return all
}

// readList returns the records in the set or list t.
func readList[T any](t *ast.Term, read func(*record) T) (all []T, err error) {
	all = []T{}
	isList := forEach(t, func(t *ast.Term) {
		element := newRecord(t)
		all = append(all, read(element))
		err = cmp.Or(err, element.done())
	})
	if !isList {
		err = fmt.Errorf("the result is %s where a set was expected", typeName(t))
	}
	return all, err
}

func compareReasons(a, b Reason) int {
	return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
}
