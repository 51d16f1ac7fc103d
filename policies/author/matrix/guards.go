package matrix

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// scope is a rule, with its else chain, whose expressions are being explained: an
// explained expression tells inputs apart only by what reads says, so the refs within
// it do not count as read.
type scope struct {
	*program
	count     map[ast.Var]int // how often a variable is written
	uses      map[ast.Var]int // how often one that stands for a field is in an explained place
	aliases   []alias
	tableRefs []tableAlias
	explained map[*ast.Expr]bool
	dead      map[**ast.Expr]bool // bodies, by their first place, that cannot hold
	links     map[**ast.Term]bool // refs, by their first place, that read data.index only where it connects the two sides
}

// alias is an expression v = input.some.field, as the compiler makes of each operand.
type alias struct {
	name ast.Var
	expr *ast.Expr
}

// tableAlias is v = data.index.T[key].
type tableAlias struct {
	name ast.Var
	ref  ast.Ref
}

// settleAliases explains those that are used in explained places only.
func (s *scope) settleAliases() {
	for _, t := range s.tableRefs {
		if n := s.uses[t.name]; n > 0 && s.count[t.name] == 1+n {
			s.links[&t.ref[0]] = true
		}
	}
	for _, a := range s.aliases {
		if s.count[a.name] == 1+s.uses[a.name] {
			s.explained[a.expr] = true
		}
	}
}

// conjunction is a body whose expressions all have to hold, so that one that fails
// for some key hides what the others do with it.
type conjunction struct {
	*scope
	fields   map[ast.Var]ast.Ref   // v = input.some.field
	elements map[ast.Var]element   // v = input.subject.keys[_]
	tables   map[ast.Var]lookup    // v = data.index.T[key]
	entries  map[ast.Var]lookup    // v = data.index.T[key][_], or [key][prefix][_]
	patterns map[ast.Var]lookup    // v = entry.pattern
	guards   map[ast.Var][]lookup  // by key
	texts    map[ast.Var][]string  // that an element is one of
	matches  map[*ast.Expr]lookup  // glob.match(pattern of an entry, ["/"], input.resource.id)
	heads    map[*ast.Expr]ast.Var // of refs, that are aliases
	allowed  []capabilityOf
}

// capabilityOf is entry.capabilities[v], where v is the name of the action.
type capabilityOf struct {
	entry lookup
	name  ast.Var
}

// element is a variable that goes through a list.
type element struct {
	list string
	expr *ast.Expr
}

// lookup is data.index.table[key][prefix]; prefix is empty if only the key is looked up.
type lookup struct {
	table       string
	key, prefix ast.Var
	ref         ast.Ref // where it is written
}

func (s *scope) explain(body ast.Body) {
	c := &conjunction{scope: s, fields: map[ast.Var]ast.Ref{}, elements: map[ast.Var]element{}, tables: map[ast.Var]lookup{}, entries: map[ast.Var]lookup{},
		patterns: map[ast.Var]lookup{}, guards: map[ast.Var][]lookup{}, texts: map[ast.Var][]string{},
		matches: map[*ast.Expr]lookup{}, heads: map[*ast.Expr]ast.Var{}}
	for _, expr := range body {
		c.alias(expr)
	}
	// What can fail with an error does so for keys that a later guard would hide, and
	// an error denies. So guards count only before it.
	quiet := slices.IndexFunc(body, func(e *ast.Expr) bool { return !c.quiet(e) })
	if quiet < 0 {
		quiet = len(body)
	}
	if c.known != nil && c.fails(body[:min(quiet+1, len(body))]) {
		c.dead[&body[0]] = true
		return
	}
	for _, expr := range body[:quiet] {
		c.element(expr)
	}
	for _, expr := range body[:quiet] {
		c.guard(expr)
		c.oneOf(expr)
	}
	for i, expr := range body {
		c.capability(expr)
		if !c.member(expr) && !c.test(expr) && i <= quiet {
			c.match(expr)
		}
	}
	c.conclude()
}

