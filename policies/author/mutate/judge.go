package mutate

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/stanch-dev/stanch/policies/author/suite"
	"github.com/stanch-dev/stanch/policies/sandbox"
)

// fate is what became of a mutant.
type fate int

const (
	killed   fate = iota // a test failed, broke down or took too long
	survived             // all tests passed
	invalid              // it does not compile
	same                 // it means what the original means
)

// judge runs tests on mutants. Safe for concurrent use.
type judge struct {
	program  *suite.Program
	modules  map[string]sandbox.Modules // to compile with a mutant of a rule, by the rule's ref
	original map[string]string          // the policies by file, as canonical writes them
	timeout  time.Duration              // of one test

	mu      sync.Mutex          // guards killers
	killers map[*ast.Rule]place // the test that killed the last mutant of a rule
}

func newJudge(ctx context.Context, p *suite.Program, timeout time.Duration) (*judge, error) {
	reach, err := reachOf(ctx, p)
	if err != nil {
		return nil, err
	}
	j := &judge{program: p, modules: map[string]sandbox.Modules{}, original: map[string]string{}, timeout: timeout, killers: map[*ast.Rule]place{}}
	all := p.Checked()
	compiled, err := compile(all)
	if err != nil {
		return nil, sandbox.ErrorsOf(err, "")
	}
	helpers := only(all, func(place) bool { return false })
	for file, m := range p.Policies {
		j.original[file] = canonical(compiled.Modules[file])
		for _, rule := range m.Rules {
			ref := refOf(rule, m)
			if _, done := j.modules[ref.String()]; done {
				continue
			}
			roots := sandbox.Modules{file: m}
			maps.Copy(roots, reach.covering(p.Tests, ref))
			j.modules[ref.String()] = needed(helpers, roots)
		}
	}
	return j, nil
}

func refOf(rule *ast.Rule, m *ast.Module) ast.Ref {
	return m.Package.Path.Extend(rule.Head.Ref().GroundPrefix())
}

// try makes c and says what became of it. The test that killed the last mutant of the
// rule is tried alone first, as it mostly kills this one too.
func (j *judge) try(ctx context.Context, c candidate) fate {
	module := j.program.Policies[c.File]
	rule := module.Rules[c.rule]
	modules := maps.Clone(j.modules[refOf(rule, module).String()])
	modules[c.File] = c.apply(module)
	j.mu.Lock()
	killer, known := j.killers[rule]
	j.mu.Unlock()
	if known {
		alone := only(modules, func(test place) bool { return test == killer })
		if fate := j.run(ctx, alone, c); fate == killed || fate == invalid {
			return fate
		}
	}
	return j.run(ctx, modules, c)
}

// run tries c, which is in modules, with the tests there.
func (j *judge) run(ctx context.Context, modules sandbox.Modules, c candidate) fate {
	compiled, err := compile(modules)
	if err != nil {
		return refused(err, j.program.Tests)
	}
	for _, t := range testsOf(compiled, j.program.Store) {
		if j.passes(ctx, t) {
			continue
		}
		j.mu.Lock()
		j.killers[j.program.Policies[c.File].Rules[c.rule]] = t.place()
		j.mu.Unlock()
		return killed
	}
	if canonical(compiled.Modules[c.File]) == j.original[c.File] {
		return same
	}
	return survived
}

// passes runs t on a mutant. An error is as good as a failure; but a machine that is
// busy for a moment must kill nothing, so that a test which is late has a second try.
func (j *judge) passes(ctx context.Context, t test) bool {
	passed, err := t.passes(ctx, j.timeout, nil)
	if err != nil && topdown.IsCancel(err) {
		passed, _ = t.passes(ctx, 4*j.timeout, nil)
	}
	return passed
}

// refused says what an error of the compiler means. If it is only about tests, which
// compiled before, then they notice the change.
func refused(err error, tests sandbox.Modules) fate {
	for _, e := range sandbox.ErrorsOf(err, "") {
		if tests[e.File] == nil {
			return invalid
		}
	}
	return killed
}

var local = regexp.MustCompile(`__local\d+__`)

// canonical writes a compiled module so that two that differ only in how the compiler
// numbered the variables are equal.
func canonical(m *ast.Module) string {
	var text strings.Builder
	for _, rule := range m.Rules {
		fmt.Fprintf(&text, "%v %s\n", rule.Default, rule)
	}
	numbers := map[string]string{}
	return local.ReplaceAllStringFunc(text.String(), func(name string) string {
		if numbers[name] == "" {
			numbers[name] = fmt.Sprintf("v%d", len(numbers))
		}
		return numbers[name]
	})
}
