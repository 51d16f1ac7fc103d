package suite

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// Program is a policy directory made ready to be tested. It is not changed by tests,
// so that many may run at once.
type Program struct {
	Policies sandbox.Modules // the modules of the directory that decide
	Tests    sandbox.Modules // its tests
	Filled   sandbox.Modules // embedded modules, for questions that it does not answer
	Store    storage.Store   // data.config and data.index
}

// Load parses docs, tests included, and compiles what decides. The error is of type
// sandbox.Errors if a policy or a test is wrong.
func Load(docs source.Documents) (*Program, error) {
	snapshot, err := policies.Compile(docs)
	if err != nil {
		return nil, err
	}
	all, err := sandbox.Parse(docs)
	if err != nil {
		return nil, err
	}
	p := &Program{Policies: sandbox.Modules{}, Tests: sandbox.Modules{}, Filled: sandbox.Modules{}, Store: snapshot.Store()}
	for name, m := range all {
		if (source.Module{Path: name}).IsTest() {
			p.Tests[name] = m
		} else {
			p.Policies[name] = m
		}
	}
	for name, m := range snapshot.Modules() {
		if p.Policies[name] == nil {
			p.Filled[name] = m
		}
	}
	return p, nil
}

// Checked returns all modules of p, with those that put the schemas on their inputs.
func (p *Program) Checked() sandbox.Modules {
	all := maps.Clone(p.Filled)
	maps.Copy(all, p.Policies)
	maps.Copy(all, p.Tests)
	return sandbox.Checked(all)
}

// Compiler returns a compiler for tests: the sandbox's, with print.
func Compiler() *ast.Compiler {
	return sandbox.NewCompiler().WithEnablePrintStatements(true)
}

// TestRef returns the name of rule within its package if it is a test, or one that is
// to be written (todo_test_); else nil. What follows the name are the rows of a table.
func TestRef(rule *ast.Rule) ast.Ref {
	ref := rule.Head.Ref().GroundPrefix()
	for i, part := range ref {
		if name := nameOf(part); strings.HasPrefix(name, tester.TestPrefix) || strings.HasPrefix(name, tester.SkipTestPrefix) {
			return ref[:i+1]
		}
	}
	return nil
}

// IsTodo reports whether a test is one that is to be written.
func IsTodo(rule *ast.Rule) bool {
	ref := TestRef(rule)
	return len(ref) > 0 && strings.HasPrefix(nameOf(ref[len(ref)-1]), tester.SkipTestPrefix)
}

func nameOf(part *ast.Term) string {
	switch v := part.Value.(type) {
	case ast.Var:
		return string(v)
	case ast.String:
		return string(v)
	}
	return ""
}

// mistakes returns the errors of the compiler as the sandbox's.
func mistakes(err error) error {
	var list ast.Errors
	if errors.As(err, &list) {
		return sandbox.ErrorsOf(list, "")
	}
	return fmt.Errorf("running tests: %w", err)
}
