package scanner

import "bytes"

// longestLine is the length of a line, in bytes, from which rules that need whole
// lines see it in parts.
const longestLine = 64 << 10

// matchLines tries, on each new line that is complete, the rules that no few bytes
// tell apart from other text. While a ruleset has any, lines are held back until they
// are complete.
func (l *level) matchLines(far asFar) {
	if len(l.st.byLine) == 0 {
		return
	}
	start := l.lineStart
	for n := l.line(far); n > 0; n = l.line(far) {
		l.lineStart += n
	}
	for _, number := range l.st.byLine {
		r := &l.st.s.rules[number]
		if l.prompts(r, start, l.lineStart) {
			l.matchEachLine(r, start, l.lineStart)
		}
	}
}

// line returns the length of the line that is not looked at yet, 0 if it is not
// complete.
func (l *level) line(far asFar) int {
	rest := l.buf[l.lineStart-l.base:]
	n := bytes.IndexByte(rest[:min(len(rest), longestLine)], '\n') + 1
	switch {
	case n > 0:
		return n
	case len(rest) >= longestLine:
		return longestLine
	case far.ended:
		return len(rest)
	}
	return 0
}

// matchEachLine tries a rule on the lines from start to end.
func (l *level) matchEachLine(r *rule, start, end int) {
	for at := start; at < end; {
		line := l.slice(at, min(end, at+longestLine))
		if n := bytes.IndexByte(line, '\n') + 1; n > 0 {
			line = line[:n]
		}
		if next := at + len(line); l.prompts(r, at, next) {
			l.confirm(&cluster{rule: r, start: at, end: next}, next)
		}
		at += len(line)
	}
}

// prompts reports whether a keyword of r stands in a part of the text or not far
// before it.
func (l *level) prompts(r *rule, start, end int) bool {
	return start < end && (len(r.Keywords) == 0 || containsFold(l.slice(start-promptBefore, end), r.Keywords))
}

// lineHold returns where the line begins that is not complete, if that matters.
func (l *level) lineHold() int {
	if len(l.st.byLine) == 0 {
		return l.end()
	}
	return l.lineStart
}
