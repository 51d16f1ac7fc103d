//go:build unix

package disk

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock takes f for this open file alone, until it is closed. It does not wait.
func Lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("%s is in use by another device or process", f.Name())
	}
	return os.NewSyscallError("flock", err)
}
