package scanner

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/stanch-dev/stanch/internal/secret"
)

// dropCovered drops candidates of generic rules whose secret a more telling rule
// found on the same line, and leaves the others in the order of positions.
func (w *worker) dropCovered() {
	slices.SortFunc(w.candidates, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.at.startLine, b.at.startLine),
			cmp.Compare(a.matchSpan.start, b.matchSpan.start),
			cmp.Compare(a.rule.ID, b.rule.ID),
			cmp.Compare(a.depth, b.depth),
			bytes.Compare(a.match, b.match))
	})
	kept := w.candidates[:0]
	for first := 0; first < len(w.candidates); {
		line := w.candidates[first].at.startLine
		n := slices.IndexFunc(w.candidates[first:], func(c candidate) bool { return c.at.startLine != line })
		if n < 0 {
			n = len(w.candidates) - first
		}
		same := slices.Clone(w.candidates[first : first+n])
		for i := range same {
			if !covered(&same[i], same) {
				kept = append(kept, same[i])
			}
		}
		first += n
	}
	w.candidates = kept
}

func covered(c *candidate, line []candidate) bool {
	return c.rule.generic && slices.ContainsFunc(line, func(other candidate) bool {
		return !other.rule.generic && bytes.Contains(other.secret, c.secret)
	})
}

// emit calls found for every candidate that is left.
func (w *worker) emit(found func(*Finding, Text)) {
	for i := range w.candidates {
		c := &w.candidates[i]
		f := &Finding{
			Rule:     c.rule.Rule,
			Entropy:  c.entropy,
			Known:    c.known,
			Encoding: Encoding(c.encodings),
			Depth:    c.depth,
		}
		text := Text{Match: secret.Of(c.match), Secret: secret.Of(c.secret)}
		if c.rule.expr != nil || c.known != nil {
			w.position(f, c)
			text.Line = secret.Of(c.at.line.of(w.f.Data))
		}
		found(f, text)
	}
}

// position gives f its place in the source.
func (w *worker) position(f *Finding, c *candidate) {
	first := max(1, w.f.Line)
	f.StartLine, f.EndLine = first+c.at.startLine, first+c.at.endLine
	f.StartColumn, f.EndColumn = c.at.startColumn, c.at.endColumn
	if before := max(1, w.f.Column) - 1; !w.s.opts.Compat {
		if c.at.startLine == 0 {
			f.StartColumn += before
		}
		if c.at.endLine == 0 {
			f.EndColumn += before
		}
	}
	f.Match = c.matchSpan.in(&w.f)
	f.Secret = c.secretSpan.in(&w.f)
}
