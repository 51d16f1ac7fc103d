package storagetest_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/memory"
	"github.com/stanch-dev/stanch/vault/storage/storagetest"
)

// faultEnv names the fault of the store that TestFaulty runs the suite on.
const faultEnv = "STANCH_STORAGETEST_FAULT"

// faults are ways to be a bad store, each with a part of the suite that must see it.
var faults = []struct {
	name, part string
	open       func(storage.Store) storage.Store
}{
	{"keeps what failed", "Failure", func(s storage.Store) storage.Store { return keepsFailed{s} }},
	{"forgets a write at Close", "Reopen", nil}, // it is in memory
	{"runs Updates side by side", "Counter", func(s storage.Store) storage.Store { return &sideBySide{Store: s} }},
	{"views what is there later", "Snapshot", func(s storage.Store) storage.Store { return movingViews{s} }},
	{"ends a Scan early", "Model", func(s storage.Store) storage.Store {
		return wrapped{s, func(t storage.Tx) storage.Tx { return shortScan{t} }}
	}},
	{"takes the end into a range", "Ranges", func(s storage.Store) storage.Store {
		return wrapped{s, func(t storage.Tx) storage.Tx { return wideScan{t} }}
	}},
	{"has nil for empty", "Records", func(s storage.Store) storage.Store {
		return wrapped{s, func(t storage.Tx) storage.Tx { return nilEmpty{t} }}
	}},
	{"overlooks errors", "StickyError", func(s storage.Store) storage.Store {
		return wrapped{s, func(t storage.Tx) storage.Tx { return forgiving{t} }}
	}},
	{"overlooks its context", "Cancelled", func(s storage.Store) storage.Store { return timeless{s} }},
}

// TestFaulty is run by TestSuiteFindsFaults alone: it fails.
func TestFaulty(t *testing.T) {
	for _, fault := range faults {
		if fault.name != os.Getenv(faultEnv) {
			continue
		}
		storagetest.Run(t, storagetest.Driver{
			Open: func(string) (storage.Store, error) {
				if fault.open == nil {
					return memory.New(), nil
				}
				return fault.open(memory.New()), nil
			},
			Persistent: fault.open == nil,
		})
	}
}

func TestSuiteFindsFaults(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run=^TestFaulty$/^"+fault.part+"$", "-rapid.nofailfile")
			cmd.Env = append(os.Environ(), faultEnv+"="+fault.name)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestFaulty/"+fault.part) {
				t.Errorf("%s passes a store that %s: %v\n%s", fault.part, fault.name, err, out)
			}
		})
	}
}

type keepsFailed struct{ storage.Store }

func (s keepsFailed) Update(ctx context.Context, f func(storage.Tx) error) (err error) {
	return errors.Join(s.Store.Update(ctx, func(tx storage.Tx) error { err = f(tx); return nil }), err)
}

// sideBySide runs the functions of all Updates first, then commits their writes.
type sideBySide struct {
	storage.Store
	mu sync.Mutex
}

func (s *sideBySide) Update(ctx context.Context, f func(storage.Tx) error) error {
	var writes []func(storage.Tx) error
	if err := s.View(ctx, func(tx storage.Tx) error { return f(&noting{Tx: tx, writes: &writes}) }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Update(ctx, func(tx storage.Tx) error {
		for _, write := range writes {
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

type noting struct {
	storage.Tx
	writes *[]func(storage.Tx) error
}

func (t *noting) Put(key, value []byte) error {
	key, value = bytes.Clone(key), bytes.Clone(value)
	*t.writes = append(*t.writes, func(tx storage.Tx) error { return tx.Put(key, value) })
	return nil
}

type movingViews struct{ storage.Store }

func (s movingViews) View(ctx context.Context, f func(storage.Tx) error) error {
	return s.Store.View(ctx, func(storage.Tx) error { return f(moving(s)) })
}

// moving is a Tx that reads the last commit each time.
type moving struct{ storage.Store }

func (m moving) Get(key []byte) (value []byte, err error) {
	err = m.View(context.Background(), func(tx storage.Tx) error { value, err = tx.Get(key); return err })
	return value, err
}

func (m moving) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		_ = m.View(context.Background(), func(tx storage.Tx) error { tx.Scan(from, to)(yield); return nil })
	}
}

func (moving) Put(_, _ []byte) error { return storage.ErrReadOnly }
func (moving) Delete([]byte) error   { return storage.ErrReadOnly }
func (moving) Err() error            { return nil }

// wrapped is a store whose transactions have a fault.
type wrapped struct {
	storage.Store
	tx func(storage.Tx) storage.Tx
}

func (s wrapped) Update(ctx context.Context, f func(storage.Tx) error) error {
	return s.Store.Update(ctx, func(tx storage.Tx) error { return f(s.tx(tx)) })
}

func (s wrapped) View(ctx context.Context, f func(storage.Tx) error) error {
	return s.Store.View(ctx, func(tx storage.Tx) error { return f(s.tx(tx)) })
}

type shortScan struct{ storage.Tx }

func (t shortScan) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		n := 0
		for k, v := range t.Tx.Scan(from, to) {
			if n++; n > 7 || !yield(k, v) {
				return
			}
		}
	}
}

type wideScan struct{ storage.Tx }

func (t wideScan) Scan(from, to []byte) iter.Seq2[[]byte, []byte] {
	if to == nil {
		return t.Tx.Scan(from, nil)
	}
	return t.Tx.Scan(from, append(bytes.Clone(to), 0))
}

type nilEmpty struct{ storage.Tx }

func (t nilEmpty) Get(key []byte) ([]byte, error) {
	value, err := t.Tx.Get(key)
	if len(value) == 0 {
		value = nil
	}
	return value, err
}

type forgiving struct{ storage.Tx }

func (t forgiving) Put(key, value []byte) error {
	if err := errors.Join(storage.CheckKey(key), storage.CheckValue(value)); err != nil {
		return err
	}
	return t.Tx.Put(key, value)
}

type timeless struct{ storage.Store }

func (s timeless) Update(_ context.Context, f func(storage.Tx) error) error {
	return s.Store.Update(context.Background(), f)
}
