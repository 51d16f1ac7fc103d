package known

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"sort"
)

// minCut is how many bytes of a needle must stand before a cut to count.
const minCut = 12

// find is Find for needles.
func (n *needles) find(secrets []Secret, text []byte, from int, ended, cut bool, found func(Match)) (next, hold int) {
	defer runtime.KeepAlive(n)
	at := from
	for {
		at = n.candidate(text, at)
		if at+minNeedle > len(text) {
			break
		}
		length, needle, open := n.longest(text[at:])
		if open >= 0 && cut && len(text)-at >= minCut {
			found(Match{at, len(text), &secrets[n.needles[open].secret]})
			return len(text), len(text)
		}
		if open >= 0 && !ended {
			return at, at
		}
		if length == 0 {
			at++
			continue
		}
		found(Match{at, at + length, &secrets[n.needles[needle].secret]})
		at += length
	}
	if !ended {
		for ; at < len(text); at++ {
			if n.mayBegin(text[at:]) {
				return at, at
			}
		}
	}
	return len(text), len(text)
}

// candidate returns the first position from at on where the filters let a needle
// begin, or one with fewer than eight bytes behind it.
func (n *needles) candidate(text []byte, at int) int {
	coarse, shift, mul := n.coarse.words, n.coarse.shift&63, n.mul
	last := at + stride - 1 // the last of the positions that the next look is for
	for ; last+8 <= len(text); last += stride {
		h := binary.LittleEndian.Uint64(text[last:]) << coarseDrop * mul
		word := coarse[h>>shift]
		if word>>(h>>42&63)&(word>>(h>>36&63))&1 == 0 {
			continue
		}
		for start := last - stride + 1; start <= last; start++ {
			if n.fine.passes(n.hash(text[start:])) {
				return start
			}
		}
	}
	for at = last - stride + 1; at+minNeedle <= len(text); at++ {
		if n.fine.passes(n.hash(text[at:])) {
			break
		}
	}
	return at
}

// longest returns the length of the longest needle that text, of at least eight
// bytes, begins with, 0 for none, and which it is. open is a longer needle that
// begins with all of text, -1 for none.
func (n *needles) longest(text []byte) (length, needle, open int) {
	g, ok := n.lookUp(text[:minNeedle])
	if !ok {
		return 0, 0, -1
	}
	group := n.order[n.groups[g].start:][:n.groups[g].n]
	// Of sorted needles, those that text begins with are the last that is not behind
	// text, or beginnings of it; and those that begin with text are right behind.
	behind := sort.Search(len(group), func(i int) bool { return bytes.Compare(n.needles[group[i].needle].text, text) > 0 })
	open = -1
	if behind < len(group) && bytes.HasPrefix(n.needles[group[behind].needle].text, text) {
		open = int(group[behind].needle)
	}
	if behind == 0 {
		return 0, 0, open
	}
	last := group[behind-1]
	for {
		candidate := n.needles[last.needle].text
		if bytes.HasPrefix(text, candidate) {
			return len(candidate), int(last.needle), open
		}
		if last.parent < 0 {
			return 0, 0, open
		}
		last = n.order[last.parent]
	}
}

// mayBegin reports whether a needle may begin with text, which is shorter than one.
func (n *needles) mayBegin(text []byte) bool {
	for k, b := range text {
		if n.heads[b]>>k&1 == 0 {
			return false
		}
	}
	return true
}
