package acl

import (
	"cmp"
	"slices"
	"strings"
)

// index finds the pattern that decides a path among those with + or a final star.
// It is a tree of segments, so that a decision looks at the patterns that share
// the path's beginning and at no others.
type index struct{ root branch }

// branch is the place after some segments of patterns.
type branch struct {
	literal map[string]*branch // segment → what follows it
	plus    *branch            // what follows any segment
	end     *entry             // the pattern that ends with the segment before
	globs   []glob             // patterns that end in the beginning of a segment and a star; sorted
}

// glob is the last, cut segment of a pattern that ends in a star.
type glob struct {
	start   string
	entry   *entry
	shorter int // the longest other glob here that start begins with, or -1
}

// newIndex builds the tree, and gives each entry its rank.
func newIndex(entries []*entry) index {
	slices.SortFunc(entries, priority)
	var x index
	for rank, e := range entries {
		e.rank = rank
		x.root.insert(e.pattern, e)
	}
	x.root.finish()
	return x
}

// priority orders patterns as Vault documents it, the one that gives way first:
// first wildcard earlier, ends in a star, more pluses, shorter, smaller.
func priority(a, b *entry) int {
	textA, starA := strings.CutSuffix(a.pattern, "*")
	textB, starB := strings.CutSuffix(b.pattern, "*")
	return cmp.Or(
		cmp.Compare(firstWildcard(a.pattern), firstWildcard(b.pattern)),
		-cmp.Compare(btoi(starA), btoi(starB)),
		-cmp.Compare(pluses(textA), pluses(textB)),
		cmp.Compare(len(textA), len(textB)),
		cmp.Compare(textA, textB),
	)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// segmented reports whether Vault matches a pattern segment by segment. It looks
// for a plus at the start of a segment, so that "a/+b" counts though it has no
// wildcard; such a pattern gives way to an exact one like any other.
func segmented(pattern string) bool {
	return pattern == "+" || strings.HasPrefix(pattern, "+/") || strings.Contains(pattern, "/+")
}

// firstWildcard is where Vault says the first wildcard is: in a segmented pattern
// the first plus, even one inside a segment; else the final star.
func firstWildcard(pattern string) int {
	if segmented(pattern) {
		return strings.IndexByte(pattern, '+')
	}
	return len(pattern) - len("*")
}

func pluses(text string) (n int) {
	for segment := range strings.SplitSeq(text, "/") {
		n += btoi(segment == "+")
	}
	return n
}

func (b *branch) insert(rest string, e *entry) {
	for {
		segment, more, deeper := strings.Cut(rest, "/")
		if start, star := strings.CutSuffix(segment, "*"); star && !deeper {
			b.globs = append(b.globs, glob{start: start, entry: e})
			return
		}
		b = b.follow(segment)
		if !deeper {
			b.end = e
			return
		}
		rest = more
	}
}

// follow returns the branch behind a segment of a pattern, and makes it.
func (b *branch) follow(segment string) *branch {
	if segment == "+" {
		if b.plus == nil {
			b.plus = new(branch)
		}
		return b.plus
	}
	next := b.literal[segment]
	if next == nil {
		next = new(branch)
		if b.literal == nil {
			b.literal = map[string]*branch{}
		}
		b.literal[segment] = next
	}
	return next
}

// finish sorts the globs everywhere and links each to the next shorter one.
func (b *branch) finish() {
	slices.SortFunc(b.globs, func(x, y glob) int { return cmp.Compare(x.start, y.start) })
	for i := range b.globs {
		shorter := i - 1
		for shorter >= 0 && !strings.HasPrefix(b.globs[i].start, b.globs[shorter].start) {
			shorter = b.globs[shorter].shorter
		}
		b.globs[i].shorter = shorter
	}
	for _, next := range b.literal {
		next.finish()
	}
	if b.plus != nil {
		b.plus.finish()
	}
}

// find returns the pattern of highest rank that matches path, or nil.
func (x *index) find(path string) *entry { return x.root.find(path, nil) }

func (b *branch) find(rest string, best *entry) *entry {
	best = higher(best, b.glob(rest))
	segment, more, deeper := strings.Cut(rest, "/")
	for _, next := range [...]*branch{b.literal[segment], b.plus} {
		switch {
		case next == nil:
		case deeper:
			best = next.find(more, best)
		default:
			best = higher(best, next.end)
		}
	}
	return best
}

// glob returns the longest glob that rest begins with, or nil. It is the last one
// not after rest in order, or one that this one begins with.
func (b *branch) glob(rest string) *entry {
	after, exact := slices.BinarySearchFunc(b.globs, rest, func(g glob, rest string) int { return cmp.Compare(g.start, rest) })
	if exact {
		return b.globs[after].entry
	}
	for i := after - 1; i >= 0; i = b.globs[i].shorter {
		if strings.HasPrefix(rest, b.globs[i].start) {
			return b.globs[i].entry
		}
	}
	return nil
}

func higher(a, b *entry) *entry {
	if a == nil || b != nil && b.rank > a.rank {
		return b
	}
	return a
}
