package known_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// randomText returns n characters of an alphabet.
func randomText(rng *rand.Rand, alphabet string, n int) []byte {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return text
}

// randomValues returns n random values.
func randomValues(seed uint64, n int) []known.Value {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := make([]known.Value, n)
	for i := range values {
		values[i] = known.Value{Secret: known.Secret{ID: fmt.Sprint(seed, "-", i), Version: 1}, Plain: secret.Of(randomText(rng, base62, 20+rng.IntN(30)))}
	}
	return values
}

// BenchmarkFind looks for secrets in logs that have none of them.
func BenchmarkFind(b *testing.B) {
	var logs bytes.Buffer
	if err := corpus.Logs(&logs, 1, 8<<20, corpus.LogOptions{}); err != nil {
		b.Fatal(err)
	}
	text := logs.Bytes()
	for mode, make := range makers() {
		for _, secrets := range []int{100, 100_000} {
			set := make(randomValues(1, secrets))
			for _, piece := range []int{140, 64 << 10} {
				b.Run(fmt.Sprintf("%s/secrets=%d/piece=%d", mode, secrets, piece), func(b *testing.B) {
					var sc known.Scratch
					found := func(m known.Match) { b.Errorf("found %s", m.Secret.ID) }
					b.SetBytes(int64(len(text)))
					b.ReportAllocs()
					for b.Loop() {
						for at := 0; at < len(text); at += piece {
							set.Find(&sc, text[at:min(at+piece, len(text))], 0, true, false, found)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(text)), "ns/B")
				})
			}
		}
	}
}

// BenchmarkAdd adds ten secrets to 100,000, and makes a set of 100,000 to compare.
func BenchmarkAdd(b *testing.B) {
	for mode, make := range makers() {
		values := randomValues(1, 100_000)
		set, delta := make(values), make(randomValues(2, 10))
		b.Run(mode+"/delta", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := set.With(delta); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(mode+"/all", func(b *testing.B) {
			for b.Loop() {
				make(values)
			}
			b.ReportMetric(float64(set.Stats().Memory)/float64(set.Len()), "B/secret")
		})
	}
}

// BenchmarkCandidates looks for one secret in text made of its beginnings.
func BenchmarkCandidates(b *testing.B) {
	plain := token(1)
	text := bytes.Repeat([]byte(plain[:39]+" "), 1<<20/40)
	for mode, make := range makers() {
		set := make(valuesOf(plain))
		b.Run(mode, func(b *testing.B) {
			var sc known.Scratch
			n := 0
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				set.Find(&sc, text, 0, true, false, func(known.Match) { n++ })
			}
		})
	}
}
