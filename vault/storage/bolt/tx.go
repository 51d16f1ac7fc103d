package bolt

import (
	"bytes"
	"context"
	"iter"

	"go.etcd.io/bbolt"

	"github.com/stanch-dev/stanch/vault/storage"
)

// scanned is how many records a Scan yields between two looks at its context.
const scanned = 64

// record is a record as it was before a change; a nil value means there was none.
type record struct{ key, value []byte }

// tx is one function's transaction: a View's own of bbolt, or its part of a group's.
type tx struct {
	ctx    context.Context
	path   string
	data   *bbolt.Bucket
	group  *group   // nil in a View
	before []record // one for each change, in the order they were made
	bytes  int      // in values put
	err    error    // the first one
	done   bool
}

// run calls f and returns what the transaction ends with.
func (t *tx) run(f func(storage.Tx) error) error {
	defer func() { t.done = true }()
	if err := f(t); err != nil {
		return err
	}
	return t.err
}

func (t *tx) Err() error { return t.err }

func (t *tx) Get(key []byte) (value []byte, err error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	defer t.catch(&err)
	return t.data.Get(key), nil
}

func (t *tx) Put(key, value []byte) error {
	if err := t.writable(key); err != nil {
		return err
	}
	if err := storage.CheckValue(value); err != nil {
		return t.fail(err)
	}
	t.bytes += len(value)
	// bbolt keeps the slice until the commit, which may be after f has returned.
	kept := append(make([]byte, 0, len(value)), value...)
	return t.change(key, func() error { return t.data.Put(key, kept) })
}

func (t *tx) Delete(key []byte) error {
	if err := t.writable(key); err != nil {
		return err
	}
	return t.change(key, func() error { return t.data.Delete(key) })
}

// change notes what key has and makes the change. If it does not come to its end,
// the tree of the group cannot be trusted any more.
func (t *tx) change(key []byte, do func() error) (err error) {
	defer func() {
		if err != nil && t.group.broken == nil {
			t.group.broken = err
		}
	}()
	defer t.catch(&err)
	t.before = append(t.before, record{bytes.Clone(key), t.data.Get(key)})
	if err := do(); err != nil {
		return t.fail(damaged(t.path, err))
	}
	return nil
}

func (t *tx) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if t.usable() != nil {
			return
		}
		cursor := t.data.Cursor()
		key, value := t.seek(cursor, from)
		for n := 0; key != nil && (to == nil || bytes.Compare(key, to) < 0); n++ {
			if n%scanned == 0 && t.ctx.Err() != nil {
				t.fail(t.ctx.Err())
				return
			}
			changes := len(t.before)
			if !yield(key, value) {
				return
			}
			if changes == len(t.before) {
				key, value = t.next(cursor)
			} else { // a cursor does not outlive a change
				key, value = t.seek(cursor, append(bytes.Clone(key), 0))
			}
		}
	}
}

// seek returns the first record with a key not before from, nil for none.
func (t *tx) seek(c *bbolt.Cursor, from []byte) (key, value []byte) {
	defer t.catch(new(error))
	return c.Seek(from)
}

// next returns the record after the one c stands at, nil for none.
func (t *tx) next(c *bbolt.Cursor) (key, value []byte) {
	defer t.catch(new(error))
	return c.Next()
}

// catch, deferred, makes an error of a panic in bbolt, which panics at pages that
// make no sense and, as View and Update have set it, at those that cannot be read.
func (t *tx) catch(err *error) {
	if r := recover(); r != nil {
		*err = t.fail(damaged(t.path, r))
	}
}

// usable returns why the transaction answers no more.
func (t *tx) usable() error {
	if t.done {
		return t.fail(storage.ErrDone)
	}
	return t.err
}

// writable returns why key cannot be written.
func (t *tx) writable(key []byte) error {
	if err := t.usable(); err != nil {
		return err
	}
	if t.group == nil {
		return t.fail(storage.ErrReadOnly)
	}
	if err := storage.CheckKey(key); err != nil {
		return t.fail(err)
	}
	return nil
}

func (t *tx) fail(err error) error {
	if t.err == nil {
		t.err = err
	}
	return err
}
