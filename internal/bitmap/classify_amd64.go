//go:build amd64 && !purego

package bitmap

import "golang.org/x/sys/cpu"

// classify fills dst from the 64 bytes of data for each of its words.
func (c *Classifier) classify(dst []uint64, data []byte) {
	if len(dst) == 0 {
		return
	}
	if !cpu.X86.HasAVX2 {
		c.classifyPortable(dst, data)
		return
	}
	data = data[:len(dst)*wordBytes]
	classifyAVX2(&dst[0], &data[0], len(dst), &c.rows)
}

// classifyAVX2 writes words words to dst, at least one, and reads 64 bytes at data
// for each of them.
//
//go:noescape
func classifyAVX2(dst *uint64, data *byte, words int, rows *[16]byte)
