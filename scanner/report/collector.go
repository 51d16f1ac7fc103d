package report

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner"
)

// maxMatch is how much of a redacted match is kept, in bytes.
const maxMatch = 4096

// Collector turns findings into records. Its zero value hides secrets. It is for
// one goroutine; several may share an Ignore and a Baseline.
type Collector struct {
	Reveal   bool      // keep the plaintext too
	Ignore   *Ignore   // findings left out by fingerprint; nil for none
	Baseline *Baseline // findings left out because they were there before; nil for none

	Records    []*Record // what has been collected
	Suppressed int       // how many findings were left out

	add     func(*scanner.Finding, scanner.Text)
	pending []pending // the fragment's findings
	covered []cover   // the fragment's secrets, disjoint and in order
	carried []cover   // secrets that go on into the next fragment, in bytes of the source
	file    string    // whose fragment was the last
}

// pending is a finding whose fragment is still being scanned, with copies of its
// plaintext.
type pending struct {
	scanner.Finding
	match, secret []byte
}

// cover is a part of a text that is not to be shown.
type cover struct {
	scanner.Span
	rule string
}

// Scan is [scanner.Scanner.Scan].
type Scan func(*scanner.Fragment, func(*scanner.Finding, scanner.Text))

// Collect scans a fragment and keeps records of its findings. Those of one file are
// to come in their order. It allocates nothing where nothing is found.
func (c *Collector) Collect(from *Origin, f *scanner.Fragment, scan Scan) {
	if c.add == nil {
		c.add = c.addPending
	}
	if f.Offset+f.From == 0 || c.file != from.File {
		c.carried, c.file = c.carried[:0], from.File
	}
	scan(f, c.add)
	if len(c.pending) == 0 {
		c.carried = c.carried[:0]
		return
	}
	c.cover(f)
	for i := range c.pending {
		c.keep(from, f, &c.pending[i])
	}
	for i := range c.pending {
		clear(c.pending[i].match)
		clear(c.pending[i].secret)
	}
	clear(c.pending)
	c.pending = c.pending[:0]
}

func (c *Collector) addPending(f *scanner.Finding, t scanner.Text) {
	c.pending = append(c.pending, pending{*f, bytes.Clone(t.Match.Reveal()), bytes.Clone(t.Secret.Reveal())})
}

// cover finds the places of the fragment's secrets.
func (c *Collector) cover(f *scanner.Fragment) {
	slices.SortStableFunc(c.pending, func(a, b pending) int { return cmp.Compare(a.Secret.Start, b.Secret.Start) })
	c.covered = c.covered[:0]
	for _, s := range c.carried {
		c.covered = append(c.covered, cover{local(f, s.Span), s.rule})
	}
	c.carried = c.carried[:0]
	for i := range c.pending {
		p := &c.pending[i]
		c.covered = append(c.covered, cover{local(f, p.Secret), p.Rule.ID})
		if p.Secret.End > f.Offset+ownEnd(f) {
			c.carried = append(c.carried, cover{p.Secret, p.Rule.ID})
		}
	}
	c.covered = merge(c.covered)
}

// local returns a span of the source as one of the fragment, as far as it is in it.
func local(f *scanner.Fragment, s scanner.Span) scanner.Span {
	return scanner.Span{
		Start: min(max(s.Start-f.Offset, 0), len(f.Data)),
		End:   min(max(s.End-f.Offset, 0), len(f.Data)),
	}
}

// ownEnd is where the matches that are the fragment's own end to start.
func ownEnd(f *scanner.Fragment) int {
	if f.To == 0 {
		return len(f.Data)
	}
	return f.To
}

