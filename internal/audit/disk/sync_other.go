//go:build !linux

package disk

import "os"

// Sync returns when the bytes of f and its size are on the disk. After an error it is
// not known which are, and a later success says nothing about them.
func Sync(f *os.File) error { return f.Sync() }
