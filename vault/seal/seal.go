// Package seal says what opens the store without people: a [Seal] wraps the root key
// of the barrier into a blob that lies in the clear beside the store, and unwraps it
// when the server starts. The seals themselves are folders of their own, listed in
// vault/seal/all; shamir, which divides the root key among people, is not a [Seal].
package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// Seal wraps the root key. It is safe for concurrent use.
type Seal interface {
	// Kind is the seal's name in vault/seal/all.
	Kind() string
	// Wrap encrypts key, and has unwrapped the blob again when it returns it.
	Wrap(ctx context.Context, key []byte) (blob []byte, err error)
	// Unwrap gives back the key, which belongs to the caller. [ErrWrongKey] means that
	// the seal works and the blob is not its own.
	Unwrap(ctx context.Context, blob []byte) (key []byte, err error)
}

// MaxKey is the longest key that is wrapped, in bytes, and MaxBlob the longest blob read.
const (
	MaxKey  = 1 << 10
	MaxBlob = 16 << 10
)

// ErrWrongKey is a blob that this seal does not open.
var ErrWrongKey = errors.New("seal: the wrapped root key does not open: it was wrapped with another passphrase or key, or altered since")

// KeySize is the size of the keys of [Lock] and [Unlock], in bytes.
const KeySize = 32

// Lock encrypts plain under key with AES-256-GCM and a random nonce, bound to header,
// which is not in the result. A key is meant for a few blobs, not for millions.
func Lock(key, header, plain []byte) ([]byte, error) {
	if len(plain) == 0 || len(plain) > MaxKey {
		return nil, fmt.Errorf("seal: a root key of %d bytes cannot be wrapped: give 1 to %d", len(plain), MaxKey)
	}
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, header), nil
}

// Unlock gives back what [Lock] encrypted, or [ErrWrongKey].
func Unlock(key, header, locked []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, locked, header)
	if err != nil {
		return nil, ErrWrongKey
	}
	return plain, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("seal: a wrapping key of %d bytes: it must have %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
