package view

// characters are the kinds that encode each character for itself, so that what else
// stands in the text may be a part of the same value. What is adjacent to them waits
// for the next level: base64 with %2B in it is whole only there.
const characters = Percent | Escape | Entity | QuotedPrintable

// unit reads one character. It appends what the unit at the start of src stands for; n
// is its length, 0 if there is none. Open tells that this depends on what follows src.
type unit func(dst, src []byte) (out []byte, n int, open bool)

// unit returns how one character of k is read.
func (k Kind) unit() unit {
	switch k {
	case Percent:
		return percentUnit
	case Escape:
		return escapeUnit
	case Entity:
		return entityUnit
	default:
		return quotedUnit
	}
}

// kindOf returns the kind that a mark begins.
func kindOf(mark byte) Kind {
	switch mark {
	case '%':
		return Percent
	case '\\':
		return Escape
	case '&':
		return Entity
	default:
		return QuotedPrintable
	}
}

// mark looks at the mark at at.
func (d *Decoder) mark(in *input, at int) (next int, out outcome) {
	switch in.text[at] {
	case '=':
		return d.quoted(in, at)
	case '"':
		return d.docker(in, at)
	case escape:
		return d.control(in, at)
	}
	kind := kindOf(in.text[at])
	end, out := d.units(kind, in, at)
	if out != found {
		return at + absentStep[out], out
	}
	return d.take(kind, at, end)
}

// absentStep is how far a search goes on from a mark.
var absentStep = [...]int{absent: 1, undecided: 0}

// units reads a run of units from at on.
func (d *Decoder) units(kind Kind, in *input, at int) (end int, out outcome) {
	unit, mark := kind.unit(), in.text[at]
	d.buf = d.buf[:0]
	for end = at; end-at < stepSource; {
		if in.open(end) {
			return at, undecided
		}
		if !in.is(end, mark) {
			break
		}
		decoded, n, open := unit(d.buf, in.text[end:])
		if open && !in.ended {
			return at, undecided
		}
		if n == 0 {
			break
		}
		d.buf, end = decoded, end+n
	}
	if end == at {
		return at, absent
	}
	return end, found
}

// unitAt tells whether a character that is encoded alone begins at at.
func (d *Decoder) unitAt(in *input, at int) outcome {
	if at == len(in.text) {
		if in.ended {
			return absent
		}
		return undecided
	}
	switch mark := in.text[at]; mark {
	case '=':
		_, out := d.quotedEnd(in, at)
		return out
	case '%', '\\', '&':
		switch _, n, open := kindOf(mark).unit()(d.one[:0], in.text[at:]); {
		case open && !in.ended:
			return undecided
		case n > 0:
			return found
		}
	}
	return absent
}

// percentUnit reads %XX.
func percentUnit(dst, src []byte) ([]byte, int, bool) { return byteUnit(dst, src, 1) }

// byteUnit reads two hexadecimal digits behind a prefix of the given length.
func byteUnit(dst, src []byte, prefix int) ([]byte, int, bool) {
	value, digits := hexNumber(src[prefix:], 2)
	if digits < 2 {
		return dst, 0, len(src) == prefix+digits
	}
	return append(dst, byte(value)), prefix + 2, false
}

// hexNumber reads up to limit hexadecimal digits.
func hexNumber(src []byte, limit int) (value rune, digits int) {
	for digits < min(limit, len(src)) && isHex(src[digits]) {
		value = value<<4 | rune(nibble[src[digits]])
		digits++
	}
	return value, digits
}
