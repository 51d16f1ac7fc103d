package token

import (
	"context"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Tidied is what Tidy has found.
type Tidied struct {
	Tokens   int // records that were looked at
	Ended    int // tokens whose time, or whose parent, was gone
	Repaired int // tokens without their accessor or their item in the queue
	Strays   int // accessors, links and answers of tokens that do not exist
}

// tidyPage is how many records one transaction looks at.
const tidyPage = 256

// Tidy looks at everything in the store and mends what does not fit together. Nothing
// of that should ever be found, since what belongs together is written together.
func (s *Store) Tidy(ctx context.Context, now time.Time) (Tidied, error) {
	var t Tidied
	steps := []func() error{
		func() error { return s.tidyTokens(ctx, now, &t) },
		func() error { return s.sweep(ctx, accessorFolder, ofAccessor, &t) },
		func() error { return s.sweep(ctx, childFolder, inName, &t) },
		func() error { return s.sweep(ctx, wrapFolder, inName, &t) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return t, err
		}
	}
	return t, nil
}

// pages calls f with the names below a folder, some at a time.
func (s *Store) pages(ctx context.Context, folder string, f func(names []string) error) error {
	for after := ""; ; {
		var names []string
		err := s.storage.View(ctx, func(tx logical.Tx) (err error) {
			names, err = page(tx, folder, after, tidyPage)
			return err
		})
		if err != nil || len(names) == 0 {
			return err
		}
		if err := f(names); err != nil {
			return err
		}
		after = names[len(names)-1]
	}
}

func (s *Store) tidyTokens(ctx context.Context, now time.Time, t *Tidied) error {
	return s.pages(ctx, tokenFolder, func(all []string) error {
		var over []*record
		var repaired int
		err := s.storage.Update(ctx, func(tx logical.Tx) error {
			over, repaired = nil, 0
			for _, key := range all {
				r, err := read(tx, key)
				if err != nil {
					return err
				}
				if r == nil {
					continue
				}
				lost, err := isLost(tx, now, r)
				if err != nil {
					return err
				}
				if lost {
					over = append(over, r)
					continue
				}
				mended, err := s.mend(tx, r)
				if err != nil {
					return err
				}
				if mended {
					repaired++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		t.Tokens += len(all)
		t.Ended += len(over)
		t.Repaired += repaired
		for _, r := range over {
			if err := s.Revoke(ctx, now, &r.Entry); err != nil {
				return err
			}
		}
		return nil
	})
}

// isLost reports whether a token should not be there any more.
func isLost(tx logical.Tx, now time.Time, r *record) (bool, error) {
	if !r.valid(now) {
		return true, nil
	}
	if r.Parent == "" {
		return false, nil
	}
	parent, err := read(tx, r.Parent)
	return parent == nil, err
}

// mend puts what has to be there besides the record, and reports whether it was not.
func (s *Store) mend(tx logical.Tx, r *record) (mended bool, err error) {
	ok, err := tx.Get(sharded(accessorFolder, r.Accessor), &pointer{})
	if err != nil {
		return false, err
	}
	if !ok {
		if err := tx.Put(sharded(accessorFolder, r.Accessor), pointer{r.key}); err != nil {
			return false, err
		}
	}
	if r.Parent != "" {
		linked, err := tx.Get(childName(r.Parent, r.key), &link{})
		if err != nil {
			return false, err
		}
		if !linked {
			ok = false
			if err := tx.Put(childName(r.Parent, r.key), link{}); err != nil {
				return false, err
			}
		}
	}
	if r.Expires.IsZero() {
		return !ok, nil
	}
	waits, err := s.queue.Has(tx, r.item())
	if err != nil || waits {
		return !ok, err
	}
	if err := s.schedule(tx, r, r.Expires); err != nil {
		return false, err
	}
	return true, r.put(tx)
}

// sweep deletes, below a folder, what belongs to a token that does not exist.
func (s *Store) sweep(ctx context.Context, folder string, owner func(tx logical.Tx, name string) (key string, err error), t *Tidied) error {
	return s.pages(ctx, folder, func(all []string) error {
		var strays int
		err := s.storage.Update(ctx, func(tx logical.Tx) error {
			strays = 0
			for _, name := range all {
				key, err := owner(tx, name)
				if err != nil {
					return err
				}
				if r, err := read(tx, key); r != nil || err != nil {
					if err != nil {
						return err
					}
					continue
				}
				strays++
				if err := discard(tx, sharded(folder, name)); err != nil {
					return err
				}
			}
			return nil
		})
		t.Strays += strays
		return err
	})
}

func discard(tx logical.Tx, name string) error {
	if strings.HasSuffix(name, "/") {
		return tx.DeleteAll(name)
	}
	return tx.Delete(name)
}

// ofAccessor returns the key of the token with an accessor.
func ofAccessor(tx logical.Tx, accessor string) (string, error) {
	var p pointer
	_, err := tx.Get(sharded(accessorFolder, accessor), &p)
	return p.Key, err
}

// inName returns the key that is the name of a record, or of a folder.
func inName(_ logical.Tx, name string) (string, error) { return strings.TrimSuffix(name, "/"), nil }
