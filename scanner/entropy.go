package scanner

import (
	"math"
	"unicode/utf8"
)

// entropy returns Shannon's entropy of the runes of text, divided by its length in
// bytes, as gitleaks computes it: bits for each byte.
func entropy(text []byte) (bits float64) {
	var count [256]int
	share := 1 / float64(len(text))
	for _, b := range text {
		if b >= utf8.RuneSelf {
			return runeEntropy(text)
		}
		count[b]++
	}
	for _, n := range count[:utf8.RuneSelf] {
		if n > 0 {
			p := float64(n) * share
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

func runeEntropy(text []byte) (bits float64) {
	count := map[rune]int{}
	for _, r := range string(text) {
		count[r]++
	}
	share := 1 / float64(len(text))
	for _, n := range count {
		p := float64(n) * share
		bits -= p * math.Log2(p)
	}
	return bits
}
