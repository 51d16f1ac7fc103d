package scanner

import (
	"bytes"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/rules"
)

// Trace tells what became of one rule in one fragment.
type Trace struct {
	Rule *rules.Rule
	// Keyword is one of the rule's keywords that the text has, as it stands or
	// decoded; "" when it has none.
	Keyword string
	// Candidates are the matches of the rule's expression: those in the text as it
	// stands, then those of each decoding pass.
	Candidates []Candidate
}

// Candidate is a match of a rule's expression, and the finding it is or would be.
type Candidate struct {
	Finding
	// Text has no line; its memory belongs to the candidate.
	Text Text
	// Reasons tell why the candidate is not a finding, all of them. A finding has none.
	Reasons []Reason
}

// Reason tells why a match is not a finding.
type Reason struct {
	Cause     Cause
	Allowlist *rules.Allowlist // of Allowlisted and AllowlistedSource
	Stopword  string           // the longest in the secret, where an allowlist has one; else ""
	Rule      string           // the rule that covers, or the one that is missing
}

// Cause is the kind of a reason.
type Cause uint8

// The causes, in the order in which they are looked at.
const (
	OtherPath         Cause = iota // the rule is for other paths
	AllowlistedSource              // the fragment's path or commit is allowed
	NoKeyword                      // the text has none of the rule's keywords
	LowEntropy                     // the secret's entropy does not exceed the rule's limit
	Allowlisted                    // an allowlist holds for the match
	Commented                      // a comment on the line allows it
	NotReported                    // the rule serves only as one that others require
	NoRequired                     // a rule that this one requires has no match nearby
	Covered                        // a rule that is not generic found the same secret
)

// String returns the cause in words.
func (c Cause) String() string {
	return [...]string{
		"other path", "allowlisted source", "no keyword", "low entropy", "allowlisted",
		"commented", "not reported", "required rule missing", "covered",
	}[c]
}

// Trace searches f for the rule of an ID the plain way, with package regexp on all
// of the text, and tells what became of every match; false if there is no such
// rule. It finds what [Scanner.Scan] finds, slowly: it is for people who ask why.
// It is safe for concurrent use.
func (s *Scanner) Trace(id string, f *Fragment) (Trace, bool) {
	r := s.rule(id)
	if r == nil {
		return Trace{}, false
	}
	t := tracer{worker: s.workers.Get().(*worker), trace: Trace{Rule: r.Rule}}
	if r.generic {
		t.scan(f)
		t.found = slices.Clone(t.candidates)
	}
	t.run(r, f)
	t.release()
	s.workers.Put(t.worker)
	return t.trace, true
}

// tracer traces one rule. It shares with the engine how a match is judged and
// placed, not how it is found.
type tracer struct {
	*worker
	trace Trace
	found []candidate // what the engine finds, for a generic rule
}

func (t *tracer) run(r *rule, f *Fragment) {
	t.f, t.text, t.decoded = *f, f.Data, false
	t.lines.reset(f.Data)
	if r.expr == nil {
		t.tracePath(r)
		return
	}
	t.tracePass(r)
	t.decoder.Reset(f.Data)
	for depth := 0; depth < t.s.opts.MaxDecodeDepth && t.decoder.Next(); depth++ {
		t.text, t.decoded = t.decoder.Text(), true
		t.tracePass(r)
	}
}

// tracePath traces a rule on paths alone.
func (t *tracer) tracePath(r *rule) {
	t.keywords.forget()
	t.noteKeyword(r)
	if !r.path().Match(&t.asking, []byte(t.f.Path)) || !t.s.opts.Compat && t.f.Offset > 0 {
		return
	}
	c := candidate{rule: r, match: []byte("file detected: " + t.f.Path)}
	reasons := t.sourceReasons(r)
	if !t.hasKeyword(r) {
		reasons = append(reasons, Reason{Cause: NoKeyword})
	}
	t.keep(&c, t.laterReasons(reasons, &c, nil))
}

// tracePass traces a rule in the text of one pass.
func (t *tracer) tracePass(r *rule) {
	t.keywords.forget()
	t.noteKeyword(r)
	t.eachMatch(r, func(c *candidate, line []byte) {
		reasons := append(t.sourceReasons(r), t.matchReasons(c, line)...)
		t.keep(c, t.laterReasons(reasons, c, t.required(r)))
	})
}

func (t *tracer) noteKeyword(r *rule) {
	if t.trace.Keyword != "" || !t.hasKeyword(r) {
		return
	}
	for _, word := range r.Keywords {
		if containsFold(t.text, []string{word}) {
			t.trace.Keyword = word
			return
		}
	}
}

