package decode

import (
	"github.com/stanch-dev/stanch/internal/bitmap"
	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

const (
	digits   = "0123456789"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls   = "abcdefghijklmnopqrstuvwxyz"
)

// tokens are the bytes of base64 and its URL variant, and so those of hexadecimal.
// All other encoded values are recognised by a byte of marks with one of heads behind
// it, which three of four marks in program text have not.
//
// Heads are what else has to be right for a run of tokens to be worth a look: of each
// four characters of base64 that stand for printable bytes the first is one, and all
// hexadecimal digits are. They give away four in five paths and identifiers of logs.
var (
	tokens = bitmap.NewClassifier("/+-_" + digits + capitals + smalls)
	marks  = bitmap.NewClassifier(`%\+`)
	heads  = bitmap.NewClassifier(`\u` + digits + capitals + "abcdef")
)

// setOf returns the set of the bytes of members.
func setOf(members string) (set byteset.Set) {
	for _, b := range []byte(members) {
		set.Add(b)
	}
	return set
}

// A block is as much text as is looked at in one go, so that it and the bitmaps of it
// stay in the nearest cache.
const (
	blockWords = 64
	blockBytes = 64 * blockWords
)

// block shows where in a block of text encoded values could begin. Blocks are filled
// one after the other, and what a block shows depends on the one before.
type block struct {
	token, mark, head [blockWords]uint64
	run               [blockWords]uint64 // at the last of the first 16 tokens of a run, if heads are right
	marked            [blockWords]uint64 // at the byte behind a mark, if that is a head
	before            wordBefore
}

// wordBefore is what fill has made of the last word before a block.
type wordBefore struct{ token, pair, quad, two, mark, head uint64 }

// fill makes the bitmaps of text, which is at most one block, and returns the number
// of their words.
func (b *block) fill(text []byte) int {
	words := bitmap.Words(len(text))
	tokens.Classify(b.token[:], text)
	marks.Classify(b.mark[:], text)
	heads.Classify(b.head[:], text)
	token, pair, quad, two, mark, head := b.before.token, b.before.pair, b.before.quad, b.before.two, b.before.mark, b.before.head
	for i, t := range b.token[:words] {
		m, h := b.mark[i], b.head[i]
		// The bits of these tell of what ends there: two tokens; four of which the first
		// is a head; two such fours.
		p := t & (t<<1 | token>>63)
		q := p & (p<<2 | pair>>62) & (h<<3 | head>>61)
		w := q & (q<<4 | quad>>60)
		b.run[i] = w & (w<<8 | two>>56) &^ (t<<16 | token>>48)
		b.marked[i] = h & (m<<1 | mark>>63)
		token, pair, quad, two, mark, head = t, p, q, w, m, h
	}
	b.before = wordBefore{token, pair, quad, two, mark, head}
	return words
}
