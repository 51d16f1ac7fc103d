package entropy_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stanch-dev/stanch/internal/known/entropy"
)

const (
	digits = "0123456789"
	hexSet = digits + "abcdef"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func randomText(rng *rand.Rand, alphabet string, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[rng.IntN(len(alphabet))]
	}
	return string(text)
}

// floor is that of an index.
const floor = 98

func TestHumanValuesStayBelowTheFloor(t *testing.T) {
	h := human{rand.New(rand.NewPCG(1, 2))}
	long, most := 0, 0.0
	for range 10_000 {
		v := h.value()
		if len(v) > floor/4 {
			long++ // length alone does not keep it below
		}
		bits := entropy.Of([]byte(v)).Bits()
		most = max(most, bits)
		if bits >= floor {
			t.Errorf("%q has %.0f bits", v, bits)
		}
	}
	t.Logf("%d of 10000 are long; the most bits are %.1f", long, most)
	if long < 4000 {
		t.Errorf("only %d values are long enough to show anything", long)
	}
}

func TestRandomValuesCountInFull(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		name, prefix, alphabet string
		n                      int
	}{
		{"hex", "", hexSet, 32},
		{"long hex", "", hexSet, 64},
		{"capital hex", "", digits + "ABCDEF", 40},
		{"digits", "", digits, 40},
		{"base32", "", upper + "234567", 26},
		{"letters and digits", "", lower + digits, 24},
		{"base62", "", digits + lower + upper, 22},
		{"base62 with prefix", "ghp" + "_", digits + lower + upper, 36},
		{"base62 with prefixes", "sk" + "_live_", digits + lower + upper, 24},
		{"base64", "", digits + lower + upper + "+/", 32},
		{"base64url", "", digits + lower + upper + "-_", 43},
		{"private key line", "", digits + lower + upper + "+/", 64},
	} {
		want := float64(c.n) * math.Log2(float64(len(c.alphabet)))
		full := 0
		const rounds = 1000
		for range rounds {
			bits := entropy.Of([]byte(c.prefix + randomText(rng, c.alphabet, c.n))).Bits()
			if bits > want+0.01 {
				t.Fatalf("%s: %.1f bits, at most %.1f are possible", c.name, bits, want)
			}
			if bits > 0.85*want {
				full++
			}
		}
		t.Logf("%s: %.2f %%", c.name, float64(full)/rounds*100)
		if full < rounds*96/100 {
			t.Errorf("%s: only %d of %d pass for random", c.name, full, rounds)
		}
	}
}

func TestOf(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	key := randomText(rng, hexSet, 32)
	for _, c := range []struct {
		value    string
		min, max float64
	}{
		{"", 0, 0},
		{"hunter2", 5, 28},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 0, 20},
		{lower + digits, 0, 50},
		{"2f1acc6c-9c62-" + "4f7e-a5d4-1c9ae7d3f0b8", 122, 122},
		{"018f6b1e-9c62-" + "7f7e-a5d4-1c9ae7d3f0b8", 20, 90},
		{key, 128, 128},
		{key + key, 0, 140},
		{base64.StdEncoding.EncodeToString([]byte("admin:correct-horse-battery-staple")), 0, 80},
		{fmt.Sprintf("%x", "correct-horse-battery-staple"), 0, 80},
		{"https://user:" + key + "@example.com/a/long/path/that/says/nothing/at/all", 128, 128},
	} {
		bits := entropy.Of([]byte(c.value)).Bits()
		if math.IsNaN(bits) || bits < c.min-0.01 || bits > c.max+0.01 {
			t.Errorf("%q has %.1f bits, want %.0f to %.0f", c.value, bits, c.min, c.max)
		}
	}
}

func BenchmarkOf(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	value := []byte(randomText(rng, digits+lower+upper, 40))
	b.SetBytes(int64(len(value)))
	for b.Loop() {
		entropy.Of(value)
	}
}

func FuzzOf(f *testing.F) {
	for _, seed := range []string{"", "a", "correct horse", "sk_live_", "-_-_-_-_-_-_-_-_-_-_", "2f1acc6c-9c62-4f7e-a5d4-1c9ae7d3f0b8", "MIIEpAIBAAKCAQEA\x00\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		e := entropy.Of(value)
		if len(e) != len(value) {
			t.Fatalf("%d entries for %d bytes", len(e), len(value))
		}
		for i, bits := range e {
			if !(bits >= 0 && bits <= 6) {
				t.Errorf("byte %d adds %v bits", i, bits)
			}
		}
	})
}
