//go:build amd64 && !purego

package prefilter

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// blockSize is the number of bytes that markAVX2 takes at a time.
const blockSize = 32

// markAVX2 writes one bit for each of the n bytes at data, a multiple of
// blockSize. It reads looked-1 bytes more.
//
//go:noescape
func markAVX2(data *byte, n int, nibbles *byte, marks *uint64)

// markBlocks marks as much of data as whole blocks cover whose every place has
// looked bytes, and returns how much that is. Marks must be clear.
func (f *Filter) markBlocks(data []byte, marks []uint64) int {
	if len(data) < blockSize+looked-1 || !cpu.X86.HasAVX2 {
		return 0
	}
	n := (len(data) - (looked - 1)) / blockSize * blockSize
	markAVX2(unsafe.SliceData(data), n, &f.Nibbles[0][0], unsafe.SliceData(marks))
	return n
}
