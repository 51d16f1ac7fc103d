package bench

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/profiler"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// maxText is how many bytes of a line are shown.
const maxText = 100

// Expression is a line of a policy, and what its expressions take. Tracing slows all
// of them down alike, so shares are right where times would not be.
type Expression struct {
	File        string  `json:"file"`
	Line        int     `json:"line"`
	Text        string  `json:"text"`        // of the line
	Evaluations float64 `json:"evaluations"` // for one decision, in the mean
	Share       float64 `json:"share"`       // of the time of all, from 0 to 1
}

// profileRuns are how often each input is profiled. The least time of each line
// counts, since whatever else runs on the machine would be charged to some line.
const profileRuns = 5

type place struct {
	file string
	line int
}

// profile returns the lines that take most of the time.
func (e *entry) profile(inputs []policies.Input, o Options) []Expression {
	sources := e.sources()
	lines, total, decisions := map[place]*Expression{}, int64(0), 0
	start := time.Now()
	for _, in := range inputs {
		if decisions > 0 && time.Since(start) > o.Time {
			break
		}
		decisions++
		for at, s := range e.profileOne(in) {
			x := lines[at]
			if x == nil {
				x = &Expression{File: at.file, Line: at.line, Text: lineOf(sources[at.file], at.line)}
				lines[at] = x
			}
			total += s.ExprTimeNs
			x.Evaluations += float64(s.NumEval)
			x.Share += float64(s.ExprTimeNs)
		}
	}
	all := []Expression{}
	for _, x := range lines {
		x.Evaluations /= float64(decisions)
		x.Share /= float64(max(total, 1))
		all = append(all, *x)
	}
	slices.SortFunc(all, func(a, b Expression) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return all[:min(o.Top, len(all))]
}

// profileOne returns what each line takes to decide in, but for the query's own.
func (e *entry) profileOne(in policies.Input) map[place]profiler.ExprStats {
	least := map[place]profiler.ExprStats{}
	for range profileRuns {
		p := profiler.New() // it also counts the time between two evaluations
		e.evaluate(in, rego.EvalQueryTracer(p))
		for _, s := range p.ReportTopNResults(0, []string{"line"}) {
			if s.Location == nil || s.Location.File == "" {
				continue
			}
			at := place{s.Location.File, s.Location.Row}
			if was, seen := least[at]; !seen || s.ExprTimeNs < was.ExprTimeNs {
				least[at] = s
			}
		}
	}
	return least
}

// sources returns the text of each module by the name that errors give it.
func (e *entry) sources() map[string][]byte {
	all := map[string][]byte{}
	add := func(docs source.Documents) {
		for _, m := range docs.Modules {
			all[docs.Shown(m.Path)] = m.Text
		}
	}
	add(e.snapshot.Documents())
	if defaults, err := policies.Defaults(); err == nil {
		add(defaults)
	}
	return all
}

// lineOf returns the line of text, shortened, or "" if there is none.
func lineOf(text []byte, line int) string {
	for l := range bytes.Lines(text) {
		if line--; line > 0 {
			continue
		}
		shown := strings.TrimSpace(string(l))
		if len(shown) > maxText {
			return strings.ToValidUTF8(shown[:maxText], "") + "…"
		}
		return shown
	}
	return ""
}
