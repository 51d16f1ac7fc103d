package method

import (
	"context"
	"errors"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

// revoke is no error for a token that does not exist, or not any more.
func (m *Method) revoke(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	id, err := given(c)
	if err != nil {
		return nil, err
	}
	e, err := m.store.Lookup(ctx, c.Time, id)
	if errors.Is(err, logical.ErrDenied) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, m.store.Revoke(ctx, c.Time, e)
}

func (m *Method) revokeSelf(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	caller := token.From(ctx)
	if caller.Entry == nil {
		return nil, nil
	}
	return nil, m.store.Revoke(ctx, c.Time, caller.Entry)
}

func (m *Method) revokeAccessor(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	e, err := m.byAccessor(ctx, c)
	if errors.Is(err, token.ErrAccessor) {
		return &logical.Response{Warnings: []string{"No token found with this accessor"}}, nil
	}
	if err != nil {
		return nil, err
	}
	return nil, m.store.Revoke(ctx, c.Time, e)
}

func (m *Method) revokeOrphan(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	id, err := given(c)
	if err != nil {
		return nil, err
	}
	if !token.From(ctx).Sudo {
		return nil, logical.Invalid("root or sudo privileges required to revoke and orphan")
	}
	e, err := m.store.Lookup(ctx, c.Time, id)
	if errors.Is(err, logical.ErrDenied) {
		return nil, logical.Invalid("token to revoke not found")
	}
	if err != nil {
		return nil, err
	}
	return nil, m.store.RevokeOrphan(ctx, c.Time, e)
}
