// Package scanner finds secrets: bytes in, findings out. It touches no files and no
// network; scanner/source gives it fragments and scanner/report writes findings.
//
// A naive scanner tries some hundred regular expressions on everything. Here a
// fragment passes through stages, each of which lets through little of what the
// one before let through, and none of which loses a match:
//
//	anchors    when a ruleset is compiled, the rarest few bytes that every match
//	           of a rule must have (internal/anchor)
//	prefilter  one pass over the bytes finds where such bytes stand
//	automaton  the tails of all rules, run at once from there, tell which rules
//	           may match, and how far one has to look
//	windows    around those places, merged by rule, hold every match with its context
//	confirm    the rule's expression on its windows only (internal/match)
//	judge      entropy, then stopwords and allowlists
//
// Text that arrives in parts goes through the same stages in a [Stream], which has
// windows of its own: they close where no more text can change what matches in them.
//
// Encoded values are decoded in place and the text is searched again: in fragments
// as gitleaks does it (internal/decode), in streams on levels (view). That windows
// give what the whole text would is held by a fuzz test; that the result is
// gitleaks', by internal/exam/gitleaks.
package scanner

import (
	"sync"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
)

// Fragment is a piece of a source, given to [Scanner.Scan].
type Fragment struct {
	Path   string // what the rules' path conditions see; "" when the source has none
	Commit string // what allowlists of commits see; "" when there is none
	Data   []byte
	// Offset, Line and Column are the position of Data[0] in its source: bytes
	// from 0, lines and byte columns from 1. A zero Line or Column means 1.
	Offset, Line, Column int
	// From and To tell which matches are this fragment's: those that start in
	// Data[From:To]. What lies outside is context, shared with the fragments before
	// and after, so that a secret across a border is found once. A zero To means
	// len(Data).
	From, To int
}

// Options chooses between gitleaks' exact behaviour and better.
type Options struct {
	// Compat reproduces gitleaks 8.30.1 to the byte, columns and false negatives
	// included. Without it the same secrets are found, and more.
	Compat bool
	// MaxDecodeDepth is how many times an encoded value is decoded; 0 means not at all.
	MaxDecodeDepth int
	// IgnoreAllow reports findings on lines that a comment allows.
	IgnoreAllow bool
	// Known are secrets that Scan finds beside those of the rules, in any encoding, and
	// whatever allowlists and comments say; nil for none. A stream has its own.
	Known *known.Set
}

// Scanner finds what one ruleset describes. It is immutable and safe for
// concurrent use.
type Scanner struct {
	opts     Options
	plan     *plan.Plan
	rules    []rule // in the order of the ruleset and of the plan
	nearby   int    // how far around what counts a worker looks, in bytes
	allow    []*allowlist
	always   []automaton.Rule // rules whose expression is tried on every text
	pathOnly []automaton.Rule // rules without an expression
	known    *Scanner         // finds known secrets only; nil for none
	workers  sync.Pool

	streamsOnce sync.Once
	streams     streams
}

// New compiles a ruleset. For the default rules that is quick; for others it takes
// some tenths of a second.
func New(set *rules.Ruleset, opts Options) (*Scanner, error) {
	p, err := plan.For(set)
	if err != nil {
		return nil, err
	}
	s := &Scanner{opts: opts, plan: p, nearby: nearby(p)}
	c := allowlistCompiler{}
	s.allow = c.list(set.Allowlists)
	s.rules = compileRules(set, p, c)
	for i := range s.rules {
		switch s.rules[i].plan.Reach {
		case plan.Never:
			s.pathOnly = append(s.pathOnly, automaton.Rule(i))
		case plan.Everywhere:
			s.always = append(s.always, automaton.Rule(i))
		}
	}
	if opts.Known != nil {
		if s.known, err = New(&rules.Ruleset{}, Options{MaxDecodeDepth: knownDepth}); err != nil {
			return nil, err
		}
	}
	s.workers.New = func() any { return newWorker(s) }
	return s, nil
}

// Scan calls found for every finding of f, in the order of their positions. It
// keeps nothing of f, and allocates nothing where nothing is found.
func (s *Scanner) Scan(f *Fragment, found func(*Finding, Text)) {
	w := s.workers.Get().(*worker)
	w.scan(f)
	w.emit(found)
	w.release()
	s.workers.Put(w)
}
