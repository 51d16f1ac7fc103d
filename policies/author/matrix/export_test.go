package matrix

import (
	"context"

	"github.com/stanch-dev/stanch/policies"
)

// Everything returns the decision of each cell, by principal, resource and capability,
// as classes have it.
func Everything(ctx context.Context, s *policies.Snapshot, u Universe) ([][]map[string]policies.Access, error) {
	p, err := planOf(&u, accessReads(s), s)
	if err != nil {
		return nil, err
	}
	all := make([][]map[string]policies.Access, len(u.Principals))
	for i := range all {
		all[i] = make([]map[string]policies.Access, len(u.Resources))
	}
	byClass := make([]map[string]policies.Access, len(p.classes))
	for class := range byClass {
		byClass[class] = p.decideAll(ctx, s, class)
	}
	p.visit(func(class int32, at pair) {
		for _, who := range p.principals[at.principal] {
			for _, what := range p.resources[at.resource] {
				all[who][what] = byClass[class]
			}
		}
	})
	return all, nil
}

// Classes returns how many classes u has, for each capability.
func Classes(s *policies.Snapshot, u Universe) (int, error) {
	p, err := planOf(&u, accessReads(s), s)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, c := range p.classes {
		n += len(c.capabilities)
	}
	return n, nil
}
