package view

// minUTF16 is how many characters in a row with a NUL before each are taken for UTF-16.
const minUTF16 = 8

// utf16 looks at the NUL at at. A segment consists of NULs with a character of text
// behind each. Where the low byte comes first the first character is before the segment
// and its last NUL behind it, and stand there as they are.
func (d *Decoder) utf16(in *input, at int) (next int, out outcome) {
	end, more, out := d.decodeUTF16(in, at)
	switch {
	case out == undecided:
		return at, undecided
	case len(d.buf) < minUTF16:
		return at + 1, absent
	}
	if more {
		d.long = long{kind: UTF16}
	}
	return d.take(UTF16, at, end)
}

// decodeUTF16 decodes NULs with a character behind each from at on, up to the end of a
// line or stepSource bytes of them; then there may be more.
func (d *Decoder) decodeUTF16(in *input, at int) (end int, more bool, out outcome) {
	d.buf = d.buf[:0]
	for end = at; end-at < stepSource; end += 2 {
		if in.open(end) || in.is(end, 0) && in.open(end+1) {
			return at, false, undecided
		}
		if end+1 >= len(in.text) || in.text[end] != 0 || !isPlain[in.text[end+1]] {
			return end, false, found
		}
		d.buf = append(d.buf, in.text[end+1])
		if in.text[end+1] == '\n' && (len(d.buf) >= minUTF16 || d.long.kind == UTF16) {
			return end + 2, true, found
		}
	}
	return end, true, found
}
