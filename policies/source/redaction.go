package source

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// RedactionConfig says what happens to findings in motion. Rules are listed by the
// host they are about: its name, "*.example.com", or "*" for any.
type RedactionConfig struct {
	Rules map[string][]RedactionRule `json:"rules"`
}

// RedactionRule decides about the findings that match all of When, whose fields are
// texts or have * for anything.
type RedactionRule struct {
	ID     string        `json:"id"`
	When   RedactionWhen `json:"when"`
	Action string        `json:"action"` // allow, redact or block
	Style  string        `json:"style,omitempty"`
	Alert  bool          `json:"alert,omitempty"`
	Rotate bool          `json:"rotate,omitempty"`
	// ExpiresAt is when the rule ceases to decide, as if it were not there; nil: never.
	ExpiresAt *Time  `json:"expires_at,omitempty" yaml:"expires_at"`
	Reason    string `json:"reason,omitempty"` // and Owner: for people
	Owner     string `json:"owner,omitempty"`
	Line      int    `json:"-" yaml:"-"` // where expires_at is written; 0: nowhere
}

// Expired reports whether the rule has ceased to decide at a time in seconds since 1970.
func (r RedactionRule) Expired(now int64) bool {
	return r.ExpiresAt != nil && int64(*r.ExpiresAt) <= now
}

// RedactionWhen are the conditions of a rule; those left out hold always.
type RedactionWhen struct {
	Carrier   string `json:"carrier,omitempty"`
	Route     string `json:"route,omitempty"`
	Principal string `json:"principal,omitempty"`
	Part      string `json:"part,omitempty"`
	Direction string `json:"direction,omitempty"`
	Name      string `json:"name,omitempty"` // of the header field or file
	Rule      string `json:"rule,omitempty"`
	Known     string `json:"known,omitempty"`
	Class     string `json:"class,omitempty"`
	Severity  string `json:"severity,omitempty"`
}

// badPattern returns a condition that is no text with * for anything, or "".
func (w RedactionWhen) badPattern() string {
	for _, pattern := range []string{w.Carrier, w.Route, w.Principal, w.Part, w.Direction, w.Name, w.Rule, w.Known, w.Class, w.Severity} {
		if strings.ContainsAny(pattern, `?[]{}\`) {
			return pattern
		}
	}
	return ""
}

// Actions are what can be decided about a finding in motion, the mildest first.
func Actions() []string { return []string{"allow", "redact", "block"} }

// Styles are the ways a redacted secret can be replaced.
func Styles() []string {
	return []string{"placeholder", "partial", "fixed", "length", "sealed", "drop"}
}

func (c *RedactionConfig) check(file string) error {
	var errs []error
	say := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{file}, args...)...))
	}
	seen := map[string]bool{}
	for _, host := range slices.Sorted(maps.Keys(c.Rules)) {
		for _, r := range c.Rules[host] {
			where := ruleName(host, r.ID)
			if r.ID == "" || seen[r.ID] {
				say("%s: a rule needs an id of its own", where)
			}
			seen[r.ID] = true
			if !slices.Contains(Actions(), r.Action) {
				say("%s: action is allow, redact or block, not %q", where, r.Action)
			}
			if bad := r.When.badPattern(); bad != "" {
				say("%s: the condition %q has one of ?[]{}\\, which have no meaning here; use * for anything", where, bad)
			}
			if r.Style != "" && !slices.Contains(Styles(), r.Style) {
				say("%s: unknown style %q; there are %s", where, r.Style, strings.Join(Styles(), ", "))
			}
		}
	}
	return errors.Join(errs...)
}

func ruleName(host, id string) string { return fmt.Sprintf("redaction.rules[%q], rule %q", host, id) }

// ruleEnds are the ends of redaction rules as they are written, by host and in the
// order of the rules.
type ruleEnds map[string][]struct {
	ID        string
	ExpiresAt yaml.Node `yaml:"expires_at"`
}

// readRuleEnds reads the ends of the redaction rules in the text of a configuration.
// They are looked at apart because an end that is written and empty reads as none,
// and a rule that lets something pass would do so for good.
func readRuleEnds(text []byte, file string) (ruleEnds, error) {
	var doc struct{ Redaction struct{ Rules ruleEnds } }
	if yaml.Unmarshal(text, &doc) != nil {
		return nil, nil // decode says what is wrong, and where
	}
	ends := doc.Redaction.Rules
	var errs []error
	for _, host := range slices.Sorted(maps.Keys(ends)) {
		for _, r := range ends[host] {
			var end Time
			if at := &r.ExpiresAt; !at.IsZero() && (at.ShortTag() == "!!null" || end.UnmarshalYAML(at) != nil) {
				errs = append(errs, fmt.Errorf("%s:%d: %s: expires_at is not a time; write 2027-01-31 or 2027-01-31T12:00:00Z", file, at.Line, ruleName(host, r.ID)))
			}
		}
	}
	return ends, errors.Join(errs...)
}

// mark notes in the rules of c where their ends are written.
func (ends ruleEnds) mark(c *RedactionConfig) {
	for host, rules := range ends {
		for i := range rules {
			c.Rules[host][i].Line = rules[i].ExpiresAt.Line
		}
	}
}
