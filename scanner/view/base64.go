package view

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// sextet is the value of each character of base64 and of its URL variant, which differ
// in two characters and share the values, and notToken for other bytes.
var sextet = func() (values [256]byte) {
	for i := range values {
		values[i] = notToken
	}
	for i, b := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" + digits + "+/") {
		values[b] = byte(i)
	}
	values['-'], values['_'] = values['+'], values['/']
	return values
}()

const notToken = 0xff

// sextets are the values of each token in the four places of a group.
var sextets = func() (values [4][256]uint32) {
	for place := range values {
		for c, v := range sextet {
			values[place][c] = uint32(v) << (18 - 6*place)
		}
	}
	return values
}()

// isHead tells which characters headLetters has.
var isHead = func() (is [256]bool) {
	for _, c := range []byte(headLetters) {
		is[c] = true
	}
	return is
}()

// isToken reports whether c is of base64, or of its URL variant.
func isToken(c byte) bool { return sextet[c] != notToken }

// isBoundary reports whether c is a token that separates parts of names and paths too.
func isBoundary(c byte) bool { return c == '/' || c == '-' || c == '_' }

// base64 looks for base64 in the run of tokens from s to e. If the run is cut off there
// more of it follows.
//
// The run may be glued to what comes before and behind: the value may begin up to three
// characters later, or behind a boundary. It is best if it is text up to the end or a
// boundary, then if there is text somewhere in something binary.
func (d *Decoder) base64(in *input, s, e int, cut bool) (next int, out outcome) {
	if !cut && isLine(e-s) {
		if next, out = d.wrapped(in, s, e); out != absent || next > e {
			return next, out
		}
	}
	if !d.places.hasText(in.text, s, e) {
		return e, absent
	}
	prefix, prefixEnd := 0, 0
	for c := s; e-c >= minRun; c++ {
		if c > s+3 && !isBoundary(in.text[c-1]) || !d.plausible(in.text[c:], c == s) {
			continue
		}
		whole, out := d.decodeText(in, c, e, cut)
		switch {
		case out == undecided || out == found && whole:
			return e, out
		case out == found && prefixEnd == 0:
			prefix, prefixEnd = c, d.seg.End
		}
	}
	if e-s >= minApart {
		if out = d.apart(in, s, e, cut); out != absent {
			return e, out
		}
	}
	if prefixEnd == 0 {
		return e, absent
	}
	d.buf = appendBase64(d.buf[:0], in.text[prefix:prefixEnd])
	d.pieces = e - prefixEnd
	return d.take(Base64, prefix, prefixEnd)
}

// piece finds the next piece that is text in a run of tokens from at to e that has others
// before it, and nothing better.
func (d *Decoder) piece(in *input, at, e int) (next int, out outcome) {
	for c := at; e-c >= minRun; c++ {
		if !isBoundary(in.text[c-1]) || !d.plausible(in.text[c:], false) {
			continue
		}
		_, out = d.decodeText(in, c, e, true)
		if d.long = (long{}); out == found {
			d.pieces = e - d.seg.End
			return d.seg.End, found
		}
	}
	d.pieces = 0
	return e, absent
}

// plausible reports whether the first minRun characters of run stand for text, which
// has to be of ASCII unless it may be wide.
func (d *Decoder) plausible(run []byte, wide bool) bool {
	first := byte(group(run) >> 16)
	if first < utf8.RuneSelf && !isPlain[first] || first >= utf8.RuneSelf && !(wide && utf8.RuneStart(first)) {
		return false
	}
	for i := 0; i < minRun; i += 4 {
		if !isPlainGroup(run[i:]) {
			if !wide {
				return false
			}
			d.buf = appendBase64(d.buf[:0], run[:minRun])
			return isText(d.buf, true)
		}
	}
	return true
}

// isPlainGroup reports whether the three bytes that the group of four characters at
// the start of run stands for are of ASCII and, as good as, none of them a control
// character.
func isPlainGroup(run []byte) bool {
	// A byte is such if neither it nor it plus 1 has the top bit, but it plus 0x77 has
	// it; carries come only from bytes that already have it.
	const tops, ones, tabs = 0x808080, 0x010101, 0x777777
	v := group(run)
	return (v|(v+ones)|^(v+tabs))&tops == 0
}

// group returns the three bytes that four characters stand for.
func group(c []byte) uint32 {
	_ = c[3]
	return sextets[0][c[0]] | sextets[1][c[1]] | sextets[2][c[2]] | sextets[3][c[3]]
}

