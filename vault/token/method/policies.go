package method

import (
	"slices"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

const defaultPolicy = "default"

// wish is what a request says of policies, and who asks.
type wish struct {
	policies  []string
	noDefault bool
	sudo      bool
	parent    []string // policies of the calling token
}

// grant returns the policies that a token gets: those asked for if the role, or else the
// calling token, allows them, and without any asked for those of the role or the caller.
func (w wish) grant(r *role) ([]string, error) {
	asked := token.Policies(w.policies)
	addDefault := false
	switch {
	case r.restricts():
		var err error
		if asked, err = w.byRole(r, asked); err != nil {
			return nil, err
		}
	case len(asked) == 0:
		asked = token.Policies(w.parent)
	case !w.sudo:
		for _, name := range asked {
			if !slices.Contains(w.parent, name) {
				return nil, logical.Invalid("child policies must be subset of parent")
			}
		}
		addDefault = !w.noDefault && slices.Contains(w.parent, defaultPolicy)
	default:
		addDefault = !w.noDefault
	}
	if addDefault {
		asked = withDefault(asked)
	}
	if w.noDefault {
		asked = slices.DeleteFunc(asked, func(name string) bool { return name == defaultPolicy })
	}
	if slices.Contains(asked, token.WrappingPolicy) {
		return nil, logical.Invalid("cannot assign policy %q", token.WrappingPolicy)
	}
	return asked, nil
}

// byRole applies what a role says, instead of what the calling token has.
func (w wish) byRole(r *role, asked []string) ([]string, error) {
	fill := func(names []string) []string { return token.Policies(names) }
	if !w.noDefault && !r.NoDefaultPolicy && !slices.Contains(r.DisallowedPolicies, defaultPolicy) && !matchesAny(r.DisallowedGlobs, defaultPolicy) {
		fill = withDefault
	}
	if len(asked) > 0 {
		asked = fill(asked)
	}
	switch {
	case len(r.AllowedPolicies)+len(r.AllowedGlobs) == 0:
		if len(asked) == 0 {
			asked = fill(w.parent)
		}
	case len(asked) == 0:
		asked = fill(r.AllowedPolicies)
	default:
		allowed := fill(r.AllowedPolicies)
		for _, name := range asked {
			if !slices.Contains(allowed, name) && !matchesAny(r.AllowedGlobs, name) {
				return nil, logical.Invalid("token policies (%q) must be subset of the role's allowed policies (%q) or glob policies (%q)", asked, allowed, r.AllowedGlobs)
			}
		}
	}
	for _, name := range asked {
		if slices.Contains(r.DisallowedPolicies, name) || matchesAny(r.DisallowedGlobs, name) {
			return nil, logical.Invalid("token policy %q is disallowed by this role", name)
		}
	}
	return asked, nil
}

// withDefault returns policies with "default" among them, unless root is.
func withDefault(names []string) []string {
	return token.Policies(append(slices.Clone(names), defaultPolicy))
}
