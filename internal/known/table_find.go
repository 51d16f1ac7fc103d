package known

import (
	"encoding/binary"
	"math/bits"
)

// gate finds runs of at least gateLen token bytes in the words of a bitmap. It holds
// what it made of the word before.
type gate struct{ one, two, four, eight, ends uint64 }

// next returns the bits of word where at least gateLen token bytes end.
func (g *gate) next(word uint64) (ends uint64) {
	two := word & (word<<1 | g.one>>63)
	four := two & (two<<2 | g.two>>62)
	eight := four & (four<<4 | g.four>>60)
	sixteen := eight & (eight<<8 | g.eight>>56)
	ends = sixteen & (two<<16 | g.two>>48)
	g.one, g.two, g.four, g.eight, g.ends = word, two, four, eight, ends
	return ends
}

// find is Find for an index.
func (t *table) find(secrets []Secret, sc *Scratch, text []byte, from int, ended, cut bool, found func(Match)) (next, hold int) {
	sc.use(&t.keys)
	sc.read(len(text) - from)
	l := &sc.lookUp
	*l = lookUp{t, sc, secrets, text, ended, cut}
	defer func() { *l = lookUp{} }()
	var g gate
	for block := max(0, from-gateContext); block < len(text); block += blockBytes {
		for i, word := range sc.bitmap(text[block:min(block+blockBytes, len(text))]) {
			before := g.ends >> 63
			for ends := g.next(word); ends != 0; {
				first := bits.TrailingZeros64(ends)
				n := bits.TrailingZeros64(^(ends >> first))
				start := block + 64*i + first - (windowLen - 1)
				end := start + n
				if first > 0 || before == 0 {
					start -= gateContext // these had to wait for the run to be long enough
				}
				if at, open := l.windows(max(start, from), end, found); open {
					return at, t.holdAt(text, at)
				}
				ends &^= (1<<n - 1) << first
			}
		}
	}
	return l.tail(from, found)
}

// span is a match that is being decided.
type span struct {
	start, end int
	secret     uint32
}

// lookUp is what one call of find works on.
type lookUp struct {
	t          *table
	sc         *Scratch
	secrets    []Secret
	text       []byte
	ended, cut bool
}

// tail decides what windows at the end of the text are, for which more text would
// have to be seen, and returns the results of find.
func (l *lookUp) tail(from int, found func(Match)) (next, hold int) {
	n := 0
	for n < min(gateLen, len(l.text)) && isToken[l.text[len(l.text)-1-n]] {
		n++
	}
	run := len(l.text) - n
	switch {
	case l.ended && l.cut && n < gateLen:
		l.windows(max(run, from), len(l.text)-windowLen+1, found) // the run may have been longer
		fallthrough
	case l.ended:
		return len(l.text), len(l.text)
	case n < gateLen:
		next = max(run, from)
	default:
		next = max(len(l.text)-windowLen+1, from)
	}
	return next, l.t.holdAt(l.text, next)
}

// windows looks up the windows that begin from at to before end. It returns the first
// that cannot be decided before there is more text, if there is one.
func (l *lookUp) windows(at, end int, found func(Match)) (undecided int, open bool) {
	if at >= end {
		return end, false
	}
	t := l.t
	first, factor, key0, key1 := t.first, t.factor, t.keys.place[0], t.keys.place[1]
	for text := l.text[at : end+windowLen-1]; len(text) >= windowLen; text = text[1:] {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(text)^key0, binary.LittleEndian.Uint64(text[4:])^key1)
		place := uint32(hi ^ lo)
		number := place * factor & (1<<placeBits - 1)
		word := first[number>>(placeBits-firstBits)]
		pass := word >> (number >> 5 & 63) & (word >> (number & 63)) & 1
		if t.reducedFirst != nil {
			pass |= t.passesReduced(place)
		}
		if pass != 0 && !l.decide(end+windowLen-1-len(text), place&(1<<placeBits-1), found) {
			return end + windowLen - 1 - len(text), true
		}
	}
	return end, false
}

// passesReduced returns 1 if the reduced tier may have entries of a place, else 0.
func (t *table) passesReduced(place uint32) uint64 {
	number := t.reducedNumber(reduced(place))
	return t.reducedFirst[number>>6] >> (number & 63) & 1
}

// decide reports the secrets whose window at a position has a place, and returns
// whether it could: else there must be more text first.
func (l *lookUp) decide(at int, place uint32, found func(Match)) bool {
	sc := l.sc
	sc.entries = l.t.entriesOf(sc.entries[:0], place)
	sc.spans = sc.spans[:0]
	for _, i := range sc.entries {
		e := &l.t.entries[i]
		start := at - int(e.offset)
		end := start + int(e.length)
		if start < 0 || !e.fits(l.text[start:at]) {
			continue
		}
		switch {
		case end <= len(l.text):
			if !l.confirm(e, e.digest, l.text[start:end]) {
				continue
			}
		case e.head > 0 && start+headLen <= len(l.text) && !l.confirm(e, l.t.heads[e.head-1], l.text[start:start+headLen]):
			continue
		case !l.ended:
			return false
		case !l.cut:
			continue
		default:
			end = len(l.text)
		}
		sc.spans = append(sc.spans, span{start, end, e.secret})
	}
	for i, s := range sc.spans {
		if !covered(s, sc.spans[:i], sc.spans[i+1:]) {
			found(Match{s.start, s.end, &l.secrets[s.secret]})
		}
	}
	return true
}

// fits reports whether token bytes stand before a window where the entry has them.
func (e *entry) fits(before []byte) bool {
	if e.run > 0 && isToken[before[e.run-1]] {
		return false
	}
	for _, b := range before[e.run:] {
		if !isToken[b] {
			return false
		}
	}
	return true
}

// confirm reports whether value has the digest, or there is no time to tell.
func (l *lookUp) confirm(e *entry, want digest, value []byte) bool {
	return !l.sc.mayConfirm() || l.sc.digest(l.secrets[e.secret].ID, value) == want
}

// covered reports whether s is part of one of the others, or equal to an earlier one.
func covered(s span, earlier, later []span) bool {
	for _, o := range earlier {
		if o.start <= s.start && s.end <= o.end {
			return true
		}
	}
	for _, o := range later {
		if o.start <= s.start && s.end <= o.end && o.end-o.start > s.end-s.start {
			return true
		}
	}
	return false
}

// holdAt returns the first position that may belong to a secret whose window is at
// next or behind.
func (t *table) holdAt(text []byte, next int) int {
	run := next // where the token run at next begins, as far back as it matters
	for run > 0 && next-run < max(t.inRun, t.behind+1) && isToken[text[run-1]] {
		run--
	}
	hold := max(run, next-t.inRun)
	if t.before == 0 {
		return hold
	}
	if next-run <= t.behind {
		return max(0, min(hold, run-t.before))
	}
	later := next
	for later < len(text) && isToken[text[later]] {
		later++
	}
	return max(0, min(hold, later+1-t.before))
}
