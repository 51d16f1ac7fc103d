package prefilter

import (
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// Combine returns fewer, wider sequences that allow at least the same as seqs:
// those that are the same in their first positions are joined, since in a filter
// of many what follows tells little more.
func Combine(seqs []Sequence) (wide []Sequence) {
	const same = 4
	where := map[[same]byteset.Set]int{}
	for _, s := range seqs {
		var key [same]byteset.Set
		copy(key[:], s)
		i, known := where[key]
		if !known {
			where[key] = len(wide)
			wide = append(wide, slices.Clone(s))
			continue
		}
		wide[i] = wide[i][:min(len(wide[i]), len(s))]
		for pos := range wide[i] {
			wide[i][pos].Union(s[pos])
		}
	}
	return wide
}

// padded is a sequence of fixed length, comparable.
type padded [width]byteset.Set

// merge returns fewer sequences that together allow the same as seqs: those that
// differ in one position only become one.
func merge(seqs []Sequence) []Sequence {
	list := make([]padded, len(seqs))
	for i, s := range seqs {
		for pos := range list[i] {
			if pos < len(s) {
				list[i][pos] = s[pos]
			} else {
				list[i][pos] = all
			}
		}
	}
	for before := -1; before != len(list); {
		before = len(list)
		for pos := range width {
			list = mergeAt(list, pos)
		}
	}
	out := make([]Sequence, len(list))
	for i := range list {
		out[i] = list[i][:]
	}
	return out
}

var all = byteset.OfRanges([]rune{0, 0x80})

// mergeAt merges the sequences that differ at pos only, and keeps the order of the
// first of each.
func mergeAt(list []padded, pos int) []padded {
	where := make(map[padded]int, len(list))
	kept := list[:0]
	for _, p := range list {
		rest := p
		rest[pos] = byteset.Set{}
		if i, ok := where[rest]; ok {
			kept[i][pos].Union(p[pos])
			continue
		}
		where[rest] = len(kept)
		kept = append(kept, p)
	}
	return slices.Clip(kept)
}
