package axes

import (
	"bytes"
	"math/rand/v2"
	"strings"
)

// insideEscape is the chunking that needs an escape.
const insideEscape = "inside-escape"

// chunking is a value of the axis of chunkings: the lengths of the writes in which
// an input comes.
type chunking struct {
	name    string
	lengths func(in framed, escape string, rng *rand.Rand) []int
}

// chunkings is the axis of chunkings.
var chunkings = []chunking{
	{"whole", func(framed, string, *rand.Rand) []int { return []int{} }},
	{"line", func(in framed, _ string, _ *rand.Rand) (lengths []int) {
		for line := range bytes.Lines([]byte(in.text)) {
			lengths = append(lengths, len(line))
		}
		return lengths
	}},
	{"byte", func(framed, string, *rand.Rand) []int { return []int{1} }},
	{"random", func(in framed, _ string, rng *rand.Rand) (lengths []int) {
		for left := len(in.text); left > 0; left -= lengths[len(lengths)-1] {
			lengths = append(lengths, 1+rng.IntN(60))
		}
		return lengths
	}},
	{"inside-secret", func(in framed, _ string, _ *rand.Rand) []int { return cutAt(in, (in.from+in.to)/2) }},
	{insideEscape, func(in framed, escape string, _ *rand.Rand) []int {
		at := in.from + (in.to-in.from)/3
		if next := strings.Index(in.text[at:in.to], escape); next >= 0 {
			return cutAt(in, at+next+1)
		}
		return cutAt(in, in.from+strings.Index(in.text[in.from:in.to], escape)+1)
	}},
}

func cutAt(in framed, at int) []int { return []int{at, len(in.text) - at} }
