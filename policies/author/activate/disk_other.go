//go:build !unix

package activate

import (
	"errors"
	"io/fs"
	"os"
)

// lockPath takes the lock at path. Without a lock that ends with its process, the
// file itself is the lock.
func lockPath(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, errors.New("another activation is under way, or one broke down: then remove ..lock")
	}
	return f, err
}

func unlock(f *os.File) {
	f.Close()
	os.Remove(f.Name())
}

func syncDir(string) error { return nil } // folders cannot be synced here
