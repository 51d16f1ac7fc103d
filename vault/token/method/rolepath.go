package method

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

var roleFields = []logical.Field{
	{Name: "allowed_policies", Type: logical.Strings, Doc: "Policies that tokens may have."},
	{Name: "disallowed_policies", Type: logical.Strings, Doc: "Policies that tokens may not have."},
	{Name: "allowed_policies_glob", Type: logical.Strings, Doc: "Likewise, with * for any text."},
	{Name: "disallowed_policies_glob", Type: logical.Strings, Doc: "Likewise, with * for any text."},
	{Name: "allowed_entity_aliases", Type: logical.Strings, Doc: "Names that entity_alias may be, with * for any text."},
	{Name: "orphan", Type: logical.Bool, Doc: "Tokens have no parent."},
	{Name: "renewable", Type: logical.Bool, Default: true, Doc: "Tokens can be renewed."},
	{Name: "path_suffix", Type: logical.String, Doc: "Put at the end of the path that tokens are from."},
	{Name: "token_type", Type: logical.String, Doc: "service, batch, default-service or default-batch."},
	{Name: "token_no_default_policy", Type: logical.Bool, Doc: `Tokens do not get the policy "default" by themselves.`},
	{Name: "token_num_uses", Type: logical.Int, Doc: "How often tokens may be used; 0: any number of times."},
	{Name: "token_period", Type: logical.Duration, Doc: "Tokens can be renewed for so long, again and again."},
	{Name: "token_explicit_max_ttl", Type: logical.Duration, Doc: "Tokens end after so long at the latest."},
	{Name: "token_bound_cidrs", Type: logical.Strings, Doc: "Networks from which tokens may be used."},
	{Name: "period", Type: logical.Duration, Doc: "Old name of token_period."},
	{Name: "explicit_max_ttl", Type: logical.Duration, Doc: "Old name of token_explicit_max_ttl."},
	{Name: "bound_cidrs", Type: logical.Strings, Doc: "Old name of token_bound_cidrs."},
}

func withRoleName(fields []logical.Field) []logical.Field {
	return append([]logical.Field{{Name: "role_name", Type: logical.String, Doc: "Name of the role."}}, fields...)
}

func listRoles(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	var names []string
	err := c.Storage.View(ctx, func(tx logical.Tx) (err error) {
		names, err = tx.List(roleFolder, c.Fields.String("after"), max(c.Fields.Int("limit"), 0))
		return err
	})
	if err != nil || len(names) == 0 {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"keys": names}}, nil
}

func roleExists(ctx context.Context, c *logical.Call) (bool, error) {
	name := c.Fields.String("role_name")
	if err := checkName(name); err != nil {
		return false, err
	}
	r, err := loadRole(ctx, c.Storage, name)
	return r != nil, err
}

func deleteRole(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	name := c.Fields.String("role_name")
	if err := checkName(name); err != nil {
		return nil, err
	}
	return nil, c.Storage.Update(ctx, func(tx logical.Tx) error { return tx.Delete(roleFolder + name) })
}

func readRole(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	name := c.Fields.String("role_name")
	if err := checkName(name); err != nil {
		return nil, err
	}
	r, err := loadRole(ctx, c.Storage, name)
	if r == nil || err != nil {
		return nil, err
	}
	data := map[string]any{
		"name": name, "orphan": r.Orphan, "renewable": r.Renewable, "path_suffix": r.PathSuffix, "token_type": r.TokenType,
		"allowed_policies": r.AllowedPolicies, "disallowed_policies": r.DisallowedPolicies,
		"allowed_policies_glob": r.AllowedGlobs, "disallowed_policies_glob": r.DisallowedGlobs,
		"allowed_entity_aliases": r.EntityAliases, "token_no_default_policy": r.NoDefaultPolicy,
		"period": seconds(r.Period), "token_period": seconds(r.TokenPeriod),
		"explicit_max_ttl": seconds(r.ExplicitMax), "token_explicit_max_ttl": seconds(r.TokenExplicitMax),
	}
	if len(r.TokenBoundCIDRs) > 0 {
		data["token_bound_cidrs"] = prefixes(r.TokenBoundCIDRs)
	}
	if len(r.BoundCIDRs) > 0 {
		data["bound_cidrs"] = prefixes(r.BoundCIDRs)
	}
	if r.TokenNumUses > 0 {
		data["token_num_uses"] = r.TokenNumUses
	}
	return &logical.Response{Data: data}, nil
}

// writeRole makes a role, or changes what the request names of one.
func writeRole(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	name := c.Fields.String("role_name")
	if err := checkName(name); err != nil {
		return nil, err
	}
	var warnings []string
	err := c.Storage.Update(ctx, func(tx logical.Tx) error {
		r, err := getRole(tx, name)
		if err != nil {
			return err
		}
		if r == nil {
			r = &role{
				AllowedPolicies: []string{}, DisallowedPolicies: []string{}, AllowedGlobs: []string{}, DisallowedGlobs: []string{},
				Renewable: true, TokenType: defaultService,
			}
		}
		if warnings, err = r.change(c.Fields); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
		return tx.Put(roleFolder+name, r)
	})
	if err != nil {
		return nil, err
	}
	given, most := max(c.Fields.Duration("explicit_max_ttl"), c.Fields.Duration("token_explicit_max_ttl")), c.Mount.MaxTTL
	if most > 0 && given > most {
		warnings = append(warnings, fmt.Sprintf("Given explicit max TTL of %d is greater than system/mount allowed value of %d seconds; until this is fixed attempting to create tokens against this role will result in an error", seconds(given), seconds(most)))
	}
	if len(warnings) == 0 {
		return nil, nil
	}
	return &logical.Response{Warnings: warnings}, nil
}

