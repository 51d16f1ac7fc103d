package known

import "runtime"

// memory is a piece of memory for plaintext: outside of the heap, kept from the swap
// device and from core dumps where the system lets it, and wiped when it is freed.
type memory struct {
	bytes []byte
	used  int
}

// newMemory returns memory for n bytes. It is freed when nothing refers to it any
// more; slices of its bytes do not count as that.
func newMemory(n int) *memory {
	bytes, free := lockedBytes(n)
	m := &memory{bytes: bytes}
	runtime.AddCleanup(m, func(bytes []byte) {
		clear(bytes)
		free(bytes)
	}, bytes)
	return m
}

// heap returns ordinary memory for n bytes.
func heap(n int) *memory { return &memory{bytes: make([]byte, n)} }

// put copies text into m, which must have room for it, and returns the copy.
func (m *memory) put(text []byte) []byte {
	end := m.used + copy(m.bytes[m.used:], text)
	at := m.used
	m.used = end
	return m.bytes[at:end:end]
}
