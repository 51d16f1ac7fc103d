package mutate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/source"
)

// Mutant is one small change to a policy.
type Mutant struct {
	Path   string `json:"path"` // within the policy directory
	File   string `json:"file"` // as errors name it
	Line   int    `json:"line"`
	Column int    `json:"column"`
	// Change names the rule and says what was done to it. It has no line number, so
	// that it stays the same when the file grows above; of several changes in a file
	// that read the same, the second ends with "(2)".
	Change     string `json:"mutant"`
	Source     string `json:"source"`                // the line as it was
	NotCovered bool   `json:"not_covered,omitempty"` // no test reaches the line
	Reason     string `json:"reason,omitempty"`      // why it needs no test, from the list of equivalents
}

// candidate is a mutant that can be made.
type candidate struct {
	Mutant
	rule  int              // its index in the module
	build func() *ast.Rule // nil means that the rule is left out
}

// candidates lists the mutants of the policies of p, which were made of docs.
func candidates(p *suite.Program, docs source.Documents) []candidate {
	var all []candidate
	texts := map[string]string{}
	for _, m := range docs.Modules {
		texts[m.Path] = string(m.Text)
	}
	for _, file := range slices.Sorted(maps.Keys(p.Policies)) {
		path := strings.TrimPrefix(file, strings.TrimSuffix(docs.Name, "/")+"/")
		lines, seen := strings.Split(texts[path], "\n"), map[string]int{}
		for i, rule := range p.Policies[file].Rules {
			if suite.TestRef(rule) != nil {
				continue
			}
			for _, s := range sites(rule) {
				change := rule.Head.Ref().GroundPrefix().String() + ": " + s.what
				if seen[change]++; seen[change] > 1 {
					change += fmt.Sprintf(" (%d)", seen[change])
				}
				source := strings.TrimSpace(lines[s.loc.Row-1])
				all = append(all, candidate{Mutant{Path: path, File: file, Line: s.loc.Row, Column: s.loc.Col, Change: change, Source: source}, i, s.build})
			}
		}
	}
	return all
}

// apply returns a copy of the candidate's module that has the change.
func (c candidate) apply(module *ast.Module) *ast.Module {
	changed := module.Copy()
	rule := c.build()
	if rule == nil {
		changed.Rules = slices.Delete(changed.Rules, c.rule, c.rule+1)
		return changed
	}
	*changed.Rules[c.rule] = *rule // in place, where annotations look for it
	changed.Rules[c.rule].Module = changed
	return changed
}
