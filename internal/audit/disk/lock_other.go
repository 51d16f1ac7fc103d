//go:build !unix

package disk

import "os"

// Lock does nothing here: that a file has one writer is the operator's care.
func Lock(*os.File) error { return nil }
