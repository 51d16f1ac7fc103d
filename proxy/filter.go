// Package proxy redacts the secrets in data on its way through.
//
// [Filter] is what all carriers have in common: the same rules, the same known
// secrets, the same policy, the same placeholders. Data goes one way through it:
//
//	decode ─▶ detect ─▶ decide ─▶ redact ─▶ re-encode ─▶ emit
//
// The first two are [scanner.Stream]'s: it looks through the encodings of a text
// that arrives in parts, and hands out pieces of it, clean text or a secret. What is
// to become of a secret a [Decider] says. The carriers, which bring the text and take
// it on, are packages below this one.
package proxy

import (
	"fmt"
	"io"
	"sync"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// Options say what a filter does, and with what. The zero value writes placeholders
// for what the rules find.
type Options struct {
	Carrier string       // egress, ingress, logs or run, for the decider
	Known   *known.Set   // known secrets to find beside what the rules describe; nil for none
	Style   redact.Style // what becomes of a secret where no decider says
	Decider Decider      // nil: every secret is redacted
	// Shadow lets everything through as it is, and only reports what would be changed.
	Shadow bool
}

// Filter redacts texts. It is immutable and safe for concurrent use.
type Filter struct {
	scanner  *scanner.Scanner
	redactor *redact.Redactor
	opts     Options
	streams  sync.Pool // of *Stream, for reuse
}

// New returns a filter that replaces what s finds as r does. Comments in the text
// that allow a secret should be ignored (scanner.Options.IgnoreAllow): who writes to
// a log is not who decides what may stand in it.
func New(s *scanner.Scanner, r *redact.Redactor, opts Options) *Filter {
	f := &Filter{scanner: s, redactor: r, opts: opts}
	f.streams.New = func() any { return new(Stream) }
	return f
}

// Shadow reports whether the filter changes nothing.
func (f *Filter) Shadow() bool { return f.opts.Shadow }

// Piece is a part of a text as it goes on.
type Piece struct {
	// Text is clean, or stands for a secret. It is valid during the call it was given
	// to, and empty where something was left out.
	Text []byte
	// Start and End tell which bytes of the text that came in it stands for.
	Start, End int
	Redaction  *Redaction // of the secret, if it is one; nil for clean text
}

// Changed reports whether the text is another than the one that came in.
func (p *Piece) Changed() bool { return p.Redaction != nil && p.Redaction.Decision.Action == Redact }

// To returns a function for [Filter.NewStream] that writes what goes on to w.
func To(w io.Writer) func(Piece) error {
	return func(p Piece) error {
		_, err := w.Write(p.Text)
		return err
	}
}

// take takes a piece, decoded and searched, the rest of its way.
func (s *Stream) take(p scanner.Piece) {
	if s.err == nil {
		s.fill(p.At)
	}
	switch {
	case s.err != nil:
	case p.Secret != nil:
		s.pass(p.Secret)
	case s.broken:
		s.stop(len(p.Text), io.ErrUnexpectedEOF)
	default:
		s.emit(p.Text, len(p.Text), nil)
	}
}

// pass takes a secret the rest of its way.
func (s *Stream) pass(found *scanner.Secret) {
	s.shift(&found.Finding)
	r := &Redaction{Finding: found.Finding, Source: s.opts.source(found.Finding.Secret.Start), Forced: found.Forced}
	r.Decision = s.decide(r)
	source := found.Source.Reveal()
	var replacement []byte
	var blocked error
	switch r.Decision.Action {
	case Redact:
		replacement = s.redact(found, r)
	case Block:
		blocked = &redact.BlockedError{Name: redact.Label(name(&found.Finding)), Offset: found.Finding.Secret.Start}
	}
	s.tell(found, r)
	switch {
	case blocked != nil && !s.filter.opts.Shadow:
		s.stop(len(source), blocked)
	case r.Decision.Action == Redact:
		s.emit(s.encode(found, r.Decision.Style, replacement), len(source), r)
	default:
		s.emit(source, len(source), r)
	}
}

// decide returns what is to become of a secret.
func (s *Stream) decide(r *Redaction) Decision {
	f := s.filter
	d := Decision{Style: f.opts.Style}
	if f.opts.Decider != nil {
		d = f.opts.Decider.Decide(s.opts.context(), &Question{Carrier: f.opts.Carrier, Source: r.Source, Finding: &r.Finding})
	}
	switch {
	case d.Action != Redact:
	case d.Style == redact.Block || s.opts.Frozen:
		d.Action = Block
	case s.opts.Sized:
		d.Style = redact.Length
	}
	return d
}

// redact returns what is to stand in place of a secret, before it is encoded, and
// notes it in r.
func (s *Stream) redact(found *scanner.Secret, r *Redaction) []byte {
	f := &found.Finding
	secret := redact.Secret{
		Name: name(f), Value: found.Value, Source: found.Source.Reveal(),
		Before: found.Before.Reveal(), After: found.After.Reveal(),
		Offset: f.Secret.Start, Location: fmt.Sprintf("%s:%d:%d", r.Source.String(), f.StartLine, f.StartColumn),
	}
	if f.Known != nil {
		secret.KnownID, secret.Version = f.Known.ID, f.Known.Version
	}
	s.buf, _ = s.filter.redactor.Replace(s.buf[:0], r.Decision.Style, &secret) // fails for blocked ones only
	if r.Decision.Style != redact.Length {
		r.Text = string(s.buf)
	}
	return s.buf
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

// emit hands out what stands for the next size bytes of the text; in shadow those
// went out as they came in.
func (s *Stream) emit(text []byte, size int, r *Redaction) {
	start := s.at + s.skipped
	s.at += size
	if !s.filter.opts.Shadow && len(text)+size > 0 {
		s.err = s.out(Piece{text, start, start + size, r})
	}
}

// fill accounts for text before at that was left out, since it belongs to a secret
// whose placeholder is out already.
func (s *Stream) fill(at int) {
	if gap := at - s.at; gap > 0 {
		var text []byte
		if s.opts.Sized {
			text = asterisks(gap)
		}
		s.emit(text, gap, s.last)
	}
}

// name names a finding in placeholders.
func name(f *scanner.Finding) string {
	if f.Known != nil {
		return f.Known.ID
	}
	return f.Rule.ID
}
