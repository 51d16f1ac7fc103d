package matrix

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/policies"
)

// Method is how an answer was found.
type Method string

// The methods. Both are exact for the principals and resources that are known.
const (
	// ClosedForm: the rules that can matter look a principal up only by its type and
	// by single keys, or a resource only by its type, its path in the grants and
	// constants, so the answer holds for those that nobody listed, too.
	ClosedForm Method = "closed form"
	// Enumeration: the policy reads more, so only those known were asked about.
	Enumeration Method = "enumeration"
)

// Who answers who can do something.
type Who struct {
	Capability string    `json:"capability"`
	Path       string    `json:"path"`
	Allowed    []Allowed `json:"allowed"` // known principals, by ID
	Known      int       `json:"known"`   // principals asked about
	Method     Method    `json:"method"`
	AlsoReads  []string  `json:"also_reads"` // of a principal, if the method is enumeration
	// Asks are the keys that matter here, of anybody. Unknown if the method is
	// enumeration, and so are Conditions and Anybody.
	Asks []string `json:"asks"`
	// Conditions are those of Asks that suffice for a workload without a second
	// factor that has no other of Asks.
	Conditions []Condition `json:"conditions"`
	Anybody    bool        `json:"anybody"`           // whether a workload that has none of Asks is allowed
	Failed     int         `json:"failed"`            // principals that could not be decided about, so are denied
	Failure    string      `json:"failure,omitempty"` // why one of them could not
}

// Allowed is a principal that is allowed.
type Allowed struct {
	Type        string   `json:"type"`
	ID          string   `json:"id"`
	MFA         bool     `json:"mfa"`
	Grants      []string `json:"grants"`
	Obligations []string `json:"obligations"`
}

// Condition is a key that suffices.
type Condition struct {
	Key    string   `json:"key"`
	Grants []string `json:"grants"`
}

// WhoCan returns who may do capability with the resource at path, which need not be
// in u. It returns an error if ctx is done or there is no such capability.
func WhoCan(ctx context.Context, s *policies.Snapshot, u Universe, capability, path string) (Who, error) {
	if !slices.Contains(u.Capabilities, capability) {
		return Who{}, fmt.Errorf("unknown capability %q; there are %s", capability, strings.Join(u.Capabilities, ", "))
	}
	resource := u.Resource(path)
	u.Resources = []Resource{resource}
	p, err := planOf(&u, accessReads(s), s)
	if err != nil {
		return Who{}, err
	}
	decisions := make([]policies.Access, len(p.classes))
	if err := parallel(ctx, len(p.classes), func(class int) error {
		decisions[class] = p.decide(ctx, s, class, capability)
		return nil
	}); err != nil {
		return Who{}, err
	}
	w := Who{Capability: capability, Path: resource.Shown, Known: len(u.Principals), Allowed: []Allowed{}, AlsoReads: []string{}, Asks: []string{}, Conditions: []Condition{}}
	for i, members := range p.principals {
		w.add(&u, decisions[p.of[i]], members)
	}
	slices.SortFunc(w.Allowed, func(a, b Allowed) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Type, b.Type), compareBool(a.MFA, b.MFA))
	})
	return w, w.generalise(ctx, s, &u)
}

func (w *Who) add(u *Universe, d policies.Access, members []int32) {
	if d.Err != nil {
		w.Failed += len(members)
		w.Failure = d.Err.Error()
	}
	if !d.Allow {
		return
	}
	for _, i := range members {
		who := &u.Principals[i]
		w.Allowed = append(w.Allowed, Allowed{who.Type, who.ID, who.MFA, d.Grants, d.Obligations})
	}
}

// generalise finds out about principals that are not in u, if it can.
func (w *Who) generalise(ctx context.Context, s *policies.Snapshot, u *Universe) error {
	known := policies.Term(u.input(&Principal{}, &u.Resources[0], w.Capability)).Value
	r := readsGiven(s.Compiler(), known, policies.EntryAccess.Query())
	w.Method = ClosedForm
	if w.AlsoReads = beyondKeys(r); len(w.AlsoReads) > 0 {
		w.Method = Enumeration
		return nil
	}
	x, err := indexOf(r, s)
	if err != nil {
		return err
	}
	ask := func(p Principal) policies.Access { return decide(ctx, s, u.input(&p, &u.Resources[0], w.Capability)) }
	w.Anybody = ask(Principal{Principal: policies.Principal{Type: "workload"}}).Allow
	w.Asks = x.keysAt(&u.Resources[0], r)
	answers := make([]policies.Access, len(w.Asks))
	if err := parallel(ctx, len(w.Asks), func(i int) error {
		answers[i] = ask(workload(w.Asks[i]))
		return nil
	}); err != nil {
		return err
	}
	for i, d := range answers {
		if d.Allow {
			w.Conditions = append(w.Conditions, Condition{w.Asks[i], d.Grants})
		}
	}
	return nil
}

