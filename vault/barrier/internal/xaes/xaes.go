// Package xaes is the authenticated encryption XAES-256-GCM of C2SP
// (c2sp.org/XAES-256-GCM): AES-256-GCM under a key made from the first half of a
// nonce of 24 bytes. Such nonces can be random for 2^80 messages under one key,
// where those of plain GCM end at 2^32; so no count of operations has to be kept for
// safety. The standard library has it in its own tests only.
package xaes

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
)

// Sizes in bytes.
const (
	KeySize   = 32
	NonceSize = 24
	Overhead  = 16
)

// AEAD encrypts under one key. It is safe for concurrent use until Wipe.
type AEAD struct {
	block cipher.Block
	k1    [aes.BlockSize]byte // CMAC's subkey for a full block, NIST SP 800-38B
}

// New returns the AEAD of a key of [KeySize] bytes, which it does not keep.
func New(key []byte) (*AEAD, error) {
	if len(key) != KeySize {
		return nil, errors.New("xaes: the key must have 32 bytes")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	a := &AEAD{block: block}
	block.Encrypt(a.k1[:], a.k1[:])
	var carry byte
	for i := len(a.k1) - 1; i >= 0; i-- {
		a.k1[i], carry = a.k1[i]<<1|carry, a.k1[i]>>7
	}
	a.k1[len(a.k1)-1] ^= 0b10000111 & -carry
	return a, nil
}

// Seal appends the ciphertext of plain to dst. The nonce has [NonceSize] bytes and
// must never be used again under this key.
func (a *AEAD) Seal(dst, nonce, plain, data []byte) ([]byte, error) {
	gcm, err := a.derive(nonce)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(dst, nonce[12:], plain, data), nil
}

// Open appends the plaintext to dst, or returns an error and nothing of it.
func (a *AEAD) Open(dst, nonce, sealed, data []byte) ([]byte, error) {
	gcm, err := a.derive(nonce)
	if err != nil {
		return nil, err
	}
	return gcm.Open(dst, nonce[12:], sealed, data)
}

// Wipe forgets the key as far as the standard library lets it: its copy of the
// expanded key is left to the garbage collector. The AEAD must not be used again.
func (a *AEAD) Wipe() {
	a.block = nil
	clear(a.k1[:])
}

// derive makes the key of one message: two blocks of SP 800-108's counter mode over CMAC.
func (a *AEAD) derive(nonce []byte) (cipher.AEAD, error) {
	if len(nonce) != NonceSize {
		return nil, errors.New("xaes: the nonce must have 24 bytes")
	}
	var key [KeySize]byte
	defer clear(key[:])
	for i := range 2 {
		part := key[i*aes.BlockSize:][:aes.BlockSize]
		part[1], part[2] = byte(i+1), 'X'
		copy(part[4:], nonce[:12])
		subtle.XORBytes(part, part, a.k1[:])
		a.block.Encrypt(part, part)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
