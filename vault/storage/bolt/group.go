package bolt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"syscall"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/stanch-dev/stanch/vault/storage"
)

// A group that has this many members, or bytes in values, is full: those who come
// then wait for the next, and those who are in it wait no longer.
const (
	groupMembers = 1024
	groupBytes   = 16 << 20
)

// group is the Updates that share a commit. Until it is taken from Store.group it
// belongs to who has the turn, then to who commits it.
type group struct {
	tx      *bbolt.Tx
	data    *bbolt.Bucket
	members int
	bytes   int   // in values put
	dirty   bool  // there is something to commit
	broken  error // why it cannot be committed

	done chan struct{} // closed when err is final
	err  error         // nil: committed
}

// join runs f in the open group, or in a new one. It has the turn when called and
// has passed it on when it returns, and also when f panics or ends its goroutine.
// Without a group f did not run.
func (s *Store) join(ctx context.Context, f func(storage.Tx) error) (*group, error) {
	defer s.pass()
	if err := errors.Join(s.failure(), ctx.Err()); err != nil {
		return nil, err
	}
	if s.group == nil {
		tx, data, err := s.open(true)
		if err != nil {
			return nil, err
		}
		s.group = &group{tx: tx, data: data, done: make(chan struct{})}
	}
	return s.group, s.group.run(ctx, s.path, f)
}

// pass ends the caller's turn: it hands the open group to who waits next, or
// commits it.
func (s *Store) pass() {
	g := s.group
	if g != nil {
		if !g.full() && s.line.next() {
			return
		}
		s.group = nil
		s.commit(g)
	}
	s.line.leave()
}

// full reports whether nobody should join any more.
func (g *group) full() bool {
	return g.members >= groupMembers || g.bytes >= groupBytes || g.broken != nil
}

// run runs f and takes back what it wrote unless it succeeds.
func (g *group) run(ctx context.Context, path string, f func(storage.Tx) error) error {
	t := &tx{ctx: ctx, path: path, data: g.data, group: g}
	kept := false
	defer func() {
		if !kept {
			g.undo(t.before)
		}
	}()
	if err := t.run(f); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	kept = true
	g.members++
	g.bytes += t.bytes
	g.dirty = g.dirty || len(t.before) > 0
	return nil
}

// undo puts records back as they were, the last change first. If it cannot, by an
// error or a panic, nobody's writes can be kept.
func (g *group) undo(before []record) {
	if len(before) == 0 || g.broken != nil {
		return
	}
	g.broken = fmt.Errorf("%w: the writes of a failed transaction could not be taken back", storage.ErrDamaged)
	for _, r := range slices.Backward(before) {
		var err error
		if r.value == nil {
			err = g.data.Delete(r.key)
		} else {
			err = g.data.Put(r.key, r.value)
		}
		if err != nil {
			return
		}
	}
	g.broken = nil
}

// commit ends a group and lets its members go.
func (s *Store) commit(g *group) {
	defer close(g.done)
	defer func() {
		if r := recover(); r != nil { // bbolt met a page it cannot read
			g.tx.Rollback()
			g.err = s.fail(r)
		}
	}()
	switch {
	case g.broken != nil:
		g.tx.Rollback()
		g.err = g.broken
	case !g.dirty:
		g.tx.Rollback()
	default:
		g.err = s.write(g.tx)
	}
}

// write commits tx and tells a full disk, where all is as before, from the rest.
func (s *Store) write(tx *bbolt.Tx) error {
	id := tx.ID()
	err := tx.Commit()
	if err == nil {
		return nil
	}
	if isFull(err) && s.last() < id {
		return fmt.Errorf("%w: committing to %s: %w; make room, or allow the file more", storage.ErrFull, s.path, err)
	}
	return s.fail(err)
}

// last returns the number of the last commit a reader sees.
func (s *Store) last() (id int) {
	_ = s.db.View(func(tx *bbolt.Tx) error { id = tx.ID(); return nil })
	return id
}

// isFull tells whether a commit failed before its last page was written, for want
// of room. An fdatasync that fails so does not count: its error is no PathError.
func isFull(err error) bool {
	if errors.Is(err, berrors.ErrMaxSizeReached) {
		return true
	}
	var op *fs.PathError
	return errors.As(err, &op) && op.Op == "write" &&
		(errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG))
}
