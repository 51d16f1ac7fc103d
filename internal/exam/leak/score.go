package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// tally counts vectors.
type tally struct {
	Passed int `json:"passed"`
	Of     int `json:"of"`
}

// failure is a vector that was not passed, without a secret.
type failure struct {
	ID     string   `json:"id"`
	Leaked []string `json:"leaked,omitempty"`
	Lost   []string `json:"lost,omitempty"`
	Broken string   `json:"broken,omitempty"`
	Error  string   `json:"error,omitempty"`
}

// scores are the outcome of an exam.
type scores struct {
	Total tally                       `json:"total"`
	Axes  map[string]map[string]tally `json:"axes"` // axis → value → tally
	// How many vectors fail why; one can fail in several ways.
	Leaked   int       `json:"leaked"` // a secret can be recovered
	Lost     int       `json:"lost"`   // something else is gone
	Broken   int       `json:"broken"` // the output does not parse as the input did
	Errors   int       `json:"errors"` // the tool failed
	Failures []failure `json:"failures"`
}

// axisNames are the axes in the order of an id.
var axisNames = []string{"secret", "encoding", "place", "chunking"}

func valuesOf(a vector.Axes) []string { return []string{a.Secret, a.Encoding, a.Place, a.Chunking} }

// score counts outcomes.
func score(outcomes []outcome) *scores {
	s := &scores{Axes: map[string]map[string]tally{}, Failures: []failure{}}
	for i := range outcomes {
		o := &outcomes[i]
		s.Total = s.Total.with(o)
		for axis, value := range valuesOf(o.vector.Axes) {
			name := axisNames[axis]
			if s.Axes[name] == nil {
				s.Axes[name] = map[string]tally{}
			}
			s.Axes[name][value] = s.Axes[name][value].with(o)
		}
		if !o.passed() {
			s.fail(o)
		}
	}
	return s
}

func (t tally) with(o *outcome) tally {
	t.Of++
	if o.passed() {
		t.Passed++
	}
	return t
}

// percent returns the share passed, of a hundred.
func (t tally) percent() float64 { return 100 * float64(t.Passed) / float64(max(t.Of, 1)) }

func (s *scores) fail(o *outcome) {
	f := failure{ID: o.vector.ID, Leaked: o.result.Leaked, Lost: o.result.Lost, Broken: o.result.Broken}
	if len(f.Leaked) > 0 {
		s.Leaked++
	}
	if len(f.Lost) > 0 {
		s.Lost++
	}
	if f.Broken != "" {
		s.Broken++
	}
	if o.err != nil {
		s.Errors++
		f.Error = o.err.Error()
	}
	s.Failures = append(s.Failures, f)
}

func (s *scores) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(s)
}

// writeText writes the table, and with verbose the failures before it.
func (s *scores) writeText(out io.Writer, verbose bool) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer w.Flush()
	if verbose {
		for _, f := range s.Failures {
			fmt.Fprintf(w, "%s\n", f.ID)
			for _, how := range f.Leaked {
				fmt.Fprintf(w, "  leaked: %s\n", how)
			}
			for _, text := range f.Lost {
				fmt.Fprintf(w, "  lost: %q\n", text)
			}
			if f.Broken != "" {
				fmt.Fprintf(w, "  broken: %s\n", f.Broken)
			}
			if f.Error != "" {
				fmt.Fprintf(w, "  failed: %s\n", f.Error)
			}
		}
		fmt.Fprintln(w)
	}
	for _, axis := range axisNames {
		values := s.Axes[axis]
		names := make([]string, 0, len(values))
		for name := range values {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(w, "%s\t%s\t%d of %d\t%.0f %%\n", axis, name, values[name].Passed, values[name].Of, values[name].percent())
		}
	}
	fmt.Fprintf(w, "total\t\t%d of %d\t%.1f %%\n", s.Total.Passed, s.Total.Of, s.Total.percent())
	fmt.Fprintf(w, "\nleaked %d, lost other text %d, broke the format %d, failed %d\n", s.Leaked, s.Lost, s.Broken, s.Errors)
}
