package replay

import (
	"errors"
	"strings"
	"unicode"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

// counter makes the report, event by event in the order of the logs.
type counter struct {
	report    Report
	candidate *policies.Snapshot
	groups    map[groupKey]*group
	gaps      tally
	used      map[string]bool // grants of the candidate, and none else: a policy may make up names
}

type groupKey struct {
	entry policies.Entrypoint
	kind  Kind
}

type group struct {
	count            int
	subjects, causes tally
	examples         []Example
}

func newCounter(candidate *policies.Snapshot) *counter {
	c := &counter{
		report:    Report{Revision: candidate.Revision(), Groups: []Group{}, CannotReplay: []Count{}, Errors: []LineError{}, Unused: []Grant{}},
		candidate: candidate,
		groups:    map[groupKey]*group{},
		used:      map[string]bool{},
	}
	for _, g := range candidate.Documents().Grants {
		c.used[g.ID] = false
	}
	return c
}

func (c *counter) add(log string, it *item) {
	r := &c.report
	if it.err != nil {
		c.unreadable(log, it.err)
		return
	}
	if it.fate == undone {
		return
	}
	r.Events++
	switch it.fate {
	case outside:
		r.Outside++
	case foreign:
		r.Foreign++
	case unusable:
		c.gaps.add(string(it.entry.Entrypoint) + ": " + it.gap)
	case garbled:
		c.unreadable(log, &decisionlog.LineError{Line: it.entry.Line, Err: errors.New("the result is not one of " + it.entry.Path)})
	case same, changed:
		c.decided(log, it)
	}
}

func (c *counter) unreadable(log string, err error) {
	r := &c.report
	r.Unreadable++
	r.Incomplete = true
	if len(r.Errors) >= maxErrors {
		return
	}
	e := LineError{Log: log, Message: err.Error()}
	var line *decisionlog.LineError
	if errors.As(err, &line) {
		e.Line, e.Message = line.Line, line.Err.Error()
	}
	r.Errors = append(r.Errors, e)
}

func (c *counter) decided(log string, it *item) {
	r, e := &c.report, it.entry
	r.Replayed++
	if e.Entrypoint == policies.EntryAccess {
		r.Access++
	}
	if r.First.IsZero() || e.Time.Before(r.First) {
		r.First = e.Time
	}
	if e.Time.After(r.Last) {
		r.Last = e.Time
	}
	for _, id := range it.grants {
		if used, ours := c.used[id]; ours && !used {
			c.used[id] = true
		}
	}
	if it.fate == same {
		return
	}
	r.Changed++
	k := groupKey{e.Entrypoint, it.change.kind}
	g := c.groups[k]
	if g == nil {
		g = &group{examples: []Example{}}
		c.groups[k] = g
	}
	g.count++
	g.subjects.add(it.change.subject)
	for _, cause := range it.change.causes {
		g.causes.add(cause)
	}
	if len(g.examples) < maxExamples {
		ch := it.change
		g.examples = append(g.examples, Example{log, e.Line, e.ID, e.Time, clip(ch.subject), clip(ch.action), clip(ch.resource), clip(ch.before), clip(ch.after)})
	}
}

func (c *counter) finish() Report {
	r := &c.report
	r.CannotReplay = c.gaps.top(maxNames)
	for _, e := range policies.Entrypoints() {
		for _, kind := range kinds[e] {
			if g := c.groups[groupKey{e, kind}]; g != nil {
				r.Groups = append(r.Groups, Group{e, kind, g.count, g.subjects.top(maxTop), g.causes.top(maxTop), g.examples})
			}
		}
	}
	for _, g := range c.candidate.Documents().Grants {
		if !c.used[g.ID] {
			r.Unused = append(r.Unused, Grant{g.ID, g.File, g.Line, g.Owner})
		}
	}
	return *r
}

// clip returns s fit for a report: short, and without what would move a cursor.
func clip(s string) string {
	cut := s[:min(len(s), maxName)]
	cut = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, cut)
	if len(s) > maxName {
		cut += "…"
	}
	return cut
}
