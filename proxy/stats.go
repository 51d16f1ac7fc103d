package proxy

import (
	"maps"

	"github.com/stanch-dev/stanch/scanner"
)

// Stats counts what became of a text.
type Stats struct {
	Lines int // that came in, the last one without a newline included
	Bytes int // that came in
	// Scanned is how many of the bytes were searched: all, unless some were left out
	// or the scanner failed.
	Scanned  int
	Redacted int            // secrets that were replaced, or in shadow would be
	Known    int            // of these, secrets that were known
	Rules    map[string]int // Redacted by rule
	Allowed  int            // secrets that went on, as the decider said
	Forced   int            // of Redacted, secrets that were replaced before their end was seen
	// Unclosed is how many of Redacted were private keys without an end, which were
	// replaced up to the last line that looked like a part of one.
	Unclosed int
	// GivenUp counts secrets that may have been longer than is looked at, and were let
	// through; Late those of which the first bytes were out already, since the text had
	// come to a pause within them.
	GivenUp, Late int
	Cut           int // records that were cut off
	// Withheld is how many bytes came in and did not go out since the text broke off,
	// was blocked, or could not be searched.
	Withheld int
	Held     int // bytes that are held back now
}

// Stats returns what became of the text so far.
func (s *Stream) Stats() Stats {
	t := s.stats
	t.Rules = maps.Clone(t.Rules)
	if s.midway {
		t.Lines++
	}
	seen := s.text.Stats()
	t.GivenUp, t.Late = seen.GivenUp, seen.Late
	if s.err == nil {
		t.Held = s.text.Held()
	}
	return t
}

// Scanned returns Stats().Scanned.
func (s *Stream) Scanned() int { return s.stats.Scanned }

// count counts a secret, unless the text ends with it.
func (s *Stream) count(found *scanner.Secret, action Action) {
	switch {
	case action == Allow:
		s.stats.Allowed++
		return
	case action == Block && !s.filter.opts.Shadow:
		return
	}
	s.stats.Redacted++
	if s.stats.Rules == nil {
		s.stats.Rules = map[string]int{}
	}
	s.stats.Rules[found.Finding.Rule.ID]++
	switch {
	case found.Finding.Known != nil:
		s.stats.Known++
	case found.Forced:
		s.stats.Forced++
	case found.Unclosed:
		s.stats.Unclosed++
	}
}
