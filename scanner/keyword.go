package scanner

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// hasKeyword reports whether one of r's keywords stands in the text, of which
// match is a part to be looked at first.
func (w *worker) hasKeyword(r *rule, match []byte) bool {
	return len(r.Keywords) == 0 || containsFold(match, r.Keywords) || w.keywords.in(w.text, r)
}

// keywordMemory remembers, for one text, of which rules it has a keyword, so that
// it is searched once for each rule.
type keywordMemory struct {
	answers []answer // by rule
	asked   []int
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

// forget prepares for another text.
func (k *keywordMemory) forget() {
	for _, number := range k.asked {
		k.answers[number] = unasked
	}
	k.asked = k.asked[:0]
}

// containsFold reports whether one of words, which are in lower case, stands in
// text, compared as strings.ToLower would compare it.
func containsFold(text []byte, words []string) bool {
	const size = 4 << 10
	longest := 0
	for _, word := range words {
		longest = max(longest, len(word))
	}
	if longest > size/2 {
		return containsAny(bytes.ToLower(text), words)
	}
	var buffer [size]byte
	for {
		part := text[:min(len(text), size)]
		low := lowerASCII(buffer[:len(part)], part)
		if bytes.Contains(low, []byte("\u212a")) || bytes.Contains(low, []byte("\u0130")) {
			low = bytes.ToLower(part) // the Kelvin sign is a k, a dotted capital I an i
		}
		if containsAny(low, words) {
			return true
		}
		if len(part) == len(text) {
			return false
		}
		text = text[size-longest-3:] // a rune may be cut too
	}
}

func containsAny(text []byte, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(text, []byte(word)) })
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
