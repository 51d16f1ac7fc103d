package scanner

import (
	"slices"

	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/prefilter"
)

// longestRun is how far from its place a match is looked for, in bytes. The default
// rules' own limits are below 1,300; what exceeds them has none.
const longestRun = 8 << 10

// run is a run of the automaton that has come to the end of the text and goes on
// with more.
type run struct {
	place int
	at    int // what it has read
	row   uint32
	by    *automaton.DFA   // that row is of
	rules []automaton.Rule // that may match already
	begun int              // where the secret may have begun; -1 for nowhere
	blind int              // of a run that was given up: where it ends at the latest; 0 otherwise
	lead  *leader          // by which others join it; nil for none
	to    *leader          // which it has joined; nil for none
}

// Long runs meet at checkpoints, multiples of checkEvery bytes: those in the same
// state go on as one, so that many long runs over one text read it once.
const (
	checkEvery = 1 << 8 // a power of two
	checkAge   = checkEvery / 2
)

type checkpoint struct {
	at    int
	state uint64
}

// leader is what a run that passed a checkpoint comes to.
type leader struct {
	rules  []automaton.Rule
	end    int // 0 while it is open
	forced bool
}

// continueRuns takes the open runs on over new text.
func (l *level) continueRuns(far asFar) {
	runs := l.runs
	l.runs = l.runs[:0]
	for i := range runs {
		r := runs[i] // a copy: the list is written again from its front
		switch {
		case r.to != nil:
			l.follow(&r)
		case r.blind > 0:
			l.waitBlind(&r, far)
		default:
			l.rebase(&r)
			l.walk(&r, far)
		}
	}
	if len(l.leaders) > 64 {
		for at := range l.leaders {
			if at.at < l.reached-2*longestRun {
				delete(l.leaders, at)
			}
		}
	}
}

// startRuns starts runs at the places of new text. In the last bytes what is there
// does not tell yet where places are.
func (l *level) startRuns(far asFar) {
	w := l.st.w
	limit := l.end() - (prefilter.Width - 1)
	if far.ended {
		limit = l.end()
	}
	if l.reached >= limit {
		return
	}
	w.runner.Feed(limit - l.reached)
	from := l.reached - l.base
	l.reached = limit
	l.st.s.plan.Filter.Places(l.buf, from, limit-l.base, &w.places, func(p int) bool {
		l.start(l.base+p, far)
		return true
	})
}

// start starts a run. Most are over after a few bytes.
func (l *level) start(place int, far asFar) {
	w := l.st.w
	r := run{place: place, at: place, row: w.runner.Start(), begun: -1}
	stop := min(l.end(), place+checkAge)
	_, reached, rules, status := w.runner.Advance(r.row, l.buf[:stop-l.base], place-l.base, w.rules[:0])
	w.rules = rules[:0]
	if status == automaton.Ended {
		l.finish(&r, rules, l.base+reached, false)
		return
	}
	l.walk(&r, far)
}

// walk takes a run on byte by byte, minding where a secret may have begun, and
// keeps it if it is not over.
func (l *level) walk(r *run, far asFar) {
	runner := l.st.w.runner
	for r.at < l.end() {
		if r.at == r.place+longestRun {
			l.overlong(r)
			return
		}
		if r.at&(checkEvery-1) == 0 && r.at >= r.place+checkAge {
			if len(r.rules) == 0 && l.onlyKeys(r.row) {
				l.finish(r, r.rules, r.at, false)
				return
			}
			if l.meet(r) {
				return
			}
		}
		if len(r.rules) == 0 {
			switch in := runner.InSecret(r.row); {
			case !in:
				r.begun = -1
			case r.begun < 0:
				r.begun = r.at
			}
		}
		at := r.at - l.base
		var status automaton.Status
		r.row, _, r.rules, status = runner.Advance(r.row, l.buf[:at+1], at, r.rules)
		switch status {
		case automaton.Ended:
			l.finish(r, r.rules, r.at+1, false)
			return
		case automaton.GaveUp:
			l.giveUp(r, far)
			return
		}
		r.at++
	}
	switch {
	case far.ended:
		l.finish(r, runner.AtEnd(r.row, r.rules), r.at, false)
	case len(r.rules) == 0 && l.onlyKeys(r.row):
		l.finish(r, r.rules, r.at, false)
	default:
		r.by = runner.DFA()
		l.runs = append(l.runs, *r)
	}
}

// onlyKeys reports whether what is left at row are no rules, or only the one whose
// secrets are found by their lines. (Where rules match already, the byte behind tells
// whether a word ends there.)
func (l *level) onlyKeys(row uint32) bool {
	left, _ := l.st.w.runner.Left(row, l.st.w.left[:0])
	l.st.w.left = left
	return len(left) == 0 || len(left) == 1 && int(left[0]) == l.st.keyRule
}

