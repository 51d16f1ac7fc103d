package mutate

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/stanch-dev/stanch/policies/author/suite"
)

// Report is what became of the mutants.
type Report struct {
	Survivors   []Mutant      `json:"survivors"`   // in the order of files and lines
	Equivalents []Mutant      `json:"equivalents"` // survived, and are listed as needing no test
	Killed      int           `json:"killed"`
	Invalid     int           `json:"invalid"` // did not compile
	Same        int           `json:"same"`    // mean what the original means
	Total       int           `json:"total"`   // all of these
	Score       float64       `json:"score"`   // killed of killed and survivors, in percent
	Duration    time.Duration `json:"duration_ns"`
}

// Failed reports whether a mutant survives that is not listed as an equivalent, or
// there was nothing to kill.
func (r Report) Failed() bool { return len(r.Survivors) > 0 || r.Killed == 0 }

func reportOf(all []candidate, fates []fate, coverage *suite.Coverage) Report {
	report := Report{Survivors: []Mutant{}, Equivalents: []Mutant{}, Total: len(all)}
	for i, c := range all {
		switch fates[i] {
		case killed:
			report.Killed++
		case invalid:
			report.Invalid++
		case same:
			report.Same++
		case survived:
			c.NotCovered = !reaches(coverage, c.File, c.Line)
			report.Survivors = append(report.Survivors, c.Mutant)
		}
	}
	slices.SortStableFunc(report.Survivors, func(a, b Mutant) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	report.score()
	return report
}

func reaches(c *suite.Coverage, file string, line int) bool {
	i := slices.IndexFunc(c.Files, func(f suite.FileCoverage) bool { return f.File == file })
	return i >= 0 && c.Files[i].Reaches(line)
}

func (r *Report) score() {
	r.Score = 100
	if all := r.Killed + len(r.Survivors); all > 0 {
		r.Score = 100 * float64(r.Killed) / float64(all)
	}
}

// Write writes r for people: each survivor with its place first, and a summary last.
func (r Report) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, m := range r.Survivors {
		fmt.Fprintf(out, "%s:%d:%d: survives: %s", m.File, m.Line, m.Column, m.Change)
		if m.NotCovered {
			fmt.Fprint(out, " (not covered)")
		}
		fmt.Fprintf(out, "\n    %s\n", m.Source)
	}
	fmt.Fprintf(out, "%d mutants: %d killed, %d survive", r.Total, r.Killed, len(r.Survivors))
	if len(r.Equivalents) > 0 {
		fmt.Fprintf(out, ", %d need no test", len(r.Equivalents))
	}
	fmt.Fprintf(out, "; %d do not compile, %d change nothing; score %.1f %% in %v\n", r.Invalid, r.Same, r.Score, r.Duration.Round(time.Millisecond))
	return out.Flush()
}
