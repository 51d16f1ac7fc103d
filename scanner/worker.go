package scanner

import (
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/decode"
	"github.com/stanch-dev/stanch/scanner/internal/match"
	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
)

// worker is the memory of one scan at a time.
type worker struct {
	s       *Scanner
	f       Fragment
	runner  *automaton.Runner
	decoder decode.Decoder

	// text is what is searched now: the fragment's data or, in a later pass, that
	// with encoded values decoded. decoded is false in the first pass.
	text    []byte
	decoded bool

	places   prefilter.Scratch
	windows  [][]window       // by rule, in order, none touching the next
	opened   []automaton.Rule // the rules that have windows
	longRuns []int            // places from which the automaton read far
	keywords keywordMemory

	matching match.Scratch // of the expression that is tried now
	asking   match.Scratch // of what is tried on its matches

	// Of a stream:
	rules, left []automaton.Rule
	knowing     known.Scratch

	candidates []candidate
	pass       int // candidates before the present pass
	lines      lines
	path       pathState
}

func newWorker(s *Scanner) *worker {
	return &worker{
		s:       s,
		runner:  automaton.NewRunner(s.plan.DFA),
		windows: make([][]window, len(s.rules)),
		path:    pathState{applies: make([]answer, len(s.rules))},

		keywords: keywordMemory{answers: make([]answer, len(s.rules))},
	}
}

// scan leaves the findings of f in w.candidates.
func (w *worker) scan(f *Fragment) {
	w.f, w.text, w.decoded = *f, f.Data, false
	w.lines.reset(f.Data)
	w.path.enter(f)
	w.addPathFindings()
	w.search()
	if w.s.opts.MaxDecodeDepth > 0 {
		w.decoder.Reset(f.Data)
		for depth := 0; depth < w.s.opts.MaxDecodeDepth && w.decoder.Next(); depth++ {
			w.text, w.decoded = w.decoder.Text(), true
			w.search()
		}
	}
	if len(w.candidates) > 0 && w.allowed() {
		w.candidates = w.candidates[:0]
	}
	if w.s.known != nil {
		w.findKnown()
	}
	w.dropCovered()
}

// search finds the candidates of one pass.
func (w *worker) search() {
	w.keywords.forget()
	w.pass = len(w.candidates)
	w.runner.Reset(len(w.text))
	if w.decoded {
		w.lookAgain()
	} else {
		w.lookFirst()
	}
	w.openEverywhere()
	for _, number := range w.opened {
		w.confirm(&w.s.rules[number])
		w.windows[number] = w.windows[number][:0]
	}
	w.opened = w.opened[:0]
	w.dropLonely()
}

// release lets go of the fragment and of what was found. Decoded text stays in
// memory until the next scan.
func (w *worker) release() {
	clear(w.candidates)
	w.candidates = w.candidates[:0]
	w.f, w.text, w.longRuns = Fragment{}, nil, w.longRuns[:0]
	w.lines.reset(nil)
	w.decoder.Reset(nil)
}

// applies reports whether r is to be searched for in this fragment's path.
func (w *worker) applies(r *rule) bool {
	a := &w.path.applies[r.number]
	if *a == unasked {
		*a = no
		if (r.path == nil || r.path().Match(&w.asking, []byte(w.f.Path))) && !allowsFragment(r.allow, &w.asking, &w.f) {
			*a = yes
		}
	}
	return *a == yes
}

type answer uint8

const (
	unasked answer = iota
	yes
	no
)

// allowed reports whether an allowlist of the whole ruleset has the fragment's path
// or commit. That is asked late: few fragments have a candidate, and who reads files
// has skipped those of such paths before.
func (w *worker) allowed() bool {
	if w.path.allowed == unasked {
		w.path.allowed = no
		if allowsFragment(w.s.allow, &w.asking, &w.f) {
			w.path.allowed = yes
		}
	}
	return w.path.allowed == yes
}

// pathState remembers what the rules say of a path, since many fragments have the
// same one.
type pathState struct {
	path, commit string
	allowed      answer   // by the whole ruleset
	applies      []answer // by rule
}

// enter prepares for f.
func (p *pathState) enter(f *Fragment) {
	if p.path != f.Path || p.commit != f.Commit {
		p.path, p.commit, p.allowed = f.Path, f.Commit, unasked
		clear(p.applies)
	}
}

// addPathFindings adds a candidate for each rule on paths alone that f's path
// matches. Of a source with many fragments the first has it; gitleaks repeats it.
func (w *worker) addPathFindings() {
	if w.f.Path == "" || !w.s.opts.Compat && w.f.Offset > 0 {
		return
	}
	for _, number := range w.s.pathOnly {
		r := &w.s.rules[number]
		if !r.SkipReport && w.applies(r) && w.hasKeyword(r) {
			w.candidates = append(w.candidates, candidate{
				rule:  r,
				match: []byte("file detected: " + w.f.Path),
			})
		}
	}
}
