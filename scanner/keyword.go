package scanner

import (
	"bytes"
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// keywordReach is how far from a match a keyword counts that is no part of it, in
// bytes: as far as it can be away in a fragment of gitleaks'.
const keywordReach = 125_000

// hasKeyword reports whether one of r's keywords stands in the text.
func (w *worker) hasKeyword(r *rule) bool {
	return len(r.Keywords) == 0 || w.keywords.in(w.text, r)
}

// prompted reports whether one of the keywords of c's rule stands in its match or
// near it; in compatible mode anywhere in the text.
func (w *worker) prompted(c *candidate) bool {
	switch r := c.rule; {
	case len(r.Keywords) == 0 || containsFold(c.match, r.Keywords):
		return true
	case w.s.opts.Compat || len(w.text) <= keywordReach || !w.keywords.in(w.text, r):
		return w.keywords.in(w.text, r)
	default:
		return w.keywords.near(w.text, r, c.textStart)
	}
}

// keywordMemory remembers, for one text, of which rules it has a keyword and where,
// so that it is searched for each rule once or twice.
type keywordMemory struct {
	answers []answer // by rule
	asked   []int
	parts   map[int][]int // by rule: where the parts of the text begin that have one
}

func (k *keywordMemory) in(text []byte, r *rule) bool {
	a := &k.answers[r.number]
	if *a == unasked {
		*a = no
		if containsFold(text, r.Keywords) {
			*a = yes
		}
		k.asked = append(k.asked, r.number)
	}
	return *a == yes
}

// near reports whether a keyword stands within keywordReach of a place, give or
// take a part.
func (k *keywordMemory) near(text []byte, r *rule, place int) bool {
	parts, known := k.parts[r.number]
	if !known {
		eachPart(text, r.Keywords, func(start int) bool { parts = append(parts, start); return true })
		if k.parts == nil {
			k.parts = map[int][]int{}
		}
		k.parts[r.number] = parts
	}
	i, _ := slices.BinarySearch(parts, place-keywordReach-partSize)
	return i < len(parts) && parts[i] <= place+keywordReach
}

// forget prepares for another text.
func (k *keywordMemory) forget() {
	for _, number := range k.asked {
		k.answers[number] = unasked
	}
	k.asked = k.asked[:0]
	clear(k.parts)
}

// containsFold reports whether one of words, which are in lower case, stands in
// text, compared as strings.ToLower would compare it.
func containsFold(text []byte, words []string) (found bool) {
	eachPart(text, words, func(int) bool { found = true; return false })
	return found
}

// partSize is how much of a text is put into lower case at a time, in bytes.
const partSize = 4 << 10

// eachPart calls found with the start of every part of text in which one of words
// stands, compared as containsFold does, until it returns false. Parts overlap.
func eachPart(text []byte, words []string, found func(start int) bool) {
	longest, ascii := 0, true
	for _, word := range words {
		longest, ascii = max(longest, len(word)), ascii && isASCII(word)
	}
	if longest > partSize/2 || !ascii {
		if containsAny(bytes.ToLower(text), words) {
			found(0)
		}
		return
	}
	var buffer [partSize]byte
	for start := 0; ; start += partSize - longest - 3 { // a rune may be cut too
		part := text[start:min(start+partSize, len(text))]
		low := lowerASCII(buffer[:len(part)], part)
		if bytes.Contains(low, []byte("\u212a")) || bytes.Contains(low, []byte("\u0130")) {
			low = bytes.ToLower(part) // the Kelvin sign is a k, a dotted capital I an i
		}
		if containsAny(low, words) && !found(start) || start+len(part) == len(text) {
			return
		}
	}
}

func containsAny(text []byte, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(text, []byte(word)) })
}

// lower returns text as strings.ToLower makes it. It uses buffer where it can.
func lower(buffer, text []byte) []byte {
	if len(text) > len(buffer) || !isASCII(text) {
		return bytes.ToLower(text)
	}
	return lowerASCII(buffer[:len(text)], text)
}

func isASCII[T string | []byte](text T) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lowerASCII writes text with ASCII letters in lower case to dst, of the same
// length, and returns dst.
func lowerASCII(dst, text []byte) []byte {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(text); i += 8 {
		x := binary.LittleEndian.Uint64(text[i:])
		low := x &^ high
		notBelowA, aboveZ := low+ones*(0x80-'A'), low+ones*(0x7f-'Z')
		upper := (notBelowA ^ aboveZ) & high &^ x
		binary.LittleEndian.PutUint64(dst[i:], x|upper>>2)
	}
	for ; i < len(text); i++ {
		dst[i] = text[i]
		if 'A' <= text[i] && text[i] <= 'Z' {
			dst[i] |= 0x20
		}
	}
	return dst
}
