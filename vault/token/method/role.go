package method

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Role types of tokens beside those of tokens themselves: what is made unless the
// request says otherwise.
const (
	defaultService = "default-service"
	defaultBatch   = "default-batch"
)

// role says what tokens made by it may and last. Values without Token before their names
// were set by names that Vault has given up, and are answered by them.
type role struct {
	AllowedPolicies    []string `json:"allowed_policies"`
	DisallowedPolicies []string `json:"disallowed_policies"`
	AllowedGlobs       []string `json:"allowed_policies_glob"`
	DisallowedGlobs    []string `json:"disallowed_policies_glob"`
	EntityAliases      []string `json:"allowed_entity_aliases"`
	Orphan             bool     `json:"orphan"`
	Renewable          bool     `json:"renewable"`
	NoDefaultPolicy    bool     `json:"token_no_default_policy"`
	PathSuffix         string   `json:"path_suffix"`
	TokenType          string   `json:"token_type"`
	TokenNumUses       int      `json:"token_num_uses"`

	Period           time.Duration  `json:"period"`
	TokenPeriod      time.Duration  `json:"token_period"`
	ExplicitMax      time.Duration  `json:"explicit_max_ttl"`
	TokenExplicitMax time.Duration  `json:"token_explicit_max_ttl"`
	BoundCIDRs       []netip.Prefix `json:"bound_cidrs"`
	TokenBoundCIDRs  []netip.Prefix `json:"token_bound_cidrs"`
}

// restricts reports whether the role says anything of policies.
func (r *role) restricts() bool {
	return r != nil && len(r.AllowedPolicies)+len(r.DisallowedPolicies)+len(r.AllowedGlobs)+len(r.DisallowedGlobs) > 0
}

const roleFolder = "roles/"

// loadRole returns nil for a role that does not exist.
func loadRole(ctx context.Context, s logical.Storage, name string) (r *role, err error) {
	err = s.View(ctx, func(tx logical.Tx) (err error) {
		r, err = getRole(tx, name)
		return err
	})
	return r, err
}

func getRole(tx logical.Tx, name string) (*role, error) {
	var r role
	if ok, err := tx.Get(roleFolder+name, &r); !ok || err != nil {
		return nil, err
	}
	return &r, nil
}

const maxRoleName = 512 // bytes

// checkName refuses names that Vault's routes do not know: letters, digits, _, and
// inside also - and a dot.
func checkName(name string) error {
	if len(name) > maxRoleName || strings.ContainsFunc(name, notInName) || strings.Trim(name, "-.") != name || name == "" {
		return logical.ErrNoPath
	}
	return nil
}

func notInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.')
}

// prefixes returns addresses as Vault shows them: a single one without its length.
func prefixes(all []netip.Prefix) []string {
	texts := make([]string, len(all))
	for i, p := range all {
		if texts[i] = p.String(); p.IsSingleIP() {
			texts[i] = p.Addr().String()
		}
	}
	return texts
}

// parsePrefixes reads addresses, and networks, of which the name is that of a parameter.
func parsePrefixes(name string, texts []string) ([]netip.Prefix, error) {
	all := make([]netip.Prefix, 0, len(texts))
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, err := netip.ParseAddr(text)
			if err != nil || addr.Zone() != "" {
				return nil, logical.Invalid("error parsing %s: %q is neither an address nor a network", name, text)
			}
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// matches reports whether a glob, whose * stand for any text, matches all of a name.
func matches(glob, name string) bool {
	first, rest, found := strings.Cut(glob, "*")
	if !found {
		return glob == name
	}
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	for _, part := range parts[:len(parts)-1] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, last)
}

func matchesAny(globs []string, name string) bool {
	for _, glob := range globs {
		if matches(glob, name) {
			return true
		}
	}
	return false
}
