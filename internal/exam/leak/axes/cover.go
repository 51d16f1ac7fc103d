package axes

import (
	"maps"
	"slices"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// pair is two values of two different axes.
type pair struct{ axis1, value1, axis2, value2 int }

// pairs returns the pairs of values that a point shows.
func (p point) pairs() [6]pair {
	v := [...]int{p.secret, p.encoding, p.place, p.chunking}
	var all [6]pair
	n := 0
	for i := range v {
		for j := i + 1; j < len(v); j++ {
			all[n] = pair{i, v[i], j, v[j]}
			n++
		}
	}
	return all
}

// cover chooses points that together show each pair that any sensible point shows.
// It takes, again and again, the first of the points that show the most new pairs.
func cover() (chosen []point) {
	points := sensiblePoints()
	missing := map[pair]bool{}
	for _, p := range points {
		for _, q := range p.pairs() {
			missing[q] = true
		}
	}
	news := func(p point) (n int) {
		for _, q := range p.pairs() {
			if missing[q] {
				n++
			}
		}
		return n
	}
	// A point's count of new pairs only falls, so that points wait by the count
	// they last had and are looked at again when their turn comes.
	waiting := make([][]point, len(point{}.pairs())+1)
	waiting[len(waiting)-1] = points
	for n := len(waiting) - 1; n > 0; n-- {
		for i := 0; i < len(waiting[n]); i++ {
			p := waiting[n][i]
			if now := news(p); now < n {
				waiting[now] = append(waiting[now], p)
				continue
			}
			chosen = append(chosen, p)
			for _, q := range p.pairs() {
				delete(missing, q)
			}
		}
	}
	return chosen
}

func sensiblePoints() (all []point) {
	for s := range secrets {
		for e := range encodings {
			for at := range places {
				for c := range chunkings {
					if p := (point{s, e, at, c}); p.sensible() {
						all = append(all, p)
					}
				}
			}
		}
	}
	return all
}

// Uncovered returns the pairs of the axes' values, as "value × value", that make
// sense and that none of the vectors shows.
func Uncovered(vectors []vector.Vector) []string {
	shown := map[string]bool{}
	for _, v := range vectors {
		for _, name := range pairNames(v.Axes) {
			shown[name] = true
		}
	}
	missing := map[string]bool{}
	for _, p := range sensiblePoints() {
		for _, name := range pairNames(p.axes()) {
			if !shown[name] {
				missing[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

func pairNames(a vector.Axes) (names []string) {
	values := [...]string{"secret " + a.Secret, "encoding " + a.Encoding, "place " + a.Place, "chunking " + a.Chunking}
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			names = append(names, values[i]+" × "+values[j])
		}
	}
	return names
}
