// Package anchor finds, for a rule's expression, what to look for in text so that
// no match can be missed and little else is looked at.
//
// An anchor splits an expression in two: a part before it of limited length, and a
// tail, whose matches can begin only with one of a few sequences of byte sets. A
// search for the sequences finds every place where the tail of a match can begin;
// the match itself begins at most MaxPre bytes earlier. The split is made where
// the sequences are rarest in ordinary text, inside a word rather than at its
// start, and for an alternation in every branch apart.
package anchor

import (
	"math"
	"regexp/syntax"
	"slices"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

const (
	maxWidth    = textmodel.Width
	maxSeqs     = 64  // sequences of one anchor
	maxItems    = 400 // beginnings of a tail that are listed
	maxPre      = 600 // bytes; a window begins at most this far before its anchor
	clearlyLess = 0.7 // a later split must cost this much less than an earlier one

	// What a sequence costs beside the places where it begins: crowd, since it
	// shares a bucket of the prefilter with others, and glance for a place where
	// its first bytes fit.
	crowd      = 2e-5
	glance     = 0.1
	glanceSize = 4 // bytes
)

// Anchor is one split of an expression.
type Anchor struct {
	MaxPre int         // the greatest length in bytes of what precedes the tail
	Pre    byteset.Set // the bytes that what precedes the tail can consist of
	// Lead is how much of that, at most, can be of the secret, in bytes, and LeadSet
	// what it can consist of. Choose tells it of expressions that [MarkSecret] marked.
	Lead    int
	LeadSet byteset.Set
	// Seqs are the sequences of which a match of the tail begins with one.
	Seqs []prefilter.Sequence
	// Tail is the rest of the expression, as a concatenation. Anchors of one
	// expression share the nodes that they have in common.
	Tail    []*syntax.Regexp
	MaxTail int // the greatest length in bytes of a match of the tail; math.MaxInt32 means no limit
	// Lazy tells that the tail has one element without a limit, a lazy repetition of
	// a class, so that of several ends the first is taken.
	Lazy bool
	Rate float64 // estimated share of positions in ordinary text where Seqs begin

	cost float64
}

// Choose returns anchors for re of which every match contains at least one; none
// where re has no anchor (it can be empty, or begins with something unlimited).
func Choose(re *syntax.Regexp, model *textmodel.Model) []Anchor {
	seq := flatten(re)
	anchors, _ := newChooser(model).best(before{}, seq, len(seq))
	return anchors
}

// Start returns the anchor of re whose tail is all of re; false if it has none.
func Start(re *syntax.Regexp, model *textmodel.Model) (Anchor, bool) {
	return newChooser(model).at(before{}, flatten(re))
}

type chooser struct {
	model     *textmodel.Model
	expanders []*expander // the next one is asked where one lists too much
}

func newChooser(model *textmodel.Model) *chooser {
	c := &chooser{model: model}
	for _, width := range []int{maxWidth, 4, 3} {
		c.expanders = append(c.expanders, newExpander(width, maxItems))
	}
	return c
}

// before describes what stands before a split.
type before struct {
	length int
	bytes  byteset.Set
	secret struct { // the part that can be of the secret
		length int
		bytes  byteset.Set
	}
}

func (b *before) add(re *syntax.Regexp) {
	b.length = min(b.length+maxLen(re), math.MaxInt32)
	consumes(re, &b.bytes, 0)
	if hasSecret(re) {
		b.secret.length = min(b.secret.length+maxLen(re), math.MaxInt32)
		consumes(re, &b.secret.bytes, Secret)
	}
}

// best returns the anchors for seq that begin in its first n elements, and their
// cost.
func (c *chooser) best(pre before, seq []*syntax.Regexp, n int) (anchors []Anchor, cost float64) {
	cost = math.Inf(1)
	for k := 0; k < n && pre.length <= maxPre; k++ {
		if a, ok := c.at(pre, seq[k:]); ok && a.cost < cost*clearlyLess {
			anchors, cost = []Anchor{a}, a.cost
		}
		if seq[k].Op == syntax.OpAlternate {
			if split, sum := c.branches(pre, seq[k].Sub, seq[k+1:]); sum < cost*clearlyLess {
				anchors, cost = split, sum
			}
		}
		pre.add(seq[k])
	}
	return anchors, cost
}

// branches anchors every branch of an alternation apart.
func (c *chooser) branches(pre before, subs, rest []*syntax.Regexp) (anchors []Anchor, sum float64) {
	for _, sub := range subs {
		seq := flatten(sub)
		own, cost := c.best(pre, slices.Concat(seq, rest), len(seq))
		if len(own) == 0 {
			return nil, math.Inf(1)
		}
		anchors = append(anchors, own...)
		sum += cost
	}
	return anchors, sum
}

// at returns the anchor whose tail is seq.
func (c *chooser) at(pre before, seq []*syntax.Regexp) (Anchor, bool) {
	for _, e := range c.expanders {
		items, ok := e.list(seq)
		if !ok {
			continue
		}
		a := Anchor{
			MaxPre: pre.length, Pre: pre.bytes, Lead: pre.secret.length, LeadSet: pre.secret.bytes,
			Tail: seq, MaxTail: maxLenOf(seq), Lazy: isLazy(seq),
		}
		for _, x := range items {
			if len(x.seq) == 0 {
				return Anchor{}, false
			}
			a.Seqs = append(a.Seqs, x.seq)
		}
		wide := prefilter.Combine(a.Seqs)
		if len(wide) == 0 || len(wide) > maxSeqs {
			return Anchor{}, false
		}
		for _, s := range wide {
			rate := c.model.Rate(s)
			a.Rate += rate
			a.cost += rate + glance*c.model.Rate(s[:min(len(s), glanceSize)]) + crowd
		}
		return a, true
	}
	return Anchor{}, false
}

// flatten returns re as a list of elements to be matched one after the other:
// groups are opened, literals are single runes.
func flatten(re *syntax.Regexp) (seq []*syntax.Regexp) {
	switch re.Op {
	case syntax.OpCapture:
		return flatten(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			seq = append(seq, flatten(sub)...)
		}
		return seq
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			seq = append(seq, &syntax.Regexp{Op: syntax.OpLiteral, Flags: re.Flags, Rune: []rune{r}})
		}
		return seq
	}
	return []*syntax.Regexp{re}
}

