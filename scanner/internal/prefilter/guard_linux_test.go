package prefilter_test

import (
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// TestReadsNothingBeyondTheEnd looks at data that ends where memory does.
func TestReadsNothingBeyondTheEnd(t *testing.T) {
	page := syscall.Getpagesize()
	memory, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(memory)
	if err := syscall.Mprotect(memory[2*page:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	f := prefilter.New(randomSequences(rand.New(rand.NewPCG(1, 2)), 50), textmodel.New(nil))
	for size := range 200 {
		places(f, memory[2*page-size:2*page])
	}
}
