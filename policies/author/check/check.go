// Package check says what is wrong with a policy directory before it decides
// anything: what does not parse or compile, what is not formatted, and what compiles
// but means something else than it seems to.
//
// The lint is small and about security: a rule is in it if what it finds has made a
// policy allow, or a test pass, for no good reason. The table rules lists what looks at
// modules; beside it stand format, hidden-text, expired-rule, vacuous-test and what the
// compiler says.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// Severity tells whether a finding fails the check.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the policy does not do what it says
	Warning Severity = "warning" // it may, or will be slow
)

// Finding is one thing that is wrong.
type Finding struct {
	File     string   `json:"file"` // with the directory's name
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Rule     string   `json:"rule"` // of the lint; "format"; or the kind of compiler error
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Help     string   `json:"help,omitempty"` // what to do about it; may have several lines
}

// Report is all that was found, by file and line.
type Report struct {
	Findings []Finding `json:"findings"`
}

// Failed reports whether a finding is an error.
func (r Report) Failed() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Error })
}

// Write says the findings to people: FILE:LINE: MESSAGE [RULE], with help below.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s:%d: %s [%s]\n", f.File, f.Line, f.Message, f.Rule)
		for line := range strings.Lines(f.Help) {
			fmt.Fprintf(&b, "    %s", line)
		}
		if f.Help != "" {
			b.WriteString("\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Place is where a test stands.
type Place struct {
	File string
	Line int
	Name string // of the test, and its row if it is a table
}

// Options are what Run needs from others. The zero value checks without it.
type Options struct {
	// Vacuous returns the tests that pass even on policies that say nothing. It is
	// asked only if everything compiles; nil skips that rule.
	Vacuous func(context.Context, source.Documents) ([]Place, error)
	// Now is the time by which rules have expired; zero: the present.
	Now time.Time
}

// Run checks docs. What is wrong with docs is in the report; the error is that of
// opts.Vacuous or ctx.
func Run(ctx context.Context, docs source.Documents, opts Options) (Report, error) {
	modules, found := parse(docs)
	compiled := len(found) == 0
	if compiled {
		mistakes := compile(docs, modules)
		compiled = len(mistakes) == 0
		found = append(found, mistakes...)
	}
	found = append(found, hidden(docs)...)
	found = append(found, expired(docs, opts.Now)...)
	found = append(found, unformatted(docs, modules)...)
	found = append(found, lint(modules)...)
	if compiled && opts.Vacuous != nil {
		places, err := opts.Vacuous(ctx, docs)
		if err != nil {
			return Report{}, fmt.Errorf("looking for tests that cannot fail: %w", err)
		}
		for _, p := range places {
			found = append(found, Finding{p.File, p.Line, 1, "vacuous-test", Error, p.Name + " passes on policies that say nothing",
				"Compare a whole decision with the one that is expected: \"not allow\" is true of a rule that is not there."})
		}
	}
	found = slices.DeleteFunc(found, ignoredIn(modules))
	slices.SortFunc(found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return Report{Findings: slices.Compact(append([]Finding{}, found...))}, ctx.Err()
}

// parse returns the modules of docs that parse, and what is wrong with the others.
func parse(docs source.Documents) (sandbox.Modules, []Finding) {
	modules := sandbox.Modules{}
	var found []Finding
	for _, m := range docs.Modules {
		one := docs
		one.Modules = []source.Module{m}
		parsed, err := sandbox.Parse(one)
		found = append(found, findings(err)...)
		for name, module := range parsed {
			modules[name] = module
		}
	}
	return modules, found
}

// compile returns what is wrong with the policies of docs, and, if they are right,
// with the tests.
func compile(docs source.Documents, modules sandbox.Modules) []Finding {
	snapshot, err := policies.Compile(docs)
	if err == nil {
		all := sandbox.Modules{}
		for _, some := range []sandbox.Modules{snapshot.Modules(), modules} {
			for name, m := range some {
				all[name] = m.Copy()
			}
		}
		_, err = sandbox.Compile(all)
	}
	return findings(err)
}

func findings(err error) []Finding {
	var mistakes sandbox.Errors
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &mistakes):
		return []Finding{{File: "", Line: 1, Column: 1, Rule: "compile", Severity: Error, Message: err.Error()}}
	}
	var found []Finding
	for _, m := range mistakes {
		if m.File == "" && len(mistakes) > 1 {
			continue // "error limit reached"
		}
		found = append(found, explained(m))
	}
	return found
}

// ignoredIn returns whether a finding stands on, or below, a line with the comment
// "check:ignore RULE".
func ignoredIn(modules sandbox.Modules) func(Finding) bool {
	type place struct {
		file string
		line int
		rule string
	}
	ignored := map[place]bool{}
	for file, m := range modules {
		for _, c := range m.Comments {
			rules, found := strings.CutPrefix(strings.TrimSpace(string(c.Text)), "check:ignore ")
			if !found {
				continue
			}
			for _, rule := range strings.Fields(rules) {
				ignored[place{file, c.Location.Row, rule}] = true
				ignored[place{file, c.Location.Row + 1, rule}] = true
			}
		}
	}
	return func(f Finding) bool { return ignored[place{f.File, f.Line, f.Rule}] }
}

func at(f *Finding, location *ast.Location) {
	f.Line, f.Column = 1, 1
	if location != nil {
		f.Line, f.Column = location.Row, location.Col
	}
}
