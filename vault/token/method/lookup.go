package method

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

// errBadToken is Vault's answer for a token that is not, or no longer.
var errBadToken = &logical.Error{Status: http.StatusForbidden, Text: "bad token"}

func (m *Method) lookup(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	if c.Fields.String("token") == "" {
		return m.lookupSelf(ctx, c)
	}
	id, err := given(c)
	if err != nil {
		return nil, err
	}
	e, err := m.store.Lookup(ctx, c.Time, id)
	if errors.Is(err, logical.ErrDenied) {
		return nil, errBadToken
	}
	if err != nil {
		return nil, err
	}
	return m.describe(ctx, c.Time, id, e)
}

// lookupSelf shows what the core has looked up, which the store may no longer know if
// this is the last use of the token.
func (m *Method) lookupSelf(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	caller := token.From(ctx)
	if caller.Entry == nil {
		return nil, errBadToken
	}
	return m.describe(ctx, c.Time, caller.ID, caller.Entry)
}

func (m *Method) lookupAccessor(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	e, err := m.byAccessor(ctx, c)
	if err != nil {
		return nil, err
	}
	return m.describe(ctx, c.Time, secret.Bytes{}, e)
}

// describe answers with all that is known of a token but its parent.
func (m *Method) describe(ctx context.Context, now time.Time, id secret.Bytes, e *token.Entry) (*logical.Response, error) {
	data := map[string]any{
		"id": string(id.Reveal()), "accessor": e.Accessor, "policies": e.Policies, "path": e.Path, "meta": e.Meta,
		"display_name": e.Name, "num_uses": e.NumUses, "orphan": e.Orphan(), "type": e.Type, "entity_id": e.EntityID,
		"creation_time": e.Created.Unix(), "creation_ttl": seconds(e.TTL), "explicit_max_ttl": seconds(e.ExplicitMax),
		"expire_time": nil, "ttl": int64(0),
	}
	if e.Role != "" {
		data["role"] = e.Role
	}
	if e.Period != 0 {
		data["period"] = seconds(e.Period)
	}
	if len(e.BoundCIDRs) > 0 {
		data["bound_cidrs"] = prefixes(e.BoundCIDRs)
	}
	if !e.Expires.IsZero() {
		data["expire_time"] = e.Expires.Format(time.RFC3339Nano)
		data["ttl"] = seconds(e.Expires.Sub(now.Round(time.Second)))
		data["issue_time"] = e.Created.Format(time.RFC3339Nano)
		data["renewable"] = e.Renewable
	}
	if !e.Renewed.IsZero() {
		data["last_renewal_time"] = e.Renewed.Unix()
		data["last_renewal"] = e.Renewed.Format(time.RFC3339Nano)
	}
	if e.EntityID != "" && m.o.IdentityPolicies != nil {
		policies, err := m.o.IdentityPolicies(ctx, e.EntityID)
		if err != nil {
			return nil, err
		}
		if len(policies) > 0 {
			data["identity_policies"] = policies
			data["external_namespace_policies"] = map[string]any{}
		}
	}
	return &logical.Response{Data: data}, nil
}

func seconds(d time.Duration) int64 { return int64(d / time.Second) }
