package prefilter

import (
	"cmp"
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// roundSize is for how many places of the model's sample every sequence may move
// once more to a better bucket: what a small sample says is not worth the time.
const roundSize = 16 << 10

// assign chooses a bucket for every sequence so that few places of ordinary text
// survive in any: the frequent ones first, each where it adds least, then moving
// single ones as long as that helps.
func assign(seqs []Sequence, model *textmodel.Model) []int {
	a := assignment{seqs: seqs, model: model, of: make([]int, len(seqs))}
	order := make([]int, len(seqs))
	rate := make([]float64, len(seqs))
	for i, s := range seqs {
		order[i], rate[i], a.of[i] = i, model.Rate(s), nowhere
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(rate[y], rate[x]) })
	for range max(1, model.Size()/roundSize) {
		moved := false
		for _, i := range order {
			moved = a.place(i) || moved
		}
		if !moved {
			break
		}
	}
	return a.of
}

const nowhere = -1

type assignment struct {
	seqs    []Sequence
	model   *textmodel.Model
	of      []int // bucket by sequence
	buckets [coarse]bucket
}

// place moves sequence i to the bucket where it costs least, and reports whether
// that is another one.
func (a *assignment) place(i int) bool {
	old := a.of[i]
	if old != nowhere {
		a.of[i] = nowhere
		a.rebuild(old)
	}
	best, least := nowhere, 0.0
	for j := range a.buckets {
		with := a.buckets[j]
		with.add(a.seqs[i])
		if cost := with.rate(a.model) - a.buckets[j].survives; best == nowhere || cost < least {
			best, least = j, cost
		}
	}
	a.of[i] = best
	a.rebuild(best)
	return best != old
}

func (a *assignment) rebuild(j int) {
	b := bucket{}
	for i, of := range a.of {
		if of == j {
			b.add(a.seqs[i])
		}
	}
	if b.low[0] != 0 {
		b.survives = b.rate(a.model)
	}
	a.buckets[j] = b
}

// bucket is the halves of bytes that its sequences allow, by position.
type bucket struct {
	low, high [looked]uint16
	survives  float64
}

func (b *bucket) add(s Sequence) {
	for pos := range looked {
		for c := range 256 {
			if s.has(pos, byte(c)) {
				b.low[pos] |= 1 << (c & 15)
				b.high[pos] |= 1 << (c >> 4)
			}
		}
	}
}

// rate estimates the share of places that survive in the bucket. A wider bucket
// costs a little even where the sample shows nothing.
func (b *bucket) rate(model *textmodel.Model) float64 {
	return model.HalvesRate(b.low[:], b.high[:])
}
