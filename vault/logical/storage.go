package logical

import "context"

// Storage keeps what a mount has, encrypted, in names with slashes. Transactions are
// serializable, and durable when Update returns nil. A function given to Update may
// run again: no effect outside, no clock, no randomness in it.
type Storage interface {
	View(context.Context, func(Tx) error) error
	Update(context.Context, func(Tx) error) error
}

// Tx is a transaction. Values are JSON, written without escapes for HTML: they would make
// a value six times as long.
type Tx interface {
	// Get reads the value of a name into v, and reports whether there is one.
	Get(name string, v any) (bool, error)
	Put(name string, v any) error
	Delete(name string) error
	// List returns the names right below a folder (empty, or with a slash at its end),
	// sorted, folders with a slash at their end: those behind after, at most limit, all
	// for 0.
	List(folder, after string, limit int) ([]string, error)
	// DeleteAll deletes everything below a folder.
	DeleteAll(folder string) error
}
