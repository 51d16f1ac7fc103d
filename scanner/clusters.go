package scanner

import (
	"math"
	"slices"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner/internal/automaton"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// cluster is a window of a rule, or several that touch. Matches in it are final
// when no other can come to touch it.
type cluster struct {
	rule       *rule
	start, end int
	forced     bool // the end is where no more was looked for, not where nothing can match
	match      int  // where the first match begins that is not final; the greatest int for nowhere
}

// open opens a window for a rule that may match at a place, up to end.
func (l *level) open(number automaton.Rule, place, end int, forced bool) {
	r := &l.st.s.rules[number]
	if r.number == l.st.keyRule || !l.st.has[r.number] {
		return
	}
	next := cluster{rule: r, start: l.windowStart(place, r), end: end, forced: forced}
	kept := l.clusters[:0]
	for _, c := range l.clusters {
		if c.rule == r && next.start < c.end && c.start < next.end {
			if c.end >= next.end {
				next.forced = c.forced
			}
			next.start, next.end = min(next.start, c.start), max(next.end, c.end)
			continue
		}
		kept = append(kept, c)
	}
	l.clusters = append(kept, next)
}

// windowStart returns where a match of r begins at the earliest that has its place
// at at.
func (l *level) windowStart(at int, r *rule) int {
	at -= l.base
	return l.base + runeStart(l.buf, back(l.buf, at, r.plan.MaxPre, &r.plan.Pre), max(0, at-r.plan.MaxPre))
}

// closeClusters finds the matches in the clusters that are final.
func (l *level) closeClusters(far asFar) {
	l.look()
	if len(l.clusters) == 0 {
		return
	}
	slices.SortFunc(l.clusters, func(a, b cluster) int { return a.start - b.start })
	kept := l.clusters[:0]
	for i := range l.clusters {
		c := l.clusters[i]
		final := math.MaxInt
		if !far.ended {
			final = l.nextStart(c.rule)
		}
		if c.match = l.confirm(&c, final); final < c.end {
			kept = append(kept, c)
		}
	}
	l.clusters = kept
}

// nextStart returns where the next window of a rule begins at the earliest. Matches
// before it are final.
func (l *level) nextStart(of *rule) int {
	next := l.frontier
	for i := range l.runs {
		if r := &l.runs[i]; r.place < next && l.mayReport(r, of) {
			next = r.place
		}
	}
	return l.windowStart(next, of)
}

// mayReport reports whether an open run may come to open a window for a rule.
func (l *level) mayReport(r *run, of *rule) bool {
	number := automaton.Rule(of.number)
	switch {
	case r.to != nil || slices.Contains(r.rules, number):
		return true
	case r.blind > 0:
		return false
	}
	l.rebase(r)
	left, _ := l.st.w.runner.Left(r.row, l.st.w.left[:0])
	l.st.w.left = left
	return slices.Contains(left, number)
}

// clusterHold returns where the first match begins that is not final. Others would
// need places that are still to come.
func (l *level) clusterHold() int {
	hold := l.end()
	for i := range l.clusters {
		hold = min(hold, l.clusters[i].match)
	}
	return hold
}

// textOf returns the text that a cluster's expression sees, from where in it matches
// may begin, and where it begins itself.
func (l *level) textOf(c *cluster) (text []byte, from, low int) {
	if l.done == nil {
		l.done = make([]int, len(l.st.s.rules))
	}
	low = max(l.base, c.start-seenBefore)
	return l.buf[low-l.base : c.end-l.base], max(c.start, l.done[c.rule.number]) - low, low
}

// seenBefore is how much text before a cluster its expression sees, in bytes.
const seenBefore = 16

// confirm takes in the secrets that a rule's expression finds in a cluster, of matches
// that end at final at the latest, and returns where the first other one begins.
func (l *level) confirm(c *cluster, final int) (match int) {
	text, at, low := l.textOf(c)
	for at <= len(text) {
		groups := c.rule.expr().Find(&l.st.w.matching, text, at)
		if groups == nil {
			break
		}
		start, end := groups[0], groups[1]
		if at = end; start == end {
			at++
			continue
		}
		if low+end > final {
			return low + start
		}
		l.done[c.rule.number] = low + end
		l.judge(c, text, low, groups)
	}
	return math.MaxInt
}

// promptBefore is how far before a match a keyword counts, or the rest of its line,
// in bytes.
const promptBefore = 512

// judge takes in a match unless something speaks against it.
func (l *level) judge(c *cluster, text []byte, low int, groups []int) {
	w, r := l.st.w, c.rule
	whole := span{groups[0], groups[1]}
	matched := trimNewlines(text, whole)
	on := w.secretOf(r, text, matched, groups)
	if on.start == on.end { // the rule's group took no part in the match
		on = matched
	}
	start, end := redact.Trim(on.of(text))
	forced := c.forced && on.end == len(text)
	if forced {
		end = on.end - on.start
	}
	value := on.of(text)
	found := candidate{rule: r, match: matched.of(text), secret: value}
	if len(value) > 0 {
		found.entropy = entropy(value)
	}
	if r.Entropy != 0 && found.entropy <= r.Entropy || isRedacted(value) {
		return
	}
	line := l.lineBefore(low+matched.start, low+matched.end)
	if !containsFold(found.match, r.Keywords) && !l.prompts(r, low+matched.start, low+matched.end) {
		return
	}
	if w.allowsCandidate(l.st.s.allow, &found, line) || w.allowsCandidate(r.allow, &found, line) {
		return
	}
	on = span{low + on.start + start, low + on.start + end}
	s := &Secret{Forced: forced}
	if !forced {
		s.Value = secret.Of(slices.Clone(value[start:end]))
	}
	s.Finding = Finding{Rule: r.Rule, Entropy: found.entropy}
	match := matched.plus(low)
	l.take(s, match, span{match.start - 1, match.end + 1}, on)
	if forced {
		l.swallow = swallow{active: true, at: on.end}
		l.swallowOn()
	}
}

// lineBefore returns the text of a match with what stands before it on its line.
func (l *level) lineBefore(start, end int) []byte {
	text := l.slice(start-promptBefore, end)
	head := len(text) - (end - start)
	for i := head - 1; i >= 0; i-- {
		if text[i] == '\n' {
			return text[i+1:]
		}
	}
	return text
}

// take takes in a secret that was found on this level by what stands in around, which
// is a match with its neighbours.
func (l *level) take(s *Secret, match, around, on span) {
	if l.depth > 0 {
		if !l.touches(around) {
			return // it was found below
		}
		s.Finding.Encoding, s.Finding.Depth = Encoding(l.kinds(match)), l.depth
	}
	start, end, layers := l.source(on)
	s.layers = layers
	s.Finding.Match.Start, s.Finding.Match.End, _ = l.source(match)
	l.st.add(foundSecret{start: start, end: end, secret: s, level: l, epoch: l.epoch, on: on})
}

// swallow is what is left of a secret that was longer than can be looked at: its
// text is left out as long as it goes on like a token.
type swallow struct {
	active bool
	at     int // what comes from here is to be decided
}

// swallowOn leaves out new text that belongs to a secret that was let go.
func (l *level) swallowOn() {
	if !l.swallow.active {
		return
	}
	from := l.swallow.at
	at := from
	for at < l.end() && isToken(l.buf[at-l.base]) {
		at++
	}
	l.swallow = swallow{active: at == l.end(), at: at}
	l.leaveOut(span{from, at})
}

// leaveOut leaves a part of the text out.
func (l *level) leaveOut(on span) {
	if on.start < on.end {
		start, end, _ := l.source(on)
		l.st.add(foundSecret{start: start, end: end, silent: true})
	}
}
