package chain

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"io"
	"maps"
	"slices"
)

// maxProblems bounds a report. Who alters every line does not fill our memory.
const maxProblems = 1000

// maxChains bounds the chains of one run, since their names come from the files.
const maxChains = 10_000

// Verify reads files and says what is wrong with them and where. Files that have one
// chain each, as devices write them, may be given in any order; if chains share a file,
// as where a collector gathers them, its files must be given in theirs. A chain of which checkpoints speak must be among them.
// Files whose names end in .gz are unpacked; those of a spool can be given like any
// other. Lines after the last checkpoint of a chain are checked against each other
// only: [Summary] says from which number on. Files must not grow meanwhile.
func Verify(files []string, checkpoints []Checkpoint, key ed25519.PublicKey) Report {
	return verify(open, files, checkpoints, key)
}

func verify(open func(name string) (*lines, error), files []string, checkpoints []Checkpoint, key ed25519.PublicKey) Report {
	v := verifier{open: open, report: reporter{seen: map[Place]bool{}}, chains: map[string]*follower{}}
	for _, c := range checkpoints {
		v.pin(c, key)
	}
	for _, name := range v.inOrder(files) {
		v.file(name)
	}
	var r Report
	for _, name := range slices.Sorted(maps.Keys(v.chains)) {
		f := v.chains[name]
		f.finish()
		r.Chains = append(r.Chains, f.sum)
	}
	r.Problems = v.report.problems
	return r
}

type verifier struct {
	open   func(name string) (*lines, error)
	report reporter
	chains map[string]*follower
}

func (v *verifier) chain(name string) *follower {
	f := v.chains[name]
	if f == nil {
		f = &follower{chain: name, report: &v.report, pins: map[uint64]Hash{}, sum: Summary{Chain: name}}
		v.chains[name] = f
	}
	return f
}

func (v *verifier) pin(c Checkpoint, key ed25519.PublicKey) {
	if !c.Valid(key) {
		v.report.add(Problem{Kind: Forged, Chain: c.Chain, First: c.Seq, Last: c.Seq})
		return
	}
	if c.Seq == 0 {
		return
	}
	f := v.chain(c.Chain)
	f.pins[c.Seq] = c.Hash
	if c.Seq >= f.sum.Pinned {
		f.sum.Closed = c.Reason == Closed
		f.sum.Pinned = c.Seq
	}
}

// inOrder sorts files that begin with the same chain by their first numbers, and leaves
// chains in the order in which they are given.
func (v *verifier) inOrder(files []string) []string {
	starts := map[string]Line{}
	rank := map[string]int{}
	for i, name := range files {
		starts[name] = v.first(name)
		if _, ok := rank[starts[name].Chain]; !ok {
			rank[starts[name].Chain] = i
		}
	}
	return slices.SortedStableFunc(slices.Values(files), func(a, b string) int {
		x, y := starts[a], starts[b]
		return cmp.Or(cmp.Compare(rank[x.Chain], rank[y.Chain]), cmp.Compare(x.Seq, y.Seq))
	})
}

// first finds the first line of a chain; file reports what cannot be read.
func (v *verifier) first(name string) Line {
	r, err := v.open(name)
	if err != nil {
		return Line{}
	}
	defer r.close()
	for {
		line, _, err := r.next()
		if err != nil {
			return Line{}
		}
		if l, ok := Parse(line); ok {
			return l
		}
	}
}

func (v *verifier) file(name string) {
	at := Place{File: name}
	r, err := v.open(name)
	if err != nil {
		v.report.add(Problem{Kind: Unreadable, Place: at, Err: err})
		return
	}
	defer r.close()
	var last *follower
	for {
		line, whole, err := r.next()
		if errors.Is(err, io.EOF) {
			return
		}
		at.Line++
		if err != nil {
			v.report.add(Problem{Kind: Unreadable, Place: at, Err: err})
			return
		}
		l, ok := Parse(line)
		if !ok || !whole || v.chains[l.Chain] == nil && len(v.chains) >= maxChains {
			v.report.line(Foreign, "", at, 0)
			if last != nil {
				last.foreign++
			}
			continue
		}
		last = v.chain(l.Chain)
		last.line(l, at)
	}
}

// reporter collects problems, of one line only the first.
type reporter struct {
	problems []Problem
	seen     map[Place]bool
}

func (r *reporter) line(kind Kind, chain string, at Place, seq uint64) {
	if r.seen[at] {
		return
	}
	if len(r.seen) < maxProblems {
		r.seen[at] = true
	}
	r.add(Problem{Kind: kind, Chain: chain, Place: at, First: seq, Last: seq})
}

func (r *reporter) add(p Problem) {
	switch {
	case len(r.problems) < maxProblems:
		r.problems = append(r.problems, p)
	case len(r.problems) == maxProblems:
		r.problems = append(r.problems, Problem{Kind: More})
	}
}
