// Package token is who may ask: tokens, their accessors and their families, and answers
// that lie wrapped in a token until somebody fetches them, once.
//
// Nothing in the storage is a token. Of an id there is its HMAC, under a key that the
// [Store] makes when it is first used; of a batch token there is nothing at all, since
// it is its own record, encrypted. Whoever holds an id has it from [Store.Create] alone.
//
// A token ends when its time does, when somebody revokes it or an ancestor, or when it
// was used often enough. It ends twice: first it is marked, in one transaction, and from
// then on not found; then its children are marked, a batch at a time, and what belongs
// to it is cleared away. A [lease.Queue] in the same storage has an item for every token
// that can end, which a mark brings forward; so what a crash has interrupted is ended by
// [Store.End] after it.
//
// The paths of auth/token are in the package method; what the core tells the handlers of
// the calling token is a [Caller].
package token

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
)

// Where things lie in the storage. Keys of tokens are spread over folders by their first
// letters, see sharded.
const (
	keysName       = "keys"
	tokenFolder    = "id/"       // records, by key
	accessorFolder = "accessor/" // keys, by accessor
	childFolder    = "child/"    // the keys of children, below that of the parent
	wrapFolder     = "wrap/"     // wrapped answers, by key
	queueFolder    = "expiry/"
)

// Options are what a store asks of its owner.
type Options struct {
	// Ended is called before a token that has ended is deleted, to clear away what else
	// belongs to it: its cubbyhole, its leases. An error keeps the record, and Ended is
	// called again later; it can also be called twice at once. Nil: there is nothing.
	Ended func(ctx context.Context, now time.Time, e *Entry) error
}

// Store keeps tokens. It is safe for concurrent use. It holds no copies of what is in
// the storage, so that several stores may share one.
type Store struct {
	storage logical.Storage
	queue   *lease.Queue
	ended   func(context.Context, time.Time, *Entry) error

	mu     sync.RWMutex
	keys   *keys // guarded by mu; nil until first used
	closed bool  // guarded by mu
}

// New returns the store in s, which holds nothing else.
func New(s logical.Storage, o Options) *Store {
	ended := o.Ended
	if ended == nil {
		ended = func(context.Context, time.Time, *Entry) error { return nil }
	}
	return &Store{storage: s, queue: lease.New(s, queueFolder), ended: ended}
}

// Queue returns that of the items of [Store.End]. Others may put items of kinds of their
// own into it, in transactions of the same storage.
func (s *Store) Queue() *lease.Queue { return s.queue }

// Close wipes the keys. Every later use is an error.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys != nil {
		clear(s.keys.Hash)
		clear(s.keys.Batch)
	}
	s.keys, s.closed = nil, true
}

var errClosed = errors.New("token: the store is closed")

// keys are the store's secrets, as they are kept.
type keys struct {
	Hash  []byte `json:"hash"`  // of the HMAC that stands for an id
	Batch []byte `json:"batch"` // that batch tokens are encrypted with
}

// key returns what stands for an id in the storage: 43 letters of base64url.
func (k *keys) key(id []byte) string {
	mac := hmac.New(sha256.New, k.Hash)
	mac.Write(id)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (k *keys) batch() (cipher.AEAD, error) { return chacha20poly1305.NewX(k.Batch) }

// with calls f with the keys, which stay valid for as long as it runs.
func (s *Store) with(ctx context.Context, f func(*keys) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for s.keys == nil {
		s.mu.RUnlock()
		err := s.load(ctx)
		s.mu.RLock()
		if err != nil {
			return err
		}
	}
	return f(s.keys)
}

// load reads the keys, or makes them if this is the first use of the storage. Then it
// also makes the decoy: a record that is read when there is none for an id.
func (s *Store) load(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.keys != nil {
		if s.closed {
			return errClosed
		}
		return nil
	}
	fresh := keys{make([]byte, 32), make([]byte, chacha20poly1305.KeySize)}
	rand.Read(fresh.Hash)
	rand.Read(fresh.Batch)
	var found keys
	read := func(tx logical.Tx) (ok bool, err error) { return tx.Get(keysName, &found) }
	err := s.storage.View(ctx, func(tx logical.Tx) error { _, err := read(tx); return err })
	if err == nil && found.Hash == nil {
		err = s.storage.Update(ctx, func(tx logical.Tx) error {
			if ok, err := read(tx); ok || err != nil {
				return err
			}
			found = fresh
			if err := tx.Put(keysName, fresh); err != nil {
				return err
			}
			return tx.Put(decoyName, decoy())
		})
	}
	if err != nil {
		return err
	}
	if len(found.Hash) != 32 || len(found.Batch) != chacha20poly1305.KeySize {
		return errors.New("token: the record of the keys is damaged")
	}
	s.keys = &found
	return nil
}

const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// random returns n random letters, each worth 5.95 bits.
func random(n int) string {
	text := make([]byte, 0, n)
	for block := make([]byte, 2*n); len(text) < n; {
		rand.Read(block)
		for _, b := range block {
			if b &= 63; int(b) < len(letters) && len(text) < n { // 62 and 63 would favour some letters
				text = append(text, letters[b])
			}
		}
	}
	return string(text)
}
