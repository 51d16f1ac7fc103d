// Package barrier encrypts everything that goes into the store, names as well as
// values, so that its file, its backups and whoever runs its database show nothing
// but sizes, times and the kind of each record. It is the only way from the vault to
// [storage.Store].
//
// A root key, which a seal or people with shares hold, opens the keyring, and the
// keyring's data keys open the records. So the root key can change (Rekey) without
// a record being written anew, and data keys can change (Rotate) while old records
// stay readable. How names and records are encrypted is said in names.go and record.go.
package barrier

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/vault/storage"
)

// What a barrier answers, wrapped with more words. Ask with errors.Is.
var (
	ErrSealed        = errors.New("barrier: sealed: unseal it first")
	ErrInitialized   = errors.New("barrier: the store has a keyring already")
	ErrUninitialized = errors.New("barrier: the store has no keyring: initialize it first")
	ErrWrongRoot     = errors.New("barrier: the keyring does not open: another store's root key or an older one, or the keyring was altered")
	ErrVersion       = errors.New("barrier: a format of a newer stanch: use that, or restore a snapshot from before")
	ErrChanged       = errors.New("barrier: the keyring in the store is not the one in use any more: seal and unseal, then try again")
)

// Barrier is an encrypted store. It starts sealed, and is safe for concurrent use.
type Barrier struct {
	store storage.Store
	admin sync.Mutex // held by what changes the keyring, so that one does at a time

	mu   sync.RWMutex // held shared while a key is used, alone to take keys away
	keys *keys        // nil while sealed
}

// New returns the sealed barrier of a store, which it does not close.
func New(s storage.Store) *Barrier { return &Barrier{store: s} }

// Initialized reports whether the store has a keyring.
func (b *Barrier) Initialized(ctx context.Context) (bool, error) {
	blob, err := b.read(ctx, kindKeyring.ownKey())
	return blob != nil, err
}

// Initialize makes a keyring under a root key of [RootSize] bytes, which it does not
// keep, and has opened it again from the store when it returns. The barrier stays
// sealed. With it, or not at all, happens what the functions also do; they are under
// the rules of [storage.Store]'s Update. A store with a keyring is [ErrInitialized].
func (b *Barrier) Initialize(ctx context.Context, root []byte, also ...func(storage.Tx) error) error {
	if err := checkRoot(root); err != nil {
		return err
	}
	b.admin.Lock()
	defer b.admin.Unlock()
	if there, err := b.Initialized(ctx); err != nil {
		return err
	} else if there {
		return ErrInitialized
	}
	ring := newKeyring(root, time.Now())
	defer ring.wipe()
	_, err := b.replace(ctx, nil, ring, also...)
	if errors.Is(err, ErrChanged) {
		return ErrInitialized
	}
	return err
}

// Unseal opens the keyring with the root key, of which it keeps a copy until Seal.
// It returns [ErrWrongRoot] or [ErrUninitialized] when that cannot be.
// On an open barrier it checks the root key, and reads the keyring anew.
func (b *Barrier) Unseal(ctx context.Context, root []byte) error {
	if err := checkRoot(root); err != nil {
		return err
	}
	b.admin.Lock()
	defer b.admin.Unlock()
	blob, err := b.read(ctx, kindKeyring.ownKey())
	if err != nil {
		return err
	}
	if blob == nil {
		return ErrUninitialized
	}
	ring, err := unwrap(root, blob)
	if err != nil {
		return err
	}
	k, err := newKeys(ring, blob)
	if err != nil {
		ring.wipe()
		return err
	}
	if err := b.loadCount(ctx, k); err != nil {
		k.wipe()
		return err
	}
	b.install(k)
	b.dropPending(ctx)
	return nil
}

// dropPending removes what a change of the keyring left that did not come to its end.
// It is worth no error: the next Unseal or change tries again.
func (b *Barrier) dropPending(ctx context.Context) {
	pending := kindPending.ownKey()
	if there, err := b.read(ctx, pending); err == nil && there != nil {
		b.store.Update(ctx, func(tx storage.Tx) error { return tx.Delete(pending) })
	}
}

// Seal writes over all keys. It waits for the encryption under way, not for
// transactions: those find [ErrSealed] at their next step and fail, unless they are
// committing already. What it cannot reach are copies that the standard library made
// of keys; the garbage collector has them.
func (b *Barrier) Seal() { b.install(nil) }

// install puts keys in place and writes over those before.
func (b *Barrier) install(k *keys) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys != nil {
		b.keys.wipe()
	}
	b.keys = k
}

// with runs f while no key can be taken away. f does nothing that takes long.
func (b *Barrier) with(f func(*keys) error) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.keys == nil {
		return ErrSealed
	}
	return f(b.keys)
}

// Status is what can be told about the keys.
type Status struct {
	Sealed      bool
	Term        uint32    // of the data key in use, from 1; 0 while sealed, as the rest
	Installed   time.Time // when that key came in use, to the second
	Encryptions uint64    // records it has encrypted; after a crash it may be thousands short
}

// Status never waits for the store.
func (b *Barrier) Status() Status {
	s := Status{Sealed: true}
	b.with(func(k *keys) error {
		current := k.ring.current()
		s = Status{Term: current.term, Installed: current.installed, Encryptions: k.used.Load()}
		return nil
	})
	return s
}

func checkRoot(root []byte) error {
	if len(root) != RootSize {
		return fmt.Errorf("barrier: a root key of %d bytes: it must have %d", len(root), RootSize)
	}
	return nil
}

// ownKey returns the key in the store of a record the barrier has one of.
func (k Kind) ownKey() []byte { return append([]byte{byte(k)}, make([]byte, 16)...) }

// read returns a copy of what lies in the store, nil for nothing.
func (b *Barrier) read(ctx context.Context, key []byte) (value []byte, err error) {
	err = b.store.View(ctx, func(tx storage.Tx) error {
		v, err := tx.Get(key)
		if v != nil {
			value = append([]byte{}, v...)
		}
		return err
	})
	return value, err
}
