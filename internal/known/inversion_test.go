package known_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/known/entropy"
	"github.com/stanch-dev/stanch/internal/secret"
)

// The tests here attack an index as someone would who has it all: the keys, and the
// memory of three processes on the node. They are worth something because the same
// attacks succeed where they should: on the layout that an earlier prototype had, and
// on secrets that are easy to guess.

// processes is how many dumps the attacker has.
const processes = 3

// An attacker looks at tries windows for each secret, and is told if one is right.
const tries = 1 << 14

// recovered counts the secrets whose window an attack finds. It calls try for the
// windows that fit what the attacker has, at most tries times a secret.
func recovered(windows []string, attack func(try func(i int, window []byte))) (n int) {
	left := make([]int, len(windows))
	for i := range left {
		left[i] = tries
	}
	attack(func(i int, window []byte) {
		if left[i]--; left[i] >= 0 && string(window) == windows[i] {
			n++
			left[i] = 0
		}
	})
	return n
}

func isBase62(window []byte) bool {
	for _, b := range window {
		if strings.IndexByte(base62, b) < 0 {
			return false
		}
	}
	return true
}

// inverse returns the inverse of an odd number modulo 2^64, and so modulo less.
func inverse(odd uint64) uint64 {
	x := odd
	for range 6 { // each step doubles the number of right bits, of which there are three
		x *= 2 - odd*x
	}
	return x
}

// TestInversionOfTheOldLayout inverts windows of eight bytes that are placed by the
// upper bits of a product and have a tag of 32 bits: 50 bits in all.
func TestInversionOfTheOldLayout(t *testing.T) {
	const slotBits, tagBits = 18, 32
	const unknownBits = 64 - slotBits - tagBits
	rng := rand.New(rand.NewPCG(1, 2))
	factor := rng.Uint64() | 1
	windows := make([]string, 1000)
	dump := make([]uint64, len(windows))
	for i := range windows {
		window := randomText(rng, base62, 8)
		windows[i] = string(window)
		dump[i] = binary.LittleEndian.Uint64(window) * factor >> unknownBits
	}
	back := inverse(factor)
	n := recovered(windows, func(try func(int, []byte)) {
		for i, upper := range dump {
			for lower := range uint64(1) << unknownBits {
				window := binary.LittleEndian.AppendUint64(nil, (upper<<unknownBits|lower)*back)
				if isBase62(window) {
					try(i, window)
				}
			}
		}
	})
	t.Logf("%d of %d recovered", n, len(windows))
	if n < len(windows)*9/10 {
		t.Errorf("the attack recovers only %d of %d", n, len(windows))
	}
}

// place undoes what a process did to a place.
func place(d *known.Dumped, factor uint32) uint32 {
	bits := known.PlaceBits
	if d.Reduced {
		bits = known.ReducedBits
	}
	return d.Number * uint32(inverse(uint64(factor))) & (1<<bits - 1)
}

// guessWindows is the attack on an index: it goes through windows, and where a place
// fits those of some secrets it tries them. Places are the same for all secrets, so
// one pass serves for all.
func guessWindows(keys *known.Keys, entries []known.Dumped, factor uint32, next func() []byte, try func(i int, window []byte)) {
	byPlace := map[uint32][]int{}
	for i := range entries {
		byPlace[place(&entries[i], factor)] = append(byPlace[place(&entries[i], factor)], i)
	}
	var near [1 << 20]bool // of the low bits of places, to be quick
	for p := range byPlace {
		near[p%(1<<20)] = true
	}
	for window := next(); window != nil; window = next() {
		p := known.PlaceOf(keys, window)
		if !near[p%(1<<20)] {
			continue
		}
		for _, i := range byPlace[p] {
			try(i, window)
		}
	}
}

