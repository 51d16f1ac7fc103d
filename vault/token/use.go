package token

import (
	"context"
	"time"

	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
)

// Use counts one use of a token, durably, before the request is served; tokens with any
// number of uses cost nothing. It changes e.NumUses to what is left, to -1 if this was
// the last one: then nobody finds the token any more, and the core revokes it after the
// request; if it does not get so far, [Store.End] does. Whoever comes too late gets
// [logical.ErrDenied].
//
// A wrapping token is not used up by being shown: [Store.Unwrap] does that, together
// with giving the answer.
func (s *Store) Use(ctx context.Context, now time.Time, e *Entry) error {
	if e.NumUses == 0 || e.Type == Batch || e.Wrapping() {
		return nil
	}
	var left int
	err := s.storage.Update(ctx, func(tx logical.Tx) error {
		r, err := read(tx, e.key)
		if err != nil {
			return err
		}
		if !r.valid(now) {
			return logical.ErrDenied
		}
		if left = r.NumUses - 1; left == 0 {
			left = -1
			return s.mark(tx, now.Add(grace).UTC(), r, withFamily)
		}
		r.NumUses = left
		return r.put(tx)
	})
	if err == nil {
		e.NumUses = left
	}
	return err
}

// Renew lets a token live for as long as the terms give it from now on. The warnings are
// for the client. An error that he has to know is a [logical.Error].
func (s *Store) Renew(ctx context.Context, now time.Time, e *Entry, t lease.Terms) (renewed *Entry, warnings []string, err error) {
	if e.Type == Batch {
		return nil, nil, logical.Invalid("batch tokens cannot be renewed")
	}
	err = s.storage.Update(ctx, func(tx logical.Tx) error {
		r, err := read(tx, e.key)
		if err != nil {
			return err
		}
		if !r.valid(now) {
			return logical.ErrDenied
		}
		if r.Expires.IsZero() || !r.Renewable {
			return logical.Invalid("lease is not renewable")
		}
		var ttl time.Duration
		if ttl, warnings, err = t.TTL(r.Created, now); err != nil {
			return err
		}
		r.Expires, r.Renewed = now.Add(ttl).UTC(), now.UTC()
		if err := s.schedule(tx, r, r.Expires); err != nil {
			return err
		}
		renewed = &r.Entry
		return r.put(tx)
	})
	if err != nil {
		return nil, nil, err
	}
	return renewed, warnings, nil
}
