package bench

import (
	"cmp"
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/dependencies"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/stanch-dev/stanch/policies"
)

// Linear is a rule with several definitions, all of which OPA tries for every input:
// its index, which finds those that can hold by what they compare for equality, does
// not exclude any. It gets slower with each definition.
type Linear struct {
	Rule        string `json:"rule"`
	File        string `json:"file"` // and Line: of the first definition
	Line        int    `json:"line"`
	Definitions int    `json:"definitions"`
}

// linear returns the rules the entrypoint depends on whose index excludes nothing for
// any input. Functions are left out: what they are called with is not known here.
func (e *entry) linear(ctx context.Context, inputs []policies.Input) ([]Linear, error) {
	compiler := e.snapshot.Compiler()
	refs, err := dependencies.Virtual(compiler, ast.MustParseRef(e.name.Query()))
	if err != nil {
		return nil, err
	}
	all := []Linear{}
	for _, ref := range refs {
		rules := slices.DeleteFunc(slices.Clone(compiler.GetRulesExact(ref)), func(r *ast.Rule) bool { return r.Default })
		if len(rules) < 2 || len(rules[0].Head.Args) > 0 || e.excludes(ctx, compiler.RuleIndex(ref), len(rules), inputs) {
			continue
		}
		l := Linear{Rule: ref.String(), Definitions: len(rules)}
		if at := rules[0].Location; at != nil {
			l.File, l.Line = at.File, at.Row
		}
		all = append(all, l)
	}
	slices.SortStableFunc(all, func(a, b Linear) int { return cmp.Compare(b.Definitions, a.Definitions) })
	return all, nil
}

// excludes reports whether index finds fewer than all definitions for some input.
func (e *entry) excludes(ctx context.Context, index ast.RuleIndex, all int, inputs []policies.Input) bool {
	if index == nil {
		return false
	}
	return slices.ContainsFunc(inputs, func(in policies.Input) bool {
		found, err := index.Lookup(resolver{ctx, e.snapshot.Store(), policies.Term(in).Value})
		return err == nil && len(found.Rules) < all
	})
}

// resolver gives an index the values it compares.
type resolver struct {
	ctx   context.Context
	store storage.Store
	input ast.Value
}

// Resolve is part of OPA's interface. What is not there is nil.
func (r resolver) Resolve(ref ast.Ref) (ast.Value, error) {
	switch {
	case ref.HasPrefix(ast.InputRootRef):
		if v, err := r.input.Find(ref[1:]); err == nil {
			return v, nil
		}
		return nil, nil
	case ref.HasPrefix(ast.DefaultRootRef):
		path, err := storage.NewPathForRef(ref)
		if err != nil {
			return nil, nil
		}
		v, err := storage.ReadOne(r.ctx, r.store, path)
		if err != nil {
			return nil, nil
		}
		return ast.InterfaceToValue(v)
	}
	return nil, ast.UnknownValueErr{}
}
