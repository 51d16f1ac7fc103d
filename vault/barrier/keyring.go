package barrier

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/vault/barrier/internal/xaes"
)

// RootSize is the size of a root key, in bytes.
const RootSize = xaes.KeySize

// maxTerms is how many data keys a keyring can hold. One rotation a day fills it in
// 179 years.
const maxTerms = 1 << 16

// dataKey is what values are encrypted under from a moment on.
type dataKey struct {
	term      uint32
	installed time.Time
	key       []byte
}

// keyring is all the keys there are. Under the root key it is one record of the store.
type keyring struct {
	root  []byte
	names []byte    // never rotated: what the namers' keys are derived from
	data  []dataKey // in the order of their terms, 1 being the first; the last is current
}

// newKeyring makes a keyring with one data key. It copies root.
func newKeyring(root []byte, now time.Time) *keyring {
	r := &keyring{root: bytes.Clone(root), names: randomKey()}
	r.extend(1, now)
	return r
}

// extend adds a data key and makes it current.
func (r *keyring) extend(term uint32, now time.Time) {
	r.data = append(r.data, dataKey{term, now.UTC().Truncate(time.Second), randomKey()})
}

func randomKey() []byte {
	key := make([]byte, xaes.KeySize)
	rand.Read(key)
	return key
}

func (r *keyring) current() *dataKey { return &r.data[len(r.data)-1] }

func (r *keyring) clone() *keyring {
	c := &keyring{root: bytes.Clone(r.root), names: bytes.Clone(r.names)}
	for _, d := range r.data {
		c.data = append(c.data, dataKey{d.term, d.installed, bytes.Clone(d.key)})
	}
	return c
}

// wipe writes over all keys.
func (r *keyring) wipe() {
	clear(r.root)
	clear(r.names)
	for _, d := range r.data {
		clear(d.key)
	}
}

// The keyring's record is
//
//	version, 1 byte ‖ nonce, 24 bytes ‖ XAES-256-GCM under the root key of:
//	    key of names, 32 bytes ‖ for each data key: term, 4 bytes ‖ installed, Unix seconds, 8 bytes ‖ key, 32 bytes
const (
	ringVersion = 1
	ringEntry   = 4 + 8 + xaes.KeySize
)

// ringBound is what the ciphertext is bound to, in its own place and while pending.
const ringBound = "stanch keyring"

// wrap returns the keyring's record.
func (r *keyring) wrap() ([]byte, error) {
	aead, err := xaes.New(r.root)
	if err != nil {
		return nil, err
	}
	defer aead.Wipe()
	plain := make([]byte, 0, xaes.KeySize+len(r.data)*ringEntry)
	plain = append(plain, r.names...)
	for _, d := range r.data {
		plain = binary.BigEndian.AppendUint32(plain, d.term)
		plain = binary.BigEndian.AppendUint64(plain, uint64(d.installed.Unix()))
		plain = append(plain, d.key...)
	}
	defer clear(plain)
	blob := make([]byte, 1+xaes.NonceSize, 1+xaes.NonceSize+len(plain)+xaes.Overhead)
	blob[0] = ringVersion
	rand.Read(blob[1:])
	return aead.Seal(blob, blob[1:], plain, append(blob[:1:1], ringBound...))
}

// unwrap reads the keyring's record. It copies root.
func unwrap(root, blob []byte) (*keyring, error) {
	if len(blob) < 1+xaes.NonceSize+xaes.Overhead {
		return nil, fmt.Errorf("%w: the keyring has only %d bytes", ErrDamaged, len(blob))
	}
	if blob[0] != ringVersion {
		return nil, fmt.Errorf("%w: the keyring's is %d, where %d is known here", ErrVersion, blob[0], ringVersion)
	}
	aead, err := xaes.New(root)
	if err != nil {
		return nil, err
	}
	defer aead.Wipe()
	plain, err := aead.Open(nil, blob[1:][:xaes.NonceSize], blob[1+xaes.NonceSize:], append(blob[:1:1], ringBound...))
	if err != nil {
		return nil, ErrWrongRoot
	}
	defer clear(plain)
	entries := len(plain) - xaes.KeySize
	if entries <= 0 || entries%ringEntry != 0 {
		return nil, fmt.Errorf("%w: a keyring of %d bytes", ErrDamaged, len(plain))
	}
	r := &keyring{root: bytes.Clone(root), names: bytes.Clone(plain[:xaes.KeySize])}
	for rest := plain[xaes.KeySize:]; len(rest) > 0; rest = rest[ringEntry:] {
		installed := time.Unix(int64(binary.BigEndian.Uint64(rest[4:])), 0).UTC()
		r.data = append(r.data, dataKey{binary.BigEndian.Uint32(rest), installed, bytes.Clone(rest[12:ringEntry])})
	}
	return r, nil
}

// keys is an open keyring, ready for use.
type keys struct {
	ring      *keyring
	blob      []byte // the keyring's record, as it lies in the store
	values    map[uint32]*xaes.AEAD
	namers    sync.Map      // [16]byte mount → namer
	used      atomic.Uint64 // encryptions in the current term
	persisted atomic.Uint64 // the last of used that is in the store
}

// newKeys takes the keyring over.
func newKeys(ring *keyring, blob []byte) (*keys, error) {
	k := &keys{ring: ring, blob: blob, values: make(map[uint32]*xaes.AEAD, len(ring.data))}
	for _, d := range ring.data {
		aead, err := xaes.New(d.key)
		if err != nil {
			return nil, err
		}
		k.values[d.term] = aead
	}
	if len(k.values) != len(ring.data) {
		return nil, errors.New("barrier: the keyring has a term twice")
	}
	return k, nil
}

// wipe writes over all keys. Nobody may use them any more.
func (k *keys) wipe() {
	k.ring.wipe()
	for _, aead := range k.values {
		aead.Wipe()
	}
	k.namers.Range(func(_, n any) bool {
		clear(n.(namer).key)
		return true
	})
	k.namers.Clear()
}
