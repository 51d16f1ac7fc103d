package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// systemLimits returns how many files a process may have open, and how many bytes of
// memory it may lock, and whether that is known.
func systemLimits() (files, locked uint64, known bool) {
	var open, memory unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &open) != nil || unix.Getrlimit(unix.RLIMIT_MEMLOCK, &memory) != nil {
		return 0, 0, false
	}
	return open.Max, memory.Cur, true // Go raises the first to what is allowed, but not the second
}

// writableDir returns an error unless files can be made in a folder.
func writableDir(dir string) error {
	if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
		return &os.PathError{Op: "write to", Path: dir, Err: err}
	}
	return nil
}
