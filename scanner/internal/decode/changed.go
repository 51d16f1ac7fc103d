package decode

import "bytes"

// A pass after the first need not look at the whole text again, only at the sections
// that the pass before has changed. A section is what is between two borders, and a
// border is an end of the text or a newline that is certain not to be part of a match.
// The only matches with a newline in them are those of code points as in U+0041, each
// with one space behind it. So a newline is a border unless a code point is in front of
// it, and sections are lines, save for those that code points may join.
//
// That is enough. Matches neither reach across a border nor touch one another there,
// and the expression never looks back. So what is found in a section, and what of it
// has to wait, depends on the section alone. Now take a section that is not changed:
// no byte of it, nor of the newlines at its ends, comes from a decoded value. The text
// before the pass had the same bytes there, and neither of these newlines was part of
// a match in it. The one at the end was not, because the same section was in front of
// it. The one at the start was not either: a match with it would have been of code
// points that had to wait, or the newline would not be there any more; then they would
// still be in front of it, and it would be no border now. So in the text before the
// pass the same was to be found there as now, and what could be decoded of it would
// have been. By induction it does not matter that the pass may itself have left the
// section out.

// nearby is how many bytes between two changed sections are rather looked at than
// passed over: about what it takes to begin anew.
const nearby = 256

// nextChanged returns where the sections of text are that the first of segments has
// changed, together with those that follow closely, and the segments behind them. The
// border at from, or the start of the text, is in front of them all.
func nextChanged(text []byte, from int, segments []Segment) (changed Span, behind []Segment) {
	changed.Start = sectionStart(text, from, segments[0].Decoded.Start)
	changed.End = sectionEnd(text, segments[0].Decoded.End)
	for segments = segments[1:]; len(segments) > 0; segments = segments[1:] {
		next := segments[0].Decoded
		if next.Start > changed.End+nearby {
			break
		}
		if next.End > changed.End {
			changed.End = sectionEnd(text, next.End)
		}
	}
	return changed, segments
}

// sectionStart returns the position behind the last border from from on that is before
// at, or from if there is none.
func sectionStart(text []byte, from, at int) int {
	for at > from {
		at = from + lastNewline(text[from:at])
		if at >= from && isBorder(text, at) {
			return at + 1
		}
	}
	return from
}

// sectionEnd returns the position of the first border at or behind at.
func sectionEnd(text []byte, at int) int {
	for {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			return len(text)
		}
		if at += n; isBorder(text, at) {
			return at
		}
		at++
	}
}

// isBorder reports whether the newline at at is certain not to be part of a match.
func isBorder(text []byte, at int) bool {
	return at < 6 || text[at-6] != 'U' || text[at-5] != '+' || !isFourDigits(text[at-4:])
}

// lastNewline returns the position of the last newline in text, or -1. The standard
// library's search from the end goes byte by byte.
func lastNewline(text []byte) int {
	const step = 512
	for len(text) > 0 {
		start := max(0, len(text)-step)
		if bytes.IndexByte(text[start:], '\n') >= 0 {
			return start + bytes.LastIndexByte(text[start:], '\n')
		}
		text = text[:start]
	}
	return -1
}