// beyondKeys returns what r reads of a principal besides its type and keys looked up
// one by one.
func beyondKeys(r *reads) []string {
	return slices.DeleteFunc(r.about("input.subject"), func(ref string) bool { return ref == "input.subject.type" })
}

// keysAt returns the keys that matter for a resource, sorted.
func (x *index) keysAt(resource *Resource, r *reads) []string {
	keys := map[string]bool{}
	for key := range r.members[keysRef] {
		keys[key] = true
	}
	for key := range x.keyed {
		keys[key] = true
	}
	for at, prefixes := range x.prefixes {
		for _, prefix := range resource.Ancestors {
			if _, found := slices.BinarySearch(prefixes, prefix); found {
				keys[at.key] = true
			}
		}
	}
	for at, patterns := range x.patterns {
		if slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, resource.ID) }) {
			keys[at.key] = true
		}
	}
	return sorted(keys)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// What answers what somebody can do.
type What struct {
	Type      string   `json:"type"`
	ID        string   `json:"id"`
	MFA       bool     `json:"mfa"`
	Resources []Reach  `json:"resources"` // by path; those where nothing is allowed are left out
	Known     int      `json:"known"`     // resources asked about
	Method    Method   `json:"method"`
	AlsoReads []string `json:"also_reads"` // of a resource, if the method is enumeration
	// Elsewhere is what is allowed at a path that no grant names, without properties.
	Elsewhere []string `json:"elsewhere"`
	Failed    int      `json:"failed"`            // resources about which something could not be decided, so is denied
	Failure   string   `json:"failure,omitempty"` // why one of them could not
}

// Reach is what may be done with a resource.
type Reach struct {
	Path         string   `json:"path"` // or the pattern of a grant
	Capabilities []string `json:"capabilities"`
	Grants       []string `json:"grants"`
}

// WhatCan returns what principal may do with the resources of u. It returns an error
// if ctx is done.
func WhatCan(ctx context.Context, s *policies.Snapshot, u Universe, principal Principal) (What, error) {
	elsewhere := len(u.Resources)
	u.Principals = []Principal{principal}
	u.Resources = append(slices.Clip(u.Resources), u.elsewhere())
	r := accessReads(s)
	p, err := planOf(&u, r, s)
	if err != nil {
		return What{}, err
	}
	decisions := make([]map[string]policies.Access, len(p.classes))
	if err := parallel(ctx, len(p.classes), func(class int) error {
		decisions[class] = p.decideAll(ctx, s, class)
		return nil
	}); err != nil {
		return What{}, err
	}
	w := What{Type: principal.Type, ID: principal.ID, MFA: principal.MFA, Known: elsewhere, Resources: []Reach{}, AlsoReads: []string{}, Elsewhere: []string{}}
	for i, members := range p.resources {
		can, failure := reach(&u, decisions[p.of[i]])
		if failure != nil {
			w.Failed += len(members)
			w.Failure = failure.Error()
		}
		for _, member := range members {
			switch {
			case int(member) == elsewhere:
				w.Elsewhere = append(w.Elsewhere, can.Capabilities...)
			case len(can.Capabilities) > 0:
				can.Path = u.Resources[member].Shown
				w.Resources = append(w.Resources, can)
			}
		}
	}
	slices.SortFunc(w.Resources, func(a, b Reach) int { return cmp.Compare(a.Path, b.Path) })
	w.Method = ClosedForm
	if w.AlsoReads = beyondPath(r); len(w.AlsoReads) > 0 {
		w.Method = Enumeration
	}
	return w, nil
}

// reach returns what decisions, one for each capability, allow, and why one of them
// could not be made.
func reach(u *Universe, decisions map[string]policies.Access) (can Reach, failure error) {
	grants := map[string]bool{}
	for _, capability := range u.Capabilities {
		d := decisions[capability]
		failure = cmp.Or(failure, d.Err)
		if d.Allow {
			can.Capabilities = append(can.Capabilities, capability)
			for _, grant := range d.Grants {
				grants[grant] = true
			}
		}
	}
	can.Grants = sorted(grants)
	return can, failure
}

// elsewhere returns a resource that nobody named.
func (u *Universe) elsewhere() Resource {
	taken := map[string]bool{}
	for _, r := range u.Resources {
		taken[r.ID] = true
	}
	path := "elsewhere/any/any"
	for taken[path] {
		path += "-"
	}
	return resourceAt(path, "elsewhere", policies.ResourceProperties{})
}

// beyondPath returns what r reads of a resource besides its type and what the index
// has about its path.
func beyondPath(r *reads) []string {
	return slices.DeleteFunc(r.about("input.resource"), func(ref string) bool { return ref == "input.resource.type" })
}

func sorted(set map[string]bool) []string {
	return slices.AppendSeq([]string{}, slices.Values(slices.Sorted(maps.Keys(set))))
}
