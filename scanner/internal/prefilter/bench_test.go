package prefilter_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// BenchmarkPlaces looks through text in which nothing can begin: the first look
// alone.
func BenchmarkPlaces(b *testing.B) {
	f := prefilter.New(randomSequences(rand.New(rand.NewPCG(1, 2)), 250), textmodel.New(nil))
	for name, size := range map[string]int{"line": 144, "block": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			data := make([]byte, size)
			var scratch prefilter.Scratch
			b.SetBytes(int64(size))
			for b.Loop() {
				f.Places(data, 0, size, &scratch, func(int) bool { return true })
			}
		})
	}
}