// TestInversionOfEasySecrets recovers secrets of 40 bits that an index was made to
// take: 20 bits in the window, and 20 behind it.
func TestInversionOfEasySecrets(t *testing.T) {
	const half = 1 << 20
	rng := rand.New(rand.NewPCG(3, 4))
	window := func(n int) []byte { return fmt.Appendf(nil, "token-%06x", n) }
	var plain, windows []string
	for range 4 {
		windows = append(windows, string(window(rng.IntN(half))))
		plain = append(plain, fmt.Sprintf("%s%06x", windows[len(windows)-1], rng.IntN(half)))
	}
	set := known.NewKeys().Plant(valuesOf(plain...)).Set()
	keys, factor, entries := known.Dump(set)
	n, all := -1, 0
	var sc known.Scratch
	recovered(windows, func(try func(int, []byte)) {
		next := func() []byte {
			if n++; n == half {
				return nil
			}
			return window(n)
		}
		guessWindows(&keys, entries, factor, next, func(i int, window []byte) {
			for rest := range half {
				if value := fmt.Appendf(nil, "%s%06x", window, rest); known.DigestOf(&sc, &keys, entries[i].ID, value) == entries[i].Digest {
					all++
					return
				}
			}
		})
	})
	t.Logf("%d of %d recovered", all, len(plain))
	if all < len(plain)*9/10 {
		t.Errorf("the attack recovers only %d of %d", all, len(plain))
	}
}

// TestInversion attacks an index of secrets that may be in one.
func TestInversion(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	var plain []string
	for range 20_000 {
		plain = append(plain, string(randomText(rng, base62, 18+rng.IntN(20))))
	}
	for range 900 {
		plain = append(plain, string(randomText(rng, "0123456789abcdef", 25)))
	}
	values := valuesOf(plain...)
	ix := known.NewKeys().Index(values)
	byID := map[string]string{}
	for i := range values {
		byID[values[i].ID] = plain[i]
	}
	var dumps [processes][]known.Dumped
	var factors [processes]uint32
	var keys known.Keys
	for i := range dumps {
		keys, factors[i], dumps[i] = known.Dump(ix.Set())
	}
	if len(dumps[0]) < 20_000 {
		t.Fatalf("only %d of %d secrets are in the index", len(dumps[0]), len(plain))
	}
	countBits(t, byID, dumps, factors)

	windows := make([]string, len(dumps[0]))
	for i, d := range dumps[0] {
		windows[i] = byID[d.ID][d.Offset:][:known.WindowLen]
	}
	n := recovered(windows, func(try func(int, []byte)) {
		left, fitting := 1<<23, 0
		guessWindows(&keys, dumps[0], factors[0], func() []byte {
			if left--; left < 0 {
				return nil
			}
			return randomText(rng, base62, known.WindowLen)
		}, func(i int, window []byte) {
			fitting++
			try(i, window)
		})
		t.Logf("%d windows fit the place of a secret", fitting)
		if fitting < 1000 {
			t.Errorf("only %d windows were tried", fitting)
		}
	})
	if n != 0 {
		t.Errorf("%d of %d secrets were recovered", n, len(windows))
	}
}

// countBits checks that all dumps together give away no more of a secret than one,
// and that what is left of its entropy are 80 bits.
func countBits(t *testing.T, byID map[string]string, dumps [processes][]known.Dumped, factors [processes]uint32) {
	reduced := 0
	for i := range dumps[0] {
		d := &dumps[0][i]
		bits := float64(known.PlaceBits)
		if d.Reduced {
			bits = known.ReducedBits
			reduced++
		}
		for other := range dumps {
			if place(&dumps[other][i], factors[other]) != place(d, factors[0]) {
				t.Fatalf("%s: process %d gives away another place", d.ID, other)
			}
		}
		if h := entropy.Of([]byte(byID[d.ID])).Bits(); bits > h-80 {
			t.Errorf("%s gives away %.0f of %.1f bits", d.ID, bits, h)
		}
	}
	if reduced < 500 {
		t.Errorf("only %d secrets are in the reduced tier", reduced)
	}
	if factors[0] == factors[1] && factors[1] == factors[2] {
		t.Error("the processes have the same factor")
	}
}

func TestReducedTierIsLimited(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	values := make([]known.Value, known.MaxReduced+200)
	for i := range values {
		values[i] = known.Value{Secret: known.Secret{ID: fmt.Sprint(i)}, Plain: secret.Of(randomText(rng, "0123456789abcdef", 25))}
	}
	set := known.NewKeys().Index(values).Set()
	if st := set.Stats(); st.Reduced != known.MaxReduced || st.Full != 0 {
		t.Errorf("%d entries are in the reduced tier, %d in the full", st.Reduced, st.Full)
	}
	if last := set.Refused()[len(set.Refused())-1]; last.Why != known.TooManyReduced {
		t.Errorf("the last is refused for: %s", last.Why)
	}
}
