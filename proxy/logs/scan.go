package logs

import (
	"bytes"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// scanning is the memory of scan, so that it allocates nothing.
type scanning struct {
	fragment scanner.Fragment
	from     int // in the stream's buf, as are the spans
	base     int // of the fragment, likewise
	results  []redact.Span
	collect  func(*scanner.Finding, scanner.Text)
}

// scan returns what is to be replaced in buf from from to upto, as far as matches
// before to say. Spans are empty, and End may be before Start, where only the match
// reaches into that text, not its secret. The result is valid until the next call.
func (s *stream) scan(from, to, upto int) []redact.Span {
	base := s.context(from)
	s.from, s.base, s.results = from, base, s.results[:0]
	s.fragment = scanner.Fragment{Data: s.buf[base:upto], Offset: s.offset + base, To: to - base}
	s.fragment.Line, s.fragment.Column = s.place(base)
	s.filter.scanner.Scan(&s.fragment, s.collect)
	s.fragment.Data = nil
	return s.results
}

func (s *stream) found(finding *scanner.Finding, text scanner.Text) {
	if finding.Match.End-s.offset <= s.from {
		return // all of it stands in the context
	}
	span := s.filter.redactor.Span(&s.fragment, finding, text)
	span.Start, span.End = max(s.from, s.base+span.Start), s.base+span.End
	s.results = append(s.results, span)
}

// context returns where the context of the record that begins at at begins: with
// the first of the whole lines before it that fit, or, within a line that is taken
// in pieces, anywhere in it.
func (s *stream) context(at int) int {
	first := at - contextSize
	switch {
	case at == s.start && s.column > 1:
		return first
	case first <= s.floor:
		return s.floor
	}
	return first + bytes.IndexByte(s.buf[first-1:at], '\n')
}

// place returns line and column of a position of buf that is pending or in the
// context of what is.
func (s *stream) place(at int) (line, column int) {
	if at < s.start {
		if s.column > 1 {
			return s.line, s.column - (s.start - at)
		}
		return s.line - bytes.Count(s.buf[at:s.start], []byte{'\n'}), 1
	}
	passed := s.buf[s.start:at]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		return s.line + bytes.Count(passed, []byte{'\n'}), len(passed) - last
	}
	return s.line, s.column + len(passed)
}

// lineByLine returns what is to be replaced in the pending lines up to end, where
// found was found in them together. What these findings touch is scanned line by
// line, which decides, except on what no line can show alone.
func (s *stream) lineByLine(found []redact.Span, end int) (spans []redact.Span) {
	done := s.start
	for _, f := range found {
		match := f.Finding.Match
		first, last := max(s.start, match.Start-s.offset), min(end, match.End-s.offset)
		if s.lineEnd(f.Start, end) < last && s.mayGoOn(&f) {
			spans = append(spans, f)
		}
		for at := max(done, s.lineStart(first)); at < last; at = done {
			done = s.lineEnd(at, end)
			spans = append(spans, s.scan(at, done, done)...)
		}
	}
	return spans
}

// mayGoOn reports whether a match that goes on behind the line in which its secret
// begins counts as it was found. Private keys have their own ways; and the span of
// decoded text often takes in an encoded value that only stands beside it.
func (s *stream) mayGoOn(f *redact.Span) bool {
	key := s.filter.key()
	return f.Finding.Encoding == 0 && (key == nil || f.Finding.Rule != key.Rule)
}

// lineStart and lineEnd return where the pending line that has at begins and ends.
func (s *stream) lineStart(at int) int {
	return s.start + bytes.LastIndexByte(s.buf[s.start:at], '\n') + 1
}

func (s *stream) lineEnd(at, end int) int {
	if i := bytes.IndexByte(s.buf[at:end], '\n'); i >= 0 {
		return at + i + 1
	}
	return end
}
