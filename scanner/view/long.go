package view

// long is a value of which the text that follows is a part, since it was too long for
// one segment. Its kind is 0 if there is none.
type long struct {
	kind      Kind
	apart     bool
	separator byte // between pairs of hexadecimal digits; 0 if there is none
	line      int  // length of the lines of base64; 0 if it is one
}

// goOn returns the next segment of the long value, which begins at at.
func (d *Decoder) goOn(in *input, at int) (next int, out outcome) {
	value := d.long
	end, more := at, false
	switch {
	case value.kind == QuotedPrintable:
		end, out = quotedRun(in, at)
		more = end-at >= stepSource
		d.buf = appendQuotedPairs(d.buf[:0], in.text[at:end])
	case value.kind == UTF16:
		end, more, out = d.decodeUTF16(in, at)
	case value.separator != 0:
		end, more, out = d.decodePairs(in, at, value.separator)
	case value.line != 0:
		end, more, out = linesEnd(in, at, value.line, stepSource)
		d.buf = appendLines(d.buf[:0], in.text[at:end])
	default:
		end, more, out = d.decodeRun(in, at, value.kind)
	}
	if out == undecided {
		return at, undecided
	}
	if !more {
		d.long = long{}
	}
	if end == at {
		return at, absent
	}
	next, out = d.take(value.kind, at, end)
	d.seg.Apart = value.apart
	return next, out
}

// decodeRun decodes tokens of base64 or hexadecimal digits from at on, up to stepSource
// of them; then there may be more.
func (d *Decoder) decodeRun(in *input, at int, kind Kind) (end int, more bool, out outcome) {
	limit := at + stepSource
	if kind == Hex {
		for end = at; end < min(limit, len(in.text)) && isHex(in.text[end]); end++ {
		}
	} else {
		end = tokensEnd(in.text, at, limit)
	}
	if end < limit && in.open(end) {
		return at, false, undecided
	}
	if kind == Hex {
		end -= (end - at) % 2
		d.buf = appendHex(d.buf[:0], in.text[at:end])
		return end, end == limit, found
	}
	if end == limit {
		d.buf = appendBase64(d.buf[:0], in.text[at:end])
		return end, true, found
	}
	end, out = paddedEnd(in, at, end)
	d.buf = appendBase64(d.buf[:0], in.text[at:end])
	return end, false, out
}
