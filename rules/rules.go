// Package rules says what a secret looks like: it is data and the loader of that
// data, and knows nothing of how text is searched.
//
// There are two sets. [Default] is gitleaks', for text at rest; [Motion] is for text
// that passes by, where a token stands in a query, a header or a log line: it adds
// the rules of own/*.toml and what may stand behind a token. A rule is added by one
// file there, with examples that a test tries it on.
//
// A [Ruleset] is read from gitleaks' TOML: the default rules are the text that
// gitleaks' own config package carries (this is the only package that imports
// it), and a user's .gitleaks.toml is read with the same meaning, extension
// included, but strictly: an unknown key, a broken expression or a rule that
// could never match is an error that names the file and the line. Expressions
// compile when first used, so that loading the 222 default rules is cheap.
//
// The words are gitleaks': rule, keyword, allowlist, stopword. Their meaning is
// that of release 8.30.1, which is frozen.
package rules

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
)

// Ruleset is a set of rules and the allowlists that hold for all of them. It is
// immutable once loaded and safe for concurrent use.
type Ruleset struct {
	Title      string
	Rules      []*Rule // sorted by ID
	Allowlists []*Allowlist
	// Warnings tells of settings that were read and have no effect, one line each.
	Warnings []string
}

// Rule describes one kind of secret. At least one of Regex and Path is set.
type Rule struct {
	ID          string
	Description string
	Regex       *Pattern // searched in content; nil for a rule on paths alone
	Path        *Pattern // when set, the fragment's path must match
	SecretGroup int      // capture group that is the secret; 0 means the first that is not empty
	Entropy     float64  // the secret's entropy in bits per byte must exceed it; 0 means no limit
	Keywords    []string // lower case; one must occur in the fragment; none means always search
	Tags        []string
	Allowlists  []*Allowlist
	Required    []Required
	// SkipReport rules are not reported; they serve only as another rule's Required.
	SkipReport bool
	// Carriers are those that the rule is meant for.
	Carriers Carriers
	// Examples are texts that the rule alone must find the secret of, CounterExamples
	// those that it must find nothing in.
	Examples        []Example
	CounterExamples []string
}

// Required names a rule that must also match for a finding to count.
type Required struct {
	RuleID        string
	WithinLines   *int // greatest distance between the starting lines; nil means any
	WithinColumns *int // greatest distance between the starting columns; nil means any
}

// Target is the text that an allowlist's expressions are tried on.
type Target uint8

const (
	TargetSecret Target = iota
	TargetMatch         // what the rule's expression matched
	TargetLine          // the lines the match stands on
)

// Allowlist says what is not a secret. With All unset any check that holds
// suffices; with All set every kind of check it has must hold.
type Allowlist struct {
	Description string
	All         bool
	Commits     []string // lower case
	Paths       *Pattern // nil when it has none
	Target      Target
	Regexes     *Pattern // tried on Target; nil when it has none
	Stopwords   []string // lower case; one contained in the lower-cased secret holds
}

// Pattern is a regular expression in Go's syntax that compiles when first used.
// It is safe for concurrent use.
type Pattern struct {
	source string
	once   sync.Once
	re     *regexp.Regexp
}

// NewPattern checks source and returns it as a pattern.
func NewPattern(source string) (*Pattern, error) {
	if _, err := syntax.Parse(source, syntax.Perl); err != nil {
		return nil, err
	}
	return &Pattern{source: source}, nil
}

// joinPatterns returns one pattern for a list, nil for an empty one. The sources
// are joined as gitleaks joins them, in one group without groups of their own: a
// leading (?i) therefore reaches the alternatives behind it, and the parts of
// "^a|b$" are each their own alternative. Users rely on what that allows.
func joinPatterns(list []*Pattern) *Pattern {
	if len(list) == 0 {
		return nil
	}
	sources := make([]string, len(list))
	for i, p := range list {
		sources[i] = p.source
	}
	return &Pattern{source: "(?:" + strings.Join(sources, "|") + ")"}
}

// String returns the expression's source.
func (p *Pattern) String() string { return p.source }

// Regexp returns the compiled expression.
func (p *Pattern) Regexp() *regexp.Regexp {
	p.once.Do(func() { p.re = regexp.MustCompile(p.source) })
	return p.re
}

// Rule returns the rule of that ID, or nil.
func (s *Ruleset) Rule(id string) *Rule {
	for _, r := range s.Rules {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// Required returns the IDs of the rules that other rules require.
func (s *Ruleset) Required() map[string]bool {
	required := map[string]bool{}
	for _, rule := range s.Rules {
		for _, q := range rule.Required {
			required[q.RuleID] = true
		}
	}
	return required
}
