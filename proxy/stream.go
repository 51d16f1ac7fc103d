package proxy

import (
	"bytes"
	"context"
	"fmt"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner"
)

// StreamOptions say what one text is.
type StreamOptions struct {
	Source Source
	// Locate, unless nil, tells the Source of a secret by the byte at which it begins, for
	// a text that is several things one after the other.
	Locate  func(start int) Source
	Context context.Context  // of the decisions; nil for context.Background
	Report  func(*Redaction) // is called for every secret, allowed ones too; nil for nobody
	// Allowed, unless nil, is called with the value of every secret that may go on, for a
	// carrier that has to know it again.
	Allowed func(value secret.Bytes)
	// Presented are credentials that the other side has shown: here they are secrets,
	// whatever they look like. Nil for none.
	Presented *known.Set
	// Frames looks for secrets across the headers that log formats put into a record
	// they have split, as [scanner.StreamOptions] says.
	Frames bool
	// Sized asks that every secret is replaced by as many bytes, since the length is
	// written elsewhere.
	Sized bool
	// Frozen tells that the text must not change, since a signature covers it: what
	// would be redacted is blocked.
	Frozen bool
}

func (o *StreamOptions) context() context.Context {
	if o.Context == nil {
		return context.Background()
	}
	return o.Context
}

// source returns the Source of a secret that begins at start.
func (o *StreamOptions) source(start int) Source {
	if o.Locate == nil {
		return o.Source
	}
	return o.Locate(start)
}

// Stream is one text that passes through a filter. Write takes its parts, whatever
// their size, and hands out what can go on; how the text is cut makes no difference.
// What stands outside of secrets stays as it is, byte by byte, whatever it is.
//
// Once a call has failed, nothing goes out any more, and every call returns that
// error. No error tells anything of the content. A Stream is not safe for
// concurrent use.
type Stream struct {
	filter *Filter
	opts   StreamOptions
	text   *scanner.Stream
	took   func(scanner.Piece) // take, as text has it
	out    func(Piece) error
	buf    []byte // of redact and encode
	part   []byte // that is written now

	stats   Stats
	midway  bool       // within a line
	given   int        // bytes that the scanner has
	at      int        // of these, bytes that were handed out
	skipped int        // bytes that it does not get
	last    *Redaction // the latest
	broken  bool       // text that is held goes no further
	failed  bool       // the scanner has
	err     error
}

// NewStream returns a stream that hands what goes on to out. If out fails, so does
// the stream.
func (f *Filter) NewStream(out func(Piece) error, opts StreamOptions) *Stream {
	s := f.streams.Get().(*Stream)
	text, take := s.text, s.took
	*s = Stream{filter: f, opts: opts, out: out, text: text, took: take, buf: s.buf[:0]}
	scanning := scanner.StreamOptions{Known: f.opts.Known, Presented: opts.Presented, Frames: opts.Frames}
	if text == nil {
		s.took = s.take
		s.text = f.scanner.NewStream(scanning, s.took)
	} else {
		text.Reset(scanning, take)
	}
	return s
}

// Free gives the memory of a stream back to its filter. The stream must not be used
// any more. It need not be called.
func (s *Stream) Free() {
	if s.failed {
		return
	}
	s.opts, s.out, s.last = StreamOptions{}, nil, nil
	s.filter.streams.Put(s)
}

// Write takes the next part of the text and hands out what is decided by it.
func (s *Stream) Write(p []byte) (int, error) {
	s.part = p
	err := s.do((*Stream).write)
	s.part = nil
	return len(p), err
}

func (s *Stream) write() {
	p := s.part
	s.arrive(p)
	s.given += len(p)
	s.text.Write(p)
	s.stats.Scanned += len(p)
}

// Idle hands out what is held back only because it might become part of a secret with
// what follows. It is for a carrier that has waited for that in vain. Where a secret
// has begun, nothing goes out.
func (s *Stream) Idle() error { return s.do(func(s *Stream) { s.text.Idle() }) }

// End ends the text and hands out what is held.
func (s *Stream) End() error {
	return s.do(func(s *Stream) { s.text.End(false) })
}

// Break ends a text that broke off: nothing can be said of half a word. It hands out
// what stands for secrets that are certain, and withholds the first text that is
// held and all behind it.
func (s *Stream) Break() error {
	s.broken = true
	return s.do(func(s *Stream) { s.text.End(true) })
}

// Cut ends a record that is cut off here, and hands out mark, which is no part of the
// text, behind it. The text can go on with another record.
func (s *Stream) Cut(mark string) error {
	return s.do(func(s *Stream) {
		s.stats.Cut++
		s.text.End(true)
		if s.err == nil {
			s.emit([]byte(mark), 0, nil)
		}
	})
}

// Skip leaves a part of the text out, behind a cut: it is neither searched nor does
// it go on. In shadow it goes on.
func (s *Stream) Skip(p []byte) error {
	return s.do(func(s *Stream) {
		s.arrive(p)
		s.skipped += len(p)
	})
}

// Held returns how many bytes are held back, since they may be part of a secret.
func (s *Stream) Held() int { return s.text.Held() }

// arrive counts a part of the text, and lets it pass in shadow.
func (s *Stream) arrive(p []byte) {
	start := s.stats.Bytes
	s.stats.Bytes += len(p)
	s.stats.Lines += bytes.Count(p, newline)
	if len(p) > 0 {
		s.midway = p[len(p)-1] != '\n'
	}
	if s.filter.opts.Shadow && len(p) > 0 {
		s.err = s.out(Piece{Text: p, Start: start, End: start + len(p)})
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
func (s *Stream) do(step func(*Stream)) (err error) {
	if s.err != nil {
		return s.err
	}
	defer func() {
		if recover() != nil { // what it says could be content
			s.failed = true
			s.stop(0, &ScanError{s.stats.Lines})
		}
		err = s.err
	}()
	step(s)
	if s.err == nil {
		s.fill(s.given - s.text.Held())
	}
	return s.err
}

// ScanError tells that a text could not be searched, for a reason that is ours.
type ScanError struct{ Line int } // near which

// Error says so.
func (e *ScanError) Error() string {
	return fmt.Sprintf("the scanner failed near line %d; nothing from there on was let through", e.Line)
}

// stop ends the stream before the last size bytes that the scanner has handed out.
func (s *Stream) stop(size int, err error) {
	s.err = err
	if !s.filter.opts.Shadow {
		s.stats.Withheld = s.given - (s.text.Stats().Bytes - s.text.Held() - size)
	}
}

// asterisks returns what stands for the rest of a secret whose length is to stay.
func asterisks(n int) []byte { return bytes.Repeat([]byte{'*'}, n) }

// tell counts and reports a secret.
func (s *Stream) tell(found *scanner.Secret, r *Redaction) {
	s.last = r
	s.count(found, r.Decision.Action)
	if s.opts.Report != nil {
		s.opts.Report(r)
	}
	if s.opts.Allowed != nil && r.Decision.Action == Allow {
		s.opts.Allowed(found.Value)
	}
}
