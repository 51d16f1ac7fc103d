package storage

import (
	"errors"
	"fmt"
)

// What a driver answers, wrapped with where it happened. Ask with errors.Is.
var (
	// ErrClosed is the answer of a store after Close.
	ErrClosed = errors.New("storage: the store is closed")

	// ErrDone is the answer of a Tx whose transaction has ended.
	ErrDone = errors.New("storage: the transaction has ended; use a Tx only inside its function")

	// ErrReadOnly is the answer to a write in a View.
	ErrReadOnly = errors.New("storage: a view cannot write; use Update")

	// ErrKey is the answer to a key that is empty or longer than MaxKey.
	ErrKey = errors.New("storage: bad key")

	// ErrValue is the answer to a value longer than MaxValue.
	ErrValue = errors.New("storage: value too long")

	// ErrFull says that there was no room for the write. Nothing of it was kept,
	// what is stored can be read, and writing goes on once there is room.
	ErrFull = errors.New("storage: no room left")

	// ErrFailed says that writing failed in a way that leaves open what is on the
	// disk. The store then refuses everything until it is opened again.
	ErrFailed = errors.New("storage: the store has failed and refuses everything until it is opened again")

	// ErrInUse says that another process, or another Store of this one, has the
	// store open.
	ErrInUse = errors.New("storage: in use elsewhere")

	// ErrFormat says that the store is in a format this program does not know.
	ErrFormat = errors.New("storage: unknown format")

	// ErrDamaged says that what lies on the disk cannot be what was written.
	ErrDamaged = errors.New("storage: damaged")
)

// CheckKey returns ErrKey, with the length, for a key no store may keep.
func CheckKey(key []byte) error {
	if len(key) == 0 || len(key) > MaxKey {
		return fmt.Errorf("%w: it has %d bytes, and 1 to %d are possible", ErrKey, len(key), MaxKey)
	}
	return nil
}

// CheckValue returns ErrValue, with the length, for a value no store may keep.
func CheckValue(value []byte) error {
	if len(value) > MaxValue {
		return fmt.Errorf("%w: it has %d bytes, and at most %d are possible", ErrValue, len(value), MaxValue)
	}
	return nil
}
