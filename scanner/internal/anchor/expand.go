package anchor

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// item is the beginning of something an expression can match. A complete item is
// all of it and may be followed by more; the others go on with bytes unknown.
type item struct {
	seq      []byteset.Set
	complete bool
}

// expander lists how a match can begin, up to width bytes.
type expander struct {
	width, limit int
	over         bool // more than limit beginnings
	known        map[*syntax.Regexp][]item
}

func newExpander(width, limit int) *expander {
	return &expander{width: width, limit: limit, known: map[*syntax.Regexp][]item{}}
}

func empty() []item { return []item{{complete: true}} }

// list lists the beginnings of a concatenation; ok is false if there are too many.
func (e *expander) list(seq []*syntax.Regexp) (items []item, ok bool) {
	e.over = false
	items = e.begin(seq)
	return items, !e.over
}

func (e *expander) begin(seq []*syntax.Regexp) []item {
	items := empty()
	for _, re := range seq {
		if e.over || e.full(items) {
			break
		}
		items = e.join(items, e.expand(re))
	}
	return items
}

func (e *expander) expand(re *syntax.Regexp) []item {
	items, ok := e.known[re]
	if !ok {
		if items = e.expandNew(re); !e.over {
			e.known[re] = items
		}
	}
	return items
}

func (e *expander) expandNew(re *syntax.Regexp) []item {
	switch re.Op {
	case syntax.OpLiteral:
		items := empty()
		for _, r := range re.Rune {
			items = e.join(items, class(byteset.Literal(r, re.Flags)))
			if e.over || e.full(items) {
				break
			}
		}
		return items
	case syntax.OpCharClass:
		return class(re.Rune)
	case syntax.OpAnyChar:
		return class([]rune{0, unicode.MaxRune})
	case syntax.OpAnyCharNotNL:
		return class([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case syntax.OpCapture:
		return e.expand(re.Sub[0])
	case syntax.OpConcat:
		return e.begin(re.Sub)
	case syntax.OpAlternate:
		var items []item
		for _, sub := range re.Sub {
			items = append(items, e.expand(sub)...)
		}
		return unique(items)
	case syntax.OpStar:
		return e.repeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		return e.repeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		return e.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		return e.repeat(re.Sub[0], re.Min, re.Max)
	}
	return empty() // what matches without consuming
}

func (e *expander) repeat(sub *syntax.Regexp, least, most int) []item {
	one := e.expand(sub)
	items := empty()
	var out []item
	for n := 0; ; n++ {
		if n >= least || n == e.width || e.full(items) {
			out = append(out, items...)
		}
		if n == most || n == e.width || e.over || e.full(items) {
			return unique(out)
		}
		items = e.join(items, one)
	}
}

// join returns every item of a followed by every item of b.
func (e *expander) join(a, b []item) []item {
	var out []item
	for _, x := range a {
		if !x.complete || len(x.seq) >= e.width {
			out = append(out, x)
			continue
		}
		for _, y := range b {
			seq := make([]byteset.Set, min(len(x.seq)+len(y.seq), e.width))
			copy(seq[copy(seq, x.seq):], y.seq)
			out = append(out, item{seq, y.complete})
			if len(out) > e.limit {
				e.over = true
				return out
			}
		}
	}
	return unique(out)
}

// full reports whether no item can become longer.
func (e *expander) full(items []item) bool {
	for _, x := range items {
		if x.complete && len(x.seq) < e.width {
			return false
		}
	}
	return true
}

func unique(items []item) []item {
	type key struct {
		seq      [8]byteset.Set
		n        int
		complete bool
	}
	if len(items) < 2 {
		return items
	}
	seen := make(map[key]bool, len(items))
	var out []item // the items may be known elsewhere
	for _, x := range items {
		k := key{n: len(x.seq), complete: x.complete}
		copy(k.seq[:], x.seq)
		if !seen[k] {
			seen[k] = true
			out = append(out, x)
		}
	}
	return out
}

// class lists the UTF-8 forms of a set of runes: its ASCII part as one byte, few
// runes beyond it spelled out (the Kelvin sign is a folded k), more of them as
// some byte beyond ASCII, which a byte that is not UTF-8 is too.
func class(ranges []rune) (items []item) {
	all := byteset.OfRanges(ranges)
	ascii := all.Minus(beyondASCII)
	if ascii.Len() > 0 {
		items = append(items, item{[]byteset.Set{ascii}, true})
	}
	count := 0
	for i := 0; i < len(ranges); i += 2 {
		if ranges[i+1] >= 0x80 {
			count += int(ranges[i+1]-max(ranges[i], 0x80)) + 1
		}
	}
	if count > 4 {
		return append(items, item{[]byteset.Set{beyondASCII}, false})
	}
	for i := 0; i < len(ranges); i += 2 {
		for r := max(ranges[i], 0x80); r <= ranges[i+1]; r++ {
			var seq []byteset.Set
			for _, b := range utf8.AppendRune(nil, r) {
				var one byteset.Set
				one.Add(b)
				seq = append(seq, one)
			}
			items = append(items, item{seq, true})
		}
	}
	return items
}

// beyondASCII has every byte that is part of no ASCII character.
var beyondASCII = byteset.OfRanges([]rune{0x80, unicode.MaxRune})
