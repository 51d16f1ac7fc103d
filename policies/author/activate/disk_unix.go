//go:build unix

package activate

import (
	"errors"
	"os"
	"syscall"
)

// lockPath takes the lock at path, which ends with the process if need be.
func lockPath(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("another activation is under way; try again when it is done")
		}
		return nil, err
	}
	return f, nil
}

func unlock(f *os.File) { f.Close() }

// syncDir has the names in a folder written to disk.
func syncDir(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
