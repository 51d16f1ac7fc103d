package matrix

import "github.com/stanch-dev/stanch/policies"

// connections are the ways in which the index connects a principal and a resource:
// lists of links, built link by link, each list once. The first is the empty one.
type connections struct {
	names  []string // of the capabilities
	index  *index
	known  map[link]*linkFacts
	next   map[step]int32
	states numbers[state]
	all    []connection
}

// connection is a list of links.
type connection struct {
	moved bool     // the snapshots have different entries at one of its links
	state []uint32 // by capability: equal if the policies cannot tell them apart
}

// step is a list with one link more.
type step struct {
	before int32
	link   *linkFacts
}

// state is what a capability means to a list with one link more.
type state struct {
	before uint32
	having string
}

type linkFacts struct {
	moved  bool
	having []string // by capability: the entries that have it
}

func connectionsOf(u *Universe, r *reads, x *index) *connections {
	c := &connections{names: u.Capabilities, index: x, known: map[link]*linkFacts{}, next: map[step]int32{}, states: numbers[state]{}}
	none := connection{}
	projection := r.actionSide()
	for _, capability := range u.Capabilities {
		input := policies.Term(u.input(&Principal{}, &Resource{}, capability)).Value
		own := projection.of(input, nil, nil)
		none.state = append(none.state, c.states.of(state{0, own}))
	}
	c.all = []connection{none}
	return c
}

// connect adds l to the lists of some groups of resources.
func (c *connections) connect(lists []int32, l link, groups []int32) {
	if len(groups) == 0 {
		return
	}
	facts := c.known[l]
	if facts == nil {
		facts = &linkFacts{moved: c.index.differs(l)}
		for _, capability := range c.names {
			facts.having = append(facts.having, c.index.having(l, capability))
		}
		c.known[l] = facts
	}
	for _, group := range groups {
		lists[group] = c.add(lists[group], facts)
	}
}

// add returns the list before with one link more.
func (c *connections) add(before int32, l *linkFacts) int32 {
	number, known := c.next[step{before, l}]
	if known {
		return number
	}
	next := connection{moved: c.all[before].moved || l.moved}
	for i, having := range l.having {
		next.state = append(next.state, c.states.of(state{1 + c.all[before].state[i], having}))
	}
	number = int32(len(c.all))
	c.next[step{before, l}] = number
	c.all = append(c.all, next)
	return number
}

// capabilities returns those that the policies cannot tell apart together.
func (c *connections) capabilities(of *connection) [][]string {
	at := map[uint32]int{}
	var all [][]string
	for i, name := range c.names {
		group, known := at[of.state[i]]
		if !known {
			group = len(all)
			at[of.state[i]] = group
			all = append(all, nil)
		}
		all[group] = append(all[group], name)
	}
	return all
}
