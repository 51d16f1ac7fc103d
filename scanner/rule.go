package scanner

import (
	"strings"
	"sync"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/match"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
)

// rule is a rule with all that confirming its matches needs.
type rule struct {
	*rules.Rule
	number   int // in the ruleset and in the plan
	plan     plan.Rule
	expr     func() *match.Matcher // nil without an expression
	path     func() *match.Matcher // nil without a condition on paths
	allow    []*allowlist
	generic  bool // findings of more telling rules replace its own
	required bool // another rule requires it
}

func compileRules(set *rules.Ruleset, p *plan.Plan, c allowlistCompiler) []rule {
	out := make([]rule, len(set.Rules))
	required := set.Required()
	for i, r := range set.Rules {
		out[i] = rule{
			Rule:    r,
			number:  i,
			plan:    p.Rules[i],
			expr:    matcher(r.Regex),
			path:    matcher(r.Path),
			allow:   c.list(r.Allowlists),
			generic: isGeneric(r),

			required: required[r.ID],
		}
	}
	return out
}

// isGeneric reports whether a rule knows only a secret's neighbours, which is how
// gitleaks tells such rules.
func isGeneric(r *rules.Rule) bool { return strings.Contains(strings.ToLower(r.ID), "generic") }

// matcher compiles a pattern when it is first used. A pattern's syntax was checked
// when it was loaded.
func matcher(p *rules.Pattern) func() *match.Matcher {
	if p == nil {
		return nil
	}
	return sync.OnceValue(func() *match.Matcher {
		m, err := match.Compile(p.String())
		if err != nil {
			panic("scanner: a loaded pattern does not compile: " + err.Error())
		}
		return m
	})
}
