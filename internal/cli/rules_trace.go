package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/report"
)

// ruleResult is what became of a rule in a text: of one match, or of a keyword
// without a match.
type ruleResult struct {
	Rule     string        `json:"rule"`
	Finding  bool          `json:"finding"`
	Line     int           `json:"line,omitempty"` // from 1; 0 without a match in the text
	Column   int           `json:"column,omitempty"`
	Match    string        `json:"match,omitempty"`   // redacted, unless revealed
	Decoded  string        `json:"decoded,omitempty"` // the match when its text was encoded; only when revealed
	Entropy  float64       `json:"entropy,omitempty"` // of the secret
	Encoding string        `json:"encoding,omitempty"`
	Reasons  []shownReason `json:"reasons,omitempty"` // why it is no finding
}

type shownReason struct {
	Cause string `json:"cause"`
	Text  string `json:"text"`
}

// try tries all rules on a text.
func (b *ruleBook) try(text []byte, path string, reveal bool) (results []ruleResult) {
	f := &scanner.Fragment{Data: text, Path: path}
	var traces []scanner.Trace
	for _, r := range b.Rules {
		if trace, ok := b.scanner.Trace(r.ID, f); ok {
			traces = append(traces, trace)
		}
	}
	shown := &shownText{data: text}
	if !reveal {
		shown.hide(traces)
	}
	for _, trace := range traces {
		for i := range trace.Candidates {
			results = append(results, b.result(&trace.Candidates[i], shown, reveal))
		}
		if len(trace.Candidates) == 0 && trace.Keyword != "" {
			results = append(results, ruleResult{Rule: trace.Rule.ID, Reasons: []shownReason{{"no match",
				fmt.Sprintf("the text has keyword %q, but no match of the expression", trace.Keyword)}}})
		}
	}
	slices.SortStableFunc(results, func(a, b ruleResult) int { return cmp.Compare(rank(&a), rank(&b)) })
	return results
}

// rank orders results: findings, then matches that are none, then keywords.
func rank(r *ruleResult) int {
	switch {
	case r.Finding:
		return 0
	case r.Line > 0 || r.Match != "":
		return 1
	}
	return 2
}

func (b *ruleBook) result(c *scanner.Candidate, shown *shownText, reveal bool) ruleResult {
	r := ruleResult{
		Rule: c.Rule.ID, Finding: len(c.Reasons) == 0, Line: c.StartLine, Column: c.StartColumn,
		Match: shown.part(c.Match), Entropy: c.Entropy, Encoding: c.Encoding.String(),
	}
	if c.Rule.Regex == nil {
		r.Match, r.Encoding = string(c.Text.Match.Reveal()), ""
	} else if reveal && c.Encoding != 0 {
		r.Decoded = string(c.Text.Match.Reveal())
	}
	for _, reason := range c.Reasons {
		r.Reasons = append(r.Reasons, shownReason{reason.Cause.String(), reasonText(c, reason)})
	}
	return r
}

// reasonText says why c is no finding. It shows nothing of the text but what
// stands in the rules.
func reasonText(c *scanner.Candidate, reason scanner.Reason) string {
	switch reason.Cause {
	case scanner.OtherPath:
		return "the rule is for paths that match " + c.Rule.Path.String()
	case scanner.AllowlistedSource:
		return allowlistName(c.Rule, reason.Allowlist) + " allows the path"
	case scanner.NoKeyword:
		return "the text has none of its keywords: " + strings.Join(c.Rule.Keywords, ", ")
	case scanner.LowEntropy:
		return fmt.Sprintf("entropy %.2f of the secret does not exceed %.2f", c.Entropy, c.Rule.Entropy)
	case scanner.Allowlisted:
		return allowlistName(c.Rule, reason.Allowlist) + " " + allowedBy(reason)
	case scanner.Commented:
		return "a comment on the line allows it"
	case scanner.NotReported:
		return "the rule is never reported, it serves other rules"
	case scanner.NoRequired:
		return fmt.Sprintf("rule %q, which it requires, has no match near enough", reason.Rule)
	case scanner.Covered:
		return fmt.Sprintf("rule %q, which is more specific, finds the same secret", reason.Rule)
	}
	panic("cli: no words for the reason " + reason.Cause.String())
}

func allowlistName(r *rules.Rule, a *rules.Allowlist) string {
	name := "an allowlist of the whole ruleset"
	if slices.Contains(r.Allowlists, a) {
		name = "an allowlist of the rule"
	}
	if a.Description != "" {
		name += fmt.Sprintf(" (%s)", a.Description)
	}
	return name
}

func allowedBy(reason scanner.Reason) string {
	switch {
	case reason.Allowlist.All:
		return "holds, with all of its conditions"
	case reason.Stopword != "":
		return fmt.Sprintf("has stopword %q, which the secret contains", reason.Stopword)
	}
	return "matches the " + targetNames[reason.Allowlist.Target]
}

// shownPerRule is how many matches of a rule that are no findings are shown to
// people.
const shownPerRule = 5

// writeResults writes results for people: what and where, then the match, then
// what there is to say of it behind an equals sign.
func writeResults(w io.Writer, results []ruleResult) error {
	out := bufio.NewWriter(w)
	if len(results) == 0 {
		fmt.Fprintln(out, "no rule has a keyword or a match in the text")
	}
	missed := map[string]int{}
	for i, r := range results {
		if !r.Finding {
			missed[r.Rule]++
		}
		if missed[r.Rule] > shownPerRule {
			if i+1 == len(results) || results[i+1].Rule != r.Rule {
				fmt.Fprintf(out, "%s: no finding in %d more matches\n", report.Display(r.Rule), missed[r.Rule]-shownPerRule)
			}
			continue
		}
		r.write(out)
	}
	return out.Flush()
}

func (r *ruleResult) write(w io.Writer) {
	if r.Line > 0 {
		fmt.Fprintf(w, "%d:%d: ", r.Line, r.Column)
	}
	what := "no finding"
	if r.Finding {
		what = "finding"
	}
	fmt.Fprintf(w, "%s: %s\n", report.Display(r.Rule), what)
	if r.Match != "" {
		fmt.Fprintf(w, "  | %s\n", cut(report.Display(r.Match), textColumns))
	}
	for _, note := range r.notes() {
		fmt.Fprintf(w, "  = %s\n", report.Display(note))
	}
}

func (r *ruleResult) notes() (notes []string) {
	if r.Encoding != "" && r.Encoding != "raw" {
		notes = append(notes, "decoded from "+r.Encoding)
	}
	if r.Decoded != "" {
		notes = append(notes, "decoded: "+cut(r.Decoded, textColumns))
	}
	for _, reason := range r.Reasons {
		notes = append(notes, reason.Text)
	}
	return notes
}
