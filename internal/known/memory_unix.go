//go:build unix

package known

import "golang.org/x/sys/unix"

// lockedBytes returns n bytes and how to free them. Memory that cannot be locked, as
// under a small limit, is still used.
func lockedBytes(n int) (bytes []byte, free func([]byte)) {
	if n == 0 {
		return nil, func([]byte) {}
	}
	bytes, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return make([]byte, n), func([]byte) {}
	}
	_ = unix.Mlock(bytes)
	keepFromDumps(bytes)
	return bytes, func(bytes []byte) { _ = unix.Munmap(bytes) }
}
