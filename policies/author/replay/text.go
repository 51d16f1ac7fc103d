package replay

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// maxUnusedShown is how many unused grants are written to people.
const maxUnusedShown = 20

// titles say each kind to people.
var titles = map[Kind]string{
	Widened: "denied before, allowed now", Narrowed: "allowed before, denied now",
	Obligations: "other obligations", Grants: "allowed by other grants", Reasons: "other reasons",
	Weaker: "less is held back", Stricter: "more is held back", Effects: "another style, alert, rotate or propose", Rules: "decided by other rules",
	Gone: "findings are gone", New: "new findings",
	Passes: "failed before, passes now", Fails: "passed before, fails now", Findings: "other findings decide",
	Failed: "THE CANDIDATE CANNOT DECIDE", Recovered: "could not be decided then, can be now", Messages: "other words only",
}

// Write says r to people.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d decisions would change", r.Changed, r.Replayed)
	if r.Replayed > 0 {
		fmt.Fprintf(&b, " (%s to %s)", r.First.UTC().Format(time.RFC3339), r.Last.UTC().Format(time.RFC3339))
	}
	b.WriteByte('\n')
	if r.Incomplete {
		fmt.Fprintf(&b, "INCOMPLETE: not all of the log was read\n")
	}
	for _, g := range r.Groups {
		g.write(&b)
	}
	writeCounts(&b, "\ncannot be replayed:\n", "  ", r.CannotReplay)
	if r.Foreign > 0 {
		fmt.Fprintf(&b, "\n%d events are of other rules than stanch's\n", r.Foreign)
	}
	if r.Unreadable > 0 {
		fmt.Fprintf(&b, "\n%d lines cannot be read:\n", r.Unreadable)
		for _, e := range r.Errors {
			fmt.Fprintf(&b, "  %s:%d: %s\n", e.Log, e.Line, e.Message)
		}
		if more := r.Unreadable - len(r.Errors); more > 0 {
			fmt.Fprintf(&b, "  and %d more\n", more)
		}
	}
	r.writeUnused(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (g Group) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: %d: %s\n", g.Entrypoint, g.Count, titles[g.Kind])
	writeCounts(b, "  for\n", "    ", g.Subjects)
	writeCounts(b, "  because of\n", "    ", g.Causes)
	b.WriteString("  as\n")
	for _, e := range g.Examples {
		what := strings.Join(strings.Fields(e.Subject+" "+e.Action+" "+e.Resource), " ")
		fmt.Fprintf(b, "    %s:%d: %s: %s\n      was %s\n      now %s\n", e.Log, e.Line, e.ID, what, e.Before, e.After)
	}
}

func writeCounts(b *strings.Builder, title, indent string, counts []Count) {
	if len(counts) > 0 {
		b.WriteString(title)
	}
	for _, c := range counts {
		fmt.Fprintf(b, "%s%7d  %s\n", indent, c.Count, c.Name)
	}
}

func (r Report) writeUnused(b *strings.Builder) {
	if len(r.Unused) == 0 {
		return
	}
	fmt.Fprintf(b, "\ngrants that allowed none of the %d requests for access: %d\n", r.Access, len(r.Unused))
	for i, g := range r.Unused {
		if i == maxUnusedShown {
			fmt.Fprintf(b, "  and %d more\n", len(r.Unused)-i)
			break
		}
		fmt.Fprintf(b, "  %s\n", g)
	}
}
