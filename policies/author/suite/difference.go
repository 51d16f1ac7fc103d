package suite

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxDifferences is how many differences of two values are told, and maxShown how
// many runes of a value.
const (
	maxDifferences = 4
	maxShown       = 60
)

// differences tells how the two sides of the comparison that event is about differ,
// as "cache_seconds is 1, not 60"; nothing if it is none, or their values are not
// known.
func differences(event *topdown.Event) []string {
	expr, isExpr := event.Node.(*ast.Expr)
	if !isExpr || expr.Negated || !(expr.IsEquality() || expr.IsCall() && expr.Operator().String() == "equal") {
		return nil
	}
	got, want := valueOf(event, expr.Operand(0)), valueOf(event, expr.Operand(1))
	if got == nil || want == nil {
		return nil
	}
	all := differ("", got, want)
	if len(all) > maxDifferences {
		all = append(all[:maxDifferences], fmt.Sprintf("and %d more", len(all)-maxDifferences))
	}
	return all
}

// valueOf returns the value that t had, or nil.
func valueOf(event *topdown.Event, t *ast.Term) ast.Value {
	switch v := t.Value.(type) {
	case ast.Var:
		return event.Locals.Get(v)
	case ast.Ref:
		base := event.Locals.Get(v[0].Value)
		if base == nil {
			return nil
		}
		if value, err := base.Find(v[1:]); err == nil {
			return value
		}
		return nil
	}
	if t.IsGround() {
		return t.Value
	}
	return nil
}

func differ(path string, got, want ast.Value) []string {
	if got.Compare(want) == 0 {
		return nil
	}
	gotObject, isObject := got.(ast.Object)
	wantObject, both := want.(ast.Object)
	if isObject && both {
		return differObjects(path, gotObject, wantObject)
	}
	gotSet, isSet := got.(ast.Set)
	wantSet, both := want.(ast.Set)
	if isSet && both {
		return append(missing(path, "has", gotSet.Diff(wantSet)), missing(path, "lacks", wantSet.Diff(gotSet))...)
	}
	return []string{strings.TrimSpace(fmt.Sprintf("%s is %s, not %s", path, shown(got), shown(want)))}
}

func differObjects(path string, got, want ast.Object) (all []string) {
	got.Foreach(func(k, v *ast.Term) {
		if other := want.Get(k); other == nil {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s has %s", path, shown(k.Value))))
		} else {
			all = append(all, differ(within(path, k), v.Value, other.Value)...)
		}
	})
	want.Foreach(func(k, _ *ast.Term) {
		if got.Get(k) == nil {
			all = append(all, strings.TrimSpace(fmt.Sprintf("%s lacks %s", path, shown(k.Value))))
		}
	})
	return all
}

func missing(path, verb string, elements ast.Set) (all []string) {
	elements.Foreach(func(e *ast.Term) {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s %s", path, verb, shown(e.Value))))
	})
	return all
}

func within(path string, key *ast.Term) string {
	return strings.TrimPrefix(path+"."+strings.Trim(key.Value.String(), `"`), ".")
}

func shown(v ast.Value) string {
	text := []rune(v.String())
	if len(text) > maxShown {
		return string(text[:maxShown]) + "…"
	}
	return string(text)
}
