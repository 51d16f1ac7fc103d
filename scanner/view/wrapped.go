package view

import "bytes"

// The lengths that lines of base64 can have where it is broken into lines.
const minLine, maxLine = 60, 1024

// isLine reports whether n characters can be the first of several lines of base64.
func isLine(n int) bool { return n >= minLine && n <= maxLine && n%4 == 0 }

// wrapped looks at base64 in several lines, of which the first is from s to e. Next is
// behind e if there are several, and is where it ends if nothing is to be found in it.
func (d *Decoder) wrapped(in *input, s, e int) (next int, out outcome) {
	end, more, out := linesEnd(in, s, e-s, maxSource)
	switch {
	case out == undecided:
		return s, undecided
	case end == e:
		return e, absent
	}
	d.buf = appendLines(d.buf[:0], in.text[s:end])
	apart := !isText(d.buf, more)
	if apart && !hasPrintable(d.buf) {
		return end, absent
	}
	if more {
		d.long = long{kind: Base64, apart: apart, line: e - s}
	}
	next, out = d.take(Base64, s, end)
	d.seg.Apart = apart
	return next, out
}

// linesEnd returns the end of the lines of base64 from at on of which all but the last have
// the given length, or of about most bytes of them; then there may be more. The end is
// behind the last line's padding.
func linesEnd(in *input, at, length, most int) (end int, more bool, out outcome) {
	end = at
	for start := at; start-at < most; {
		e := tokensEnd(in.text, start, start+length+1)
		if in.open(e) && e-start <= length {
			return at, false, undecided
		}
		if e-start != length {
			last, out := lastLine(in, start, e, length)
			return max(end, last), false, out
		}
		end = e
		if in.is(e, '\r') {
			e++
		}
		if in.open(e) {
			return at, false, undecided
		}
		if !in.is(e, '\n') {
			return end, false, found
		}
		start = e + 1
		if start-at >= most {
			end = start
		}
	}
	return end, true, found
}

// lastLine returns the end of the tokens from start to e if they are the last of lines of
// the given length; 0 if they are something else.
func lastLine(in *input, start, e, length int) (end int, out outcome) {
	n := e - start
	if n == 0 || n > length || n%4 == 1 {
		return 0, found
	}
	end, out = paddedEnd(in, start, e)
	switch {
	case out == undecided || in.open(end):
		return 0, undecided
	case end > e && (end-start)%4 != 0:
		return 0, found
	}
	if end == len(in.text) {
		return end, found
	}
	switch in.text[end] {
	case '\r', '\n', '"', '\'', '<', '\\', ',', ';', ')', ']', '}', '&', escape:
		return end, found
	case ' ', '\t':
		if end > e || n >= minRun {
			return end, found
		}
	}
	return 0, found
}

// appendLines appends what the lines of base64 in src stand for.
func appendLines(dst, src []byte) []byte {
	for len(src) > 0 {
		line, rest, _ := bytes.Cut(src, []byte("\n"))
		dst, src = appendBase64(dst, bytes.TrimRight(line, "\r")), rest
	}
	return dst
}
