// Package proxy redacts the secrets in data on its way through.
//
// [Filter] is what all carriers have in common: the same rules, the same known
// secrets, the same placeholders. Data goes one way through it:
//
//	decode ─▶ detect ─▶ decide ─▶ redact ─▶ re-encode ─▶ emit
//
// The first two are [scanner.Stream]'s: it looks through the encodings of a text
// that arrives in parts, and hands out pieces of it, clean text or a secret. The
// carriers, which bring the text and take it on, are packages below this one.
package proxy

import (
	"fmt"
	"io"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// Options say what a filter does, and with what. The zero value writes placeholders
// for what the rules find.
type Options struct {
	Known *known.Set   // known secrets to find beside what the rules describe; nil for none
	Style redact.Style // what becomes of a secret
	// Frames looks for secrets across the headers that log formats put into a record
	// they have split, as [scanner.StreamOptions] says.
	Frames bool
	// Shadow lets everything through as it is, and only reports what would be changed.
	Shadow bool
	// Place names where the text comes from, in what is sealed.
	Place string
}

// Filter redacts texts. It is immutable and safe for concurrent use.
type Filter struct {
	scanner  *scanner.Scanner
	redactor *redact.Redactor
	opts     Options
}

// New returns a filter that replaces what s finds as r does. Comments in the text
// that allow a secret should be ignored (scanner.Options.IgnoreAllow): who writes to
// a log is not who decides what may stand in it.
func New(s *scanner.Scanner, r *redact.Redactor, opts Options) *Filter {
	return &Filter{s, r, opts}
}

// Redaction is a secret that was replaced, or in shadow would be. It does not carry
// the secret.
type Redaction struct {
	Finding scanner.Finding // in places of the text that came in
	Style   redact.Style
	// Text is what stands for the secret, before it is encoded as the secret was.
	// It is empty for a style that says nothing: length, drop and block.
	Text   string
	Forced bool // the secret was replaced before its end was seen; the rest is left out
}

// Stream is one text that passes through a filter. Write takes its parts, whatever
// their size, and writes what can go on; how the text is cut makes no difference.
// What stands outside of secrets stays as it is, byte by byte, whatever it is.
//
// Once a call has failed, nothing goes out any more, and every call returns that
// error. No error tells anything of the content. A Stream is not safe for
// concurrent use.
type Stream struct {
	filter *Filter
	text   *scanner.Stream
	w      io.Writer
	report func(*Redaction)
	buf    []byte // of redact and encode

	stats   Stats
	midway  bool // within a line
	given   int  // bytes that the scanner has
	skipped int  // bytes that it does not get
	broken  bool // text that is held goes no further
	err     error
}

// NewStream returns a stream that writes to w, and calls report (unless nil) for
// every secret in it.
func (f *Filter) NewStream(w io.Writer, report func(*Redaction)) *Stream {
	s := &Stream{filter: f, w: w, report: report}
	s.text = f.scanner.NewStream(scanner.StreamOptions{Known: f.opts.Known, Frames: f.opts.Frames}, s.take)
	return s
}

// take takes a piece, decoded and searched, the rest of its way.
func (s *Stream) take(p scanner.Piece) {
	switch {
	case s.err != nil:
	case p.Secret != nil:
		s.replace(p.Secret)
	case s.broken:
		s.stop(len(p.Text), io.ErrUnexpectedEOF)
	default:
		s.emit(p.Text)
	}
}

// replace takes a secret the rest of its way.
func (s *Stream) replace(found *scanner.Secret) {
	s.shift(&found.Finding)
	style := s.decide(found)
	replacement, err := s.redact(found, style)
	s.tell(found, style, replacement)
	if err != nil && !s.filter.opts.Shadow {
		s.stop(found.Finding.Secret.End-found.Finding.Secret.Start, err)
		return
	}
	s.count(found)
	s.emit(s.encode(found, style, replacement))
}

// decide returns what is to become of a secret.
func (s *Stream) decide(*scanner.Secret) redact.Style { return s.filter.opts.Style }

// redact returns what is to stand in place of a secret. It fails for one that is not
// to pass.
func (s *Stream) redact(found *scanner.Secret, style redact.Style) ([]byte, error) {
	f := &found.Finding
	r := redact.Secret{
		Name: f.Rule.ID, Value: found.Value, Source: found.Source.Reveal(),
		Before: found.Before.Reveal(), After: found.After.Reveal(),
		Offset: f.Secret.Start, Location: fmt.Sprintf("%s:%d:%d", s.filter.opts.Place, f.StartLine, f.StartColumn),
	}
	if f.Known != nil {
		r.Name, r.KnownID, r.Version = f.Known.ID, f.Known.ID, f.Known.Version
	}
	var err error
	s.buf, err = s.filter.redactor.Replace(s.buf[:0], style, &r)
	return s.buf, err
}

// encode returns what is written where a secret stood, so that it decodes to
// replacement there. Where the length is to stay it does, even if the encoding
// does not.
func (s *Stream) encode(found *scanner.Secret, style redact.Style, replacement []byte) []byte {
	n := len(replacement)
	s.buf = found.Encode(replacement, replacement)
	if source := found.Source.Reveal(); style == redact.Length && len(s.buf)-n != len(source) {
		return redact.Asterisks(nil, source)
	}
	return s.buf[n:]
}

// emit writes what goes out; in shadow it went out as it came in.
func (s *Stream) emit(text []byte) {
	if !s.filter.opts.Shadow {
		s.pass(text)
	}
}

func (s *Stream) pass(text []byte) {
	if len(text) > 0 {
		_, s.err = s.w.Write(text)
	}
}

// tell reports a secret.
func (s *Stream) tell(found *scanner.Secret, style redact.Style, replacement []byte) {
	if s.report == nil {
		return
	}
	r := &Redaction{Finding: found.Finding, Style: style, Forced: found.Forced}
	if style != redact.Length && style != redact.Block {
		r.Text = string(replacement)
	}
	s.report(r)
}
