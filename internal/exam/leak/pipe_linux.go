package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a tool may take to read a chunk; its start-up counts too.
const patience = 5 * time.Second

// awaitEmpty waits until the other side has read all that was written to a pipe, or
// has closed it, so that the next chunk comes apart from the last.
func awaitEmpty(pipe *os.File) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	done := false
	for start := time.Now(); !done && time.Since(start) < patience; time.Sleep(100 * time.Microsecond) {
		err := raw.Control(func(fd uintptr) {
			waiting, err := unix.IoctlGetInt(int(fd), unix.TIOCINQ)
			done = err != nil || waiting == 0 || closed(int(fd))
		})
		done = done || err != nil
	}
}

// closed reports whether nobody can read any more what is written to a pipe.
func closed(fd int) bool {
	state := []unix.PollFd{{Fd: int32(fd)}}
	_, err := unix.Poll(state, 0)
	return err != nil && err != unix.EINTR || state[0].Revents&unix.POLLERR != 0
}
