// Package matrix answers questions about everybody: who can read this, what can they
// do, who may do more than before, does an invariant hold. The answers are exact for a
// known universe of principals, resources and capabilities, without asking about each
// of its cells: it decides once for each class of cells that the policy cannot tell
// apart.
//
//	policies ─▶ reads ─▶ classes of principals × resources ─▶ one decision each ─▶ counts
//
// What makes classes few is that a policy that looks grants up by key and path does
// not read the key and the path otherwise (see reads): all cells that no grant names
// are one class. Whatever the analysis does not understand it takes as read, so a
// policy of another shape costs time, never truth. The tests hold every answer against
// asking about each cell.
package matrix

import (
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// Universe is who, what and when questions about everybody are asked about. Nobody
// gives a reason for an emergency in it, and no ACL policy is asked.
type Universe struct {
	Principals   []Principal
	Resources    []Resource
	Capabilities []string
	Time         int64 // seconds since 1970
}

// Principal is somebody who may ask.
type Principal struct {
	policies.Principal
	MFA bool `json:"mfa"` // gives a second factor
}

// Resource is something that may be asked for.
type Resource struct {
	policies.Resource
	// Shown is what people are told: the path, or the pattern of a grant that the
	// resource stands for.
	Shown string `json:"shown"`
}

// UniverseOf returns the universes of docs, and whom and what their grants name: each
// key is a workload of that key, each path a secret; a pattern is stood for by a path
// that it matches. Where two docs describe the same principal or resource, the later
// one is believed.
func UniverseOf(at time.Time, docs ...source.Documents) Universe {
	b := builder{principals: map[principalName]bool{}, keys: map[string]bool{}, resources: map[string]bool{}}
	newest := slices.Clone(docs)
	slices.Reverse(newest)
	for _, d := range newest {
		for _, p := range d.Universe.Principals {
			b.principal(p)
		}
		for _, r := range d.Universe.Resources {
			b.resource(r.Path, r.Path, policies.ResourceProperties{Environment: r.Environment, Class: r.Class, Owner: r.Owner, Kind: r.Kind})
		}
	}
	var patterns []string
	for _, d := range newest {
		for _, g := range d.Grants {
			for _, key := range g.Subjects {
				b.key(key)
			}
			for _, path := range g.Paths {
				if strings.Contains(path, "*") {
					patterns = append(patterns, path)
				} else {
					b.resource(path, path, policies.ResourceProperties{})
				}
			}
		}
	}
	slices.Sort(patterns)
	for _, pattern := range slices.Compact(patterns) { // after all paths, which a stand-in must not be
		b.resource(b.standIn(pattern), pattern, policies.ResourceProperties{})
	}
	b.Capabilities, b.Time = source.Capabilities(), at.Unix()
	return b.Universe
}

// Principal returns the principal whose ID is name, or a workload whose only key it is.
func (u *Universe) Principal(name string) Principal {
	for _, p := range u.Principals {
		if p.ID == name {
			return p
		}
	}
	return workload(name)
}

// Resource returns the resource at path, or shown as path, or a secret about which
// nothing but its path is known.
func (u *Universe) Resource(path string) Resource {
	for _, r := range u.Resources {
		if r.ID == path || r.Shown == path {
			return r
		}
	}
	return resourceAt(path, path, policies.ResourceProperties{})
}

func (u *Universe) cells() int { return len(u.Principals) * len(u.Resources) * len(u.Capabilities) }

// input is the question of one cell.
func (u *Universe) input(p *Principal, r *Resource, capability string) *policies.AccessInput {
	return &policies.AccessInput{Subject: p.Principal, Action: policies.Action{Name: capability}, Resource: r.Resource,
		Context: policies.Context{Time: u.Time, MFA: p.MFA}}
}

// principalName is what tells principals apart: a person may be listed with and
// without a second factor.
type principalName struct {
	typ, id string
	mfa     bool
}

type builder struct {
	Universe
	principals map[principalName]bool
	keys       map[string]bool // that are all the keys of a principal
	resources  map[string]bool
}

func (b *builder) principal(u source.UniversePrincipal) {
	p := Principal{MFA: u.MFA, Principal: policies.Principal{Type: u.Type, ID: u.ID, Properties: policies.PrincipalProperties{Groups: u.Groups}}}
	if p.Type == "" {
		p.Type = "workload"
	}
	keys := u.Keys
	if len(keys) == 0 {
		keys = []string{u.ID}
	}
	for _, group := range u.Groups {
		keys = append(keys[:len(keys):len(keys)], "group/"+group)
	}
	for _, key := range keys {
		if !slices.Contains(p.Keys, key) {
			p.Keys = append(p.Keys, key)
		}
	}
	b.add(p)
}

func (b *builder) key(key string) {
	if !b.keys[key] {
		b.add(workload(key))
	}
}

func (b *builder) add(p Principal) {
	name := principalName{p.Type, p.ID, p.MFA}
	if b.principals[name] {
		return
	}
	b.principals[name] = true
	if len(p.Keys) == 1 {
		b.keys[p.Keys[0]] = true
	}
	b.Principals = append(b.Principals, p)
}

func (b *builder) resource(path, shown string, properties policies.ResourceProperties) {
	if !b.resources[path] {
		b.resources[path] = true
		b.Resources = append(b.Resources, resourceAt(path, shown, properties))
	}
}

// standIn returns a path that pattern matches and nobody wrote.
func (b *builder) standIn(pattern string) string {
	for name := "any"; ; name += "-" {
		path := strings.ReplaceAll(strings.ReplaceAll(pattern, "**", "*"), "*", name)
		if !b.resources[path] {
			return path
		}
	}
}

func workload(key string) Principal {
	return Principal{Principal: policies.Principal{Type: "workload", ID: key, Keys: []string{key}}}
}

func resourceAt(path, shown string, properties policies.ResourceProperties) Resource {
	return Resource{policies.Resource{Type: "secret", ID: path, Ancestors: policies.Ancestors(path), Properties: properties}, shown}
}
