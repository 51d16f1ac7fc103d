// Package logs redacts the secrets in a stream of text on its way through, such as
// the logs of a program, without making it wait.
//
// The stream is taken record by record. A record is a line, or the lines of a
// private key in PEM, which are held back until the key is complete; with logs'
// own words before each of them, too. All complete records that one read brings
// are scanned at once and written at once, so that a line alone goes out as soon
// as it is in, and under load the batches grow by themselves; there is no timer.
//
// What comes out must not depend on how reads cut the input. What a record is
// replaced by is therefore decided by the record and the lines right before it, its
// context, alone: where the scan of a batch finds something, the lines concerned
// are scanned once more, each by itself. Two things are left that only a true
// stream could do: evidence that stands on lines behind a secret counts only if it
// came with it in one batch, and of two overlapping matches of one rule the first
// hides the second even where an allowlist rejects it.
//
// Memory is bounded: a line longer than 1 MiB is scanned in pieces that overlap.
// Nothing goes out that was not scanned; if the scanner fails, the stream ends.
package logs

import (
	"context"
	"errors"
	"io"
	"maps"
	"sync"
	"syscall"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// Filter copies streams and redacts them. It is immutable and safe for concurrent
// use.
type Filter struct {
	scanner  *scanner.Scanner
	redactor *redact.Redactor
	key      func() *scanner.Finding // of a private key in PEM; nil if no rule knows these
}

// New returns a filter that replaces what s finds by r's placeholders. Comments in
// the text that allow a secret should be ignored (scanner.Options.IgnoreAllow): who
// writes to a log is not who decides what may stand in it.
func New(s *scanner.Scanner, r *redact.Redactor) *Filter {
	return &Filter{scanner: s, redactor: r, key: sync.OnceValue(func() *scanner.Finding { return findKey(s) })}
}

// Redaction is one placeholder that was written.
type Redaction struct {
	Placeholder string
	Finding     scanner.Finding // the one that the placeholder names; in places of the input
}

// Stats counts what became of a stream.
type Stats struct {
	Lines    int            // taken, the last one without a newline included
	Bytes    int            // taken
	Redacted int            // placeholders written
	Rules    map[string]int // Redacted by rule
	// Unclosed is how many private keys had no end, and were redacted up to the last
	// line that looked like a part of one.
	Unclosed int
	// Withheld is how many bytes were read and not written since the stream broke off
	// within a record: nothing can be said of half a line.
	Withheld int
}

// Copy copies r to w until r ends, redacted, and calls redacted (unless nil) for
// every placeholder after it was written. What stands outside of secrets is copied
// byte by byte, whatever it is.
//
// If r fails or ctx ends, the complete records that were read are written and the
// error is returned. If ctx ends, a Read of r may still be under way; it is left
// alone and its data is lost. That w is a pipe which nobody reads any more is no
// error. No error tells anything of the content.
func (f *Filter) Copy(ctx context.Context, w io.Writer, r io.Reader, redacted func(*Redaction)) (Stats, error) {
	s := newStream(f)
	in := startReading(r)
	defer in.stop()
	for {
		readErr := in.fill(ctx, s)
		s.ended = readErr != nil
		if readErr == io.EOF {
			s.lines = len(s.buf)
		}
		if err := s.flush(w, redacted); err != nil {
			if errors.Is(err, syscall.EPIPE) {
				err = nil
			}
			return s.totals(), err
		}
		switch readErr {
		case nil:
		case io.EOF:
			return s.totals(), nil
		default:
			return s.totals(), readErr
		}
	}
}

// flush redacts the records that are complete and writes them.
func (s *stream) flush(w io.Writer, redacted func(*Redaction)) error {
	for {
		more, err := s.next()
		if err != nil || !more {
			return err
		}
		if len(s.out) > 0 {
			if _, err := w.Write(s.out); err != nil {
				return err
			}
		}
		for i := range s.made {
			s.count(&s.made[i])
			if redacted != nil {
				redacted(&Redaction{s.made[i].Placeholder, s.made[i].Finding})
			}
		}
	}
}

func (s *stream) count(span *redact.Span) {
	s.stats.Redacted++
	if s.stats.Rules == nil {
		s.stats.Rules = map[string]int{}
	}
	s.stats.Rules[span.Finding.Rule.ID]++
}

func (s *stream) totals() Stats {
	t := s.stats
	t.Rules = maps.Clone(t.Rules)
	t.Lines = s.line - 1
	if s.column > 1 {
		t.Lines++
	}
	t.Bytes = s.offset + s.start
	t.Withheld = len(s.buf) - s.start
	return t
}