// eachMatch calls yield for the matches of r's expression that are this pass's and
// this fragment's, with the line that allowlists see.
func (t *tracer) eachMatch(r *rule, yield func(c *candidate, line []byte)) {
	for _, groups := range r.Regex.Regexp().FindAllSubmatchIndex(t.text, -1) {
		whole := span{groups[0], groups[1]}
		matched := trimNewlines(t.text, whole)
		own := t.secretOf(r, t.text, matched, groups)
		c := &candidate{rule: r, match: matched.of(t.text), secret: own.of(t.text), textStart: matched.start}
		if len(c.secret) > 0 {
			c.entropy = entropy(c.secret)
		}
		if line, ok := t.locate(c, whole, matched, own); ok {
			yield(c, line)
		}
	}
}

// sourceReasons are those of the fragment's path and commit.
func (t *tracer) sourceReasons(r *rule) (reasons []Reason) {
	if r.path != nil && !r.path().Match(&t.asking, []byte(t.f.Path)) {
		reasons = append(reasons, Reason{Cause: OtherPath})
	}
	for _, a := range slices.Concat(t.s.allow, r.allow) {
		if allowsFragment([]*allowlist{a}, &t.asking, &t.f) {
			reasons = append(reasons, Reason{Cause: AllowlistedSource, Allowlist: a.Allowlist})
		}
	}
	return reasons
}

// matchReasons are those of a match and its line.
func (t *tracer) matchReasons(c *candidate, line []byte) (reasons []Reason) {
	if !t.prompted(c) {
		reasons = append(reasons, Reason{Cause: NoKeyword})
	}
	if limit := c.rule.Entropy; limit != 0 && c.entropy <= limit {
		reasons = append(reasons, Reason{Cause: LowEntropy})
	}
	for _, a := range slices.Concat(t.s.allow, c.rule.allow) {
		if t.allowsCandidate([]*allowlist{a}, c, line) {
			reasons = append(reasons, Reason{Cause: Allowlisted, Allowlist: a.Allowlist, Stopword: longestIn(c.secret, a.Stopwords)})
		}
	}
	if !t.s.opts.IgnoreAllow && t.allowsLine(c.at.line.of(t.f.Data)) {
		reasons = append(reasons, Reason{Cause: Commented})
	}
	return reasons
}

// longestIn returns the longest of words in the lower-cased secret; "" for none.
func longestIn(secret []byte, words []string) (longest string) {
	low := string(lower(nil, secret))
	for _, word := range words {
		if len(word) > len(longest) && strings.Contains(low, word) {
			longest = word
		}
	}
	return longest
}

// required returns the matches in this pass of the rules that r requires. They
// count without a keyword.
func (t *tracer) required(r *rule) (all []candidate) {
	for _, q := range r.Required {
		other := t.s.rule(q.RuleID)
		if other == nil || other.expr == nil || len(t.sourceReasons(other)) > 0 {
			continue
		}
		t.eachMatch(other, func(c *candidate, line []byte) {
			if !slices.ContainsFunc(t.matchReasons(c, line), func(r Reason) bool { return r.Cause != NoKeyword }) {
				all = append(all, *c)
			}
		})
	}
	return all
}

// laterReasons adds to those of c alone those that other rules give.
func (t *tracer) laterReasons(reasons []Reason, c *candidate, required []candidate) []Reason {
	if c.rule.SkipReport {
		reasons = append(reasons, Reason{Cause: NotReported})
	}
	for _, q := range c.rule.Required {
		if c.rule.expr != nil && !c.hasNear(q, required) {
			reasons = append(reasons, Reason{Cause: NoRequired, Rule: q.RuleID})
		}
	}
	for i := range t.found {
		other := t.found[i : i+1]
		if other[0].at.startLine == c.at.startLine && covered(c, other) {
			reasons = append(reasons, Reason{Cause: Covered, Rule: other[0].rule.ID})
			break
		}
	}
	return reasons
}

// keep adds c to the trace.
func (t *tracer) keep(c *candidate, reasons []Reason) {
	f := Finding{Rule: c.rule.Rule, Entropy: c.entropy, Encoding: Encoding(c.encodings), Depth: c.depth}
	if c.rule.expr != nil {
		t.position(&f, c)
	}
	t.trace.Candidates = append(t.trace.Candidates, Candidate{
		Finding: f,
		Text:    Text{Match: secret.Of(bytes.Clone(c.match)), Secret: secret.Of(bytes.Clone(c.secret))},
		Reasons: reasons,
	})
}
