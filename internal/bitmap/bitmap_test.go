package bitmap_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/bitmap"
)

// tokenBytes are the bytes that base64 and its URL variant are written with.
const tokenBytes = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_/+-"

// naive is the definition of a bitmap: bit by bit.
func naive(members string, data []byte) []uint64 {
	words := make([]uint64, (len(data)+63)/64)
	for i, b := range data {
		if b < 0x80 && strings.IndexByte(members, b) >= 0 {
			words[i/64] |= 1 << (i % 64)
		}
	}
	return words
}

// naiveRuns is the definition of runs: byte by byte.
func naiveRuns(words []uint64, n int) (runs [][2]int) {
	start := 0
	for i := 0; i <= len(words)*64; i++ {
		if i < len(words)*64 && words[i/64]>>(i%64)&1 == 1 {
			continue
		}
		if i-start >= n {
			runs = append(runs, [2]int{start, i})
		}
		start = i + 1
	}
	return runs
}

func runs(words []uint64, n int) (runs [][2]int) {
	for start, end := range bitmap.Runs(words, n) {
		runs = append(runs, [2]int{start, end})
	}
	return runs
}

// randomSet returns a set with a random share of all bytes, those from 0x80 up included.
func randomSet(rng *rand.Rand) string {
	share := rng.IntN(101)
	var set []byte
	for b := range 256 {
		if rng.IntN(100) < share {
			set = append(set, byte(b))
		}
	}
	return string(set)
}

func TestClassify(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for size := range 400 {
		set := randomSet(rng)
		c := bitmap.NewClassifier(set)
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		for _, data := range [][]byte{data, all} {
			want := naive(set, data)
			// What dst held before must not show, and what is behind must stay.
			got := slices.Repeat([]uint64{^uint64(0)}, len(want)+1)
			c.Classify(got, data)
			if diff := cmp.Diff(append(want, ^uint64(0)), got); diff != "" {
				t.Fatalf("%d bytes: (-want +got)\n%s", len(data), diff)
			}
		}
	}
}

func TestClassifyPanicsOnShortBitmap(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	bitmap.NewClassifier(tokenBytes).Classify(make([]uint64, 0, 1), make([]byte, 65))
}

func FuzzClassify(f *testing.F) {
	f.Add([]byte("getApplicationContext(a+b) % 16"), "%A")
	f.Add(bytes.Repeat([]byte{0, 0x7f, 0x80, 0xff}, 50), "\x00\x7f\x80\xff")
	f.Fuzz(func(t *testing.T, data []byte, set string) {
		c := bitmap.NewClassifier(set)
		want := naive(set, data)
		got := make([]uint64, bitmap.Words(len(data)))
		c.Classify(got, data)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Classify: (-want +got)\n%s", diff)
		}
		whole := got[:len(data)/64]
		clear(whole)
		c.ClassifyPortable(whole, data)
		if diff := cmp.Diff(want[:len(whole)], whole); diff != "" {
			t.Errorf("portable: (-want +got)\n%s", diff)
		}
	})
}

func TestRuns(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	found := 0
	for range 3000 {
		words := make([]uint64, rng.IntN(7))
		for at := 0; at < len(words)*64; {
			length := 1 + rng.IntN(1+rng.IntN(200))
			for range min(length, len(words)*64-at) {
				words[at/64] |= 1 << (at % 64)
				at++
			}
			at += 1 + rng.IntN(1+rng.IntN(60))
		}
		for _, n := range []int{1, 2, 3, 15, 16, 17, 32, 33, 63, 64} {
			want := naiveRuns(words, n)
			if diff := cmp.Diff(want, runs(words, n)); diff != "" {
				t.Fatalf("runs of %d in %x: (-want +got)\n%s", n, words, diff)
			}
			found += len(want)
		}
	}
	if found < 10000 {
		t.Errorf("only %d runs were compared", found)
	}
}

func TestRunsStopsEarly(t *testing.T) {
	words := []uint64{0xffff_0000_ffff_0000, 0xffff}
	seen := 0
	for range bitmap.Runs(words, 16) {
		seen++
		break
	}
	if seen != 1 || len(runs(words, 16)) != 2 {
		t.Errorf("saw %d runs before the break, %d without", seen, len(runs(words, 16)))
	}
}

func TestRunEndOfClearBit(t *testing.T) {
	for at := range 64 {
		if end := bitmap.RunEnd([]uint64{0}, at); end != at {
			t.Errorf("run at %d ends at %d", at, end)
		}
	}
}

// logText and sourceText are shaped like the two kinds of text scanned most.
func logText() []byte {
	return bytes.Repeat([]byte("2024-03-11 09:41:07,113 INFO  [main] c.e.a.Server: accepted 10.2.3.4:5121 in 12 ms, id=7731\n"), 2000)
}

func sourceText() []byte {
	return bytes.Repeat([]byte("\tif ctx := getApplicationContext(); ctx != nil && len(names) > 0 {\n\t\treturn ctx.newConfigurationFactory(\"a\\n\", i+1)\n\t}\n"), 1500)
}

func BenchmarkClassify(b *testing.B) {
	data := sourceText()
	c := bitmap.NewClassifier(tokenBytes)
	dst := make([]uint64, bitmap.Words(len(data)))
	b.Run("best", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			c.Classify(dst, data)
		}
	})
	b.Run("portable", func(b *testing.B) {
		whole := dst[:len(data)/64]
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			c.ClassifyPortable(whole, data)
		}
	})
}

func BenchmarkRuns(b *testing.B) {
	for _, text := range []struct {
		name string
		data []byte
	}{{"log", logText()}, {"source", sourceText()}} {
		b.Run(text.name, func(b *testing.B) {
			c := bitmap.NewClassifier(tokenBytes)
			words := make([]uint64, bitmap.Words(len(text.data)))
			b.SetBytes(int64(len(text.data)))
			b.ReportAllocs()
			total := 0
			for b.Loop() {
				c.Classify(words, text.data)
				for start, end := range bitmap.Runs(words, 16) {
					total += end - start
				}
			}
			b.ReportMetric(float64(total)/float64(b.N), "run-bytes/op")
		})
	}
}
