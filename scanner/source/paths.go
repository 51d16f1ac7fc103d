package source

import (
	"regexp/syntax"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
)

// pathList tells which paths allowlists match. The expressions of gitleaks' default
// list take 60 µs a path, as long as a file of common size takes to scan, so an
// automaton that errs on one side answers first. It is not safe for concurrent use.
type pathList struct {
	lists  []*rules.Allowlist
	base   *automaton.DFA
	runner *automaton.Runner
	buf    []byte
}

// newPathList takes the lists that skip whole files. gitleaks skips by every list
// with paths, even one that asks for more to hold; compat does too.
func newPathList(all []*rules.Allowlist, compat bool) *pathList {
	p := &pathList{}
	var nfa automaton.NFA
	for _, list := range all {
		more := len(list.Commits) > 0 || list.Regexes != nil || len(list.Stopwords) > 0
		if list.Paths == nil || list.All && more && !compat {
			continue
		}
		re, err := syntax.Parse(list.Paths.String(), syntax.Perl)
		if err != nil {
			panic("source: a loaded pattern does not parse: " + err.Error())
		}
		anything := &syntax.Regexp{Op: syntax.OpStar, Sub: []*syntax.Regexp{{Op: syntax.OpAnyChar}}}
		nfa.Add(automaton.Rule(len(p.lists)), automaton.Tails{List: [][]*syntax.Regexp{{anything, re}}, Longest: automaton.Unlimited})
		p.lists = append(p.lists, list)
	}
	p.base = automaton.New(&nfa)
	p.runner = automaton.NewRunner(p.base)
	return p
}

// clone returns a list for another goroutine.
func (p *pathList) clone() *pathList {
	return &pathList{lists: p.lists, base: p.base, runner: automaton.NewRunner(p.base)}
}

// match reports whether a list has path.
func (p *pathList) match(path string) bool {
	if path == "" || len(p.lists) == 0 {
		return false
	}
	p.buf = append(p.buf[:0], path...)
	p.runner.Reset(len(path))
	for _, i := range p.runner.Run(p.buf, 0).Rules {
		if p.lists[i].Paths.Regexp().Match(p.buf) {
			return true
		}
	}
	return false
}
