package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// A rule of the lint looks at one module and reports what it finds.
type rule struct {
	name     string
	severity Severity
	doc      string // what is wrong, and what to do about it: shown as help
	look     func(*pass)
}

// rules is the lint. vacuous-test, and what the compiler finds, stand elsewhere.
var rules = []rule{
	{"data-under-rules", Error, "Rules live under data.stanch, data under data.config and data.index. A value given for a whole package takes the place of all of its rules.", dataUnderRules},
	{"not-on-unknown", Warning, "\"not\" is true of what is not there, so a misspelt path passes. Put the rule where a schema applies (a package stanch.access, .redaction, .rotation or .gate, or one below), or compare with a value.", notOnUnknown},
	{"hoist", Warning, "The look-up is made again for each element of the inner loop. Assign it to a variable before that loop.", hoist},
	{"linear-scan", Warning, "The time grows with the data. Look up by key, as data.index.grants[key] does, and iterate what is left.", linearScan},
	{"missing-default", Error, "Where no rule applies the decision is undefined, and the engine has to close in its place. Add a default.", missingDefault},
	{"missing-metadata", Warning, "Say what it decides in a METADATA comment with title and description; other tools show it.", missingMetadata},
	{"missing-test", Warning, "Write a test that imports the package, in a file that ends with _test.rego.", missingTest},
	{"shadowed-builtin", Error, "Take another name: within its reach the builtin of that name cannot be called.", shadowedBuiltin},
	{"inequality-in-loop", Warning, "This holds if any element differs, not if all do. Write: not value in collection, or use every.", inequalityInLoop},
	{"deny-without-reason", Error, "Whoever is denied must be told why: {\"code\": ..., \"message\": ...}.", denyWithoutReason},
	{"constant-condition", Warning, "The expression has the same outcome whatever the input is.", constantCondition},
}

// pass is what a rule sees: one module, and what there is around it.
type pass struct {
	file     string
	module   *ast.Module
	isTest   bool
	packages map[string]*pkg // by path, as "stanch.access"
	report   func(location *ast.Location, format string, args ...any)
}

// pkg is what all modules of a package have in common.
type pkg struct {
	rules    map[string][]*ast.Rule // by the first part of their name
	deciding bool                   // it has a module that is no test
	titled   bool
	tested   bool
}

// lint runs all rules over modules.
func lint(modules sandbox.Modules) (found []Finding) {
	packages := packagesOf(modules)
	for _, file := range slices.Sorted(maps.Keys(modules)) {
		m := modules[file]
		for _, r := range rules {
			p := &pass{file: file, module: m, isTest: isTest(file), packages: packages}
			p.report = func(location *ast.Location, format string, args ...any) {
				f := Finding{File: file, Rule: r.name, Severity: r.severity, Message: fmt.Sprintf(format, args...), Help: r.doc}
				at(&f, location)
				found = append(found, f)
			}
			r.look(p)
		}
	}
	return found
}

func isTest(file string) bool { return source.Module{Path: file}.IsTest() }

func packagesOf(modules sandbox.Modules) map[string]*pkg {
	all := map[string]*pkg{}
	for file, m := range modules {
		name := packageName(m)
		p := all[name]
		if p == nil {
			p = &pkg{rules: map[string][]*ast.Rule{}}
			all[name] = p
		}
		p.deciding = p.deciding || !isTest(file)
		p.titled = p.titled || slices.ContainsFunc(m.Annotations, func(a *ast.Annotations) bool {
			return (a.Scope == "package" || a.Scope == "subpackages") && a.Title != "" && a.Description != ""
		})
		for _, r := range m.Rules {
			if name, ok := ruleName(r); ok {
				p.rules[name] = append(p.rules[name], r)
			}
		}
	}
	markTested(modules, all)
	return all
}

// markTested marks the packages that a module with tests refers to, or is in.
func markTested(modules sandbox.Modules, packages map[string]*pkg) {
	for file, m := range modules {
		p := &pass{file: file, module: m}
		if !slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool {
			name, _ := ruleName(r)
			return strings.HasPrefix(name, "test_")
		}) {
			continue
		}
		packages[packageName(m)].tested = true
		p.eachRef(m, func(ref ast.Ref, _ *ast.Location) {
			parts, _ := ground(ref)
			for i := range parts {
				if pkg := packages[strings.Join(parts[1:max(i, 1)], ".")]; pkg != nil {
					pkg.tested = true
				}
			}
		})
	}
}

func packageName(m *ast.Module) string {
	parts, _ := ground(m.Package.Path)
	return strings.Join(parts[1:], ".")
}

// ruleName returns the first part of a rule's name.
func ruleName(r *ast.Rule) (string, bool) {
	name, ok := r.Head.Ref()[0].Value.(ast.Var)
	return string(name), ok
}

// ground returns the constant parts that ref begins with, and whether that is all.
func ground(ref ast.Ref) (parts []string, all bool) {
	for i, t := range ref {
		switch v := t.Value.(type) {
		case ast.Var:
			if i > 0 {
				return parts, false
			}
			parts = append(parts, string(v))
		case ast.String:
			parts = append(parts, string(v))
		default:
			return parts, false
		}
	}
	return parts, true
}

// resolve returns the ref that t is, with an imported name written out, or nil.
func (p *pass) resolve(t *ast.Term) ast.Ref {
	var ref ast.Ref
	switch v := t.Value.(type) {
	case ast.Var:
		ref = ast.Ref{t}
	case ast.Ref:
		ref = v
	default:
		return nil
	}
	for _, imp := range p.module.Imports {
		if path, ok := imp.Path.Value.(ast.Ref); ok && ref[0].Value.Compare(imp.Name()) == 0 {
			return append(slices.Clone(path), ref[1:]...)
		}
	}
	return ref
}

// eachRef calls use with all refs below x, imported names written out.
func (p *pass) eachRef(x any, use func(ref ast.Ref, location *ast.Location)) {
	ast.WalkTerms(x, func(t *ast.Term) bool {
		if ref, ok := t.Value.(ast.Ref); ok {
			use(p.resolve(&ast.Term{Value: ref}), t.Location)
		}
		return false
	})
}
