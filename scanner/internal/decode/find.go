package decode

import "math/bits"

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
	text []byte
	end  int // of the last match; the next may begin here
	// matches are those of percent and Unicode escapes, and of the others those that
	// can be decoded and need not wait for hexadecimal that cannot.
	matches []match
	block   block
}

// find adds the matches of the text from start to end. None may reach across these,
// and none there may depend on the text before start.
func (f *finder) find(start, end int) {
	f.end, f.block.before = start, wordBefore{}
	for ; start < end; start += blockBytes {
		words := f.block.fill(f.text[start:min(end, start+blockBytes)])
		for i, run := range f.block.run[:words] {
			marked := f.block.marked[i]
			for places := run | marked; places != 0; places &= places - 1 {
				bit := bits.TrailingZeros64(places)
				at := start + i*64 + bit
				if marked>>bit&1 != 0 {
					f.lookAtMark(at - 1)
				}
				if run>>bit&1 != 0 {
					f.lookAtRun(at - (minBase64 - 1))
				}
			}
		}
	}
}

// lookAtMark adds the match that begins at at or, if that is the plus of U+, just
// before, if any.
func (f *finder) lookAtMark(at int) {
	if at < f.end {
		return
	}
	switch rest := f.text[at:]; rest[0] {
	case '%':
		if n := percentLen(rest); n > 0 {
			f.add(at, n, Percent, percentDecodable(rest[:n]))
		}
	case '\\':
		f.add(at, escapesLen(rest), Unicode, true)
	case '+':
		if at == f.end || f.text[at-1] != 'U' {
			return
		}
		if n := codePointsLen(f.text[at-1:]); n > 0 && !f.isWithinRun(at-1) {
			f.add(at-1, n, Unicode, true)
		}
	}
}

// isWithinRun reports whether the first of the code points at at is part of a match of
// base64 that begins before it. It ends the run of tokens that it is in.
func (f *finder) isWithinRun(at int) bool {
	start := at
	for start > f.end && isToken(f.text[start-1]) {
		start--
	}
	if digits := hexLen(f.text[start:]); digits >= minHex {
		start += digits
	}
	return at+len("U+XXXX")-start >= minBase64
}

// lookAtRun adds the match of hexadecimal or base64 that begins at start, as a run of
// tokens does, if there is one that can be decoded.
func (f *finder) lookAtRun(start int) {
	if start < f.end {
		return
	}
	rest := f.text[start:]
	if n := hexLen(rest); n < minHex {
		f.add(start, base64Len(rest), Base64, true)
	} else if hexDecodable(rest[:n]) {
		f.add(start, n, Hex, true)
	}
}

// add adds a match of length bytes, if that is not zero. It may end within a run of
// tokens; what is left of that would have to wait for it.
func (f *finder) add(start, length int, encoding Encoding, decodable bool) {
	if length > 0 {
		f.end = start + length
		f.matches = append(f.matches, match{start, f.end, encoding, decodable})
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
