package match

import (
	"regexp/syntax"
	"sort"
	"unicode"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

type op uint8

const (
	opFail      op = iota
	opMatch        // the end of the expression
	opString       // the bytes of text
	opFold         // text or its upper-case form, letter by letter
	opRune         // one member of the class
	opLongest      // a run of members, of which only the longest can lead on
	opGreedy       // a run of members, longest first
	opLazy         // a run of members, shortest first
	opAlternate    // one of the branches of a choice, first branch first
	opCapture      // notes the position in a capture slot
	opAssert       // an empty-width assertion
	opOnce         // leads on only the first time it is reached at a position
)

// The two instructions that every program has.
const (
	pcFail int32 = iota
	pcMatch
)

// unlimited is the max of a run that has none.
const unlimited = int(^uint(0) >> 1)

// inst is one instruction. A repetition of one class is a single instruction
// however high it counts; that is what keeps programs small.
type inst struct {
	op     op
	assert syntax.EmptyOp
	atEnd  bool   // runs: what follows can match at the end of the text
	next   int32  // the instruction that follows
	arg    int32  // slot of opCapture, row of opOnce, choice of opAlternate
	text   string // opString, opFold
	class  *class // opRune and runs
	min    int    // runs, in runes
	max    int
	table  *table
	member uint32 // bit in table: the ASCII members of class
	follow uint32 // bit in table: bytes that what follows a run can begin with
	heads  *heads // of what follows a run; nil when the bit must do
	failed int    // index of what is remembered of a run; negative when nothing is
}

// table holds up to 32 sets of bytes, one bit each.
type table [256]uint32

// choice is the branches of an alternation, and for every byte the branches that
// can begin with it: bit i of a mask stands for branches[i].
type choice struct {
	branches []int32
	index    [256]uint8 // byte → index of its mask
	masks    []uint64
	atEnd    uint64 // the branches that can match at the end of the text
}

// maxBranches is how many branches a choice can have.
const maxBranches = 64

// class is a set of runes.
type class struct {
	ascii byteset.Set
	wide  []rune // the members from U+0080 up, as pairs of first and last; nil when there are none
}

func newClass(ranges []rune) *class {
	c := new(class)
	for i := 0; i+1 < len(ranges); i += 2 {
		lo, hi := ranges[i], ranges[i+1]
		if lo < utf8.RuneSelf {
			c.ascii.AddRange(byte(lo), byte(min(hi, utf8.RuneSelf-1)))
		}
		if hi >= utf8.RuneSelf {
			c.wide = append(c.wide, max(lo, utf8.RuneSelf), hi)
		}
	}
	return c
}

// classOf returns the class that re matches exactly one rune of, nil when re is
// something else.
func classOf(re *syntax.Regexp) *class {
	switch {
	case re.Op == syntax.OpCharClass:
		return newClass(re.Rune)
	case re.Op == syntax.OpAnyChar:
		return newClass([]rune{0, unicode.MaxRune})
	case re.Op == syntax.OpAnyCharNotNL:
		return newClass([]rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune})
	case re.Op == syntax.OpLiteral && len(re.Rune) == 1:
		return newClass(orbit(re.Rune[0], re.Flags&syntax.FoldCase != 0))
	}
	return nil
}

// orbit returns r and, with fold set, the runes that differ from it in case only,
// as sorted ranges.
func orbit(r rune, fold bool) []rune {
	runes := []rune{r}
	if fold {
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			runes = append(runes, f)
		}
		sort.Slice(runes, func(i, j int) bool { return runes[i] < runes[j] })
	}
	ranges := make([]rune, 0, 2*len(runes))
	for _, r := range runes {
		ranges = append(ranges, r, r)
	}
	return ranges
}

// leading returns the bytes that the UTF-8 form of a member can begin with, and
// more: see [byteset.OfRanges].
func (c *class) leading() byteset.Set {
	set := c.ascii
	set.Union(byteset.OfRanges(c.wide))
	return set
}

// subsetOf reports whether every member of c is a member of o.
func (c *class) subsetOf(o *class) bool {
	if c.ascii.Minus(o.ascii) != (byteset.Set{}) {
		return false
	}
	for i := 0; i < len(c.wide); i += 2 {
		j := sort.Search(len(o.wide)/2, func(j int) bool { return o.wide[2*j+1] >= c.wide[i] })
		if 2*j == len(o.wide) || o.wide[2*j] > c.wide[i] || o.wide[2*j+1] < c.wide[i+1] {
			return false
		}
	}
	return true
}

// wideWidth returns the length of the rune at the start of text, which is beyond
// ASCII or not UTF-8; 0 when it is no member of c.
func (c *class) wideWidth(text []byte) int {
	if c.wide == nil {
		return 0
	}
	r, width := utf8.DecodeRune(text)
	if c.hasWide(r) {
		return width
	}
	return 0
}

func (c *class) hasWide(r rune) bool {
	lo, hi := 0, len(c.wide)/2
	for lo < hi {
		mid := (lo + hi) / 2
		switch {
		case r < c.wide[2*mid]:
			hi = mid
		case r > c.wide[2*mid+1]:
			lo = mid + 1
		default:
			return true
		}
	}
	return false
}

// foreign returns the UTF-8 form of the one rune beyond ASCII that equals the
// ASCII letter b when case is ignored, "" when there is none.
func foreign(b byte) string {
	switch b {
	case 'k', 'K':
		return "\u212a" // KELVIN SIGN
	case 's', 'S':
		return "\u017f" // LATIN SMALL LETTER LONG S
	}
	return ""
}

// upper returns the upper-case form of an ASCII letter, and any other byte as it is.
func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - 'a' + 'A'
	}
	return b
}

// foldEnd returns where text[pos:] stops being equal to lower, which is ASCII in
// lower case, when case is ignored; -1 when it is not equal to it.
func foldEnd(text []byte, pos int, lower string) int {
	for i := 0; i < len(lower); i++ {
		if pos >= len(text) {
			return -1
		}
		want, b := lower[i], text[pos]
		if b == want || b == upper(want) {
			pos++
			continue
		}
		f := foreign(want)
		if f == "" || len(text)-pos < len(f) || string(text[pos:pos+len(f)]) != f {
			return -1
		}
		pos += len(f)
	}
	return pos
}