// merge sorts covers and joins those that overlap, in place. Empty ones go.
func merge(covers []cover) []cover {
	slices.SortStableFunc(covers, func(a, b cover) int { return cmp.Compare(a.Start, b.Start) })
	out := covers[:0]
	for _, s := range covers {
		if s.Start == s.End {
			continue
		}
		if n := len(out); n > 0 && s.Start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}

// keep makes a record of p unless it is to be left out.
func (c *Collector) keep(from *Origin, f *scanner.Fragment, p *pending) {
	r := &Record{
		Origin: *from, Rule: p.Rule.ID, Description: p.Rule.Description, Tags: p.Rule.Tags,
		StartLine: p.StartLine, EndLine: p.EndLine, StartColumn: p.StartColumn, EndColumn: p.EndColumn,
		Entropy: p.Entropy, Encoding: p.Encoding, Depth: p.Depth,
	}
	match := p.match
	if p.Rule.Regex == nil {
		match = []byte("file detected: " + from.File) // gitleaks' words
	}
	if c.Ignore.covers(r) || c.Baseline.has(r, match, p.secret) {
		c.Suppressed++
		return
	}
	if p.Rule.Regex == nil {
		r.Match = string(match)
	} else {
		r.Excerpt = c.excerpt(f, p)
		r.Match = c.redactMatch(f, p)
	}
	if c.Reveal {
		r.Plain = &Plain{secret.Of(bytes.Clone(match)), secret.Of(bytes.Clone(p.secret))}
	}
	c.Records = append(c.Records, r)
}

// near returns the findings whose secret starts in a span of the source.
func (c *Collector) near(s scanner.Span) []pending {
	at := func(pos int) int {
		i, _ := slices.BinarySearchFunc(c.pending, pos, func(p pending, pos int) int { return cmp.Compare(p.Secret.Start, pos) })
		return i
	}
	return c.pending[at(s.Start):at(s.End)]
}

// redactMatch returns what p matched without any secret that is known of.
func (c *Collector) redactMatch(f *scanner.Fragment, p *pending) string {
	covers := occurrences(nil, p.match, p.secret, "")
	begin := p.match[:min(len(p.match), 2*maxMatch)] // more is not kept
	for _, other := range c.near(scanner.Span{Start: p.Match.Start, End: min(p.Match.End, p.Match.Start+len(begin))}) {
		covers = occurrences(covers, begin, other.secret, "")
	}
	in := local(f, p.Match)
	if bytes.Equal(f.Data[in.Start:in.End], p.match) {
		for _, s := range c.coversIn(in) {
			covers = append(covers, cover{scanner.Span{Start: max(s.Start, in.Start) - in.Start, End: min(s.End, in.End) - in.Start}, ""})
		}
	}
	var out []byte
	at := 0
	for _, s := range merge(covers) {
		out = append(append(out, p.match[at:s.Start]...), "REDACTED"...)
		at = s.End
	}
	out = append(out, p.match[at:]...)
	if len(out) > maxMatch {
		out = append(out[:maxMatch], "..."...)
	}
	return string(out)
}

// coversIn returns the fragment's covers that lie wholly or in part in s.
func (c *Collector) coversIn(s scanner.Span) []cover {
	from, _ := slices.BinarySearchFunc(c.covered, s.Start, func(v cover, pos int) int { return cmp.Compare(v.End, pos+1) })
	to, _ := slices.BinarySearchFunc(c.covered, s.End, func(v cover, pos int) int { return cmp.Compare(v.Start, pos) })
	return c.covered[from:max(from, to)]
}

// shortest is the length in bytes from which a secret is looked for beside its own
// place; what is shorter stands everywhere.
const shortest = 4

// occurrences appends a cover for every place of text that has the secret.
func occurrences(covers []cover, text, secret []byte, rule string) []cover {
	if len(secret) < shortest {
		if bytes.Equal(text, secret) && len(text) > 0 {
			return append(covers, cover{scanner.Span{End: len(text)}, rule})
		}
		return covers
	}
	for at := 0; ; {
		i := bytes.Index(text[at:], secret)
		if i < 0 {
			return covers
		}
		at += i + len(secret)
		covers = append(covers, cover{scanner.Span{Start: at - len(secret), End: at}, rule})
	}
}