// change sets what the fields of a request have.
func (r *role) change(f logical.Fields) (warnings []string, err error) {
	lists := []struct {
		name string
		to   *[]string
	}{
		{"allowed_policies", &r.AllowedPolicies}, {"disallowed_policies", &r.DisallowedPolicies},
		{"allowed_policies_glob", &r.AllowedGlobs}, {"disallowed_policies_glob", &r.DisallowedGlobs},
	}
	for _, l := range lists {
		if f.Has(l.name) {
			*l.to = token.Policies(f.Strings(l.name))
		}
	}
	if f.Has("allowed_entity_aliases") {
		r.EntityAliases = distinct(f.Strings("allowed_entity_aliases"))
	}
	flags := []struct {
		name string
		to   *bool
	}{{"orphan", &r.Orphan}, {"renewable", &r.Renewable}, {"token_no_default_policy", &r.NoDefaultPolicy}}
	for _, l := range flags {
		if f.Has(l.name) {
			*l.to = f.Bool(l.name)
		}
	}
	if f.Has("path_suffix") {
		r.PathSuffix = f.String("path_suffix")
	}
	if f.Has("token_num_uses") {
		r.TokenNumUses = f.Int("token_num_uses")
	}
	if f.Has("token_type") {
		r.TokenType = f.String("token_type")
	}
	return r.changeLimits(f)
}

// changeLimits sets what has an old name, too. The new one counts if both are given.
func (r *role) changeLimits(f logical.Fields) (warnings []string, err error) {
	both := func(old string) (useOld, useNew bool) {
		useOld, useNew = f.Has(old), f.Has("token_"+old)
		if useOld && useNew {
			warnings = append(warnings, fmt.Sprintf("Both 'token_%s' and deprecated '%s' value supplied, ignoring the deprecated value", old, old))
		}
		return useOld && !useNew, useNew
	}
	if useOld, useNew := both("period"); useNew {
		r.Period, r.TokenPeriod = 0, f.Duration("token_period")
	} else if useOld {
		r.Period = f.Duration("period")
		r.TokenPeriod = r.Period
	}
	if useOld, useNew := both("bound_cidrs"); useNew {
		r.BoundCIDRs = nil
		if r.TokenBoundCIDRs, err = parsePrefixes("role fields", f.Strings("token_bound_cidrs")); err != nil {
			return nil, err
		}
	} else if useOld {
		if r.BoundCIDRs, err = parsePrefixes("bound_cidrs", f.Strings("bound_cidrs")); err != nil {
			return nil, err
		}
		r.TokenBoundCIDRs = r.BoundCIDRs
	}
	if useOld, useNew := both("explicit_max_ttl"); useNew {
		r.ExplicitMax, r.TokenExplicitMax = 0, f.Duration("token_explicit_max_ttl")
	} else if useOld {
		r.ExplicitMax = f.Duration("explicit_max_ttl")
		r.TokenExplicitMax = r.ExplicitMax
	}
	return warnings, nil
}

// check refuses what cannot be together.
func (r *role) check() error {
	suffix := strings.Trim(r.PathSuffix, "-.")
	if r.PathSuffix != "" && (suffix != r.PathSuffix || len(suffix) < 3 || strings.ContainsFunc(suffix, notInName)) {
		return logical.Invalid(`given role path suffix contains invalid characters; must match \w[\w-.]+\w`)
	}
	if strings.Contains(r.PathSuffix, "..") {
		return logical.Invalid("error registering path suffix: path cannot contain parent references")
	}
	if !slices.Contains([]string{token.Service, token.Batch, defaultService, defaultBatch}, r.TokenType) {
		return logical.Invalid("invalid 'token_type' value %q", r.TokenType)
	}
	if r.TokenNumUses < 0 {
		return logical.Invalid("error parsing role fields: 'token_num_uses' cannot be negative")
	}
	if r.TokenType != token.Batch {
		return nil
	}
	switch {
	case !r.Orphan:
		return logical.Invalid("'token_type' cannot be 'batch' when role is set to generate non-orphan tokens")
	case r.TokenPeriod != 0:
		return logical.Invalid("'token_type' cannot be 'batch' when role is set to generate periodic tokens")
	case r.Renewable:
		return logical.Invalid("'token_type' cannot be 'batch' when role is set to generate renewable tokens")
	case r.TokenExplicitMax != 0:
		return logical.Invalid("'token_type' cannot be 'batch' when role is set to generate tokens with an explicit max TTL")
	case r.TokenNumUses != 0:
		return logical.Invalid("error parsing role fields: 'token_type' cannot be 'batch' or 'default_batch' when set to generate tokens with limited use count")
	}
	return nil
}

// distinct returns texts in lower case, sorted, each once.
func distinct(texts []string) []string {
	all := make([]string, 0, len(texts))
	for _, text := range texts {
		if text = strings.ToLower(strings.TrimSpace(text)); text != "" {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