// maxLen returns the greatest number of bytes that re can match, at most
// math.MaxInt32. A byte that is not UTF-8 counts as a rune of one byte.
func maxLen(re *syntax.Regexp) (n int) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			n += longest(byteset.Literal(r, re.Flags))
		}
	case syntax.OpCharClass:
		n = longest(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		n = utf8.UTFMax
	case syntax.OpCapture, syntax.OpQuest:
		n = maxLen(re.Sub[0])
	case syntax.OpStar, syntax.OpPlus:
		n = math.MaxInt32
	case syntax.OpRepeat:
		n = math.MaxInt32
		if one := maxLen(re.Sub[0]); re.Max >= 0 && one < math.MaxInt32 {
			n = one * re.Max
		}
	case syntax.OpConcat:
		n = maxLenOf(re.Sub)
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			n = max(n, maxLen(sub))
		}
	}
	return min(n, math.MaxInt32)
}

// isLazy reports whether one element of seq has no limit and is a lazy repetition
// of a class.
func isLazy(seq []*syntax.Regexp) bool {
	unlimited := 0
	for _, re := range seq {
		if maxLen(re) < math.MaxInt32 {
			continue
		}
		unlimited++
		if re.Flags&syntax.NonGreedy == 0 || len(re.Sub) != 1 {
			return false
		}
		switch re.Sub[0].Op {
		case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		default:
			return false
		}
	}
	return unlimited == 1
}

// maxLenOf is maxLen of a concatenation.
func maxLenOf(seq []*syntax.Regexp) (n int) {
	for _, re := range seq {
		n += maxLen(re)
	}
	return min(n, math.MaxInt32)
}

func longest(ranges []rune) int {
	n := 1
	for i := 1; i < len(ranges); i += 2 {
		n = max(n, len(utf8.AppendRune(nil, ranges[i])))
	}
	return n
}

// consumes adds to s every byte that the parts of re which have all of flags can
// match.
func consumes(re *syntax.Regexp, s *byteset.Set, flags syntax.Flags) {
	for _, sub := range re.Sub {
		consumes(sub, s, flags)
	}
	if re.Flags&flags != flags {
		return
	}
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			s.Union(byteset.OfRanges(byteset.Literal(r, re.Flags)))
		}
	case syntax.OpCharClass:
		s.Union(byteset.OfRanges(re.Rune))
	case syntax.OpAnyChar:
		s.AddRange(0, 0xff)
	case syntax.OpAnyCharNotNL:
		s.AddRange(0, '\n'-1)
		s.AddRange('\n'+1, 0xff)
	}
}
