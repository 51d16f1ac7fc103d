package matrix

import (
	"fmt"
	"io"
	"strings"
)

// maxShown are told to people; the JSON form has all.
const maxShown = 20

// Write says w to people.
func (w *Who) Write(out io.Writer) error {
	var b strings.Builder
	for _, a := range w.Allowed {
		fmt.Fprintf(&b, "%s%s\n", a.ID, suffix(a.MFA, a.Grants, a.Obligations))
	}
	if len(w.Allowed) == 0 {
		fmt.Fprintf(&b, "nobody known may %s %s\n", w.Capability, w.Path)
	}
	b.WriteByte('\n')
	if w.Method == Enumeration {
		fmt.Fprintf(&b, "Enumerated %s: the policy also reads %s, so others may be allowed, too.\n", count(w.Known, "known principal"), strings.Join(w.AlsoReads, ", "))
	} else {
		fmt.Fprintf(&b, "Exact for any workload: of the keys that the policy asks for here, %d suffice.\n", len(w.Conditions))
		if w.Anybody {
			b.WriteString("Any workload at all is allowed.\n")
		}
		for _, c := range w.Conditions[:min(len(w.Conditions), maxShown)] {
			fmt.Fprintf(&b, "  %s%s\n", c.Key, suffix(false, c.Grants, nil))
		}
		more(&b, len(w.Conditions))
	}
	undecided(&b, w.Failed, "principal", w.Failure)
	_, err := io.WriteString(out, b.String())
	return err
}

// Write says w to people.
func (w *What) Write(out io.Writer) error {
	var b strings.Builder
	for _, r := range w.Resources {
		fmt.Fprintf(&b, "%s: %s%s\n", r.Path, strings.Join(r.Capabilities, ", "), suffix(false, r.Grants, nil))
	}
	if len(w.Resources) == 0 {
		fmt.Fprintf(&b, "%s may do nothing with what is known\n", w.ID)
	}
	fmt.Fprintf(&b, "\nWhere no grant says anything: %s.\n", names(w.Elsewhere))
	if w.Method == Enumeration {
		fmt.Fprintf(&b, "Enumerated %s: the policy also reads %s, so others may be open, too.\n", count(w.Known, "known resource"), strings.Join(w.AlsoReads, ", "))
	}
	undecided(&b, w.Failed, "resource", w.Failure)
	_, err := io.WriteString(out, b.String())
	return err
}

// Write says c to people.
func (c *Changes) Write(out io.Writer) error {
	var b strings.Builder
	for _, part := range []struct {
		changes    []Change
		sign, verb string
	}{{c.Widened, "+", "may now"}, {c.Narrowed, "-", "may no longer"}, {c.Changed, "~", "may still"}} {
		for _, g := range part.changes[:min(len(part.changes), maxShown)] {
			g.write(&b, part.sign, part.verb)
		}
		more(&b, len(part.changes))
	}
	if c.Empty() {
		b.WriteString("no change of access\n")
	}
	for _, f := range c.Failures {
		fmt.Fprintf(&b, "! %s could not decide %s, which counts as denied: %s\n", f.Policy, count(f.Cells, "cell"), f.Message)
	}
	fmt.Fprintf(&b, "\nCompared %s × %s × %s = %s, in %s.\n", count(c.Principals, "principal"), count(c.Resources, "resource"),
		count(c.Cells/max(1, c.Principals*c.Resources), "capability"), count(c.Cells, "cell"), count(c.Classes, "class"))
	_, err := io.WriteString(out, b.String())
	return err
}

func (c *Change) write(b *strings.Builder, sign, verb string) {
	fmt.Fprintf(b, "%s %s %s %s %s", sign, count(c.Principals, "principal"), verb, strings.Join(c.Capabilities, ", "), c.Where)
	if c.Resources > 1 {
		fmt.Fprintf(b, " (%s)", count(c.Resources, "resource"))
	}
	fmt.Fprintf(b, ", %s: ", c.Cause)
	for i, e := range c.Examples {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(e.Principal)
	}
	if c.Principals > len(c.Examples) {
		b.WriteString(", …")
	}
	b.WriteByte('\n')
}

// Write says v to people.
func (v Violations) Write(out io.Writer) error {
	var b strings.Builder
	for _, x := range v[:min(len(v), maxShown)] {
		fmt.Fprintf(&b, "%s: %s (%s, such as %s: %s %s)\n", x.Code, x.Message, count(x.Count, "cell"), x.Principal, x.Capability, x.Resource)
	}
	more(&b, len(v))
	if len(v) == 0 {
		b.WriteString("no invariant is violated\n")
	}
	fmt.Fprintf(&b, "\n%s\n", Exhaustive)
	_, err := io.WriteString(out, b.String())
	return err
}

func more(b *strings.Builder, n int) {
	if n > maxShown {
		fmt.Fprintf(b, "  … and %d more\n", n-maxShown)
	}
}

func undecided(b *strings.Builder, n int, what, failure string) {
	if n > 0 {
		fmt.Fprintf(b, "Not decided, so denied: %s: %s\n", count(n, what), failure)
	}
}

func suffix(mfa bool, grants, obligations []string) string {
	var b strings.Builder
	if mfa {
		b.WriteString(" with a second factor")
	}
	if len(grants) > 0 {
		fmt.Fprintf(&b, " by %s", strings.Join(grants, ", "))
	}
	if len(obligations) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(obligations, ", "))
	}
	return b.String()
}

// count returns n of what, in the plural unless it is one.
func count(n int, what string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(what, "s"):
		what += "es"
	case strings.HasSuffix(what, "y") && what != "key":
		what = strings.TrimSuffix(what, "y") + "ies"
	default:
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
