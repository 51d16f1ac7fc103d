package suite

import (
	"errors"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Outcome is how a test or a row of one ended.
type Outcome string

// The outcomes.
const (
	Pass  Outcome = "pass"
	Fail  Outcome = "fail"
	Error Outcome = "error" // could not be evaluated, or took too long
	Skip  Outcome = "skip"  // named todo_test_
)

// Report is what the tests of a policy directory found.
type Report struct {
	Tests    []Test        `json:"tests"` // in the order of files and lines
	Passed   int           `json:"passed"`
	Failures int           `json:"failed"`
	Errors   int           `json:"errors"`
	Skipped  int           `json:"skipped"` // rows count in these four, a test without rows as one
	Duration time.Duration `json:"duration_ns"`
	Coverage *Coverage     `json:"coverage,omitempty"` // nil if it was not asked for
}

// Test is one rule whose name begins with test_.
type Test struct {
	TestID
	Outcome  Outcome       `json:"outcome"`
	Rows     []Row         `json:"rows,omitempty"`    // of a table, test_x[note]
	Failure  *Failure      `json:"failure,omitempty"` // of a test without rows, and of an error
	Error    string        `json:"error,omitempty"`
	Output   string        `json:"output,omitempty"` // what it printed
	Duration time.Duration `json:"duration_ns"`
}

// TestID names a test, or a row of one.
type TestID struct {
	Package string `json:"package"` // as data.stanch.access_test
	Name    string `json:"name"`
	Row     string `json:"row,omitempty"`
	File    string `json:"file"`
	Line    int    `json:"line"`
}

// String returns NAME or NAME[ROW].
func (id TestID) String() string {
	if id.Row == "" {
		return id.Name
	}
	return id.Name + "[" + id.Row + "]"
}

// Row is one line of a table of tests.
type Row struct {
	Name    string   `json:"name"` // its note; several keys are joined with "/"
	Outcome Outcome  `json:"outcome"`
	Failure *Failure `json:"failure,omitempty"`
}

// Failure is the expression of a test that did not hold, or broke.
type Failure struct {
	File       string `json:"file"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Expression string `json:"expression"`
	// Differences of the two sides of a comparison, as "cache_seconds is 1, not 60".
	Differences []string `json:"differences,omitempty"`
	Values      string   `json:"values,omitempty"` // the expression drawn with the values of its parts
}

// Failed reports whether a test or row failed or could not be evaluated, or nothing
// passed at all: no test says nothing good of a policy.
func (r Report) Failed() bool { return r.Failures+r.Errors > 0 || r.Passed == 0 }

// count adds what one test or row came to.
func (r *Report) count(o Outcome) {
	switch o {
	case Pass:
		r.Passed++
	case Fail:
		r.Failures++
	case Error:
		r.Errors++
	case Skip:
		r.Skipped++
	}
}

// reportOf makes the report of results. Places tells where tests and rows failed.
func reportOf(results []*tester.Result, places map[TestID]*Failure) Report {
	report := Report{Tests: []Test{}}
	for _, result := range results {
		t := Test{TestID: idOf(result), Outcome: outcome(result), Output: string(result.Output), Duration: result.Duration}
		t.Rows = rows(result, t.TestID, places)
		switch {
		case result.Error != nil:
			t.Error, t.Failure = broken(result.Error)
		case len(t.Rows) == 0:
			t.Failure = places[t.TestID]
		}
		if t.Outcome == Error || len(t.Rows) == 0 {
			report.count(t.Outcome)
		} else {
			for _, row := range t.Rows {
				report.count(row.Outcome)
			}
		}
		report.Tests = append(report.Tests, t)
	}
	return report
}

func idOf(r *tester.Result) TestID {
	return TestID{Package: r.Package, Name: r.Name, File: r.Location.File, Line: r.Location.Row}
}

func outcome(r *tester.Result) Outcome {
	switch {
	case r.Skip:
		return Skip
	case r.Error != nil:
		return Error
	case r.Fail:
		return Fail
	}
	return Pass
}

// broken returns what went wrong and, if the evaluation came that far, where.
func broken(err error) (string, *Failure) {
	e, isEvaluation := errors.AsType[*topdown.Error](err)
	if !isEvaluation || !e.Location.HasFile() {
		return err.Error(), nil
	}
	return e.Message, &Failure{File: e.Location.File, Line: e.Location.Row, Column: e.Location.Col, Expression: oneLine(string(e.Location.Text))}
}

func rows(result *tester.Result, id TestID, places map[TestID]*Failure) (all []Row) {
	for name, sub := range leaves(result) {
		row := Row{Name: name, Outcome: Pass}
		if sub.Fail {
			id.Row = name
			row.Outcome, row.Failure = Fail, places[id]
		}
		all = append(all, row)
	}
	return all
}

// leaves yields the rows of a table, by their name, sorted.
func leaves(r *tester.Result) func(yield func(string, *tester.SubResult) bool) {
	return func(yield func(string, *tester.SubResult) bool) {
		for path, sub := range r.SubResults.Iter {
			if len(sub.SubResults) == 0 && !yield(strings.Join(path, "/"), sub) {
				return
			}
		}
	}
}