// rebase makes r's row one of the present runner. What runners have built on their
// own, others do not know.
func (l *level) rebase(r *run) {
	runner := l.st.w.runner
	if r.by == runner.DFA() || runner.Shared(r.row) {
		return
	}
	row := runner.Start()
	for at := r.place - l.base; at < r.at-l.base; {
		var status automaton.Status
		row, at, _, status = runner.Advance(row, l.buf[:r.at-l.base], at, nil)
		if status == automaton.GaveUp {
			runner.Grant(1)
		}
	}
	r.row, r.by = row, runner.DFA()
}

// meet lets r join a run that was in the same state here, and reports whether there
// was one.
func (l *level) meet(r *run) bool {
	at := checkpoint{r.at, l.st.w.runner.Name(r.row)}
	if to := l.leaders[at]; to != nil {
		r.to = to
		l.follow(r)
		return true
	}
	if r.lead == nil {
		r.lead = &leader{}
	}
	if l.leaders == nil {
		l.leaders = map[checkpoint]*leader{}
	}
	l.leaders[at] = r.lead
	return false
}

// follow ends a run that has joined another if that is over.
func (l *level) follow(r *run) {
	if r.to.end == 0 {
		l.runs = append(l.runs, *r)
		return
	}
	rules := slices.Clone(r.rules)
	for _, rule := range r.to.rules {
		if !slices.Contains(rules, rule) {
			rules = append(rules, rule)
		}
	}
	l.finish(r, rules, r.to.end, r.to.forced)
}

// giveUp makes a run one that waits for the text in which its rules may match.
func (l *level) giveUp(r *run, far asFar) {
	rules, longest := l.st.w.runner.Left(r.row, slices.Clone(r.rules))
	r.rules, r.blind = rules, max(r.at+1, r.place+longest)
	if r.begun < 0 {
		r.begun = r.place
	}
	l.waitBlind(r, far)
}

func (l *level) waitBlind(r *run, far asFar) {
	if far.ended || r.blind <= l.end() {
		l.finish(r, r.rules, min(r.blind, l.end()), false)
		return
	}
	l.runs = append(l.runs, *r)
}

// overlong ends a run that is as long as any may be.
func (l *level) overlong(r *run) {
	rules := l.st.w.runner.AtEnd(r.row, r.rules)
	if l.depth == 0 && len(rules) == 0 && r.begun >= 0 && !l.onlyKeys(r.row) {
		l.st.stats.GivenUp++
	}
	l.finish(r, rules, r.at, true)
}

// finish opens the windows that a run which is over asks for.
func (l *level) finish(r *run, rules []automaton.Rule, end int, forced bool) {
	if r.lead != nil {
		r.lead.rules, r.lead.end, r.lead.forced = slices.Clone(rules), end, forced
	}
	for _, number := range rules {
		l.open(number, r.place, end, forced)
	}
}

// runHold returns where the first secret may have begun that an open run is about.
func (l *level) runHold() int {
	hold := l.end()
	for i := range l.runs {
		hold = min(hold, l.runBegin(&l.runs[i]))
	}
	return hold
}

func (l *level) runBegin(r *run) int {
	switch {
	case r.begun < 0:
		return l.end()
	case r.begun > r.place:
		return r.begun
	}
	rules := r.rules
	if r.blind == 0 && r.to == nil {
		l.rebase(r)
		rules, _ = l.st.w.runner.Left(r.row, append(l.st.w.left[:0], rules...))
		l.st.w.left = rules
	}
	return l.leadStart(r.place, rules)
}

// leadStart returns where a secret of one of some rules may begin whose place is at.
func (l *level) leadStart(at int, rules []automaton.Rule) (start int) {
	start = at
	for _, number := range rules {
		r := &l.st.s.rules[number].plan
		start = min(start, l.base+back(l.buf, at-l.base, r.Lead, &r.LeadSet))
	}
	return start
}

// look finds what the last bytes of the text may be the beginning of: the first
// place that more text may make one, and where a secret that has its place there
// may begin.
func (l *level) look() {
	l.frontier, l.mayBegin = l.end(), l.end()
	runner := l.st.w.runner
	for p := l.reached; p < l.end(); p++ {
		if !l.st.s.plan.Filter.Possible(l.buf, p-l.base) {
			continue
		}
		row, _, _, status := runner.Advance(runner.Start(), l.buf, p-l.base, nil)
		if status == automaton.Ended {
			continue
		}
		l.frontier = min(l.frontier, p)
		begun := runner.InSecret(runner.Start())
		if !begun && status != automaton.GaveUp && !runner.InSecret(row) {
			continue
		}
		l.mayBegin = min(l.mayBegin, l.leadStart(p, l.st.leading))
	}
	l.mayBegin = min(l.mayBegin, l.leadStart(l.end(), l.st.leading))
}
