package scanner

import (
	"bytes"
	"slices"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/decode"
)

// candidate is a match that may become a finding.
type candidate struct {
	rule          *rule
	at            place
	match, secret []byte // plaintext, decoded; owned by the candidate
	textStart     int    // of the match in the text searched
	matchSpan     span
	secretSpan    span
	entropy       float64
	encodings     decode.Encoding
	depth         int
	// unprompted candidates were found without a keyword, since another rule
	// requires theirs; alone they are not findings.
	unprompted bool
	known      *known.Secret // nil for what a rule found
}

// span is a range of the fragment's data.
type span struct{ start, end int }

func (s span) plus(n int) span { return span{s.start + n, s.end + n} }

// with returns the range that s and other are in.
func (s span) with(other span) span { return span{min(s.start, other.start), max(s.end, other.end)} }

// in returns s as a range of the source that f is a part of.
func (s span) in(f *Fragment) Span { return Span{f.Offset + s.start, f.Offset + s.end} }

// of returns the part of text that s is.
func (s span) of(text []byte) []byte { return text[s.start:s.end] }

// confirm adds the candidates of one rule, which lie in its windows.
func (w *worker) confirm(r *rule) {
	for _, win := range w.windows[r.number] {
		if win.soft > w.matches(r, win) {
			w.confirmIn(r, window{start: win.start, end: len(w.text)})
			return // that holds the windows behind it too
		}
		w.confirmIn(r, win)
	}
}

// matches counts the matches in a window, if any can be uncertain there.
func (w *worker) matches(r *rule, win window) (n int) {
	if win.soft > 0 {
		r.expr().FindAll(&w.matching, w.text[win.start:win.end], func([]int) bool { n++; return true })
	}
	return n
}

func (w *worker) confirmIn(r *rule, win window) {
	text := w.text[win.start:win.end]
	r.expr().FindAll(&w.matching, text, func(groups []int) bool {
		w.judge(r, win.start, text, groups)
		return true
	})
}

// judge adds a match of a rule as a candidate if nothing speaks against it. The
// match is described by its groups in text, which begins at base in the text
// searched.
func (w *worker) judge(r *rule, base int, text []byte, groups []int) {
	whole := span{groups[0], groups[1]}
	matched := trimNewlines(text, whole)
	secret := w.secretOf(r, text, matched, groups)
	c := candidate{rule: r, match: matched.of(text), secret: secret.of(text), textStart: base + matched.start}
	if len(c.secret) > 0 {
		c.entropy = entropy(c.secret)
	}
	if r.Entropy != 0 && c.entropy <= r.Entropy {
		return
	}
	if !w.prompted(&c) {
		if c.unprompted = r.required; !r.required {
			return
		}
	}
	line, ok := w.locate(&c, whole.plus(base), matched.plus(base), secret.plus(base))
	if !ok || w.allowsCandidate(w.s.allow, &c, line) || w.allowsCandidate(r.allow, &c, line) {
		return
	}
	if !w.s.opts.IgnoreAllow && w.allowsLine(c.at.line.of(w.f.Data)) {
		return
	}
	c.match, c.secret = bytes.Clone(c.match), bytes.Clone(c.secret)
	w.candidates = append(w.candidates, c)
}

func trimNewlines(text []byte, s span) span {
	for s.start < s.end && text[s.start] == '\n' {
		s.start++
	}
	for s.start < s.end && text[s.end-1] == '\n' {
		s.end--
	}
	return s
}

// secretOf returns which part of a match is the secret: the rule's group, or else
// the first that is not empty, or else all of it. Gitleaks looks for the groups in
// the match alone, without newlines at its ends, where a word boundary there may
// not hold; so does this where newlines were taken off, which a group may contain.
func (w *worker) secretOf(r *rule, text []byte, matched span, groups []int) span {
	base := 0
	if whole := (span{groups[0], groups[1]}); w.s.opts.Compat || matched != whole {
		base = matched.start
		if groups = r.expr().Find(&w.asking, matched.of(text), 0); groups == nil {
			return matched
		}
	}
	if len(groups) == 2 {
		return matched
	}
	if g := r.SecretGroup; g > 0 {
		if groups[2*g] < 0 {
			return span{matched.start, matched.start}
		}
		return span{groups[2*g], groups[2*g+1]}.plus(base)
	}
	for g := 2; g < len(groups); g += 2 {
		if groups[g] < groups[g+1] {
			return span{groups[g], groups[g+1]}.plus(base)
		}
	}
	return matched
}

// locate places c in the fragment's data and returns the line that allowlists see.
// It returns false for a match that is not to be reported here: one that stands
// outside the fragment's own part or, in a later pass, in what was there before.
func (w *worker) locate(c *candidate, whole, matched, secret span) (line []byte, ok bool) {
	if w.decoded {
		o, ok := w.decoder.Overlap(whole.start, whole.end)
		if !ok || !w.owns(o.Start) {
			return nil, false
		}
		c.encodings, c.depth = o.Encodings, o.Depth
		c.matchSpan = span{o.Start, o.End}
		c.secretSpan = c.matchSpan
		c.at = w.lines.place(c.matchSpan, w.s.opts.Compat)
		return w.text[o.LineStart:o.LineEnd], true
	}
	if !w.owns(matched.start) {
		return nil, false
	}
	c.matchSpan, c.secretSpan = matched, secret
	where := matched
	if w.s.opts.Compat {
		where = span{whole.start, whole.start + len(c.match)}
	}
	c.at = w.lines.place(where, w.s.opts.Compat)
	return c.at.line.of(w.f.Data), true
}

// owns reports whether a match that starts at a position of the data is this
// fragment's.
func (w *worker) owns(start int) bool {
	return start >= w.f.From && (w.f.To == 0 || start < w.f.To)
}

// allowsLine reports whether a comment on the lines of a match allows it.
func (w *worker) allowsLine(line []byte) bool {
	return bytes.Contains(line, []byte("gitleaks:allow")) ||
		!w.s.opts.Compat && bytes.Contains(line, []byte("stanch:allow"))
}

// dropLonely drops, of the candidates of this pass, those whose rule requires
// others that did not match nearby, and those that only served as such others.
func (w *worker) dropLonely() {
	all := w.candidates[w.pass:]
	if !slices.ContainsFunc(all, func(c candidate) bool {
		return c.unprompted || c.rule.SkipReport || len(c.rule.Required) > 0
	}) {
		return
	}
	var kept []candidate
	for i := range all {
		if c := &all[i]; !c.unprompted && !c.rule.SkipReport && hasRequired(c, all) {
			kept = append(kept, *c)
		}
	}
	w.candidates = append(w.candidates[:w.pass], kept...)
}

// hasRequired reports whether for every rule that c's requires one of all is near.
func hasRequired(c *candidate, all []candidate) bool {
	for _, q := range c.rule.Required {
		if !c.hasNear(q, all) {
			return false
		}
	}
	return true
}

// hasNear reports whether one of all is what q asks for beside c.
func (c *candidate) hasNear(q rules.Required, all []candidate) bool {
	return slices.ContainsFunc(all, func(other candidate) bool {
		return other.rule.ID == q.RuleID &&
			near(c.at.startLine, other.at.startLine, q.WithinLines) &&
			near(c.at.startColumn, other.at.startColumn, q.WithinColumns)
	})
}

func near(a, b int, within *int) bool {
	return within == nil || max(a-b, b-a) <= *within
}