// conclude explains the elements that are guarded.
func (c *conjunction) conclude() {
	guarded, matched := map[ast.Var]bool{}, map[**ast.Term]bool{}
	for key, guards := range c.guards {
		guarded[key] = true
		finer := false
		for _, g := range guards {
			if g.prefix != "" {
				c.reads.pairs[g.table] = true
				c.links[&g.ref[0]] = true
				guarded[g.prefix] = true
				finer = true
			}
		}
		for expr, g := range c.matches {
			if g.key == key {
				c.reads.patterns[g.table] = true
				c.links[&g.ref[0]] = true
				c.explained[expr] = true
				c.use(expr.Operand(2))
				finer, matched[&g.ref[0]] = true, true
			}
		}
		if !finer {
			c.reads.keyed[guards[0].table] = true
		}
	}
	for _, a := range c.allowed {
		if a.entry.prefix != "" || matched[&a.entry.ref[0]] {
			c.uses[a.name]++
		}
	}
	for name, texts := range c.texts {
		guarded[name] = true
		for _, text := range texts {
			c.reads.members[c.elements[name].list][text] = true
		}
	}
	for name := range guarded {
		expr := c.elements[name].expr
		c.explained[expr] = true
		if head, ok := c.heads[expr]; ok {
			c.uses[head]++
		}
	}
}

// alias notes v = input.some.field.
func (c *conjunction) alias(expr *ast.Expr) {
	for v, ref := range equated(expr) {
		if ref.HasPrefix(ast.InputRootRef) && ref.IsGround() {
			c.fields[v] = ref
			c.aliases = append(c.aliases, alias{v, expr})
		}
	}
}

// element notes v = input.subject.keys[_], and the same of ancestors. Where an element
// stands in its list must not matter.
func (c *conjunction) element(expr *ast.Expr) {
	for v, ref := range equated(expr) {
		list, index, head := c.list(ref)
		if list == "" || c.count[index] != 1 {
			continue
		}
		c.elements[v] = element{list, expr}
		if head != "" {
			c.heads[expr] = head
		}
	}
}

// list returns the list and the index of a ref to any element of keys or ancestors,
// and the alias it begins with, if any.
func (c *conjunction) list(ref ast.Ref) (list string, index, head ast.Var) {
	if len(ref) < 2 {
		return "", "", ""
	}
	last := len(ref) - 1
	index, isVar := ref[last].Value.(ast.Var)
	of := ref[:last]
	if v, ok := ref[0].Value.(ast.Var); ok && last == 1 && c.fields[v] != nil {
		of, head = c.fields[v], v
	}
	if name := of.String(); isVar && (name == keysRef || name == ancestorsRef) {
		return name, index, head
	}
	return "", "", ""
}

// guard notes look-ups by a key in a table of data.index.
func (c *conjunction) guard(expr *ast.Expr) {
	if expr.Negated {
		return
	}
	names := equated(expr)
	for _, ref := range operandRefs(expr) {
		var assigned ast.Var
		for v, r := range names {
			if r.Equal(ref) {
				assigned = v
			}
		}
		if table, rest := tableRef(ref); table != "" {
			c.lookup(lookup{table: table, ref: ref}, rest, assigned)
			continue
		}
		head, _ := ref[0].Value.(ast.Var)
		if l, ok := c.tables[head]; ok && len(ref) > 1 {
			if c.lookup(lookup{table: l.table, ref: ref}, slices.Concat(ast.Ref{ast.NewTerm(l.key)}, ref[1:]), assigned) {
				c.uses[head]++
			}
		}
		if l, ok := c.entries[head]; ok && len(ref) == 2 && ref[1].Equal(ast.StringTerm("pattern")) && assigned != "" {
			c.patterns[assigned] = l
		}
	}
}

// lookup notes l, in whose table path is looked up; assigned has the result, if any.
// It reports whether key and prefix are those of the input.
func (c *conjunction) lookup(l lookup, path ast.Ref, assigned ast.Var) bool {
	key, _ := path[0].Value.(ast.Var)
	if c.elements[key].list != keysRef {
		return false
	}
	l.key = key
	if len(path) > 1 {
		if prefix, ok := path[1].Value.(ast.Var); ok && c.elements[prefix].list == ancestorsRef {
			l.prefix = prefix
		}
	}
	c.guards[key] = append(c.guards[key], l)
	switch {
	case assigned == "":
	case len(path) == 1:
		c.tables[assigned] = l
		c.tableRefs = append(c.tableRefs, tableAlias{assigned, l.ref})
	case len(path) == 2 && l.prefix == "", len(path) == 3 && l.prefix != "":
		c.entries[assigned] = l
	}
	return l.prefix != ""
}

