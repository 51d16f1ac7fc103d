package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"

	"github.com/stanch-dev/stanch/vault/storage"
)

// batch is how many bytes Compact copies in one transaction, at least one record.
const batch = 16 << 20

// Compact writes the store at path anew without the pages that deleted records left
// free, and returns the sizes of the file in bytes, before and after. Nobody may
// have it open (ErrInUse). The new file, which needs its room beside the old one, is
// compared with it record by record and durable before it takes its name; at any
// error, and any crash, the old one stays.
func Compact(path string) (before, after int64, err error) {
	from, err := Open(path, Options{})
	if err != nil {
		return 0, 0, err
	}
	// Closed last: the lock is held until the new file has the name.
	defer func() { err = errors.Join(err, from.Close()) }()

	copied := path + ".compact"
	if err := os.Remove(copied); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, 0, fmt.Errorf("storage: removing what an earlier try left: %w", err)
	}
	defer os.Remove(copied) // of nothing, after the rename
	if err := from.copyTo(copied); err != nil {
		return 0, 0, err
	}
	if before, err = size(path); err != nil {
		return 0, 0, err
	}
	if after, err = size(copied); err != nil {
		return 0, 0, err
	}
	if err := os.Rename(copied, path); err != nil {
		return 0, 0, fmt.Errorf("storage: %w", err)
	}
	return before, after, syncDir(filepath.Dir(path))
}

// copyTo writes all of s to a new file and verifies it.
func (s *Store) copyTo(path string) (err error) {
	db, _, err := openFile(path, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.NoSync, db.AllocSize = true, os.Getpagesize() // durable at the end, no room for growth
	if err := bbolt.Compact(db, s.db, batch); err != nil {
		return fmt.Errorf("storage: copying %s to %s: %w", s.path, path, err)
	}
	if err := db.Sync(); err != nil {
		return fmt.Errorf("storage: syncing %s: %w", path, err)
	}
	return s.compare(&Store{path: path, db: db})
}

// compare returns an error unless both stores have the same records.
func (s *Store) compare(other *Store) error {
	ctx := context.Background()
	return s.View(ctx, func(a storage.Tx) error {
		return other.View(ctx, func(b storage.Tx) error {
			theirs := b.(*tx)
			cursor := theirs.data.Cursor()
			key, value := theirs.seek(cursor, nil)
			for k, v := range a.Scan(nil, nil) {
				if !bytes.Equal(k, key) || !bytes.Equal(v, value) {
					return damaged(other.path, "the copy differs from "+s.path)
				}
				key, value = theirs.next(cursor)
			}
			if key != nil {
				return damaged(other.path, "the copy has more than "+s.path)
			}
			return nil
		})
	})
}

// Check reads every page of the file, and says what cannot be right: ErrDamaged with
// the first finding. Writers wait for it, about a second for a gigabyte.
func (s *Store) Check(ctx context.Context) error {
	return s.Update(ctx, func(t storage.Tx) error {
		var first error
		for err := range t.(*tx).data.Tx().Check() {
			if first == nil {
				first = damaged(s.path, err)
			}
		}
		return first
	})
}

func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, fmt.Errorf("storage: %w", err)
	}
	return info.Size(), nil
}
