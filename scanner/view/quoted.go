package view

import "bytes"

const (
	// minQuoted is how many =XX in a row are taken for quoted-printable; fewer stand
	// in other texts too.
	minQuoted = 3
	// The columns at which writers of quoted-printable break their lines.
	minBreak, maxBreak = 69, 76
)

// mayBeQuoted tells of src, which begins with an equals sign and a follower, whether there
// can be something quoted. Most equals signs have other things behind them.
func mayBeQuoted(src []byte) bool {
	if src[1] < ' ' || len(src) < 4 {
		return true
	}
	return src[3] == '=' || src[1] == '3' && src[2] == 'D'
}

// quoted looks at the equals sign at at.
func (d *Decoder) quoted(in *input, at int) (next int, out outcome) {
	end, out := d.quotedEnd(in, at)
	if out != found {
		return at + absentStep[out], out
	}
	d.buf = d.buf[:0]
	if in.text[end-1] != '\n' {
		d.buf = appendQuotedPairs(d.buf, in.text[at:end])
	}
	if end-at >= stepSource {
		d.long = long{kind: QuotedPrintable}
	}
	return d.take(QuotedPrintable, at, end)
}

// appendQuotedPairs appends what =XX stand for.
func appendQuotedPairs(dst, src []byte) []byte {
	for ; len(src) >= 3; src = src[3:] {
		dst = append(dst, nibble[src[1]]<<4|nibble[src[2]])
	}
	return dst
}

// quotedEnd returns the end of what is quoted at at. A single =3D is a segment, as is
// a run of at least minQuoted =XX, and a soft line break.
func (d *Decoder) quotedEnd(in *input, at int) (end int, out outcome) {
	if end, out = quotedRun(in, at); out == undecided {
		return at, undecided
	}
	switch count := (end - at) / 3; {
	case count >= minQuoted:
		return end, found
	case count == 0:
		return d.softBreak(in, at)
	case in.text[at+1] == '3' && in.text[at+2] == 'D':
		return at + 3, found
	}
	return at, absent
}

// quotedRun returns the end of the =XX from at on, or of about stepSource bytes of them.
func quotedRun(in *input, at int) (end int, out outcome) {
	for end = at; end-at < stepSource; end += 3 {
		is, open := quotedPair(in.text[end:])
		if open && !in.ended {
			return at, undecided
		}
		if !is {
			break
		}
	}
	return end, found
}

// quotedPair reports whether src begins with =XX, in upper case.
func quotedPair(src []byte) (is, open bool) {
	for i := range 3 {
		switch {
		case i == len(src):
			return false, true
		case i == 0 && src[i] != '=', i > 0 && !isUpperHex(src[i]):
			return false, false
		}
	}
	return true, false
}

func isUpperHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

// softBreak looks at an equals sign at at that may end a line without ending the
// text's own line. Neither side of it is blank, and either the line is as long as
// those that are broken so or something else in it is quoted.
func (d *Decoder) softBreak(in *input, at int) (end int, out outcome) {
	if at == 0 || d.header.framed() || isBlank(in.text[at-1]) || in.text[at-1] == '=' {
		return at, absent
	}
	end = at + 1
	if in.is(end, '\r') {
		end++
	}
	if in.open(end) {
		return at, undecided
	}
	if !in.is(end, '\n') {
		return at, absent
	}
	end++
	if in.open(end) {
		return at, undecided
	}
	if end == len(in.text) || isBlank(in.text[end]) {
		return at, absent
	}
	before := in.text[max(0, at-Context):at]
	column := len(before) - (bytes.LastIndexByte(before, '\n') + 1)
	if (column < minBreak || column > maxBreak) && !hasQuoted(before) {
		return at, absent
	}
	return end, found
}

// hasQuoted reports whether there is =XX in b.
func hasQuoted(b []byte) bool {
	for i := 0; i+3 <= len(b); i++ {
		if is, _ := quotedPair(b[i:]); is {
			return true
		}
	}
	return false
}

// quotedUnit reads =XX, or a soft line break, which stands for nothing.
func quotedUnit(dst, src []byte) ([]byte, int, bool) {
	if len(src) > 1 && src[1] == '\n' {
		return dst, 2, false
	}
	if len(src) > 2 && src[1] == '\r' && src[2] == '\n' {
		return dst, 3, false
	}
	return byteUnit(dst, src, 1)
}
