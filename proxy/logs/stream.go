package logs

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/scanner/redact"
)

const (
	// contextSize is how much text before a record is looked at with it, in bytes.
	// The default rules need some 100 for a name before its value, more for the
	// command curl, whose arguments may stand on the next five lines.
	contextSize = 1 << 10
	// maxLine is the size in bytes from which a line is scanned in pieces. Of each
	// the last part, lookahead, is context: it exceeds any match that gitleaks can
	// make, and belongs to the next piece.
	maxLine   = 1 << 20
	lookahead = 128 << 10
)

// stream is the state of one Copy. It takes text with add; next gives what can be
// written.
type stream struct {
	filter *Filter
	buf    []byte // context, then the pending text
	offset int    // of buf[0] in the source

	// Positions in buf.
	start   int // of the pending text
	lines   int // end of the last complete line that is pending; at most start if none is
	floor   int // context does not begin before; negative for none
	carried int // what is pending before it belongs to a placeholder that was written

	running bool // the secret before carried goes on with the token it ends in
	line    int  // of buf[start], from 1
	column  int  // of buf[start], from 1; greater only within a line taken in pieces
	ended   bool // nothing will be added
	held    held
	dropped dropped

	ahead []redact.Span // in text that is pending, but found before

	out      []byte        // to be written now; part of buf, or replaced
	made     []redact.Span // the placeholders in out
	replaced []byte
	stats    Stats
	scanning
}

func newStream(f *Filter) *stream {
	s := &stream{filter: f, line: 1, column: 1}
	s.collect = s.found
	return s
}

// add appends data to the pending text.
func (s *stream) add(data []byte) {
	if gone := s.start - contextSize - 1; gone > len(s.buf)/2 {
		s.buf = s.buf[:copy(s.buf, s.buf[gone:])]
		s.offset += gone
		s.start, s.lines, s.floor, s.carried = s.start-gone, s.lines-gone, s.floor-gone, s.carried-gone
		for i := range s.ahead {
			s.ahead[i].Start, s.ahead[i].End = s.ahead[i].Start-gone, s.ahead[i].End-gone
		}
	}
	s.buf = append(s.buf, data...)
	if i := bytes.LastIndexByte(data, '\n'); i >= 0 {
		s.lines = len(s.buf) - len(data) + i + 1
	}
}

// next redacts the next records that are complete into s.out and s.made, and
// returns false if there are none. When anything fails, nothing is let out.
func (s *stream) next() (more bool, err error) {
	defer func() {
		if recover() != nil { // what it says could be content
			s.out, s.made = nil, nil
			more, err = false, fmt.Errorf("the scanner failed at line %d; nothing from there on was let through", s.line)
		}
	}()
	s.out, s.made = nil, nil
	switch {
	case s.tooLong():
		s.takePiece()
		return true, nil
	case s.lines <= s.start || s.holds():
		return false, nil
	case s.dropped.active:
		s.takeDropped()
		return true, nil
	}
	text := s.buf[s.start:s.lines]
	marker := unclosedKey(text)
	if marker < 0 || s.filter.key() == nil {
		s.takeLines(s.lines)
		return true, nil
	}
	if begin := bytes.LastIndexByte(text[:marker], '\n') + 1; begin > 0 {
		s.takeLines(s.start + begin)
		return true, nil
	}
	return s.takeKey(s.start + marker), nil
}

// takeLines redacts the pending lines up to end.
func (s *stream) takeLines(end int) {
	found := s.scan(s.start, end, end)
	if len(found) > 0 && bytes.IndexByte(s.buf[s.start:end-1], '\n') >= 0 {
		found = s.lineByLine(slices.Clone(found), end)
	}
	s.take(end, found)
}

// tooLong reports whether the pending text begins with a line that is to be taken
// in pieces.
func (s *stream) tooLong() bool {
	return len(s.buf)-s.start >= maxLine && bytes.IndexByte(s.buf[s.start:s.start+maxLine], '\n') < 0
}

// takePiece redacts the first piece of a line that is too long.
func (s *stream) takePiece() {
	upto := s.start + maxLine
	end := upto - lookahead
	found := s.scan(s.start, end, upto)
	for i := range found {
		if found[i].End == upto { // the value goes on, and its tag is not known
			found[i].Placeholder = s.filter.redactor.Placeholder(found[i].Finding.Rule.ID, nil)
		}
	}
	s.take(end, found)
	s.running = s.running || s.carried == upto
}

// take makes all that is pending up to end ready to be written, with spans
// replaced. It works in the memory of spans.
func (s *stream) take(end int, spans []redact.Span) {
	s.carry(end)
	merged := redact.Merge(append(spans, s.ahead...))
	made := merged[:0]
	s.ahead = s.ahead[:0]
	begin := min(end, max(s.start, s.carried))
	for _, span := range merged {
		switch {
		case span.End <= begin:
		case span.Start >= end:
			s.ahead = append(s.ahead, span)
		case begin > s.start && span.Start < s.carried: // goes on from what was written
			s.carried = span.End
			begin = min(end, s.carried)
		default:
			s.carried = span.End
			span.End = min(span.End, end)
			made = append(made, span)
		}
	}
	for i := range made {
		made[i].Start, made[i].End = made[i].Start-begin, made[i].End-begin
	}
	s.out, s.made = s.buf[begin:end], made
	if len(made) > 0 {
		s.replaced = redact.Append(s.replaced[:0], s.out, made)
		s.out = s.replaced
	}
	s.advance(end)
}

// carry moves carried on in a token that a secret ran on in to the end of what was
// scanned with it.
func (s *stream) carry(end int) {
	for s.running && s.carried < end {
		s.running = isToken(s.buf[s.carried])
		if s.running {
			s.carried++
		}
	}
}

// isToken reports whether b is of those that secrets of any length are made of.
func isToken(b byte) bool {
	return isLetter(b) || isDigit(b) || strings.IndexByte("+/=-_.~%", b) >= 0
}

// advance moves start, and the line and column of it, to end.
func (s *stream) advance(end int) {
	taken := s.buf[s.start:end]
	s.line += bytes.Count(taken, []byte{'\n'})
	if last := bytes.LastIndexByte(taken, '\n'); last >= 0 {
		s.column = len(taken) - last
	} else {
		s.column += len(taken)
	}
	s.start = end
}
