package barrier

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/stanch-dev/stanch/vault/storage"
)

// Rotate makes a new data key for what is written from now on; the old ones stay for
// reading. Transactions go on meanwhile. When it returns nil, the new keyring has
// been read back from the store.
func (b *Barrier) Rotate(ctx context.Context) error {
	return b.change(ctx, func(ring *keyring) error {
		last := ring.current().term
		if len(ring.data) >= maxTerms || last == 1<<32-1 {
			return fmt.Errorf("barrier: the keyring is full after %d rotations", len(ring.data))
		}
		ring.extend(last+1, time.Now())
		return nil
	})
}

// Rekey puts the keyring under a new root key, of which it keeps a copy. The old one
// opens the store until the moment when the new one does, which has then been tried
// on the keyring in the store already; with that moment, or not at all, happens
// what the functions also do, such as writing how the new key is sealed. They are
// under the rules of [storage.Store]'s Update.
//
// After an error keep both root keys: if writing itself failed, either may be the
// one that opens. Someone with the old root key and an old copy of the store can
// open that copy; Rotate as well if the old key may be known.
func (b *Barrier) Rekey(ctx context.Context, newRoot []byte, also ...func(storage.Tx) error) error {
	if err := checkRoot(newRoot); err != nil {
		return err
	}
	return b.change(ctx, func(ring *keyring) error {
		copy(ring.root, newRoot)
		return nil
	}, also...)
}

// change gives f a copy of the keyring, and replaces the keyring by what f made of it.
func (b *Barrier) change(ctx context.Context, f func(*keyring) error, also ...func(storage.Tx) error) error {
	b.admin.Lock()
	defer b.admin.Unlock()
	var ring *keyring
	var old *keys
	if err := b.with(func(k *keys) error {
		ring, old = k.ring.clone(), k
		return nil
	}); err != nil {
		return err
	}
	if err := f(ring); err != nil {
		ring.wipe()
		return err
	}
	blob, err := b.replace(ctx, old.blob, ring, also...)
	if err != nil {
		ring.wipe()
		return err
	}
	k, err := newKeys(ring, blob)
	if err != nil {
		ring.wipe()
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.keys != old { // sealed meanwhile; what the store has is good
		k.wipe()
		return fmt.Errorf("%w: it was sealed while its keyring was changed, and the change is in the store", ErrSealed)
	}
	if ring.current().term == old.ring.current().term {
		k.used.Store(old.used.Load())
		k.persisted.Store(old.persisted.Load())
	}
	b.keys = k
	old.wipe()
	return nil
}

// replace writes ring where the keyring old lies, nil for none, and returns its
// record. It is written beside the old one first, and takes its place only when it
// has been read back and opened.
func (b *Barrier) replace(ctx context.Context, old []byte, ring *keyring, also ...func(storage.Tx) error) ([]byte, error) {
	blob, err := ring.wrap()
	if err != nil {
		return nil, err
	}
	pending, place := kindPending.ownKey(), kindKeyring.ownKey()
	if err := b.store.Update(ctx, func(tx storage.Tx) error { return tx.Put(pending, blob) }); err != nil {
		return nil, fmt.Errorf("barrier: writing a new keyring: %w", err)
	}
	if err := b.verify(ctx, pending, ring, blob); err != nil {
		return nil, err
	}
	err = b.store.Update(ctx, func(tx storage.Tx) error {
		if there, err := tx.Get(place); err != nil {
			return err
		} else if !bytes.Equal(there, old) {
			return ErrChanged
		}
		if err := errors.Join(tx.Put(place, blob), tx.Delete(pending)); err != nil {
			return err
		}
		for _, f := range also {
			if err := f(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("barrier: putting the new keyring in place: %w", err)
	}
	// It is in place: an end of ctx must not leave open what it is.
	return blob, b.verify(context.WithoutCancel(ctx), place, ring, blob)
}

// verify reads the keyring's record back and opens it.
func (b *Barrier) verify(ctx context.Context, key []byte, ring *keyring, want []byte) error {
	blob, err := b.read(ctx, key)
	if err != nil {
		return fmt.Errorf("barrier: reading the new keyring back: %w", err)
	}
	if !bytes.Equal(blob, want) {
		return errors.New("barrier: the store gives another keyring back than was written: keep the old root key, and look at the disk")
	}
	back, err := unwrap(ring.root, blob)
	if err != nil {
		return fmt.Errorf("barrier: opening the new keyring: %w", err)
	}
	defer back.wipe()
	same := len(back.data) == len(ring.data) && subtle.ConstantTimeCompare(back.names, ring.names) == 1
	for i := 0; same && i < len(back.data); i++ {
		same = back.data[i].term == ring.data[i].term && subtle.ConstantTimeCompare(back.data[i].key, ring.data[i].key) == 1
	}
	if !same {
		return errors.New("barrier: the new keyring opens to other keys than were written: keep the old root key")
	}
	return nil
}
