package proxy

import (
	"bytes"
	"fmt"

	"github.com/stanch-dev/stanch/scanner"
)

// Write takes the next part of the text and writes what is decided by it.
func (s *Stream) Write(p []byte) (int, error) {
	err := s.do(func() {
		s.arrive(p)
		s.given += len(p)
		s.text.Write(p)
		s.stats.Scanned += len(p)
	})
	return len(p), err
}

// Idle writes what is held back only because it might become part of a secret with
// what follows. It is for a carrier that has waited for that in vain. Where a secret
// has begun, nothing goes out.
func (s *Stream) Idle() error { return s.do(s.text.Idle) }

// End ends the text and writes what is held.
func (s *Stream) End() error {
	return s.do(func() { s.text.End(false) })
}

// Break ends a text that broke off: nothing can be said of half a word. It writes
// what stands for secrets that are certain, and withholds the first text that is
// held and all behind it.
func (s *Stream) Break() error {
	s.broken = true
	return s.do(func() { s.text.End(true) })
}

// Cut ends a record that is cut off here, and writes mark, which is no part of the
// text, behind it. The text can go on with another record.
func (s *Stream) Cut(mark string) error {
	return s.do(func() {
		s.stats.Cut++
		s.text.End(true)
		if s.err == nil {
			s.emit([]byte(mark))
		}
	})
}

// Skip leaves a part of the text out, behind a cut: it is neither searched nor does
// it go on. In shadow it goes on.
func (s *Stream) Skip(p []byte) error {
	return s.do(func() {
		s.arrive(p)
		s.skipped += len(p)
	})
}

// Held returns how many bytes are held back, since they may be part of a secret.
func (s *Stream) Held() int { return s.text.Held() }

// arrive counts a part of the text, and lets it pass in shadow.
func (s *Stream) arrive(p []byte) {
	s.stats.Bytes += len(p)
	s.stats.Lines += bytes.Count(p, newline)
	if len(p) > 0 {
		s.midway = p[len(p)-1] != '\n'
	}
	if s.filter.opts.Shadow {
		s.pass(p)
	}
}

var newline = []byte{'\n'}

// shift counts what the scanner did not get into the places of a finding.
func (s *Stream) shift(f *scanner.Finding) {
	for _, span := range []*scanner.Span{&f.Match, &f.Secret} {
		span.Start, span.End = span.Start+s.skipped, span.End+s.skipped
	}
}

// do takes a step unless one has failed. Nothing is let out after a failure.
func (s *Stream) do(step func()) (err error) {
	if s.err != nil {
		return s.err
	}
	defer func() {
		if recover() != nil { // what it says could be content
			s.stop(0, fmt.Errorf("the scanner failed near line %d; nothing from there on was let through", s.stats.Lines))
		}
		err = s.err
	}()
	step()
	return s.err
}

// stop ends the stream before the last size bytes that the scanner has handed out.
func (s *Stream) stop(size int, err error) {
	s.err = err
	if !s.filter.opts.Shadow {
		s.stats.Withheld = s.given - (s.text.Stats().Bytes - s.text.Held() - size)
	}
}
