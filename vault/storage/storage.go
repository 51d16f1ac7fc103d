// Package storage says what stanch asks of the place its records lie in: a small
// ordered map from bytes to bytes, with transactions. Everything above it (the
// barrier, tokens, engines) is written against [Store], so one more database is one
// more folder here and one line that names it.
//
// The drivers are memory, for development and tests, and bolt, one file on this
// machine. They share no code; that they behave alike is proved by the suite in
// storagetest, which each of them passes.
//
// What lies in a store is sealed by the barrier, keys too. A driver therefore never
// looks into what it keeps, and may name lengths and places in errors, but no bytes.
package storage

import (
	"context"
	"iter"
)

// Limits of one record, in bytes. A key has at least one byte; a value may be empty.
const (
	// MaxKey leaves room for a path of Vault's, 32 segments deep and sealed.
	MaxKey = 8 << 10
	// MaxValue leaves room for the largest request, 32 MiB, sealed and in an envelope.
	MaxValue = 40 << 20
)

// Store keeps records in the byte order of their keys. It is safe for concurrent
// use. The function of a transaction gets its Tx for its own goroutine and for as
// long as it runs; it must not call Update or Close, which wait for it.
//
// An error of the function, a panic in it, an end of ctx that comes before the
// commit, or an error of any call to its Tx, seen by the function or not, leaves
// nothing of an Update behind.
type Store interface {
	// View runs f on one snapshot: what was committed when f began. It holds up
	// writers at most for moments, however long f takes. It returns f's error.
	View(ctx context.Context, f func(Tx) error) error

	// Update runs f so that all Updates give the result of one after the other.
	// When it returns nil, what f wrote is durable. When it returns an error of
	// f's own, what f saw is durable. f may run again after a conflict, so it does
	// no I/O and asks neither the clock nor chance; it starts from nothing each time.
	// Once the commit has begun, Update waits for its outcome even if ctx ends.
	Update(ctx context.Context, f func(Tx) error) error

	// Kind names the driver: "memory", "bolt".
	Kind() string

	// Close waits for the Updates under way, and for Views where they need it, and
	// frees the store. Every later use is ErrClosed, another Close is nil.
	Close() error
}

// Tx is one transaction. Slices it takes are copied before it returns; slices it
// gives are valid until the transaction ends and must not be written to: they may
// be the store itself.
type Tx interface {
	// Get returns the value of key, nil for none. The value of a record that is
	// there is never nil, even if it is empty.
	Get(key []byte) (value []byte, err error)

	// Put sets the value of key. In a View it is ErrReadOnly.
	Put(key, value []byte) error

	// Delete removes key. Of nothing it is no error; in a View it is ErrReadOnly.
	Delete(key []byte) error

	// Scan yields the records with from ≤ key < to in the order of their keys; a
	// nil to is no end. It sees what the transaction wrote before; what it writes
	// while the Scan runs may be seen or not, and disturbs nothing else. It stops
	// at an error and when ctx ends, and Err then says why.
	Scan(from, to []byte) iter.Seq2[[]byte, []byte]

	// Err returns the first error that any call to this Tx ran into, nil for none.
	// The transaction fails with it at the latest when f returns.
	Err() error
}
