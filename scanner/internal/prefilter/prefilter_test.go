package prefilter_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// randomSequences makes words of one to six sets, folded or wide now and then.
func randomSequences(random *rand.Rand, n int) []prefilter.Sequence {
	seqs := make([]prefilter.Sequence, n)
	for i := range seqs {
		for range 1 + random.IntN(6) {
			var set byteset.Set
			b := byte('a' + random.IntN(26))
			set.Add(b)
			switch random.IntN(8) {
			case 0:
				set.Add(b &^ 0x20)
			case 1:
				set.AddRange('0', '9')
			case 2:
				set.AddRange(0x80, 0xff)
			}
			seqs[i] = append(seqs[i], set)
		}
	}
	return seqs
}

func begins(s prefilter.Sequence, data []byte) bool {
	for pos := range s {
		if pos >= len(data) || !s[pos].Has(data[pos]) {
			return false
		}
	}
	return true
}

func places(f *prefilter.Filter, data []byte) (all []int) {
	var scratch prefilter.Scratch
	f.Places(data, 0, len(data), &scratch, func(p int) bool { all = append(all, p); return true })
	return all
}

func TestNoPlaceIsMissed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	model := textmodel.New(nil)
	for round := range 12 {
		seqs := randomSequences(random, 1+round*20)
		f := prefilter.New(seqs, model)
		for _, size := range []int{0, 1, 5, 6, 7, 31, 32, 37, 38, 64, 100, 1000, 16<<10 - 1, 16<<10 + 5, 40_000} {
			data := make([]byte, size)
			for i := range data {
				data[i] = byte('a' + random.IntN(26))
				if random.IntN(10) == 0 {
					data[i] = byte(random.IntN(256))
				}
			}
			found := places(f, data)
			if !slices.IsSorted(found) {
				t.Fatal("places are out of order")
			}
			for p := range data {
				want := slices.ContainsFunc(seqs, func(s prefilter.Sequence) bool { return begins(s, data[p:]) })
				if _, got := slices.BinarySearch(found, p); want && !got {
					t.Fatalf("%d sequences, %d bytes: place %d is missed", len(seqs), size, p)
				}
			}
		}
	}
}

func TestFewPlacesRemain(t *testing.T) {
	word := func(text string) (s prefilter.Sequence) {
		for _, b := range []byte(text) {
			var set byteset.Set
			set.Add(b)
			s = append(s, set)
		}
		return s
	}
	f := prefilter.New([]prefilter.Sequence{word("secret"), word("tok"), word("AKIA")}, textmodel.New(nil))
	data := []byte("a secret, a tok, an AKIA and much that is none: secre toc akia")
	if got, want := places(f, data), []int{2, 12, 20}; !slices.Equal(got, want) {
		t.Errorf("places %v, want %v", got, want)
	}
	if got, want := places(f, data[:5]), []int{2}; !slices.Equal(got, want) {
		t.Errorf("places %v, want %v, where the text may go on", got, want)
	}
}

func TestNothingToLookFor(t *testing.T) {
	f := prefilter.New(nil, textmodel.New(nil))
	if got := places(f, bytes.Repeat([]byte("x"), 100)); len(got) > 0 {
		t.Errorf("%d places for no sequence", len(got))
	}
}