// decodeText decodes the characters from c to e as far as they stand for text. Whole
// tells that this is up to the end, or to a boundary.
func (d *Decoder) decodeText(in *input, c, e int, cut bool) (whole bool, out outcome) {
	end := c + (e-c)/4*4
	if !cut {
		if end, out = paddedEnd(in, c, e); out == undecided {
			return false, undecided
		}
	}
	n, all := d.decodeWhileText(in.text[c:end], cut)
	switch {
	case all:
		whole = true
		if cut {
			d.long = long{kind: Base64}
		}
	default:
		end, n, whole = textEnd(in.text, d.buf, c, n)
		d.buf = d.buf[:n]
		if end-c < minRun {
			return false, absent
		}
	}
	_, out = d.take(Base64, c, end)
	return whole, out
}

// decodeWhileText decodes base64 up to some way behind the end of what is text in it. It
// returns how many bytes of text there are, and whether that is all.
func (d *Decoder) decodeWhileText(src []byte, cut bool) (n int, all bool) {
	const step = 16 * 4
	for d.buf = d.buf[:0]; len(src) > 0; {
		part := src[:min(step, len(src))]
		src = src[len(part):]
		d.buf = appendBase64(d.buf, part)
		n += textLen(d.buf[n:])
		if !isText(d.buf[n:], true) {
			return n, false
		}
	}
	return n, n == len(d.buf) || cut
}

// textEnd returns where characters from c on, which stand for decoded, cease to stand for
// text, of which there are n bytes, and how many of these are before that: it is at a
// boundary, which is whole, or between two groups of four.
func textEnd(text, decoded []byte, c, n int) (end, bytes int, whole bool) {
	bytes = n / 3 * 3
	end = c + bytes/3*4
	for more := n - bytes; more > 0; more-- {
		if isBoundary(text[end+more+1]) {
			return end + more + 1, bytes + more, true
		}
	}
	if end > c && isBoundary(text[end]) {
		whole = true
	}
	for bytes > 0 && textLen(decoded[:bytes]) < bytes {
		bytes, end, whole = bytes-3, end-4, false
	}
	return end, bytes, whole
}

// paddedEnd returns the end of the base64 from c to e with the padding that it needs, as
// far as that is there, and without a last character that stands for nothing.
func paddedEnd(in *input, c, e int) (end int, out outcome) {
	rest := (e - c) % 4
	if rest == 0 {
		return e, found
	}
	if rest == 1 {
		return e - 1, found
	}
	for end = e; end < e+4-rest; end++ {
		if in.open(end) {
			return c, undecided
		}
		if !in.is(end, '=') {
			break
		}
	}
	return end, found
}

const (
	// minApart is the shortest run of base64, in characters, that is decoded though it
	// does not stand for text.
	minApart = 40
	// plainGroups is how many groups of four characters are text at least where
	// minPrintable bytes are.
	plainGroups = (minPrintable - 4) / 3
)

// apart decodes the run from s to e if something binary with text in it comes out.
func (d *Decoder) apart(in *input, s, e int, cut bool) (out outcome) {
	for c := s; c < s+4; c++ {
		if !hasPlainGroups(in.text[c:e]) {
			continue
		}
		end := c + (e-c)/4*4
		if !cut {
			if end, out = paddedEnd(in, c, e); out == undecided {
				return undecided
			}
		}
		d.buf = appendBase64(d.buf[:0], in.text[c:end])
		if !hasPrintable(d.buf) {
			continue
		}
		if cut {
			d.long = long{kind: Base64, apart: true}
		}
		_, out = d.take(Base64, c, end)
		d.seg.Apart = true
		return out
	}
	return absent
}

// hasPlainGroups reports whether plainGroups groups in a row in run stand for text. It
// looks at one of so many first.
func hasPlainGroups(run []byte) bool {
	groups := len(run) / 4
	for at := plainGroups - 1; at < groups; {
		first := at
		for first > at-plainGroups && isPlainGroup(run[4*first:]) {
			first--
		}
		if first == at-plainGroups {
			return true
		}
		at = first + plainGroups
	}
	return false
}

// appendBase64 appends what the characters of src stand for, with or without padding.
func appendBase64(dst, src []byte) []byte {
	for len(src) > 0 && src[len(src)-1] == '=' {
		src = src[:len(src)-1]
	}
	at, groups := len(dst), len(src)/4
	dst = slices.Grow(dst, 3*groups+4)
	for i := range groups {
		// The fourth byte is overwritten by the next group.
		binary.BigEndian.PutUint32(dst[at+3*i:at+3*i+4:cap(dst)], group(src[4*i:][:4])<<8)
	}
	dst = dst[:at+3*groups]
	src = src[4*groups:]
	if len(src) >= 2 {
		dst = append(dst, sextet[src[0]]<<2|sextet[src[1]]>>4)
	}
	if len(src) == 3 {
		dst = append(dst, sextet[src[1]]<<4|sextet[src[2]]>>2)
	}
	return dst
}
