package barrier

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/stanch-dev/stanch/vault/storage"
)

// Tx is one transaction. Like the store's, it is for its function's goroutine and
// for as long as that runs; an error of any call fails the transaction, seen or not.
// Slices it takes are copied, slices it gives belong to the caller.
type Tx struct {
	b     *Barrier
	store storage.Tx
	err   *error // the first of the barrier's own
}

// View runs f on one snapshot, under the rules of [storage.Store]'s View.
func (b *Barrier) View(ctx context.Context, f func(Tx) error) error {
	if err := b.with(func(*keys) error { return nil }); err != nil {
		return err
	}
	return b.store.View(ctx, func(s storage.Tx) error { return b.run(s, f) })
}

// Update runs f in a transaction that is durable when Update returns nil, under the
// rules of [storage.Store]'s Update: f may run again.
func (b *Barrier) Update(ctx context.Context, f func(Tx) error) error {
	if err := b.with(func(*keys) error { return nil }); err != nil {
		return err
	}
	var counted func()
	err := b.store.Update(ctx, func(s storage.Tx) (err error) {
		if err := b.run(s, f); err != nil {
			return err
		}
		counted, err = b.storeCount(s)
		return err
	})
	if err == nil {
		counted()
	}
	return err
}

func (b *Barrier) run(s storage.Tx, f func(Tx) error) error {
	t := Tx{b, s, new(error)}
	if err := f(t); err != nil {
		return err
	}
	return t.Err()
}

// Err returns the first error that any call ran into, nil for none.
func (t Tx) Err() error {
	if *t.err != nil {
		return *t.err
	}
	return t.store.Err()
}

// fail notes err, if it is the first, and returns it.
func (t Tx) fail(err error) error {
	if *t.err == nil {
		*t.err = err
	}
	return err
}

// with is the barrier's, for a step of the transaction.
func (t Tx) with(f func(*keys) error) error {
	if err := t.b.with(f); err != nil {
		return t.fail(err)
	}
	return nil
}

// key returns the key of p in the store.
func (t Tx) key(p Path) (key []byte, err error) {
	err = t.with(func(k *keys) error {
		key, err = k.encode(p)
		return err
	})
	return key, err
}

// Get returns the value of p, nil for none; a value that is there is never nil. A
// record that cannot be what was put there is [ErrDamaged].
func (t Tx) Get(p Path) (value []byte, err error) {
	key, err := t.key(p)
	if err != nil {
		return nil, err
	}
	record, err := t.store.Get(key)
	if err != nil || record == nil {
		return nil, err
	}
	return t.open(p, key, record)
}

func (t Tx) open(p Path, key, record []byte) (value []byte, err error) {
	err = t.with(func(k *keys) error {
		if value, err = k.open(key, record); err != nil {
			return fmt.Errorf("%w (%s)", err, p)
		}
		return nil
	})
	return value, err
}

// Put sets the value of p, of at most [storage.MaxValue] less [Overhead] bytes.
func (t Tx) Put(p Path, value []byte) error {
	var key, record []byte
	err := t.with(func(k *keys) (err error) {
		if key, err = k.encode(p); err == nil {
			record, err = k.seal(key, value)
		}
		return err
	})
	if err != nil {
		return err
	}
	return t.store.Put(key, record)
}

// Delete removes p. Of nothing it is no error; what lies below p stays.
func (t Tx) Delete(p Path) error {
	key, err := t.key(p)
	if err != nil {
		return err
	}
	return t.store.Delete(key)
}

// countStep is after how many encryptions their number is written down again.
const countStep = 4096

// countKey returns the key in the store of a term's number of encryptions.
func countKey(term uint32) []byte {
	return binary.BigEndian.AppendUint32(kindCount.ownKey(), term)
}

// storeCount writes down how often the current data key was used, if that is due. The
// function it returns is for when the transaction has succeeded.
func (b *Barrier) storeCount(s storage.Tx) (counted func(), err error) {
	counted = func() {}
	var key, record []byte
	err = b.with(func(k *keys) (err error) {
		used := k.used.Load()
		if used < k.persisted.Load()+countStep {
			return nil
		}
		counted = func() { k.persisted.Store(used) }
		key = countKey(k.ring.current().term)
		record, err = k.seal(key, binary.BigEndian.AppendUint64(nil, used))
		return err
	})
	if err != nil || key == nil {
		return counted, err
	}
	return counted, s.Put(key, record)
}

// loadCount reads what storeCount wrote, for keys that are not in use yet.
func (b *Barrier) loadCount(ctx context.Context, k *keys) error {
	key := countKey(k.ring.current().term)
	record, err := b.read(ctx, key)
	if err != nil || record == nil {
		return err
	}
	value, err := k.open(key, record)
	if err != nil {
		return err
	}
	if len(value) != 8 {
		return fmt.Errorf("%w: the number of encryptions has %d bytes", ErrDamaged, len(value))
	}
	count := binary.BigEndian.Uint64(value)
	k.used.Store(count)
	k.persisted.Store(count)
	return nil
}
