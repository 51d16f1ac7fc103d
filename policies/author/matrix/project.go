package matrix

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/stanch-dev/stanch/policies"
)

// index is what the tables of data.index have, of one or more snapshots together. It
// keeps the parts that reads asks for.
type index struct {
	tables   []map[string]any      // data.index of each snapshot
	prefixes map[tableKey][]string // of tables that look up key and prefix, sorted
	patterns map[tableKey][]string // of tables of patterns, sorted
	keyed    map[string]bool       // keys of tables that look up the key only
	keys     map[string][]tableKey // those above that have the key
	named    map[string]bool       // all prefixes
}

type tableKey struct{ table, key string }

// link is an entry that connects a principal and a resource.
type link struct {
	at   tableKey
	name string // a prefix or a pattern
}

// having returns which of the entries that matter for l have capability.
func (x *index) having(l link, capability string) string {
	var b strings.Builder
	for _, tables := range x.tables {
		entries, _ := l.in(tables).([]any)
		for _, entry := range entries {
			fields, _ := entry.(map[string]any)
			can, _ := fields["capabilities"].(map[string]any)
			if _, has := can[capability]; has {
				b.WriteByte('1')
			} else {
				b.WriteByte('0')
			}
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// differs reports whether the snapshots have different entries for l.
func (x *index) differs(l link) bool {
	first := l.in(x.tables[0])
	return slices.ContainsFunc(x.tables[1:], func(tables map[string]any) bool { return !reflect.DeepEqual(first, l.in(tables)) })
}

// in returns what tables have at l. Of a table of patterns that is all that the key
// has, since a policy may see which place an entry has.
func (l link) in(tables map[string]any) any {
	table, _ := tables[l.at.table].(map[string]any)
	entries := table[l.at.key]
	if byPrefix, ok := entries.(map[string]any); ok {
		return byPrefix[l.name]
	}
	return entries
}

func indexOf(r *reads, snapshots ...*policies.Snapshot) (*index, error) {
	x := &index{prefixes: map[tableKey][]string{}, patterns: map[tableKey][]string{}, keyed: map[string]bool{}, keys: map[string][]tableKey{}, named: map[string]bool{}}
	for _, s := range snapshots {
		data, err := policies.Data(s.Documents())
		if err != nil {
			return nil, err
		}
		tables, _ := data["index"].(map[string]any)
		x.tables = append(x.tables, tables)
		for name, table := range tables {
			byKey, _ := table.(map[string]any)
			for key, value := range byKey {
				x.add(r, tableKey{name, key}, value)
			}
		}
	}
	for _, lists := range []map[tableKey][]string{x.prefixes, x.patterns} {
		for at, list := range lists {
			slices.Sort(list)
			lists[at] = slices.Compact(list)
			x.keys[at.key] = append(x.keys[at.key], at)
		}
	}
	for _, list := range x.keys {
		slices.SortFunc(list, func(a, b tableKey) int { return strings.Compare(a.table, b.table) })
	}
	return x, nil
}

func (x *index) add(r *reads, at tableKey, value any) {
	switch value := value.(type) {
	case map[string]any:
		if r.pairs[at.table] {
			for prefix := range value {
				x.prefixes[at] = append(x.prefixes[at], prefix)
				x.named[prefix] = true
			}
		}
	case []any:
		if r.patterns[at.table] {
			for _, entry := range value {
				fields, _ := entry.(map[string]any)
				pattern, _ := fields["pattern"].(string)
				x.patterns[at] = append(x.patterns[at], pattern)
			}
		}
	}
	if r.keyed[at.table] {
		x.keyed[at.key] = true
	}
}

// projection turns one side of a cell, its principal or its resource, into a text
// that is the same for all that the policies cannot tell apart but by the index.
type projection struct {
	refs    []ast.Ref // below input
	tests   []test    // with fields below input
	members map[string]bool
	list    string // whose elements members and named are
}

// subjectSide is what the policies read of a principal, and of the context, which has
// its second factor.
func (r *reads) subjectSide() *projection {
	return r.side(keysRef, ast.MustParseRef("input.subject"), ast.MustParseRef("input.context"))
}

func (r *reads) resourceSide() *projection {
	return r.side(ancestorsRef, ast.MustParseRef("input.resource"))
}

func (r *reads) actionSide() *projection { return r.side("", ast.MustParseRef("input.action")) }

func (r *reads) side(list string, groups ...ast.Ref) *projection {
	p := &projection{members: r.members[list], list: list}
	for _, group := range groups {
		for _, name := range slices.Sorted(maps.Keys(r.whole)) {
			switch ref := r.whole[name]; {
			case ref.HasPrefix(group):
				p.refs = append(p.refs, ref)
			case group.HasPrefix(ref):
				p.refs = append(p.refs, group)
			}
		}
		for _, name := range slices.Sorted(maps.Keys(r.tests)) {
			if t := r.tests[name]; t.field.HasPrefix(group) {
				p.tests = append(p.tests, t)
			}
		}
	}
	return p
}

// of returns the text for an input of which list are the keys or ancestors; keep
// tells which of them count besides the members.
func (p *projection) of(input ast.Value, list []string, keep func(string) bool) string {
	var b strings.Builder
	part := func(s string) {
		b.WriteString(s)
		b.WriteByte(0) // in no JSON text, and no path or key has it unescaped below
	}
	for _, ref := range p.refs {
		part(at(input, ref))
	}
	for _, t := range p.tests {
		part(t.outcome(input))
	}
	for _, s := range list {
		if p.members[s] || keep(s) {
			part(ast.String(s).String())
		}
	}
	return b.String()
}

// at returns what input has at ref, as text.
func at(input ast.Value, ref ast.Ref) string {
	v, err := input.Find(ref[1:])
	if err != nil {
		return "undefined"
	}
	return v.String()
}

// outcome returns what t comes to for input.
func (t test) outcome(input ast.Value) string {
	v, err := input.Find(t.field[1:])
	if err != nil {
		return "undefined"
	}
	operands := slices.Clone(t.operands)
	for i, o := range operands {
		if o == nil {
			operands[i] = ast.NewTerm(v)
		}
	}
	if t.operator == ast.Equality.Name {
		return ast.Boolean(operands[0].Equal(operands[1])).String()
	}
	return call(t.operator, operands)
}

// call returns the result of a builtin, or that it failed.
func call(name string, operands []*ast.Term) string {
	builtin := topdown.GetBuiltin(name)
	if builtin == nil {
		return "undefined"
	}
	result := "undefined"
	if err := builtin(topdown.BuiltinContext{}, operands, func(t *ast.Term) error {
		result = t.String()
		return nil
	}); err != nil {
		return "failed"
	}
	return result
}

// matches reports whether a policy may see that pattern matches path.
func matches(pattern, path string) bool {
	literal, _, _ := strings.Cut(pattern, "*")
	if !strings.HasPrefix(path, literal) && !strings.ContainsAny(pattern, `?[]{}\`) {
		return false // the builtin takes 50 times as long
	}
	return call(ast.GlobMatch.Name, []*ast.Term{ast.StringTerm(pattern), slashes, ast.StringTerm(path)}) != "false"
}

var slashes = ast.ArrayTerm(ast.StringTerm("/"))
