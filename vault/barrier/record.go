package barrier

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/stanch-dev/stanch/vault/barrier/internal/xaes"
)

// A value in the store is
//
//	term, 4 bytes ‖ version, 1 byte ‖ nonce, 24 bytes ‖ XAES-256-GCM
//
// bound to term, version and the whole key that it lies under: a record that is moved
// to another key does not open. An older record of the same key does, if someone who
// can write to the store puts it back; the audit chain is what shows such a rollback.
const (
	recordVersion = 1
	recordHead    = 4 + 1
	// Overhead is how many bytes longer a value is in the store.
	Overhead = recordHead + xaes.NonceSize + xaes.Overhead
)

// ErrDamaged is a record that is not what the barrier wrote at its place.
var ErrDamaged = errors.New("barrier: a record was altered, moved or damaged in the store: restore it from a snapshot, and look who can write to the store")

// bound returns what a record's ciphertext is bound to.
func bound(head, key []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(key)), head...), key...)
}

// seal returns the record of value under key, in the current term.
func (k *keys) seal(key, value []byte) ([]byte, error) {
	term := k.ring.current().term
	record := make([]byte, recordHead+xaes.NonceSize, len(value)+Overhead)
	binary.BigEndian.PutUint32(record, term)
	record[4] = recordVersion
	nonce := record[recordHead:]
	rand.Read(nonce) // chance within Update does no harm: run again, it is another nonce
	k.used.Add(1)
	return k.values[term].Seal(record, nonce, value, bound(record[:recordHead], key))
}

// open returns the value of a record that lies under key, in memory of its own.
func (k *keys) open(key, record []byte) ([]byte, error) {
	if len(record) < Overhead {
		return nil, fmt.Errorf("%w: %d bytes where %d are the least", ErrDamaged, len(record), Overhead)
	}
	if version := record[4]; version != recordVersion {
		return nil, fmt.Errorf("%w: format %d, where %d is known here: it may be of a newer stanch", ErrDamaged, version, recordVersion)
	}
	term := binary.BigEndian.Uint32(record)
	aead := k.values[term]
	if aead == nil {
		return nil, fmt.Errorf("%w: encrypted in term %d, which the keyring does not have", ErrDamaged, term)
	}
	head, sealed := record[:recordHead], record[recordHead+xaes.NonceSize:]
	value, err := aead.Open(make([]byte, 0, len(sealed)-xaes.Overhead), record[recordHead:][:xaes.NonceSize], sealed, bound(head, key))
	if err != nil {
		return nil, fmt.Errorf("%w: it does not decrypt in term %d", ErrDamaged, term)
	}
	return value, nil
}
