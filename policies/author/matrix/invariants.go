package matrix

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stanch-dev/stanch/policies"
)

const (
	invariantsPackage = "data.stanch.invariants"
	invariantsQuery   = invariantsPackage + ".violation"
	// CodeFailed is the code of a violation that says an invariant could not be
	// evaluated. What cannot be checked does not hold.
	CodeFailed = "invariant_failed"
	// maxViolations bounds what is listed; the rest is counted.
	maxViolations = 1000
)

// Exhaustive says what it means that invariants hold.
const Exhaustive = "Checked for every known principal, resource and capability; this is no proof for those that nobody listed."

// Violation says that an invariant does not hold in some cells.
type Violation struct {
	Code       string `json:"code"`
	Message    string `json:"message"`
	Cell              // one of them
	Capability string `json:"capability"` // of that cell
	Count      int    `json:"count"`      // of cells
}

// Violations are what Invariants found, by code and message.
type Violations []Violation

// HasInvariants reports whether s has any.
func HasInvariants(s *policies.Snapshot) bool {
	for _, m := range s.Modules() {
		if m.Package.Path.String() == invariantsPackage {
			return true
		}
	}
	return false
}

// Invariants evaluates data.stanch.invariants.violation in every cell of u. Its input
// is that of the access policy, with decision, the access decision, and can, the set
// of capabilities the principal has for the resource. No violations mean what
// Exhaustive says. It returns an error if ctx is done or u is too large.
func Invariants(ctx context.Context, s *policies.Snapshot, u Universe) (Violations, error) {
	if !HasInvariants(s) {
		return nil, nil
	}
	query, err := rego.New(rego.Query(invariantsQuery), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.StrictBuiltinErrors(true),
		rego.GenerateJSON(func(t *ast.Term, _ *rego.EvalContext) (any, error) { return t, nil })).PrepareForEval(ctx)
	if err != nil {
		return nil, fmt.Errorf("preparing the invariants: %w", err)
	}
	r := accessReads(s)
	r.merge(readsOf(s.Compiler(), invariantsQuery))
	p, err := planOf(&u, r, s)
	if err != nil {
		return nil, err
	}
	e := &examiner{plan: p, snapshot: s, query: query}
	found := make([][]breach, len(p.classes))
	if err := parallel(ctx, len(p.classes), func(class int) error {
		found[class] = e.examine(ctx, class)
		return nil
	}); err != nil {
		return nil, err
	}
	return e.sumUp(found), nil
}

// examiner evaluates invariants. Safe for concurrent use.
type examiner struct {
	plan     *plan
	snapshot *policies.Snapshot
	query    rego.PreparedEvalQuery
}

// breach is what an invariant says of a cell.
type breach struct{ code, message, capability string }

// examine returns the breaches in the cells of class.
func (e *examiner) examine(ctx context.Context, class int) (all []breach) {
	decisions := e.plan.decideAll(ctx, e.snapshot, class)
	can := ast.NewSet()
	for capability, d := range decisions {
		if d.Allow {
			can.Add(ast.StringTerm(capability))
		}
	}
	who, what := e.plan.cell(class)
	for _, capabilities := range e.plan.classes[class].capabilities {
		input := policies.Term(e.plan.universe.input(who, what, capabilities[0])).Value.(ast.Object)
		input.Insert(ast.StringTerm("decision"), decisionTerm(decisions[capabilities[0]]))
		input.Insert(ast.StringTerm("can"), ast.NewTerm(can))
		found, err := e.evaluate(ctx, input)
		if err != nil { // perhaps because the machine was busy
			found, err = e.evaluate(ctx, input)
		}
		if err != nil {
			found = []breach{{code: CodeFailed, message: err.Error()}}
		}
		for _, b := range found {
			for _, capability := range capabilities {
				b.capability = capability
				all = append(all, b)
			}
		}
	}
	return all
}

// decisionTerm returns d as its JSON has it.
func decisionTerm(d policies.Access) *ast.Term {
	texts := func(list []string) *ast.Term {
		terms := make([]*ast.Term, len(list))
		for i, s := range list {
			terms[i] = ast.StringTerm(s)
		}
		return ast.ArrayTerm(terms...)
	}
	var reasons []*ast.Term
	for _, r := range d.Reasons {
		reasons = append(reasons, ast.ObjectTerm(ast.Item(ast.StringTerm("code"), ast.StringTerm(r.Code)), ast.Item(ast.StringTerm("message"), ast.StringTerm(r.Message))))
	}
	return ast.ObjectTerm(
		ast.Item(ast.StringTerm("allow"), ast.BooleanTerm(d.Allow)),
		ast.Item(ast.StringTerm("grants"), texts(d.Grants)),
		ast.Item(ast.StringTerm("reasons"), ast.ArrayTerm(reasons...)),
		ast.Item(ast.StringTerm("obligations"), texts(d.Obligations)),
		ast.Item(ast.StringTerm("cache_seconds"), ast.IntNumberTerm(d.CacheSeconds)))
}

// evaluate returns what the invariants say about input.
func (e *examiner) evaluate(ctx context.Context, input ast.Value) (found []breach, err error) {
	ctx, cancel := context.WithTimeout(ctx, policies.Deadline)
	defer cancel()
	defer func() {
		if recover() != nil {
			err = fmt.Errorf("%s: evaluation broke down", invariantsQuery)
		}
	}()
	results, err := e.query.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", invariantsQuery, err)
	}
	if len(results) != 1 {
		return nil, fmt.Errorf(`%s is undefined; write it as 'violation contains {"code": …, "message": …} if …'`, invariantsQuery)
	}
	set, ok := results[0].Expressions[0].Value.(*ast.Term).Value.(ast.Set)
	if !ok {
		return nil, fmt.Errorf("%s is not a set", invariantsQuery)
	}
	return found, set.Iter(func(t *ast.Term) error {
		object, ok := t.Value.(ast.Object)
		if !ok || object.Len() != 2 {
			return fmt.Errorf("%s has an element that is not {code, message}", invariantsQuery)
		}
		code, hasCode := textOf(object, "code")
		message, hasMessage := textOf(object, "message")
		if !hasCode || !hasMessage {
			return fmt.Errorf("%s has an element whose code or message is not a text", invariantsQuery)
		}
		found = append(found, breach{code: code, message: message})
		return nil
	})
}

func textOf(object ast.Object, name string) (string, bool) {
	t := object.Get(ast.StringTerm(name))
	if t == nil {
		return "", false
	}
	s, ok := t.Value.(ast.String)
	return string(s), ok
}

// sumUp counts the cells of each violation.
func (e *examiner) sumUp(found [][]breach) Violations {
	type name struct{ code, message string }
	var all Violations
	at := map[name]int{}
	sizes := e.plan.sizes()
	for class, breaches := range found {
		for _, b := range breaches {
			n := name{b.code, b.message}
			if _, known := at[n]; !known && len(at) >= maxViolations {
				n = name{"more_violations", "these are not listed"}
			}
			i, known := at[n]
			if !known {
				who, what := e.plan.cell(class)
				i = len(all)
				at[n] = i
				all = append(all, Violation{n.code, n.message, Cell{who.ID, what.Shown}, b.capability, 0})
			}
			all[i].Count += sizes[class]
		}
	}
	slices.SortFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return all
}
