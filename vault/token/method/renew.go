package method

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

func (m *Method) renew(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	id, err := given(c)
	if err != nil {
		return nil, err
	}
	e, err := m.store.Lookup(ctx, c.Time, id)
	if errors.Is(err, logical.ErrDenied) {
		return nil, logical.Invalid("token not found")
	}
	if err != nil {
		return nil, err
	}
	return m.prolong(ctx, c, id, e)
}

func (m *Method) renewSelf(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	caller := token.From(ctx)
	if caller.Entry == nil {
		return nil, logical.Invalid("missing token ID")
	}
	return m.prolong(ctx, c, caller.ID, caller.Entry)
}

func (m *Method) renewAccessor(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	e, err := m.byAccessor(ctx, c)
	if err != nil {
		return nil, err
	}
	return m.prolong(ctx, c, secret.Bytes{}, e)
}

// prolong renews a token under the terms of what has made it.
func (m *Method) prolong(ctx context.Context, c *logical.Call, id secret.Bytes, e *token.Entry) (*logical.Response, error) {
	terms := lease.Terms{
		Increment: c.Fields.Duration("increment"), Wanted: e.TTL, Max: e.MaxTTL, Period: e.Period, ExplicitMax: e.ExplicitMax,
		MountTTL: c.Mount.DefaultTTL, MountMax: c.Mount.MaxTTL,
	}
	if err := m.reconsider(ctx, c, e, &terms); err != nil {
		return nil, err
	}
	renewed, warnings, err := m.store.Renew(ctx, c.Time, e, terms)
	if err != nil {
		return nil, err
	}
	token.From(ctx).Issued = &token.Issued{ID: id, Entry: renewed}
	return &logical.Response{Warnings: warnings}, nil
}

// reconsider asks the role or the auth method that a token is from for its terms, which
// may have changed since.
func (m *Method) reconsider(ctx context.Context, c *logical.Call, e *token.Entry, terms *lease.Terms) error {
	if e.Type == token.Batch || !e.Renewable {
		return nil // refused by the store
	}
	if e.Role != "" {
		r, err := loadRole(ctx, c.Storage, e.Role)
		if err != nil {
			return err
		}
		if r == nil {
			return fmt.Errorf("original token role %q could not be found, not renewing", e.Role)
		}
		terms.Period = shorter(r.TokenPeriod, e.Period)
		if r.TokenPeriod == 0 {
			terms.Period = 0
		}
		terms.ExplicitMax = shorter(r.TokenExplicitMax, e.ExplicitMax)
		return nil
	}
	if ofThisMethod(e) || m.o.RenewLogin == nil {
		return nil
	}
	auth, err := m.o.RenewLogin(ctx, c.Time, e)
	if err != nil || auth == nil {
		return err
	}
	terms.Period, terms.ExplicitMax, terms.Max = auth.Period, auth.ExplicitMax, auth.MaxTTL
	if auth.TTL > 0 {
		terms.Wanted = auth.TTL
	}
	return nil
}

// shorter returns the smaller of two limits, of which zero is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return a + b
	}
	return min(a, b)
}
