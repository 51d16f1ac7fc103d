package suite

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"
)

// Write writes r for people: one line per test or row that failed, where first, and a
// summary last. With verbose those that passed are listed too, and a failure shows
// its values and what the test printed.
func (r Report) Write(w io.Writer, verbose bool) error {
	out := bufio.NewWriter(w)
	for _, t := range r.Tests {
		t.write(out, verbose)
	}
	if r.Coverage != nil {
		r.Coverage.write(out)
	}
	fmt.Fprintln(out, r.summary())
	return out.Flush()
}

func (t Test) write(w io.Writer, verbose bool) {
	for _, row := range t.Rows {
		id := t.TestID
		id.Row = row.Name
		line(w, id, row.Outcome, row.Failure, "", verbose)
	}
	if len(t.Rows) == 0 || t.Outcome == Error {
		line(w, t.TestID, t.Outcome, t.Failure, t.Error, verbose)
	}
	if t.Output != "" && (verbose || t.Outcome == Fail || t.Outcome == Error) {
		fmt.Fprint(w, indented(t.Output))
	}
}

// line writes how one test or row ended, beginning with the place to look at.
func line(w io.Writer, id TestID, o Outcome, f *Failure, problem string, verbose bool) {
	if o == Pass && !verbose {
		return
	}
	file, at := id.File, id.Line
	if f != nil {
		file, at = f.File, f.Line
		problem = strings.TrimPrefix(problem+": "+f.Expression, ": ")
		if len(f.Differences) > 0 {
			problem += ": " + strings.Join(f.Differences, "; ")
		}
	}
	fmt.Fprintf(w, "%s:%d: %s %s", file, at, strings.ToUpper(string(o)), id)
	if problem != "" {
		fmt.Fprintf(w, ": %s", problem)
	}
	fmt.Fprintln(w)
	if verbose && f != nil && f.Values != "" {
		fmt.Fprint(w, indented(f.Values))
	}
}

func (c Coverage) write(w io.Writer) {
	for _, f := range c.Files {
		for _, l := range f.NotCovered {
			lines := fmt.Sprintf("line %d", l.From)
			if l.To > l.From {
				lines = fmt.Sprintf("lines %d to %d", l.From, l.To)
			}
			fmt.Fprintf(w, "%s:%d: no test reaches %s\n", f.File, l.From, lines)
		}
	}
}

func (r Report) summary() string {
	if len(r.Tests) == 0 {
		return "no tests were run"
	}
	s := fmt.Sprintf("%d passed, %d failed", r.Passed, r.Failures)
	if r.Errors > 0 {
		s += fmt.Sprintf(", %d could not be evaluated", r.Errors)
	}
	if r.Skipped > 0 {
		s += fmt.Sprintf(", %d skipped", r.Skipped)
	}
	s += fmt.Sprintf(" in %v", r.Duration.Round(time.Millisecond))
	if r.Coverage != nil {
		s += fmt.Sprintf("; %.1f %% of the lines are reached", r.Coverage.Percent)
	}
	return s
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.Trim(text, "\n"), "\n", "\n    ") + "\n"
}
