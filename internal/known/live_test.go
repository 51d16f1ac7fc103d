package known_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
)

// makers make a set of values, in each mode; all sets of one maker go together.
func makers() map[string]func([]known.Value) *known.Set {
	keys := known.NewKeys()
	return map[string]func([]known.Value) *known.Set{
		"needles": known.Needles,
		"index":   func(values []known.Value) *known.Set { return keys.Index(values).Set() },
	}
}

// TestLive adds secrets one after the other, with a few that share their start, and
// looks for all of them each time.
func TestLive(t *testing.T) {
	for mode, make := range makers() {
		var live known.Live
		if live.Load() != nil || live.Load().Len() != 0 {
			t.Errorf("%s: not empty at first", mode)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		text, want := "", []string(nil)
		var before []*known.Set
		for i := range 300 {
			plain := token(uint64(i % 9))[:8] + string(randomText(rng, base62, 32))
			if i%50 == 49 {
				plain = "SG." + plain
			}
			before = append(before, live.Load())
			id := fmt.Sprint("n", i)
			delta := make([]known.Value{{Secret: known.Secret{ID: id, Version: i}, Plain: secret.Of([]byte(plain))}})
			if delta.Len() == 0 {
				continue // it does not pass for random
			}
			if err := live.Add(delta); err != nil {
				t.Fatal(err)
			}
			text += plain + " "
			want = append(want, id+" "+plain)
		}
		if len(want) < 270 {
			t.Errorf("%s: only %d secrets were added", mode, len(want))
		}
		if diff := cmp.Diff(want, findAll(live.Load(), text, false)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", mode, diff)
		}
		for i, set := range before { // they must not have changed
			if got := findAll(set, text, false); len(got) != set.Len() {
				t.Errorf("%s: set %d of %d secrets finds %d", mode, i, set.Len(), len(got))
			}
		}
		live.Replace(make(valuesOf(token(1))))
		if live.Load().Len() != 1 {
			t.Errorf("%s: %d secrets after Replace", mode, live.Load().Len())
		}
	}
}

func TestWithErrors(t *testing.T) {
	needles, one, other := known.Needles(valuesOf(token(1))), index(t, token(1)), index(t, token(2))
	for _, pair := range [][2]*known.Set{{needles, one}, {one, needles}, {one, other}} {
		if _, err := pair[0].With(pair[1]); err == nil {
			t.Error("sets that do not go together are one")
		}
	}
	for _, pair := range [][2]*known.Set{{nil, one}, {one, nil}} {
		if set, err := pair[0].With(pair[1]); set != one || err != nil {
			t.Errorf("with nothing: %v", err)
		}
	}
}

// TestConcurrentUse finds while others add. Memory of plaintext is freed meanwhile.
func TestConcurrentUse(t *testing.T) {
	for mode, make := range makers() {
		var live known.Live
		live.Replace(make(valuesOf(token(0))))
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				var sc known.Scratch
				text := []byte("a " + token(0) + " b")
				for range 2000 {
					n := 0
					live.Load().Find(&sc, text, 0, true, false, func(known.Match) { n++ })
					if n != 1 {
						t.Errorf("%s: found %d times", mode, n)
					}
				}
			})
		}
		for i := range uint64(200) {
			if i%20 == 0 {
				live.Replace(make(valuesOf(token(0))))
				runtime.GC()
			}
			if err := live.Add(make(valuesOf(token(i)))); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	}
}
