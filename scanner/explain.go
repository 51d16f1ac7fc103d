package scanner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
)

// Reach is where in a text a rule's expression is tried.
type Reach uint8

// The reaches, from the cheapest to the dearest.
const (
	PathOnly   Reach = iota // nowhere: the rule has no expression
	Window                  // around the places where one of its anchors stands
	Gated                   // in the whole of every text that has one of its keywords
	Everywhere              // in the whole of every text
)

// reaches gives the plan's words for what a rule's search reaches in ours.
var reaches = map[plan.Reach]Reach{
	plan.Never: PathOnly, plan.Window: Window, plan.Gated: Gated, plan.Everywhere: Everywhere,
}

// String returns the reach in a word.
func (r Reach) String() string {
	return [...]string{"path only", "window", "gated", "everywhere"}[r]
}

// Explanation tells how the engine searches for a rule.
type Explanation struct {
	Rule  *rules.Rule
	Reach Reach
	// Anchors are the byte sequences that the prefilter looks for, sorted, those of
	// the keywords for a gated rule. Lower case stands for both cases, a dot for any
	// of several bytes; \xc5 is a byte of a letter outside ASCII that folds to one
	// inside.
	Anchors []string
	// MaxPre is how many bytes before an anchor a match can begin at most.
	MaxPre int
	// Rate estimates in how large a share of all places of ordinary text the
	// prefilter stops for the rule, from 0 to 1.
	Rate float64
}

// Explain tells how the rule of an ID is searched for; false if there is none. It
// is safe for concurrent use.
func (s *Scanner) Explain(id string) (Explanation, bool) {
	r := s.rule(id)
	if r == nil {
		return Explanation{}, false
	}
	var anchors []string
	for _, a := range r.plan.Anchor {
		anchors = append(anchors, escape(a))
	}
	slices.Sort(anchors)
	return Explanation{
		Rule:    r.Rule,
		Reach:   reaches[r.plan.Reach],
		Anchors: slices.Compact(anchors),
		MaxPre:  r.plan.MaxPre,
		Rate:    min(r.plan.Rate, 1),
	}, true
}

// escape writes the bytes of an anchor, which the plan has as runes, as ASCII.
func escape(anchor string) string {
	var b strings.Builder
	for _, r := range anchor {
		if r < ' ' || r > '~' {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// frequent is the rate from which anchors are said to be of little use: one place
// in a hundred bytes. Of the default rules none has a tenth of it.
const frequent = 1e-2

// Warning says what makes the rule's search dear; "" when nothing does.
func (e *Explanation) Warning() string {
	switch {
	case e.Reach == Gated:
		return "gated by keywords: its expression is tried on the whole of every text that has one of them"
	case e.Reach == Everywhere && len(e.Rule.Keywords) == 0:
		return "scans everything: has neither anchor nor keyword"
	case e.Reach == Everywhere:
		return "scans everything: its expression has no anchor, and its keywords cannot serve as one"
	case e.Rate > frequent:
		return "scans nearly everything: its anchors are frequent, and no keyword gates it"
	}
	return ""
}

// rule returns the rule of an ID, or nil.
func (s *Scanner) rule(id string) *rule {
	i := slices.IndexFunc(s.rules, func(r rule) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &s.rules[i]
}
