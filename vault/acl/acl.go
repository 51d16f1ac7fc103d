// Package acl reads Vault's ACL documents and decides requests by them as Vault
// does, so that the policies of a running Vault or OpenBao mean here what they
// meant there. It touches no storage and knows no tokens: the core parses the
// documents of a token, resolves their templates for the token's identity, joins
// them with [New] and asks [ACL.Decide]; the outcome goes to the access policy.
//
// The rules, in the order they apply:
//
//   - A path is decided by one pattern: the one equal to it, else the one of
//     highest priority that matches. Of two, the one whose first wildcard comes
//     later wins; then the one that does not end in a star; then the one with
//     fewer + segments; then the longer.
//   - What several documents say about the same pattern adds up, except deny,
//     which stands alone. Patterns that lost the path have no say, even if they
//     grant or deny.
//   - The pattern must grant the capability, and sudo where the path asks for it.
//   - Wrapping times and parameters can only refuse.
//
// Where this package knowingly differs it says so at the place: settings it does
// not enforce are refused, numbers in parameters compare by value, an empty value
// is not an allowed one, and nobody's name can act as a wildcard.
package acl

import (
	"slices"
	"strings"
	"time"
)

// ACL is what all policies of a token together say. It is immutable and safe for
// concurrent use.
type ACL struct {
	root      *entry            // not nil: everything is allowed
	exact     map[string]*entry // path → entry
	wildcards index
	nothing   []string // the capabilities of a path that no pattern matches
}

// entry is what the policies together say about one pattern.
type entry struct {
	pattern     string
	rank        int // among patterns with wildcards; the highest wins
	grants      set
	words       []string               // grants, spelled
	policies    [capabilities][]string // capability → names of the policies that grant it
	constraints *constraints
}

// Request is one access to decide.
type Request struct {
	Operation Operation
	Path      string         // as behind /v1/; leading slashes do not count
	Data      map[string]any // parameters, as decoded from JSON or the query; nil for none
	WrapTTL   time.Duration  // zero: the response is not to be wrapped
	Root      bool           // the path is root-protected: sudo is needed as well
}

// Result is a decision and where it came from. Its slices are shared; they must
// not be changed.
type Result struct {
	Allowed      bool
	Denied       bool     // the deciding pattern has deny, which nothing else may overrule
	Policy       string   // the first of Policies; empty for none
	Policies     []string // that grant the capability asked for, or that have deny, in the order of New
	Pattern      string   // the deciding pattern; empty for none
	Capabilities []string // on the path, in alphabetical order, or "deny" or "root" alone
	Sudo         bool     // sudo is among them
	MinWrap      time.Duration
	MaxWrap      time.Duration // of the response; zero for no limit
}

// New joins policies. Nil ones count for nothing, and so do paths whose templates
// are not resolved. [Root] allows everything, but only alone: Vault refuses a token
// that has other policies beside it, and here they alone decide.
func New(policies ...*Policy) *ACL {
	a := &ACL{exact: map[string]*entry{}, nothing: set(0).words()}
	if len(policies) == 1 && policies[0] != nil && policies[0].name == rootName {
		a.root = &entry{words: []string{rootName}}
		return a
	}
	entries := map[string]*entry{}
	for _, p := range policies {
		if p == nil {
			continue
		}
		for i := range p.rules {
			r := &p.rules[i]
			if r.templated {
				continue
			}
			e := entries[r.path]
			if e == nil {
				e = &entry{pattern: r.path}
				entries[r.path] = e
			}
			e.add(p.name, r)
		}
	}
	var wildcards []*entry
	for path, e := range entries {
		e.words = e.grants.words()
		if segmented(path) || strings.HasSuffix(path, "*") {
			wildcards = append(wildcards, e)
		} else {
			a.exact[path] = e
		}
	}
	a.wildcards = newIndex(wildcards)
	return a
}

// add takes what one more block says about the pattern.
func (e *entry) add(policy string, r *rule) {
	switch {
	case e.grants.has(deny) && !r.grants.has(deny):
		return
	case r.grants.has(deny):
		e.grants, e.constraints = only(deny), nil
	default:
		e.grants |= r.grants
		if e.constraints == nil {
			e.constraints = r.constraints.clone()
		} else if r.constraints != nil {
			e.constraints.merge(r.constraints)
		}
	}
	for c := range capabilities {
		if r.grants.has(c) && !slices.Contains(e.policies[c], policy) {
			e.policies[c] = append(e.policies[c], policy)
		}
	}
}

// Capabilities returns what the policies grant on a path, in alphabetical order:
// "deny" alone for nothing, "root" alone for everything. As in Vault, the path is
// looked up the way a list would. The slice is shared; it must not be changed.
func (a *ACL) Capabilities(path string) []string {
	if a.root != nil {
		return a.root.words
	}
	if e := a.find(path, List); e != nil {
		return e.words
	}
	return a.nothing
}

// Decide decides one request.
func (a *ACL) Decide(r Request) Result {
	if a.root != nil {
		return Result{Allowed: true, Policy: rootName, Policies: a.root.words, Capabilities: a.root.words, Sudo: true}
	}
	if r.Operation == Help { // Vault gives it to whoever asks, whatever the path
		return Result{Allowed: true, Capabilities: a.Capabilities(r.Path)}
	}
	e := a.find(r.Path, r.Operation)
	if e == nil {
		return Result{Capabilities: a.nothing}
	}
	result := Result{
		Denied:       e.grants.has(deny),
		Pattern:      e.pattern,
		Capabilities: e.words,
		Sudo:         e.grants.has(sudo),
	}
	if e.constraints != nil {
		result.MinWrap, result.MaxWrap = e.constraints.minWrap, e.constraints.maxWrap
	}
	needed, known := r.Operation.needs()
	if result.Denied {
		needed = deny
	}
	if known {
		result.Policies = e.policies[needed]
	}
	if len(result.Policies) > 0 {
		result.Policy = result.Policies[0]
		result.Allowed = !result.Denied && (!r.Root || result.Sudo) && e.fits(&r)
	}
	return result
}

// fits reports whether a request meets the constraints of the pattern.
func (e *entry) fits(r *Request) bool {
	c := e.constraints
	return c == nil || c.wrapped(r.WrapTTL) && (!r.Operation.constrained() || c.accept(r.Data))
}

// find returns what decides a path, or nil. A folder is listed with its final
// slash and then without; this order is OpenBao's, by its recorded answers. Vault
// looks for wildcards without the slash first.
func (a *ACL) find(path string, op Operation) *entry {
	path = strings.TrimLeft(path, "/")
	folder, ok := strings.CutSuffix(path, "/")
	twice := ok && (op == List || op == Scan)
	if e := a.exact[path]; e != nil {
		return e
	}
	if e := a.exact[folder]; twice && e != nil {
		return e
	}
	if e := a.wildcards.find(path); e != nil || !twice {
		return e
	}
	return a.wildcards.find(folder)
}
