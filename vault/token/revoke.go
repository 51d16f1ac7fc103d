package token

import (
	"context"
	"fmt"
	"time"

	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
)

const (
	// batch is how many children one transaction marks.
	batch = 128
	// grace is how long the request with the last use of a token has what belongs to it.
	grace = time.Minute
)

// Revoke ends a token, its children and theirs. When it returns nil, all are gone; when
// not, the token is no longer found, and the queue ends the others.
func (s *Store) Revoke(ctx context.Context, now time.Time, e *Entry) error {
	return s.revoke(ctx, now, e, withFamily)
}

// RevokeOrphan ends a token alone. Its children become orphans.
func (s *Store) RevokeOrphan(ctx context.Context, now time.Time, e *Entry) error {
	return s.revoke(ctx, now, e, alone)
}

func (s *Store) revoke(ctx context.Context, now time.Time, e *Entry, how ending) error {
	if e.Type == Batch {
		return logical.Invalid("batch tokens cannot be revoked")
	}
	err := s.storage.Update(ctx, func(tx logical.Tx) error {
		r, err := read(tx, e.key)
		if r == nil || err != nil {
			return err
		}
		return s.mark(tx, now.UTC(), r, how)
	})
	if err != nil {
		return err
	}
	return s.end(ctx, now, e.key)
}

// mark begins to end a token: from now on it is not found. It is due at some time at the
// latest, for the queue to end it if the caller does not; who of both is first does not
// matter. Who was to be ended with all his family still is.
func (s *Store) mark(tx logical.Tx, at time.Time, r *record, how ending) error {
	if r.Due.IsZero() || at.Before(r.Due) {
		if err := s.schedule(tx, r, at); err != nil {
			return err
		}
	}
	if r.Ending != withFamily {
		r.Ending = how
	}
	return r.put(tx)
}

// End ends the token of an item of the queue that is due, unless the item is no longer
// right. It is what [lease.Queue.Run] is to call for all items that [Store.Owns].
func (s *Store) End(ctx context.Context, now time.Time, item lease.Item) error {
	var due bool
	err := s.storage.Update(ctx, func(tx logical.Tx) error {
		r, err := read(tx, item.ID)
		due = r != nil && (r.Ending != alive || r.expired(now))
		if err != nil || !due || r.Ending != alive {
			return err
		}
		r.Ending = withFamily // its item stays where it is until this has succeeded
		return r.put(tx)
	})
	if err != nil || !due {
		return err
	}
	return s.end(ctx, now, item.ID)
}

// Owns reports whether an item of the queue is a token's.
func (s *Store) Owns(item lease.Item) bool { return item.Kind == itemKind }

// end clears away a marked token and those below it, children first. It holds the keys
// of one batch for each generation.
func (s *Store) end(ctx context.Context, now time.Time, key string) error {
	for open := []string{key}; len(open) > 0; {
		top := open[len(open)-1]
		n, below, err := s.endChildren(ctx, now, top)
		if err != nil {
			return err
		}
		if open = append(open, below...); n > 0 {
			continue
		}
		if err := s.bury(ctx, now, top); err != nil {
			return err
		}
		open = open[:len(open)-1]
	}
	return nil
}

// endChildren begins to end some children of a parent that is being ended. It returns
// how many, and the keys of those that are now marked, too.
func (s *Store) endChildren(ctx context.Context, now time.Time, parent string) (n int, marked []string, err error) {
	var children []string
	err = s.storage.View(ctx, func(tx logical.Tx) (err error) {
		children, err = page(tx, family(parent), "", batch)
		return err
	})
	if err != nil || len(children) == 0 {
		return 0, nil, err
	}
	err = s.storage.Update(ctx, func(tx logical.Tx) error {
		marked = nil
		p, err := read(tx, parent)
		if err != nil {
			return err
		}
		for _, key := range children {
			below, err := s.endChild(tx, now, p, parent, key)
			if err != nil {
				return err
			}
			if below {
				marked = append(marked, key)
			}
		}
		return nil
	})
	return len(children), marked, err
}

// endChild marks a child, or makes it an orphan if its parent ends alone. It reports
// whether it is marked, and has to be cleared away before its parent is; its link stays
// until then.
func (s *Store) endChild(tx logical.Tx, now time.Time, parent *record, parentKey, key string) (marked bool, err error) {
	child, err := read(tx, key)
	if err != nil {
		return false, err
	}
	if child != nil && child.Parent == parentKey {
		if parent == nil || parent.Ending != alone {
			return true, s.mark(tx, now.UTC(), child, withFamily)
		}
		child.Parent = ""
		if err := child.put(tx); err != nil {
			return false, err
		}
	}
	return false, tx.Delete(childName(parentKey, key))
}

// bury clears away what belongs to a marked token without children, and then deletes it.
func (s *Store) bury(ctx context.Context, now time.Time, key string) error {
	var r *record
	get := func(tx logical.Tx) (err error) {
		r, err = read(tx, key)
		return err
	}
	if err := s.storage.View(ctx, get); err != nil || r == nil || r.Ending == alive {
		return err
	}
	if err := s.ended(ctx, now, &r.Entry); err != nil {
		return fmt.Errorf("token: ending what belongs to the token with accessor %s: %w", r.Accessor, err)
	}
	return s.storage.Update(ctx, func(tx logical.Tx) error {
		if err := get(tx); err != nil || r == nil {
			return err
		}
		return s.remove(tx, r)
	})
}

// RevokeAccessor ends the token of an accessor, with its children. [ErrAccessor] if
// there is none.
func (s *Store) RevokeAccessor(ctx context.Context, now time.Time, accessor string) error {
	e, err := s.LookupAccessor(ctx, now, accessor)
	if err != nil {
		return err
	}
	return s.Revoke(ctx, now, e)
}
