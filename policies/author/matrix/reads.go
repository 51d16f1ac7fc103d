package matrix

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies"
)

// The lists of an access input that policies look things up by.
const (
	keysRef      = "input.subject.keys"
	ancestorsRef = "input.resource.ancestors"
	idRef        = "input.resource.id"
	actionRef    = "input.action.name"
)

// reads says how policies use their input: two inputs that agree in all of it get the
// same decision. It is what makes classes.
//
// Whole refs count as they are. The others are used in a way that tells fewer inputs
// apart; guards finds them:
//
//	"group/sre" in input.subject.keys         only whether it is there: members
//	startswith(input.resource.id, "kv/prod")  only what comes out: tests
//	data.index.T[key][prefix], for a key of
//	the subject and an ancestor of the path   only pairs that the table has: pairs
//	data.index.T[key]                         only keys that the table has: keyed
//	… and glob.match of its pattern           only patterns that match: patterns
//	… and capabilities[input.action.name]     only which entries have it
type reads struct {
	whole                  map[string]ast.Ref
	members                map[string]map[string]bool // list ref → texts looked for
	tests                  map[string]test            // by their text
	pairs, keyed, patterns map[string]bool            // tables of data.index
	// otherIndex is whether of data.index more is read than entries that connect a key
	// of the subject with the resource.
	otherIndex bool
}

// test compares one field of the input with constants, by an operator that only says
// yes or no.
type test struct {
	field    ast.Ref
	operator string
	operands []*ast.Term // nil where the field stands
}

func newReads() *reads {
	return &reads{whole: map[string]ast.Ref{}, members: map[string]map[string]bool{keysRef: {}, ancestorsRef: {}},
		tests: map[string]test{}, pairs: map[string]bool{}, keyed: map[string]bool{}, patterns: map[string]bool{}}
}

// merge adds what other reads.
func (r *reads) merge(other *reads) {
	maps.Copy(r.whole, other.whole)
	maps.Copy(r.tests, other.tests)
	maps.Copy(r.pairs, other.pairs)
	maps.Copy(r.keyed, other.keyed)
	maps.Copy(r.patterns, other.patterns)
	for list, texts := range other.members {
		maps.Copy(r.members[list], texts)
	}
	r.otherIndex = r.otherIndex || other.otherIndex
}

// about returns the refs below group, as input.subject, that are read or tested in
// themselves, and those above it.
func (r *reads) about(group string) []string {
	parts := ast.MustParseRef(group)
	var refs []string
	add := func(ref ast.Ref) {
		if ref.HasPrefix(parts) || parts.HasPrefix(ref) {
			refs = append(refs, ref.String())
		}
	}
	for _, ref := range r.whole {
		add(ref)
	}
	for _, t := range r.tests {
		add(t.field)
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

// program is the rules that answer a question, of which the reads are wanted.
type program struct {
	compiler *ast.Compiler
	plain    bool      // nothing is explained
	known    ast.Value // an input whose action and resource are known, or nil
	seen     map[*ast.Rule]bool
	reads    *reads
}

// readsOf returns how the rules that answer roots, and all that they depend on, use
// the input.
func readsOf(compiler *ast.Compiler, roots ...string) *reads {
	return readsGiven(compiler, nil, roots...)
}

// readsGiven is readsOf for inputs that have the action and the resource of known.
// What a rule reads counts only if these do not rule it out.
func readsGiven(compiler *ast.Compiler, known ast.Value, roots ...string) *reads {
	p := &program{compiler: compiler, known: known, seen: map[*ast.Rule]bool{}, reads: newReads()}
	p.plain = len(p.virtual(ast.MustParseRef("data.index"))) > 0
	for _, root := range roots {
		p.plain = p.plain || p.replaces(ast.MustParseRef(root), map[*ast.Rule]bool{})
	}
	for _, root := range roots {
		p.follow(ast.MustParseRef(root))
	}
	return p.reads
}

// accessReads returns how the access decision of all snapshots uses the input.
func accessReads(snapshots ...*policies.Snapshot) *reads {
	all := newReads()
	for _, s := range snapshots {
		all.merge(readsOf(s.Compiler(), policies.EntryAccess.Query()))
	}
	return all
}

// virtual returns the rules that ref may mean.
func (p *program) virtual(ref ast.Ref) []*ast.Rule {
	if !ref.HasPrefix(ast.DefaultRootRef) {
		return nil
	}
	return p.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true})
}

// replaces reports whether a rule that ref depends on evaluates something with another
// input or other data. Then no ref can be trusted to mean what it says.
func (p *program) replaces(ref ast.Ref, seen map[*ast.Rule]bool) (found bool) {
	for _, rule := range p.virtual(ref) {
		if seen[rule] {
			continue
		}
		seen[rule] = true
		visit := ast.NewGenericVisitor(func(x any) bool {
			switch x := x.(type) {
			case *ast.With:
				found = true
			case ast.Ref:
				found = found || p.replaces(x, seen)
			}
			return found
		})
		for _, part := range parts(rule) {
			visit.Walk(part)
		}
	}
	return found
}

// parts returns rule and, of its else chain, the names with variables in them, which
// OPA's walkers pass by.
func parts(rule *ast.Rule) []any {
	all := []any{rule}
	for ; rule != nil; rule = rule.Else {
		all = append(all, rule.Head.Reference)
	}
	return all
}

// follow adds the reads of the rules that ref may mean.
func (p *program) follow(ref ast.Ref) {
	for _, rule := range p.virtual(ref) {
		if !p.seen[rule] {
			p.seen[rule] = true
			p.scan(rule)
		}
	}
}

// scan adds the reads of rule, with its else chain, and of all that it depends on.
func (p *program) scan(rule *ast.Rule) {
	s := scope{program: p, count: map[ast.Var]int{}, uses: map[ast.Var]int{}, explained: map[*ast.Expr]bool{}, links: map[**ast.Term]bool{}, dead: map[**ast.Expr]bool{}}
	if !p.plain {
		for _, part := range parts(rule) {
			ast.WalkTerms(part, func(t *ast.Term) bool {
				if v, ok := t.Value.(ast.Var); ok {
					s.count[v]++
				}
				return false
			})
		}
		ast.WalkBodies(rule, func(body ast.Body) bool {
			s.explain(body)
			return false
		})
		s.settleAliases()
	}
	visit := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case ast.Body:
			return len(x) > 0 && s.dead[&x[0]]
		case *ast.Expr:
			return s.explained[x]
		case ast.Ref:
			if x.HasPrefix(ast.InputRootRef) {
				ref := x.ConstantPrefix()
				p.reads.whole[ref.String()] = ref
			}
			p.reads.otherIndex = p.reads.otherIndex || mayReadIndex(x) && !s.links[&x[0]]
			p.follow(x)
		}
		return false
	})
	for _, part := range parts(rule) {
		visit.Walk(part)
	}
}
