package bitmap_test

import (
	"os"
	"syscall"
	"testing"

	"github.com/stanch-dev/stanch/internal/bitmap"
)

// TestClassifyReadsOnlyItsText puts texts of every length flush against pages that
// cannot be read: one byte too far would end the test with a fault.
func TestClassifyReadsOnlyItsText(t *testing.T) {
	page := os.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(memory)
	for _, guard := range [][]byte{memory[:page], memory[2*page:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	text := memory[page : 2*page]
	for i := range text {
		text[i] = 'a'
	}
	c := bitmap.NewClassifier(tokenBytes)
	words := make([]uint64, bitmap.Words(page))
	for size := range page + 1 {
		for _, data := range [][]byte{text[:size], text[page-size:]} {
			c.Classify(words, data)
			if size > 0 && bitmap.RunEnd(words[:bitmap.Words(size)], 0) != size {
				t.Fatalf("the bitmap of %d bytes is wrong", size)
			}
		}
	}
}
