package redact

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/scanner"
)

// Span is a part of a text that is to be replaced. Start and End are positions in
// the text, from 0, End excluded.
type Span struct {
	Start, End  int
	Placeholder string
	Finding     scanner.Finding // the one that the placeholder names
}

// Some rules take in what stands around a secret: quotes, blanks, or the backslash
// of the "\n" behind it. To replace that could break the format of the text.
const (
	before = " \t\r\n\"'`"
	behind = before + `\`
)

// Span returns what is to be replaced in f.Data for a finding in f: the secret, or
// of an encoded one all of the encoded value. It must be called while text is
// valid and keeps nothing of it.
func (r *Redactor) Span(f *scanner.Fragment, finding *scanner.Finding, text scanner.Text) Span {
	span := Span{Start: finding.Secret.Start - f.Offset, End: finding.Secret.End - f.Offset, Finding: *finding}
	value := text.Secret.Reveal()
	if len(value) == 0 { // the rule's group took no part in the match
		span.Start, span.End = finding.Match.Start-f.Offset, finding.Match.End-f.Offset
		value = text.Match.Reveal()
	}
	if finding.Encoding != 0 {
		span.narrow(f.Data, text.Match.Reveal(), value)
	}
	start, end := trim(f.Data[span.Start:span.End])
	span.Start, span.End = span.Start+start, span.Start+end
	start, end = trim(value)
	span.Placeholder = r.Placeholder(finding.Rule.ID, value[start:end])
	return span
}

// narrow takes from both ends of the span of a decoded match what was not encoded
// and is no part of the secret: the name of the field that has it, or an encoded
// value that only stands beside it.
func (s *Span) narrow(data, match, secret []byte) {
	first, last := bytes.Index(match, secret), bytes.LastIndex(match, secret)
	if first < 0 {
		return
	}
	head, tail := match[:first], match[last+len(secret):]
	raw := data[s.Start:s.End]
	if len(head)+len(tail) >= len(raw) {
		return
	}
	if bytes.HasPrefix(raw, head) {
		s.Start += len(head)
	}
	if bytes.HasSuffix(raw, tail) {
		s.End -= len(tail)
	}
	switch raw = data[s.Start:s.End]; {
	case bytes.HasPrefix(raw, secret):
		s.End = s.Start + len(secret)
	case bytes.HasSuffix(raw, secret):
		s.Start = s.End - len(secret)
	}
}

// trim returns where in value the secret stands; all of it if nothing would be left.
func trim(value []byte) (start, end int) {
	trimmed := bytes.TrimRight(value, behind)
	end = len(trimmed)
	start = end - len(bytes.TrimLeft(trimmed, before))
	if start == end {
		return 0, len(value)
	}
	return start, end
}

// Merge sorts spans, drops empty ones, and joins those that overlap to one, which
// takes the placeholder of the most telling: that of a rule which is not generic,
// then of the first to start, then of the longest. It works in place and returns
// what is left of spans.
func Merge(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), precedence(&a, &b)) })
	merged := spans[:0]
	for _, s := range spans {
		last := len(merged) - 1
		switch {
		case s.Start >= s.End:
		case last >= 0 && s.Start < merged[last].End:
			start, end := merged[last].Start, max(merged[last].End, s.End)
			if precedence(&s, &merged[last]) < 0 {
				merged[last] = s
			}
			merged[last].Start, merged[last].End = start, end
		default:
			merged = append(merged, s)
		}
	}
	return merged
}

// precedence is negative if a rather than b names what both cover.
func precedence(a, b *Span) int {
	return cmp.Or(
		cmp.Compare(generic(a), generic(b)),
		cmp.Compare(a.Start, b.Start),
		cmp.Compare(b.End, a.End),
		strings.Compare(a.Placeholder, b.Placeholder),
	)
}

// generic returns 1 for a finding of a rule that knows only a secret's neighbours,
// which is how gitleaks tells such rules.
func generic(s *Span) int {
	if s.Finding.Rule != nil && strings.Contains(strings.ToLower(s.Finding.Rule.ID), "generic") {
		return 1
	}
	return 0
}

// Append appends data to dst with spans replaced, which are as [Merge] returns
// them. It allocates only what dst needs to grow.
func Append(dst, data []byte, spans []Span) []byte {
	at := 0
	for i := range spans {
		dst = append(dst, data[at:spans[i].Start]...)
		dst = append(dst, spans[i].Placeholder...)
		at = spans[i].End
	}
	return append(dst, data[at:]...)
}
