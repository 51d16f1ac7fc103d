package report

import (
	"bytes"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/scanner"
)

const (
	excerptColumns = 120
	excerptWindow  = 4 * excerptColumns // bytes looked at on each side of the secret
)

// Excerpt is the line that a secret stands on, or the part of it around the
// secret, redacted, escaped for terminals, and with the lines of a longer secret
// joined. It is empty for a rule on paths alone.
type Excerpt struct {
	Line int // number of the line, or the first of several
	Text string
	// Caret is the column at which the placeholder of the secret starts and Width
	// how many it takes, on a terminal, from 0.
	Caret, Width int
}

// placeholder stands for a secret.
func placeholder(rule string) string { return "[REDACTED:" + rule + "]" }

// excerpt returns the excerpt for p. It shows nothing that is not the fragment's
// own, since the secrets there are not known yet.
func (c *Collector) excerpt(f *scanner.Fragment, p *pending) Excerpt {
	own := local(f, p.Secret)
	if own.Start == own.End {
		own = local(f, p.Match)
	}
	for _, s := range c.coversIn(own) {
		own = scanner.Span{Start: min(own.Start, s.Start), End: max(own.End, s.End)}
	}
	lo, hi := lineAround(f, own)
	covers := c.coversAround(f, p, scanner.Span{Start: lo, End: hi})
	for _, s := range covers { // an occurrence may overlap what it was found beside
		if s.Start < own.End && own.Start < s.End {
			own = scanner.Span{Start: min(own.Start, s.Start), End: max(own.End, s.End)}
		}
	}
	lo, hi = min(lo, own.Start), max(hi, own.End)
	before := cells(f.Data, scanner.Span{Start: lo, End: own.Start}, covers)
	whole := lo == 0 && f.Column <= 1 || lo > 0 && f.Data[lo-1] == '\n'
	if whole {
		before = trimLeft(before)
	}
	after := cells(f.Data, scanner.Span{Start: own.End, End: hi}, covers)
	e := compose(before, show([]byte(placeholder(p.Rule.ID))), after, !whole, hi < len(f.Data) && f.Data[hi] != '\n')
	e.Line = p.StartLine
	if match := local(f, p.Match); match.Start < own.Start {
		e.Line += bytes.Count(f.Data[match.Start:own.Start], []byte{'\n'})
	}
	return e
}

// lineAround returns the lines that own stands on, as far as they may be shown.
func lineAround(f *scanner.Fragment, own scanner.Span) (lo, hi int) {
	lo = max(own.Start-excerptWindow, min(f.From, own.Start))
	lo += bytes.LastIndexByte(f.Data[lo:own.Start], '\n') + 1
	hi = min(own.End+excerptWindow, max(ownEnd(f), own.End))
	if i := bytes.IndexByte(f.Data[own.End:hi], '\n'); i >= 0 {
		hi = own.End + i
	}
	return lo, hi
}

// coversAround returns what is not to be shown of a part of the fragment: secrets
// in their places, and any of these secrets that stands there once more.
func (c *Collector) coversAround(f *scanner.Fragment, p *pending, part scanner.Span) []cover {
	covers := slices.Clone(c.coversIn(part))
	again := func(secret []byte, rule string) {
		if len(secret) < shortest {
			return
		}
		from, to := max(part.Start-len(secret)+1, 0), min(part.End+len(secret)-1, len(f.Data))
		for _, s := range occurrences(nil, f.Data[from:to], secret, rule) {
			s.Start, s.End = s.Start+from, s.End+from
			covers = append(covers, s)
		}
	}
	look := func(p *pending) {
		again(p.secret, p.Rule.ID)
		if in := local(f, p.Secret); p.Encoding != 0 {
			again(f.Data[in.Start:in.End], p.Rule.ID)
		}
	}
	look(p)
	near := c.near(scanner.Span{Start: part.Start + f.Offset, End: part.End + f.Offset})
	for i := range near {
		look(&near[i])
	}
	return merge(covers)
}

// cells shows a part of data, with placeholders for what is covered.
func cells(data []byte, part scanner.Span, covers []cover) (out []cell) {
	at := part.Start
	for _, s := range covers {
		if s.End <= at || s.Start >= part.End {
			continue
		}
		out = append(out, show(data[at:max(at, s.Start)])...)
		out = append(out, show([]byte(placeholder(s.rule)))...)
		at = min(s.End, part.End)
	}
	return append(out, show(bytes.TrimRight(data[at:part.End], "\r"))...)
}

// compose cuts what stands around the placeholder to the width of an excerpt.
func compose(before, own, after []cell, cutBefore, cutAfter bool) Excerpt {
	room := max(excerptColumns-width(own), excerptColumns/3)
	before, left := last(before, max(room/2, room-width(after)))
	after, right := first(after, room-width(before))
	var text strings.Builder
	if left || cutBefore {
		before = append([]cell{{"…", 1}}, before...)
	}
	if right || cutAfter {
		after = append(after, cell{"…", 1})
	}
	for _, part := range [][]cell{before, own, after} {
		for _, cell := range part {
			text.WriteString(cell.text)
		}
	}
	return Excerpt{Text: strings.TrimRight(text.String(), " "), Caret: width(before), Width: width(own)}
}
