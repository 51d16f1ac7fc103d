package logs

import (
	"bytes"
	"strings"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// The limits within which the end of a private key is waited for. A key of RSA with
// 16,384 bits takes 12 KiB in 200 lines.
const (
	maxKeyBytes = 64 << 10
	maxKeyLines = 500
	maxStrange  = 4 // lines in a row that cannot be of a key
)

// dropped is what is known of a private key that exceeds the limits and has been
// replaced. Its further lines are dropped.
type dropped struct {
	active  bool
	prefix  int // bytes that stood before the key on its first line
	strange int // lines in a row that were not of the key
}

// held tells what was pending when a private key was held back, in offsets of the
// source: the end of the last line, and where the limit is. Until one of them is
// passed there is no use in looking again.
type held struct{ lines, limit int }

func (s *stream) holds() bool {
	return !s.ended && s.offset+s.lines == s.held.lines && s.offset+len(s.buf) <= s.held.limit
}

// findKey returns a finding of a private key in PEM, nil if s does not find any.
func findKey(s *scanner.Scanner) (key *scanner.Finding) {
	body := strings.Repeat("0Ki1Lj2Mk3Nl4Om5Pn6Qo7Rp8Sq9Tr+Us/VtAWuBXvCYwDZxEayFbzGcHdIeJfgh\n", 8)
	text := "-----BEGIN RSA PRIVATE " + "KEY-----\n" + body + "-----END RSA PRIVATE " + "KEY-----\n"
	s.Scan(&scanner.Fragment{Data: []byte(text)}, func(f *scanner.Finding, _ scanner.Text) {
		if f.Match.Start == 0 {
			key = f
		}
	})
	return key
}

// keyEnd is how the lines of a private key end.
type keyEnd int

const (
	waiting  keyEnd = iota // more may come
	closed                 // with its END line
	unclosed               // without: other text follows
	exceeded               // not within the limits
)

// takeKey redacts the private key that begins at marker, on the first pending line.
// It returns false if more must be read for it.
func (s *stream) takeKey(marker int) bool {
	prefix := marker - s.start
	end, how := s.frameKey(marker, prefix)
	if how == waiting && !s.ended {
		s.held = held{lines: s.offset + s.lines, limit: s.offset + marker + maxKeyBytes}
		return false
	}
	spans := s.scan(s.start, end, end)
	if how != closed {
		s.stats.Unclosed++
		spans = append(spans, s.keySpan(marker, end))
	}
	s.dropped = dropped{active: how == exceeded, prefix: prefix}
	s.take(end, spans)
	s.floor = s.start
	return true
}

// frameKey returns where the last line of a key ends, and how.
func (s *stream) frameKey(marker, prefix int) (end int, how keyEnd) {
	end = s.lineEnd(marker, s.lines)
	strange, next := 0, 0
	for n, at := 1, end; at < s.lines; n, at = n+1, next {
		next = s.lineEnd(at, s.lines)
		line := s.buf[at:next]
		switch {
		case n == maxKeyLines || next-marker > maxKeyBytes:
			return end, exceeded
		case unclosedKey(line) >= 0:
			return end, unclosed
		case closesKey(line) >= 0:
			return next, closed
		case isKeyLine(line, prefix):
			end, strange = next, 0
		case !isBlank(line, prefix):
			if strange++; strange == maxStrange {
				return end, unclosed
			}
		}
	}
	if len(s.buf)-marker > maxKeyBytes {
		return end, exceeded
	}
	return end, waiting
}

// keySpan is the span of a key without an end. It has no tag, which would be that
// of another value than the key.
func (s *stream) keySpan(marker, end int) redact.Span {
	end = s.start + len(bytes.TrimRight(s.buf[s.start:end], "\r\n"))
	f := scanner.Finding{Rule: s.filter.key().Rule}
	f.Match = scanner.Span{Start: s.offset + marker, End: s.offset + end}
	f.Secret = f.Match
	f.StartLine, f.StartColumn = s.place(marker)
	f.EndLine, f.EndColumn = s.place(end - 1)
	return redact.Span{Start: marker, End: end, Placeholder: s.filter.redactor.Placeholder(f.Rule.ID, nil), Finding: f}
}

// takeDropped takes one line behind a key that exceeds the limits.
func (s *stream) takeDropped() {
	end := s.lineEnd(s.start, s.lines)
	line := s.buf[s.start:end]
	d := &s.dropped
	switch {
	case unclosedKey(line) >= 0 || len(line) > maxKeyBytes:
		d.active = false // and next sees to the line
		return
	case closesKey(line) >= 0:
		d.active = false
	case isKeyLine(line, d.prefix):
		d.strange = 0
	default:
		if d.strange++; d.strange == maxStrange {
			d.active = false
		}
		s.takeLines(end)
		return
	}
	s.advance(end)
	s.floor = s.start
}
