package decode

import (
	"math/bits"
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/bitmap"
	"github.com/stanch-dev/stanch/scanner/internal/byteset"
)

// tokens are the bytes of base64 and its URL variant, and so those of hexadecimal.
// All other encoded values are recognised by a byte of marks with one of seconds
// behind it, which three of four marks in program text have not.
var (
	tokens  = bitmap.NewClassifier(setOf("/+-_", '0', '9', 'A', 'Z', 'a', 'z'))
	marks   = bitmap.NewClassifier(setOf(`%\+`))
	seconds = bitmap.NewClassifier(setOf(`\uU`, '0', '9', 'A', 'F', 'a', 'f'))
)

// setOf returns the set of the bytes in single and in ranges, pairs of first and last.
func setOf(single string, ranges ...byte) (set byteset.Set) {
	for _, b := range []byte(single) {
		set.Add(b)
	}
	for i := 0; i < len(ranges); i += 2 {
		set.AddRange(ranges[i], ranges[i+1])
	}
	return set
}

// match is a place where the text looks encoded.
type match struct {
	start, end int
	encoding   Encoding
	decodable  bool
}

// finder finds the matches of the expression
//
//	%XX(?:.*%XX)? | (?:U\+XXXX(?:\s|$))+ | (?i:\\{1,2}uXXXX)+ | X{32,} | [\w/+-]{16,}={0,2}
//
// in which X is a hexadecimal digit, from left to right and without overlap, the
// first alternative first where several match. A match that cannot be decoded still
// consumes its text, and still makes its neighbours wait.
type finder struct {
	text    []byte
	token   []uint64 // bitmap of tokens
	mark    []uint64 // bitmap of marks
	second  []uint64 // bitmap of seconds
	end     int      // of the last match; the next may begin here
	matches []match  // all but those of base64 that need not be decoded
}

// find sets matches to those of the text.
func (f *finder) find() {
	f.token = classify(tokens, f.token, f.text)
	f.mark = classify(marks, f.mark, f.text)
	f.second = classify(seconds, f.second, f.text)
	f.end, f.matches = 0, f.matches[:0]
	for i, mark := range f.mark {
		mark &= f.second[i]>>1 | 1<<63 // the last byte's second is in the next word
		for places := mark | bitmap.RunStarts(f.token, i, minBase64); places != 0; places &= places - 1 {
			if at := i*64 + bits.TrailingZeros64(places); at >= f.end {
				f.look(at)
			}
		}
	}
}

// classify returns the bitmap of text, in the memory of dst if that suffices.
func classify(c *bitmap.Classifier, dst []uint64, text []byte) []uint64 {
	words := bitmap.Words(len(text))
	dst = slices.Grow(dst[:0], words)[:words]
	c.Classify(dst, text)
	return dst
}

// look adds the match that begins at at or, if that is the plus of U+, just before.
func (f *finder) look(at int) {
	switch rest := f.text[at:]; rest[0] {
	case '%':
		f.add(at, percentLen(rest), Percent)
	case '\\':
		f.add(at, escapesLen(rest), Unicode)
	case '+':
		if at > f.end && f.text[at-1] == 'U' {
			f.add(at-1, codePointsLen(f.text[at-1:]), Unicode)
		}
		if at >= f.end {
			f.lookAtRun(at)
		}
	default:
		f.lookAtRun(at)
	}
}

// add adds a match of length bytes, if that is not zero. The match may end within
// what the bitmap shows as one run; the rest is then a run for itself.
func (f *finder) add(start, length int, encoding Encoding) {
	if length == 0 {
		return
	}
	f.end = start + length
	decodable := encoding == Unicode || percentDecodable(f.text[start:f.end])
	f.matches = append(f.matches, match{start, f.end, encoding, decodable})
	if f.end < len(f.text) {
		f.lookAtRun(f.end)
	}
}

// lookAtRun adds the match of hexadecimal or base64 that begins at start, if any.
func (f *finder) lookAtRun(start int) {
	end := bitmap.RunEnd(f.token, start)
	if end-start < minBase64 {
		return
	}
	f.end = end
	run := f.text[start:end]
	if len(run) >= minHex {
		if n := hexLen(run); n >= minHex {
			f.matches = append(f.matches, match{start, start + n, Hex, hexDecodable(run[:n])})
			// What follows is base64 that has to wait, or too short for it.
			if len(run)-n < minBase64 {
				f.end = start + n
			}
			return
		}
	}
	if !quadsPrintable(run) {
		return
	}
	padding := 0
	for padding < 2 && end+padding < len(f.text) && f.text[end+padding] == '=' {
		padding++
	}
	if base64Decodable(run, padding) {
		f.matches = append(f.matches, match{start, end + padding, Base64, true})
	}
}

// waits reports whether match i touches one that takes precedence.
func (f *finder) waits(i int) bool {
	m := &f.matches[i]
	if i > 0 {
		if before := &f.matches[i-1]; before.end == m.start && before.encoding < m.encoding {
			return true
		}
	}
	if i+1 < len(f.matches) {
		if behind := &f.matches[i+1]; behind.start == m.end && behind.encoding < m.encoding {
			return true
		}
	}
	return false
}
