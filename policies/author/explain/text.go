package explain

import (
	"fmt"
	"io"
	"strings"
)

// Write says e to people.
func (e Explanation) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "decision: %s\n", text(e.Decision))
	if e.Failure != "" {
		fmt.Fprintf(&b, "the policy could not decide, so the answer is closed: %s\n", e.Failure)
	}
	if len(e.Grants) > 0 {
		b.WriteString("\ngrants that allow it:\n")
		for _, g := range e.Grants {
			fmt.Fprintf(&b, "  %s: %s\n", g.Place, g.ID)
		}
	}
	if len(e.Rules) > 0 {
		b.WriteString("\nrules that gave something:\n")
		for _, r := range e.Rules {
			fmt.Fprintf(&b, "  %s: %s\n", r.Place, r.Name)
		}
	}
	if len(e.Failed) > 0 {
		b.WriteString("\nexpressions that did not hold:\n")
		for _, x := range e.Failed {
			fmt.Fprintf(&b, "  %s: %s: %s\n", x.Place, x.Rule, x.Text)
			for _, v := range x.Values {
				fmt.Fprintf(&b, "      %s\n", v)
			}
		}
	}
	if len(e.Nearest) > 0 {
		b.WriteString("\ngrants that come near:\n")
		for _, n := range e.Nearest {
			outcome := "with that, it would be allowed"
			if !n.Allows {
				outcome = "even so, it would be denied"
			}
			fmt.Fprintf(&b, "  %s: %s: %s; %s\n", n.Place, n.ID, n.Differs, outcome)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
