package bench

import (
	"fmt"
	"io"
	"strings"
)

// Write says r to people.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "smallest evaluation: %s\n", r.Floor)
	for _, e := range r.Results {
		e.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// String returns the cost with its units.
func (c Cost) String() string {
	return fmt.Sprintf("%.1f µs, %.0f allocations", c.Micros, c.Allocations)
}

func (r Result) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n%s: %s, %.1f times the smallest (%d of %d inputs)\n", r.Entrypoint, r.Evaluated, r.Ratio, r.Measured, r.Given)
	if r.Cached != nil {
		fmt.Fprintf(b, "  from the cache: %.2f µs, %.0f allocations\n", r.Cached.Micros, r.Cached.Allocations)
	}
	if r.Failed > 0 {
		fmt.Fprintf(b, "  COULD NOT DECIDE %d inputs, the first because of: %s\n", r.Failed, r.Failure)
	}
	if len(r.Linear) > 0 {
		b.WriteString("  tried one by one, since the index excludes none:\n")
	}
	for _, l := range r.Linear {
		fmt.Fprintf(b, "    %s:%d: %s, %d definitions\n", l.File, l.Line, l.Rule, l.Definitions)
	}
	if len(r.Expressions) > 0 {
		b.WriteString("  where the time goes:\n")
	}
	for _, x := range r.Expressions {
		fmt.Fprintf(b, "    %3.0f %%  %6.1f times  %s:%d: %s\n", 100*x.Share, x.Evaluations, x.File, x.Line, x.Text)
	}
}
