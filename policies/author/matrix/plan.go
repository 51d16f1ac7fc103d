package matrix

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/stanch-dev/stanch/policies"
)

const (
	workers = 2
	// maxPairs bounds a universe: principals × resources that the policies can tell
	// apart. Each pair takes four bytes.
	maxPairs = 64 << 20
)

// plan divides a universe into classes: pairs of a principal and a resource that get
// the same decision for each capability.
type plan struct {
	universe   *Universe
	principals groups
	resources  groups
	of         []int32 // class, by group of principals × group of resources
	classes    []class
}

// class is what cells have in common.
type class struct {
	pair                    // that has them
	moved        bool       // the snapshots have different entries that connect principal and resource
	capabilities [][]string // those the policies cannot tell apart here are together
}

// pair is a group of principals and a group of resources.
type pair struct{ principal, resource int32 }

// groups are members that the policies cannot tell apart, by their place in the
// universe.
type groups [][]int32

// planOf divides u by what r says is read of snapshots.
func planOf(u *Universe, r *reads, snapshots ...*policies.Snapshot) (*plan, error) {
	x, err := indexOf(r, snapshots...)
	if err != nil {
		return nil, err
	}
	p := &plan{universe: u}
	subjects := p.groupPrincipals(r, x)
	paths := p.groupResources(r, x)
	n, m := len(p.principals), len(p.resources)
	if n*m > maxPairs {
		return nil, fmt.Errorf("%d principals × %d resources are too many to compare: at most %d million pairs", n, m, maxPairs>>20)
	}
	p.of = make([]int32, n*m)
	p.classify(x, connectionsOf(u, r, x), subjects, paths)
	return p, nil
}

// side is a group: the number of what is read of it in itself, and what connects it
// with the other side through the index.
type side struct {
	own  uint32
	keys []string // of the principal, that the index has
}

func (p *plan) groupPrincipals(r *reads, x *index) []side {
	projection, own, whole := r.subjectSide(), numbers[string]{}, numbers[string]{}
	var sides []side
	for i := range p.universe.Principals {
		who := &p.universe.Principals[i]
		input := policies.Term(p.universe.input(who, &Resource{}, "")).Value
		text := projection.of(input, who.Keys, func(key string) bool { return x.keyed[key] })
		s := side{own: own.of(text)}
		text += "\x00"
		for _, key := range who.Keys {
			if len(x.keys[key]) > 0 {
				s.keys = append(s.keys, key)
				text += strconv.Quote(key)
			}
		}
		if p.principals.add(int(whole.of(text)), i) {
			sides = append(sides, s)
		}
	}
	return sides
}

// places are groups of resources by what the index names.
type places struct {
	own       []uint32           // by group
	byPrefix  map[string][]int32 // groups below a prefix
	byPattern map[string][]int32 // groups that match a pattern
}

func (p *plan) groupResources(r *reads, x *index) places {
	projection, own, whole := r.resourceSide(), numbers[string]{}, numbers[string]{}
	all := places{byPrefix: map[string][]int32{}, byPattern: map[string][]int32{}}
	matching := p.matching(x)
	for i := range p.universe.Resources {
		what := &p.universe.Resources[i]
		input := policies.Term(p.universe.input(&Principal{}, what, "")).Value
		text := projection.of(input, what.Ancestors, func(string) bool { return false })
		number := own.of(text)
		text += "\x00"
		var prefixes []string
		for _, prefix := range what.Ancestors {
			if x.named[prefix] {
				prefixes = append(prefixes, prefix)
				text += strconv.Quote(prefix)
			}
		}
		text += "\x00"
		for _, pattern := range matching[i] {
			text += strconv.Quote(pattern)
		}
		group := int32(whole.of(text))
		if !p.resources.add(int(group), i) {
			continue
		}
		all.own = append(all.own, number)
		for _, prefix := range prefixes {
			all.byPrefix[prefix] = append(all.byPrefix[prefix], group)
		}
		for _, pattern := range matching[i] {
			all.byPattern[pattern] = append(all.byPattern[pattern], group)
		}
	}
	return all
}

// matching returns the patterns of x that each resource matches.
func (p *plan) matching(x *index) [][]string {
	patterns := map[string]bool{}
	for _, list := range x.patterns {
		for _, pattern := range list {
			patterns[pattern] = true
		}
	}
	all := make([][]string, len(p.universe.Resources))
	for pattern := range patterns {
		for i := range all {
			if matches(pattern, p.universe.Resources[i].ID) {
				all[i] = append(all[i], pattern)
			}
		}
	}
	return all
}

// classify gives each pair its class.
func (p *plan) classify(x *index, c *connections, subjects []side, paths places) {
	type name struct {
		principal, resource uint32
		connection          int32
	}
	classes := numbers[name]{}
	m := len(p.resources)
	connection := make([]int32, m) // by group of resources
	for i, s := range subjects {
		clear(connection)
		for _, key := range s.keys {
			for _, at := range x.keys[key] {
				for _, prefix := range x.prefixes[at] {
					c.connect(connection, link{at, prefix}, paths.byPrefix[prefix])
				}
				for _, pattern := range x.patterns[at] {
					c.connect(connection, link{at, pattern}, paths.byPattern[pattern])
				}
			}
		}
		for j := range m {
			number := classes.of(name{s.own, paths.own[j], connection[j]})
			if int(number) == len(p.classes) {
				is := &c.all[connection[j]]
				p.classes = append(p.classes, class{pair{int32(i), int32(j)}, is.moved, c.capabilities(is)})
			}
			p.of[i*m+j] = int32(number)
		}
	}
}

// add puts member into group, and reports whether the group is new. Groups come in
// the order of their numbers.
func (g *groups) add(group, member int) bool {
	if group == len(*g) {
		*g = append(*g, nil)
	}
	(*g)[group] = append((*g)[group], int32(member))
	return len((*g)[group]) == 1
}

// numbers numbers values in the order in which they come.
type numbers[T comparable] map[T]uint32

func (n numbers[T]) of(value T) uint32 {
	number, known := n[value]
	if !known {
		number = uint32(len(n))
		n[value] = number
	}
	return number
}

// cell returns a principal and a resource of class.
func (p *plan) cell(class int) (*Principal, *Resource) {
	c := &p.classes[class]
	return &p.universe.Principals[p.principals[c.principal][0]], &p.universe.Resources[p.resources[c.resource][0]]
}

// parallel calls do for 0 to n-1, from several goroutines at once, until one call
// fails or ctx is done.
func parallel(ctx context.Context, n int, do func(i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := do(i); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// decide answers one cell of class.
func (p *plan) decide(ctx context.Context, s *policies.Snapshot, class int, capability string) policies.Access {
	who, what := p.cell(class)
	return decide(ctx, s, p.universe.input(who, what, capability))
}

// decide answers in. A decision that failed may have done so because the machine was
// busy, so it is made once more; then it counts as denied.
func decide(ctx context.Context, s *policies.Snapshot, in *policies.AccessInput) policies.Access {
	d := s.Access(ctx, in)
	if d.Err != nil {
		d = s.Access(ctx, in)
	}
	return d
}

// decideAll answers the cells of class, by capability.
func (p *plan) decideAll(ctx context.Context, s *policies.Snapshot, class int) map[string]policies.Access {
	all := map[string]policies.Access{}
	for _, capabilities := range p.classes[class].capabilities {
		d := p.decide(ctx, s, class, capabilities[0])
		for _, capability := range capabilities {
			all[capability] = d
		}
	}
	return all
}
