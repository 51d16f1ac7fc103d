package disk

import (
	"errors"
	"os"
	"syscall"
)

// Sync returns when the bytes of f and its size are on the disk. After an error it is
// not known which are, and a later success says nothing about them.
func Sync(f *os.File) error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if !errors.Is(err, syscall.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
