// Package plan compiles a ruleset into the tables that the scanner searches with.
//
// Compiling takes as long as scanning some tens of megabytes. For the default
// rules the finished plan, with the states of the automaton that ordinary text
// visits already built, is embedded (default.plan); every other ruleset is
// compiled at start. A [Plan] knows rules by their number in the ruleset.
package plan

import (
	"fmt"
	"math"
	"regexp/syntax"
	"strings"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/anchor"
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/byteset"
	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
	"github.com/stanch-dev/stanch/scanner/internal/textmodel"
)

// Reach is where in a text a rule's expression has to be tried.
type Reach uint8

const (
	// Never: the rule has no expression.
	Never Reach = iota
	// Window: around the places where the automaton reports the rule.
	Window
	// Gated: in the whole text, where the automaton reports one of its keywords.
	Gated
	// Everywhere: in the whole of every text.
	Everywhere
)

// Rule is how one rule is searched for.
type Rule struct {
	Reach Reach
	// MaxPre and Pre tell how a window begins before the place reported: after as
	// many bytes of Pre as stand there, at most MaxPre.
	MaxPre int
	Pre    byteset.Set
	// Lead tells how many bytes before the place reported can be of the secret, at
	// most, and LeadSet which bytes.
	Lead    int
	LeadSet byteset.Set
	// Rate estimates in how large a share of all places the prefilter stops for
	// the rule. Of a gated rule it is that of its keywords.
	Rate float64
	// Anchor shows, for people, the beginnings of what the prefilter looks for.
	Anchor []string
}

// Plan is a compiled ruleset. It is immutable and safe for concurrent use.
type Plan struct {
	Rules  []Rule // in the order of the ruleset
	Filter *prefilter.Filter
	DFA    *automaton.DFA
}

const (
	maxRules = math.MaxUint16
	// weak is the rate from which a rule's keywords are considered instead of its
	// expression: one place in 5 kB.
	weak = 2e-4
)

// Compile compiles set for text like that of the model.
func Compile(set *rules.Ruleset, model *textmodel.Model) (*Plan, error) {
	if len(set.Rules) > maxRules {
		return nil, fmt.Errorf("%d rules are more than the %d that can be searched at once", len(set.Rules), maxRules)
	}
	c := compiler{model: model, required: set.Required()}
	p := &Plan{Rules: make([]Rule, len(set.Rules))}
	for i, rule := range set.Rules {
		if rule.Regex == nil {
			continue
		}
		if err := c.rule(&p.Rules[i], automaton.Rule(i), rule); err != nil {
			return nil, fmt.Errorf("rule %q: %w", rule.ID, err)
		}
	}
	p.Filter = prefilter.New(c.seqs, c.model)
	p.DFA = automaton.New(&c.nfa)
	return p, nil
}

type compiler struct {
	model    *textmodel.Model
	required map[string]bool // rules that others require, searched for without regard to their keywords
	nfa      automaton.NFA
	seqs     []prefilter.Sequence
}

func (c *compiler) rule(out *Rule, number automaton.Rule, rule *rules.Rule) error {
	re, err := syntax.Parse(rule.Regex.String(), syntax.Perl)
	if err != nil {
		return err
	}
	anchor.MarkSecret(re)
	anchors := anchor.Choose(re, c.model)
	rate := sum(anchors)
	out.Reach = Window
	if len(anchors) == 0 || rate > weak {
		gates := c.keywords(rule)
		switch {
		case len(gates) > 0 && (len(anchors) == 0 || sum(gates) < rate/4):
			anchors, rate, out.Reach = gates, sum(gates), Gated
		case len(anchors) == 0:
			out.Reach, out.Rate = Everywhere, 1
			return nil
		}
	}
	out.Rate = rate
	c.add(out, number, anchors)
	return nil
}

// keywords returns anchors for the rule's keywords, each for all of one, so that
// the automaton does not report a part. A keyword is compared with the text in
// lower case, to which a dotted capital I belongs as an i.
func (c *compiler) keywords(rule *rules.Rule) (anchors []anchor.Anchor) {
	if c.required[rule.ID] {
		return nil
	}
	for _, word := range rule.Keywords {
		re, err := syntax.Parse("(?i)"+strings.ReplaceAll(quote(word), "i", `(?:i|\x{130})`), syntax.Perl)
		if err != nil || word == "" {
			return nil
		}
		a, ok := anchor.Start(re, c.model)
		if !ok {
			return nil
		}
		anchors = append(anchors, a)
	}
	return anchors
}

func sum(anchors []anchor.Anchor) (rate float64) {
	for _, a := range anchors {
		rate += a.Rate
	}
	return rate
}

// quote escapes every byte of word that is not a letter.
func quote(word string) string {
	var b strings.Builder
	for _, r := range word {
		if r >= 'a' && r <= 'z' {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\x{%x}`, r)
		}
	}
	return b.String()
}

func (c *compiler) add(out *Rule, number automaton.Rule, anchors []anchor.Anchor) {
	tails := automaton.Tails{Lazy: true}
	for _, a := range anchors {
		tails.List = append(tails.List, a.Tail)
		tails.Longest = max(tails.Longest, a.MaxTail)
		tails.Lazy = tails.Lazy && a.Lazy
		out.MaxPre = max(out.MaxPre, a.MaxPre)
		out.Pre.Union(a.Pre)
		out.Lead = max(out.Lead, a.Lead)
		out.LeadSet.Union(a.LeadSet)
		for _, seq := range a.Seqs {
			c.seqs = append(c.seqs, seq)
			out.Anchor = append(out.Anchor, spell(seq))
		}
	}
	c.nfa.Add(number, tails)
}

// spell writes a sequence for people, without regard to case, a wide set as a dot.
func spell(seq []byteset.Set) string {
	var b strings.Builder
	for _, set := range seq {
		first := set.First()
		switch n := set.Len(); {
		case n == 1:
			fmt.Fprintf(&b, "%c", first)
		case n == 2 && set.Has(first|0x20):
			fmt.Fprintf(&b, "%c", first|0x20)
		default:
			b.WriteByte('.')
		}
	}
	return b.String()
}