// oneOf notes that an element is compared with constants.
func (c *conjunction) oneOf(expr *ast.Expr) {
	if expr.Negated || !expr.IsCall() || len(expr.Operands()) != 2 {
		return
	}
	for i, o := range expr.Operands() {
		v, _ := o.Value.(ast.Var)
		if _, isElement := c.elements[v]; !isElement {
			continue
		}
		other := expr.Operand(1 - i)
		var texts []string
		var ok bool
		switch {
		case expr.IsEquality():
			texts, ok = constants([]*ast.Term{other})
		case expr.Operator().String() == ast.Member.Name && i == 0:
			texts, ok = constants(elementsOf(other))
		}
		if ok {
			c.texts[v] = append(c.texts[v], texts...)
		}
	}
}

// capability notes entry.capabilities[v] where v is the name of the action.
func (c *conjunction) capability(expr *ast.Expr) {
	t, isTerm := expr.Terms.(*ast.Term)
	if !isTerm {
		return
	}
	ref, _ := t.Value.(ast.Ref)
	if len(ref) != 3 || !ref[1].Equal(ast.StringTerm("capabilities")) {
		return
	}
	entry, _ := ref[0].Value.(ast.Var)
	name, _ := ref[2].Value.(ast.Var)
	l, ok := c.entries[entry]
	if ok && c.fields[name].String() == actionRef {
		c.allowed = append(c.allowed, capabilityOf{l, name})
	}
}

// match notes glob.match(pattern, ["/"], input.resource.id) of a looked-up pattern.
func (c *conjunction) match(expr *ast.Expr) {
	if expr.Negated || !expr.IsCall() || expr.Operator().String() != ast.GlobMatch.Name || len(expr.Operands()) != 3 {
		return
	}
	pattern, isVar := expr.Operand(0).Value.(ast.Var)
	l, ok := c.patterns[pattern]
	if isVar && ok && expr.Operand(1).Equal(ast.ArrayTerm(ast.StringTerm("/"))) && c.field(expr.Operand(2)).String() == idRef {
		c.matches[expr] = l
	}
}

// member explains "constant" in input.subject.keys, however it is written, and the
// same of ancestors.
func (c *conjunction) member(expr *ast.Expr) bool {
	if !expr.IsCall() && !expr.IsEquality() {
		return false
	}
	operands := expr.Operands()
	switch {
	case expr.IsEquality():
		for i, o := range operands {
			ref, isRef := o.Value.(ast.Ref)
			text, isText := operands[1-i].Value.(ast.String)
			list, index, head := c.list(ref)
			if isRef && isText && list != "" && c.count[index] == 1 {
				c.reads.members[list][string(text)] = true
				c.explained[expr] = true
				if head != "" {
					c.uses[head]++
				}
				return true
			}
		}
	case expr.Operator().String() == ast.Member.Name && len(operands) == 2:
		text, isText := operands[0].Value.(ast.String)
		texts := c.reads.members[c.field(operands[1]).String()]
		if isText && texts != nil {
			texts[string(text)] = true
			c.explained[expr] = true
			c.use(operands[1])
			return true
		}
	}
	return false
}

// field returns the field of the input that t is, or stands for.
func (c *conjunction) field(t *ast.Term) ast.Ref {
	switch v := t.Value.(type) {
	case ast.Var:
		return c.fields[v]
	case ast.Ref:
		if v.HasPrefix(ast.InputRootRef) && v.IsGround() {
			return v
		}
	}
	return nil
}

// use counts that t, if it stands for a field, does so in an explained place.
func (c *conjunction) use(t *ast.Term) {
	if v, ok := t.Value.(ast.Var); ok {
		c.uses[v]++
	}
}
