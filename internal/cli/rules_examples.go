package cli

import (
	"fmt"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// tryExamples tries every rule on its own examples and counter-examples, and says
// where it does not do what it should. It shows none of them.
func (b *ruleBook) tryExamples() (failures []string) {
	for _, r := range b.Rules {
		for i, e := range r.Examples {
			found := b.findings(r, e.Text)
			if len(found) != 1 || found[0] != (scanner.Span{Start: e.Start, End: e.End}) {
				failures = append(failures, fmt.Sprintf("rule %q does not find the secret of its example %d", r.ID, i+1))
			}
		}
		for i, text := range r.CounterExamples {
			if len(b.findings(r, text)) > 0 {
				failures = append(failures, fmt.Sprintf("rule %q finds something in its counter-example %d", r.ID, i+1))
			}
		}
	}
	return failures
}

// findings returns the secrets that a rule finds in a text, whatever other rules
// find there.
func (b *ruleBook) findings(r *rules.Rule, text string) (found []scanner.Span) {
	trace, _ := b.scanner.Trace(r.ID, &scanner.Fragment{Data: []byte(text)})
	for _, c := range trace.Candidates {
		covered := len(c.Reasons) == 1 && c.Reasons[0].Cause == scanner.Covered
		if c.Encoding == 0 && (len(c.Reasons) == 0 || covered) {
			found = append(found, c.Secret)
		}
	}
	return found
}
