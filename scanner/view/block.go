package view

import (
	"bytes"

	"github.com/stanch-dev/stanch/internal/bitmap"
)

const (
	letters    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	digits     = "0123456789"
	hexLetters = "abcdefABCDEF"
	// headLetters are the characters of base64 that stand for what the first six bits of a
	// character of ASCII text are.
	headLetters = "CDIJKLMNOPQRSTUVWXYZabcdef"
)

// The classes of bytes that show where segments can begin.
var (
	// tokens are the characters of base64 and its URL variant, and so the hexadecimal
	// digits. Heads are those that are first in a group of four that stands for text.
	tokens     = bitmap.NewClassifier(letters + digits + "+/-_")
	heads      = bitmap.NewClassifier(headLetters)
	boundaries = bitmap.NewClassifier("/-_")
	// marks begin a character that is encoded alone, and followers are second there.
	// Where frames are looked for, a quote begins one of Docker's.
	marks          = bitmap.NewClassifier(`\%&=` + "\x1b")
	followers      = bitmap.NewClassifier(digits + hexLetters + `\"/'nrtux` + "#qlgspvhHTNm" + "\r\n[")
	frameMarks     = bitmap.NewClassifier(`\%&="` + "\x1b")
	frameFollowers = bitmap.NewClassifier(digits + hexLetters + `\"/'nrtux` + "#qlgspvhHTNm" + "\r\n[,")

	nuls     = bitmap.NewClassifier("\x00")
	lineEnds = bitmap.NewClassifier("\n")
)

const (
	blockWords = 32
	blockBytes = 64 * blockWords
	// reach is the most bytes from a place to where it shows.
	reach = 32
)

// words is the bitmap of a block.
type words [blockWords]uint64

// places shows where in a block of text segments can begin. The bits are set a few
// bytes behind the places themselves, where all is there that makes them one.
type places struct {
	start, size int // of the block in the text
	textLen     int // of the text that it was made of
	resume      int // where that text goes on, if a segment was found in it
	frames      bool
	word        int // that next looks at

	token  words
	text   words // the last of 16 tokens that may stand for text
	run    words // the last of text where a value can begin, and the 32nd token of a run
	mark   words // the follower of a mark
	pair   words // what is behind the last of four pairs of tokens
	nul    words // the second NUL around a byte that is none
	line   words // the first byte of a line
	any    words // all of these
	hasNul bool

	class words // of bytes, while the others are made
}

// fill makes the bitmaps of a block of text that shows all places from from on. What is
// left of the text at its end is extended to whole words with what is before it.
func (p *places) fill(whole []byte, from int) {
	p.start = from
	if rest := len(whole) - from; rest < blockBytes {
		p.start = len(whole) - 64*bitmap.Words(rest)
		if p.start < 0 {
			p.start = from
		}
	}
	block := whole[p.start:min(len(whole), p.start+blockBytes)]
	p.size, p.word = len(block), (from-p.start)/64
	before := uint64(0)
	if p.start > 0 && isToken(whole[p.start-1]) {
		before = ^uint64(0)
	}
	n := bitmap.Words(len(block))
	if p.findRuns(block, n, before) {
		p.findStarts(block, n, before)
	}
	p.findMarks(block, n)
	p.findNuls(block, n)
	for i := range n {
		p.any[i] = p.run[i] | p.mark[i] | p.pair[i] | p.nul[i]
	}
	if p.frames {
		p.findLines(block, n, p.start == 0 || whole[p.start-1] == '\n')
	}
}

// findRuns marks runs of at least minHex tokens, rows of pairs of them, and minRun of them
// that may stand for text, of which it reports whether there are any.
func (p *places) findRuns(block []byte, n int, before uint64) bool {
	tokens.Classify(p.token[:], block)
	heads.Classify(p.class[:], block)
	token, two, quad, eight, sixteen := before, before, before, before, before
	var head, head2, head4, pair, pair2, texts uint64
	for i, t := range p.token[:n] {
		// The bits of these tell of what ends there: 2, 4, 8 and 16 tokens.
		t2 := t & (t<<1 | token>>63)
		t4 := t2 & (t2<<2 | two>>62)
		t8 := t4 & (t4<<4 | quad>>60)
		t16 := t8 & (t8<<8 | eight>>56)
		p.run[i] = t16 & (t16<<16 | sixteen>>48) &^ (t<<32 | token>>32)
		// Of pairs and what is behind them: one, two and four of them.
		p1 := (t2<<1 | two>>63) &^ (t | t<<3 | token>>61)
		p2 := p1 & (p1<<3 | pair>>61)
		p.pair[i] = p2 & (p2<<6 | pair2>>58)
		// Of heads: those of 2 groups of four characters, and of 4.
		h := p.class[i]
		h2 := h & (h<<4 | head>>60)
		h4 := h2 & (h2<<8 | head2>>56)
		p.text[i] = t16 & (h4<<3 | head4>>61)
		texts |= p.text[i]
		token, two, quad, eight, sixteen = t, t2, t4, t8, t16
		head, head2, head4, pair, pair2 = h, h2, h4, p1, p2
	}
	return texts != 0
}

// findStarts adds to the runs what may stand for text from where a value can begin: with
// one of the first four tokens of a run, or behind a boundary.
func (p *places) findStarts(block []byte, n int, before uint64) {
	boundaries.Classify(p.class[:], block)
	token := before
	var first, second, start, boundary uint64
	for i, t := range p.token[:n] {
		f := t &^ (t<<1 | token>>63)
		f2 := f | f<<1 | first>>63
		b := p.class[i]
		f4 := f2 | f2<<2 | second>>62 | b<<1 | boundary>>63
		p.run[i] |= p.text[i] & (f4<<15 | start>>49)
		token, first, second, start, boundary = t, f, f2, f4, b
	}
}

// findMarks marks characters that may be encoded alone.
func (p *places) findMarks(block []byte, n int) {
	m, f := marks, followers
	if p.frames {
		m, f = frameMarks, frameFollowers
	}
	m.Classify(p.mark[:], block)
	all := uint64(0)
	for _, m := range p.mark[:n] {
		all |= m
	}
	if all == 0 {
		return
	}
	f.Classify(p.class[:], block)
	before := uint64(0)
	for i, m := range p.mark[:n] {
		p.mark[i] = p.class[i] & (m<<1 | before>>63)
		before = m
	}
}

// findNuls marks NULs with one byte between them.
func (p *places) findNuls(block []byte, n int) {
	if bytes.IndexByte(block, 0) < 0 {
		if p.hasNul {
			p.nul, p.hasNul = words{}, false
		}
		return
	}
	nuls.Classify(p.nul[:], block)
	p.hasNul = true
	before := uint64(0)
	for i, v := range p.nul[:n] {
		p.nul[i] = v & (v<<2 | before>>62) &^ (v<<1 | before>>63)
		before = v
	}
}

// findLines marks the first bytes of lines, of which the block's own may be one.
func (p *places) findLines(block []byte, n int, first bool) {
	lineEnds.Classify(p.line[:], block)
	before := uint64(0)
	if first {
		before = 1 << 63
	}
	for i, v := range p.line[:n] {
		p.line[i] = v<<1 | before>>63
		before = v
	}
	if rest := len(block) % 64; rest != 0 {
		p.line[n-1] &= 1<<rest - 1
	}
	for i := range n {
		p.any[i] |= p.line[i]
	}
}
