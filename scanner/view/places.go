package view

import (
	"math/bits"

	"github.com/stanch-dev/stanch/internal/bitmap"
)

// placeSort tells what can begin at a place.
type placeSort uint8

const (
	noPlace placeSort = iota
	runPlace
	markPlace
	pairPlace
	nulPlace
	linePlace
)

func (p *places) forget() { p.resume, p.size = 0, 0 }

// seek goes to at. The block is kept if it is the same text that goes on, and no more
// has arrived: then at is where the last call ended.
func (p *places) seek(text []byte, at int, frames bool) {
	if at == p.resume && len(text) == p.textLen && p.start <= at && at < p.start+p.size {
		p.word = (at - p.start) / 64
		return
	}
	p.frames, p.textLen = frames, len(text)
	p.fill(text, at)
}

// next returns the first place at or behind pos.
func (p *places) next(text []byte, pos int) (start int, sort placeSort) {
	for {
		for i, n := p.word, bitmap.Words(p.size); i < n; i++ {
			if p.any[i] == 0 {
				continue
			}
			if start, sort = p.among(text, i, pos); sort != noPlace {
				p.word = i
				return start, sort
			}
		}
		end := p.start + p.size
		if end == len(text) {
			p.word = bitmap.Words(p.size)
			return 0, noPlace
		}
		p.fill(text, max(pos, end-reach))
	}
}

// among returns the first place at or behind pos of those in a word. The first byte of
// a line is handed out once.
func (p *places) among(text []byte, word, pos int) (start int, sort placeSort) {
	set, base := p.any[word], p.start+64*word
	if pos >= base+64 {
		return 0, noPlace
	}
	if pos > base {
		set &= ^uint64(0) << (pos - base)
	}
	for ; set != 0; set &= set - 1 {
		at, bit := base+bits.TrailingZeros64(set), set&-set
		switch {
		case p.run[word]&bit != 0:
			start, sort = p.runStart(text, at, pos), runPlace
		case p.mark[word]&bit != 0:
			if start, sort = at-1, markPlace; text[start] == '=' && !mayBeQuoted(text[start:]) {
				start = -1
			}
		case p.pair[word]&bit != 0:
			start, sort = at-11, pairPlace
		case p.nul[word]&bit != 0:
			start, sort = at-2, nulPlace
		default:
			start = -1
		}
		if start >= pos {
			return start, sort
		}
		if p.frames && p.line[word]&bit != 0 {
			p.line[word] &^= bit
			p.any[word] &^= bit
			return at, linePlace
		}
	}
	return 0, noPlace
}

// runStart returns where the run of tokens begins that at is part of; less than pos if it
// does before that.
func (p *places) runStart(text []byte, at, pos int) int {
	i, n := (at-p.start)/64, (at-p.start)%64
	if behind := ^p.token[i] << (63 - n); behind != 0 {
		return at + 1 - bits.LeadingZeros64(behind)
	}
	for at -= n; at >= pos && at > 0 && isToken(text[at-1]); at-- {
	}
	return at
}

// runEnd returns the end of the run of tokens at from, or limit.
func (p *places) runEnd(text []byte, from, limit int) int {
	end := from
	if at := from - p.start; at >= 0 && at < p.size {
		end = p.start + min(p.size, bitmap.RunEnd(p.token[:bitmap.Words(p.size)], at))
		if end < p.start+p.size {
			return min(end, limit)
		}
	}
	return tokensEnd(text, end, limit)
}

// hasText reports whether somewhere in the run of tokens from s to e the first of each
// four of minRun characters may begin text. Without that there is nothing in it.
func (p *places) hasText(text []byte, s, e int) bool {
	if p.covers(s, e) {
		return anySet(&p.text, s+minRun-1-p.start, e-1-p.start)
	}
	for s+minRun <= e && !(isHead[text[s]] && isHead[text[s+4]] && isHead[text[s+8]] && isHead[text[s+12]]) {
		s++
	}
	return s+minRun <= e
}

// covers reports whether the text from s to e is within the block.
func (p *places) covers(s, e int) bool { return p.start <= s && e <= p.start+p.size }

// anySet reports whether a bit from first to last is set.
func anySet(in *words, first, last int) bool {
	for i := first / 64; i <= last/64; i++ {
		set := in[i]
		if i == first/64 {
			set &= ^uint64(0) << (first % 64)
		}
		if i == last/64 {
			set &= ^uint64(0) >> (63 - last%64)
		}
		if set != 0 {
			return true
		}
	}
	return false
}

// tokensEnd returns the end of the run of tokens at from, or limit.
func tokensEnd(text []byte, from, limit int) int {
	const step = 8 * 64
	limit = min(limit, len(text))
	for from < limit {
		var bitmaps [step / 64]uint64
		part := text[from:min(limit, from+step)]
		tokens.Classify(bitmaps[:], part)
		if n := bitmap.RunEnd(bitmaps[:], 0); n < len(part) {
			return from + n
		}
		from += len(part)
	}
	return limit
}
