package explain

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// Use is a grant that took part in a decision.
type Use struct {
	Place
	ID string `json:"id"`
}

// Near is a grant that is about the request in all respects but one.
type Near struct {
	Use
	Differs string `json:"differs"` // in what, in words
	// Allows is whether the request would be allowed if it differed no more. If not,
	// something denies it besides.
	Allows bool `json:"allows"`
}

// uses returns the grants that allowed the request, and if it was denied those that
// nearly would have.
func uses(ctx context.Context, s *policies.Snapshot, in *policies.AccessInput, d policies.Access) (used []Use, near []Near) {
	used, near = []Use{}, []Near{}
	for _, g := range s.Documents().Grants {
		if slices.Contains(d.Grants, g.ID) {
			used = append(used, useOf(g))
		}
		if d.Allow || len(near) == maxNearest {
			continue
		}
		if differs, changed := nearly(g, in); changed != nil {
			near = append(near, Near{useOf(g), differs, s.Access(ctx, changed).Allow})
		}
	}
	return used, near
}

func useOf(g source.Grant) Use { return Use{Place{g.File, g.Line}, g.ID} }

// nearly returns in what g and the request differ, and the request without that
// difference, if they differ in one respect.
func nearly(g source.Grant, in *policies.AccessInput) (differs string, changed *policies.AccessInput) {
	with, count := *in, 0
	note := func(text string) { differs = text; count++ }
	if !slices.ContainsFunc(g.Subjects, func(s string) bool { return slices.Contains(in.Subject.Keys, s) }) {
		note(fmt.Sprintf("it is for %s", strings.Join(g.Subjects, ", ")))
		with.Subject.Keys = append(slices.Clone(with.Subject.Keys), g.Subjects[0])
	}
	if !g.Covers(in.Resource.ID) {
		note(fmt.Sprintf("it is for %s", strings.Join(g.Paths, ", ")))
		with.Resource.ID = strings.NewReplacer("**", "x", "*", "x").Replace(g.Paths[0])
		with.Resource.Ancestors = policies.Ancestors(with.Resource.ID)
	}
	if !slices.Contains(g.Can, in.Action.Name) {
		note(fmt.Sprintf("it lets one %s", strings.Join(g.Can, ", ")))
		with.Action.Name = g.Can[0]
	}
	if !g.ExpiresAt.IsZero() && g.ExpiresAt.Unix() <= in.Context.Time {
		note("it expired on " + g.ExpiresAt.UTC().Format(time.RFC3339))
		with.Context.Time = g.ExpiresAt.Unix() - 1
	}
	if g.BreakGlass && in.Context.BreakGlass == nil {
		note("it is for emergencies, with a reason and a ticket")
		with.Context.BreakGlass = &policies.BreakGlass{Reason: "an emergency of some kind", Ticket: "NONE-1"}
	}
	if count != 1 {
		return "", nil
	}
	return differs, &with
}
