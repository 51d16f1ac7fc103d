package scanner

import (
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/internal/byteset"
	"github.com/stanch-dev/stanch/scanner/internal/plan"
)

// window is a part of the text that holds matches of a rule whole. Of so many
// matches as soft says that is not certain: the automaton took their first possible
// end for their end.
type window struct{ start, end, soft int }

// margin is how many bytes a window has on each side beyond what a match can
// reach: the rune that a word boundary looks at.
const margin = 4

// lookFirst opens windows in the fragment's data. Far inside the context that it
// shares with others there is nothing to look for.
func (w *worker) lookFirst() {
	end := len(w.text)
	if w.f.To > 0 {
		end = min(end, w.f.To+w.s.nearby)
	}
	w.look(max(0, w.f.From-w.s.nearby), end)
}

// look opens the windows of the places from start to end.
func (w *worker) look(start, end int) {
	w.s.plan.Filter.Places(w.text, start, end, &w.places, func(p int) bool {
		w.run(p)
		return true
	})
}

// run opens the windows that the automaton asks for at p.
func (w *worker) run(p int) {
	o := w.runner.Run(w.text, p)
	for _, number := range o.Rules {
		w.open(number, p, &o)
	}
	if o.End-p > w.s.nearby && (len(w.longRuns) == 0 || w.longRuns[len(w.longRuns)-1] < p) {
		w.longRuns = append(w.longRuns, p)
	}
}

// nearby returns how far around what counts one has to look, in bytes: several
// times as far as the longest match that has a limit.
func nearby(p *plan.Plan) int {
	longest := 1 << 10
	for i, tail := range p.DFA.NFA.Longest {
		if tail < automaton.Unlimited {
			longest = max(longest, p.Rules[i].MaxPre+tail)
		}
	}
	return 4 * longest
}

// lookAgain opens windows in a text that a pass of decoding has made. A match
// counts there only if it touches a decoded value. So it is enough to look near
// these, and at places further ahead from which the automaton read as far as this
// in the text before: what it read up to a value has not changed.
func (w *worker) lookAgain() {
	runs := w.longRuns
	w.longRuns = nil // collected anew
	done, shift := 0, 0
	for _, segment := range w.decoder.Segments() {
		start := max(done, segment.Decoded.Start-w.s.nearby)
		for len(runs) > 0 && runs[0] < segment.Encoded.End {
			if p := runs[0] + shift; p < start && p >= done && runs[0] < segment.Encoded.Start {
				w.run(p)
			}
			runs = runs[1:]
		}
		shift = segment.Decoded.End - segment.Encoded.End
		end := min(segment.Decoded.End+w.s.nearby, len(w.text))
		if start < end {
			w.look(start, end)
		}
		done = max(done, end)
	}
	for _, p := range runs {
		if p += shift; p >= done {
			w.run(p)
		}
	}
}

// openEverywhere opens the windows of rules that are tried on every text.
func (w *worker) openEverywhere() {
	for _, number := range w.s.always {
		if r := &w.s.rules[number]; w.applies(r) && (r.required || w.hasKeyword(r)) {
			w.add(number, window{0, len(w.text), 0})
		}
	}
}

// open opens a window for a rule that may match around p by the outcome of the
// automaton's run from there.
func (w *worker) open(number automaton.Rule, p int, o *automaton.Outcome) {
	r := &w.s.rules[number]
	if !w.applies(r) {
		return
	}
	if r.plan.Reach == plan.Gated {
		if w.hasKeyword(r) {
			w.add(number, window{0, len(w.text), 0})
		}
		return
	}
	next := window{start: windowStart(w.text, p, &r.plan), end: min(o.End+margin, len(w.text))}
	if o.Cut {
		next.soft = 1
	}
	w.add(number, next)
}

// add adds a window. Places come in order, but the windows of later ones can begin
// before those of earlier ones.
func (w *worker) add(number automaton.Rule, next window) {
	list := w.windows[number]
	if len(list) == 0 {
		w.opened = append(w.opened, number)
	}
	for n := len(list); n > 0 && next.start <= list[n-1].end; n-- {
		next.start = min(next.start, list[n-1].start)
		next.end = max(next.end, list[n-1].end)
		next.soft += list[n-1].soft
		list = list[:n-1]
	}
	w.windows[number] = append(list, next)
}

func windowStart(text []byte, p int, r *plan.Rule) int {
	return runeStart(text, max(0, back(text, p, r.MaxPre, &r.Pre)-margin), 0)
}

// back returns where the bytes of set begin that stand before at, at most so many.
func back(text []byte, at, most int, set *byteset.Set) int {
	for least := max(0, at-most); at > least && set.Has(text[at-1]); {
		at--
	}
	return at
}

// runeStart returns where the rune begins that position at of text is within, from
// least on.
func runeStart(text []byte, at, least int) int {
	for range 3 {
		if at > least && at < len(text) && text[at]&0xc0 == 0x80 {
			at--
		}
	}
	return at
}
