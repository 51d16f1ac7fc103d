package memory

import (
	"bytes"
	"context"
	"hash/maphash"
	"iter"

	"github.com/stanch-dev/stanch/vault/storage"
)

// scanned is how many records a Scan yields between two looks at its context.
const scanned = 64

// tx is a transaction: a tree of its own.
type tx struct {
	ctx  context.Context
	root *node
	seed *maphash.Seed // nil in a View
	err  error         // the first one
	done bool
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

func (t *tx) Get(key []byte) ([]byte, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	return t.root.get(key), nil
}

func (t *tx) Put(key, value []byte) error {
	if err := t.writable(key); err != nil {
		return err
	}
	if err := storage.CheckValue(value); err != nil {
		return t.fail(err)
	}
	t.root = t.root.put(&node{
		key:   bytes.Clone(key),
		value: append([]byte{}, value...), // never nil
		rank:  maphash.Bytes(*t.seed, key),
	})
	return nil
}

func (t *tx) Delete(key []byte) error {
	if err := t.writable(key); err != nil {
		return err
	}
	t.root = t.root.remove(key)
	return nil
}

func (t *tx) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		if t.usable() != nil {
			return
		}
		n := 0
		for found := range t.root.from(from) {
			if to != nil && bytes.Compare(found.key, to) >= 0 {
				return
			}
			if n%scanned == 0 && t.ctx.Err() != nil {
				t.fail(t.ctx.Err())
				return
			}
			if n++; !yield(found.key, found.value) {
				return
			}
		}
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
	if t.seed == nil {
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
