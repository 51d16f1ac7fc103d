// Package explain answers "why?" about one decision: which rules gave something,
// which expressions failed and with what values, and, for a denied request, which
// grant came nearest.
//
// A policy that denies mostly says nothing, since an expression that fails is
// undefined and silent. So the decision is evaluated once more with OPA's tracer,
// without the short cuts (rule index, early exit) that would hide what failed.
package explain

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/stanch-dev/stanch/policies"
)

const (
	deadline   = 5 * time.Second // tracing is slow, and a person is waiting
	maxEvents  = 2_000_000
	maxValues  = 3  // of one expression that failed several times
	maxNearest = 5  // grants
	maxShown   = 80 // characters of a value
)

// Explanation is the answer.
type Explanation struct {
	Decision policies.Decision `json:"decision"`
	Failure  string            `json:"failure,omitempty"` // why the policy could not decide
	Rules    []Rule            `json:"rules"`             // that gave something, by place
	Failed   []Expression      `json:"failed"`            // by place
	Grants   []Use             `json:"grants"`            // that allowed it
	Nearest  []Near            `json:"nearest"`           // grants that nearly would have
}

// Place is where something is written.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// String returns FILE:LINE.
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Rule is a rule that gave a result.
type Rule struct {
	Place
	Name string `json:"name"`
}

// Expression is an expression that was tried and did not hold.
type Expression struct {
	Place
	Rule  string `json:"rule"`
	Text  string `json:"text"`
	Times int    `json:"times"`
	// Values are what the expression's references and variables were, at most three
	// different sets of them, as "input.action.name = read".
	Values []string `json:"values"`
}

// Run explains the decision of s about in.
func Run(ctx context.Context, s *policies.Snapshot, in policies.Input) (Explanation, error) {
	e := Explanation{Decision: s.Decide(ctx, in), Rules: []Rule{}, Failed: []Expression{}, Grants: []Use{}, Nearest: []Near{}}
	if err := e.Decision.Failure(); err != nil {
		e.Failure = err.Error()
	}
	input := policies.Term(in)
	t := &tracer{input: input.Value, rules: map[uint64]string{}, fired: map[Rule]bool{}, failed: map[Place]*Expression{}}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	query, err := rego.New(rego.Query(in.Entrypoint().Query()), rego.Compiler(s.Compiler()), rego.Store(s.Store())).PrepareForEval(ctx)
	if err != nil {
		return e, err
	}
	_, err = query.Eval(ctx, rego.EvalParsedInput(input.Value), rego.EvalQueryTracer(t), rego.EvalRuleIndexing(false), rego.EvalEarlyExit(false))
	if err != nil && e.Failure == "" {
		return e, fmt.Errorf("tracing the decision: %w", err)
	}
	e.Rules, e.Failed = t.results()
	if access, ok := in.(*policies.AccessInput); ok {
		e.Grants, e.Nearest = uses(ctx, s, access, e.Decision.(policies.Access))
	}
	return e, nil
}

// tracer keeps of OPA's events what an explanation needs.
type tracer struct {
	input  ast.Value
	events int
	rules  map[uint64]string // by query: the rule whose body it evaluates
	fired  map[Rule]bool
	failed map[Place]*Expression
}

// Enabled is part of OPA's tracer.
func (t *tracer) Enabled() bool { return t.events < maxEvents }

// Config is part of OPA's tracer: variables are shown by their values.
func (t *tracer) Config() topdown.TraceConfig { return topdown.TraceConfig{PlugLocalVars: true} }

// TraceEvent is part of OPA's tracer.
func (t *tracer) TraceEvent(e topdown.Event) {
	t.events++
	switch node := e.Node.(type) {
	case *ast.Rule:
		t.rules[e.QueryID] = node.Head.Ref().String()
		if e.Op == topdown.ExitOp && node.Location != nil && !node.Default {
			t.fired[Rule{placeOf(node.Location), node.Head.Ref().String()}] = true
		}
	case ast.Body:
		t.rules[e.QueryID] = t.rules[e.ParentID]
	case *ast.Expr:
		if e.Op == topdown.FailOp && e.Location != nil && e.Location.File != "" {
			t.fail(t.rules[e.QueryID], e)
		}
	}
}

func placeOf(l *ast.Location) Place { return Place{l.File, l.Row} }

func (t *tracer) fail(rule string, e topdown.Event) {
	place := placeOf(e.Location)
	x := t.failed[place]
	if x == nil {
		text, _, _ := strings.Cut(string(e.Location.Text), "\n")
		x = &Expression{Place: place, Rule: rule, Text: text, Values: []string{}}
		t.failed[place] = x
	}
	x.Times++
	if values := t.values(e); values != "" && len(x.Values) < maxValues && !slices.Contains(x.Values, values) {
		x.Values = append(x.Values, values)
	}
}

// values returns what the references to the input are in the expression as it is
// written: node has them replaced by variables of the compiler's.
func (t *tracer) values(e topdown.Event) string {
	var all []string
	written, err := ast.ParseBody(string(e.Location.Text))
	if err != nil {
		return ""
	}
	ast.WalkRefs(written, func(ref ast.Ref) bool {
		if !ref.HasPrefix(ast.InputRootRef) || !ref.IsGround() {
			return false
		}
		shown := "undefined"
		if value, err := t.input.Find(ref[1:]); err == nil {
			shown = shorten(value.String())
		}
		all = append(all, ref.String()+" = "+shown)
		return false
	})
	if e.Locals != nil {
		e.Locals.Iter(func(k, v ast.Value) bool {
			name, isVar := k.(ast.Var)
			if meta, known := e.LocalMetadata[name]; isVar && known && !strings.HasPrefix(string(meta.Name), "__") && mentions(e.Location.Text, string(meta.Name)) {
				all = append(all, string(meta.Name)+" = "+shorten(v.String()))
			}
			return false
		})
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}

func mentions(text []byte, name string) bool { return strings.Contains(string(text), name) }

func shorten(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return strings.ToValidUTF8(s[:maxShown], "") + "…"
}

func (t *tracer) results() ([]Rule, []Expression) {
	rules, failed := []Rule{}, []Expression{}
	for r := range t.fired {
		rules = append(rules, r)
	}
	for _, x := range t.failed {
		failed = append(failed, *x)
	}
	slices.SortFunc(rules, func(a, b Rule) int { return before(a.Place, b.Place) })
	slices.SortFunc(failed, func(a, b Expression) int { return before(a.Place, b.Place) })
	return rules, failed
}

func before(a, b Place) int {
	if c := strings.Compare(a.File, b.File); c != 0 {
		return c
	}
	return a.Line - b.Line
}

// text returns v as JSON on one line.
func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}
