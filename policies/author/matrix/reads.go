package matrix

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

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
	otherIndex             bool                       // data.index is read in other ways, too
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

// onlyLinks reports whether, of data.index, only entries that connect the principal
// and the resource matter.
func (r *reads) onlyLinks() bool { return !r.otherIndex && len(r.keyed) == 0 }

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

// program is a set of rules whose reads are wanted.
type program struct {
	compiler *ast.Compiler
	rules    []*ast.Rule
	seen     map[*ast.Rule]bool
	bodies   []ast.Body // that stand for themselves, without a rule
	reads    *reads
	// partial, unless it is nil, returns what is left of the body of a rule when part
	// of the input is known; that is read then, instead of the rule.
	partial func(ast.Body) (*rego.PartialQueries, error)
	err     error // of partial
}

// readsOf returns how the rules that answer roots, and all that they depend on, use
// the input.
func readsOf(compiler *ast.Compiler, roots ...string) *reads {
	p := newProgram(compiler)
	for _, root := range roots {
		p.follow(ast.MustParseRef(root))
	}
	return p.run()
}

// accessReads returns how the access decision of all snapshots uses the input.
func accessReads(snapshots ...*policies.Snapshot) *reads {
	all := newReads()
	for _, s := range snapshots {
		all.merge(readsOf(s.Compiler(), policies.EntryAccess.Query()))
	}
	return all
}

func newProgram(compiler *ast.Compiler) *program {
	return &program{compiler: compiler, seen: map[*ast.Rule]bool{}, reads: newReads()}
}

// add adds rule and all rules that it depends on.
func (p *program) add(rule *ast.Rule) {
	if p.seen[rule] {
		return
	}
	p.seen[rule] = true
	if p.partial == nil || len(rule.Head.Args) > 0 {
		p.addWhole(rule)
		return
	}
	for one := rule; one != nil && p.err == nil; one = one.Else {
		var left *rego.PartialQueries
		if left, p.err = p.partial(one.Body); p.err != nil {
			return
		}
		for _, body := range left.Queries {
			p.addBody(body)
		}
		for _, module := range left.Support {
			for _, made := range module.Rules {
				p.addWhole(made)
			}
		}
	}
}

func (p *program) addWhole(rule *ast.Rule) {
	p.rules = append(p.rules, rule)
	p.followAll(rule)
}

// addBody adds body and all rules that it depends on.
func (p *program) addBody(body ast.Body) {
	p.bodies = append(p.bodies, body)
	p.followAll(body)
}

func (p *program) followAll(node any) {
	for _, part := range parts(node) {
		ast.WalkRefs(part, func(ref ast.Ref) bool {
			p.follow(ref)
			return false
		})
	}
}

// parts returns node and, of a rule and its else chain, the names with variables in
// them, which OPA's walkers pass by.
func parts(node any) []any {
	all := []any{node}
	rule, _ := node.(*ast.Rule)
	for ; rule != nil; rule = rule.Else {
		all = append(all, rule.Head.Reference)
	}
	return all
}

func (p *program) follow(ref ast.Ref) {
	for _, rule := range p.virtual(ref) {
		p.add(rule)
	}
}

// virtual returns the rules that ref may mean.
func (p *program) virtual(ref ast.Ref) []*ast.Rule {
	if !ref.HasPrefix(ast.DefaultRootRef) {
		return nil
	}
	return p.compiler.GetRulesDynamicWithOpts(ref, ast.RulesOptions{IncludeHiddenModules: true})
}

func (p *program) run() *reads {
	plain := len(p.virtual(ast.MustParseRef("data.index"))) > 0
	for _, rule := range p.rules {
		plain = plain || replacesInput(rule)
	}
	for _, rule := range p.rules {
		p.scan(rule, plain)
	}
	for _, body := range p.bodies {
		p.scan(body, plain)
	}
	return p.reads
}

// replacesInput reports whether rule evaluates something with another input or other
// data. Then no ref can be trusted to mean what it says.
func replacesInput(rule *ast.Rule) (found bool) {
	ast.WalkWiths(rule, func(*ast.With) bool {
		found = true
		return true
	})
	return found
}

// scan adds the reads of node, a rule with its else chain or a body.
func (p *program) scan(node any, plain bool) {
	s := scope{program: p, count: map[ast.Var]int{}, uses: map[ast.Var]int{}, explained: map[*ast.Expr]bool{}, links: map[**ast.Term]bool{}}
	if !plain {
		for _, part := range parts(node) {
			ast.WalkTerms(part, func(t *ast.Term) bool {
				if v, ok := t.Value.(ast.Var); ok {
					s.count[v]++
				}
				return false
			})
		}
		ast.WalkBodies(node, func(body ast.Body) bool {
			s.explain(body)
			return false
		})
		s.settleAliases()
	}
	visit := ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Expr:
			return s.explained[x]
		case ast.Ref:
			if x.HasPrefix(ast.InputRootRef) {
				ref := x.ConstantPrefix()
				p.reads.whole[ref.String()] = ref
			}
			p.reads.otherIndex = p.reads.otherIndex || mayReadIndex(x) && !s.links[&x[0]]
		}
		return false
	})
	for _, part := range parts(node) {
		visit.Walk(part)
	}
}

// partialDeadline is how long partial evaluation may take. 5,000 grants that all have
// to be looked at take a tenth of a second.
const partialDeadline = 2 * time.Second

// residue returns what the access decision still reads when everything of in but its
// subject is known. OPA evaluates rules with an else, and what depends on them, not
// partially, so this goes into them body by body.
func residue(ctx context.Context, s *policies.Snapshot, in *policies.AccessInput) (*reads, error) {
	ctx, cancel := context.WithTimeout(ctx, partialDeadline)
	defer cancel()
	p := newProgram(s.Compiler())
	p.partial = func(body ast.Body) (*rego.PartialQueries, error) {
		return rego.New(rego.ParsedQuery(body), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.Unknowns([]string{"input.subject"}),
			rego.ParsedInput(policies.Term(in).Value), rego.StrictBuiltinErrors(true)).Partial(ctx)
	}
	p.follow(ast.MustParseRef(policies.EntryAccess.Query()))
	return p.run(), p.err
}
