package matrix

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxExamples are given of a group.
const maxExamples = 3

// Change is a group of cells that changed for the same reason.
type Change struct {
	Capabilities []string `json:"capabilities"`
	Where        string   `json:"where"` // the path, or the subtree all its resources are in
	Cause        string   `json:"cause"`
	Principals   int      `json:"principals"` // that it has
	Resources    int      `json:"resources"`
	Cells        int      `json:"cells"`
	Examples     []Cell   `json:"examples"` // of different principals
}

// Cell is one principal and one resource.
type Cell struct {
	Principal string `json:"principal"`
	Resource  string `json:"resource"`
}

// group is a Change while its members are found.
type group struct {
	kind         kind
	cause        string
	capabilities []string
	classes      []int32

	principals []bool // by group of principals
	resources  []bool // by group of resources
	pairs      int
	examples   []Cell
}

// grouped returns the changes of each kind.
func (c *comparison) grouped() [kinds][]Change {
	groups := c.collect()
	byClass := map[int32][]*group{}
	for _, g := range groups {
		g.principals, g.resources = make([]bool, len(c.plan.principals)), make([]bool, len(c.plan.resources))
		for _, class := range g.classes {
			byClass[class] = append(byClass[class], g)
		}
	}
	c.plan.visit(func(class int32, pair pair) {
		for _, g := range byClass[class] {
			g.add(c.plan, pair)
		}
	})
	all := [kinds][]Change{{}, {}, {}}
	for _, g := range groups {
		all[g.kind] = append(all[g.kind], g.change(c.plan))
	}
	for _, changes := range all {
		slices.SortStableFunc(changes, func(a, b Change) int {
			return cmp.Or(cmp.Compare(b.Cells, a.Cells), cmp.Compare(a.Cause, b.Cause))
		})
	}
	return all
}

// collect puts differences of one cause together; capabilities that changed in the
// same cells share a group.
func (c *comparison) collect() []*group {
	slices.SortFunc(c.differences, func(a, b difference) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.cause, b.cause), cmp.Compare(a.capability, b.capability), cmp.Compare(a.class, b.class))
	})
	var groups []*group
	byCells := map[string]*group{}
	for rest := c.differences; len(rest) > 0; {
		first := rest[0]
		n := 0
		var classes []int32
		for n < len(rest) && rest[n].kind == first.kind && rest[n].cause == first.cause && rest[n].capability == first.capability {
			classes = append(classes, rest[n].class)
			n++
		}
		rest = rest[n:]
		key := fmt.Sprint(first.kind, " ", first.cause, classes)
		g := byCells[key]
		if g == nil {
			g = &group{kind: first.kind, cause: first.cause, classes: classes}
			byCells[key] = g
			groups = append(groups, g)
		}
		g.capabilities = append(g.capabilities, first.capability)
	}
	return groups
}

func (g *group) add(p *plan, at pair) {
	who, what := p.principals[at.principal], p.resources[at.resource]
	g.pairs += len(who) * len(what)
	if !g.principals[at.principal] {
		for _, i := range who[:min(len(who), maxExamples-len(g.examples))] {
			g.examples = append(g.examples, Cell{p.universe.Principals[i].ID, p.universe.Resources[what[0]].Shown})
		}
	}
	g.principals[at.principal], g.resources[at.resource] = true, true
}

func (g *group) change(p *plan) Change {
	c := Change{Capabilities: g.capabilities, Cause: g.cause, Cells: g.pairs * len(g.capabilities), Examples: g.examples}
	for i, members := range p.principals {
		if g.principals[i] {
			c.Principals += len(members)
		}
	}
	var paths []string
	for i, members := range p.resources {
		if g.resources[i] {
			c.Resources += len(members)
			for _, member := range members {
				paths = append(paths, p.universe.Resources[member].Shown)
			}
		}
	}
	c.Where = subtree(paths)
	return c
}

// subtree returns the smallest pattern that all paths are in.
func subtree(paths []string) string {
	if len(paths) == 1 {
		return paths[0]
	}
	common := paths[0]
	for _, path := range paths[1:] {
		n := 0
		for n < min(len(common), len(path)) && common[n] == path[n] {
			n++
		}
		common = common[:n]
	}
	return common[:strings.LastIndexByte(common, '/')+1] + "**"
}

// visit calls use with the class of each pair of groups.
func (p *plan) visit(use func(class int32, at pair)) {
	m := len(p.resources)
	for i, class := range p.of {
		use(class, pair{int32(i / m), int32(i % m)})
	}
}

// sizes returns how many pairs of a principal and a resource each class has.
func (p *plan) sizes() []int {
	all := make([]int, len(p.classes))
	p.visit(func(class int32, at pair) {
		all[class] += len(p.principals[at.principal]) * len(p.resources[at.resource])
	})
	return all
}
