package scanner

import "bytes"

// place is where a match stands. Lines count from 0 in the fragment's data,
// columns from 1.
type place struct {
	startLine, endLine, startColumn, endColumn int
	line                                       span // the lines of the match
}

// lines finds lines in data. It remembers the last one, as the next is often near.
type lines struct {
	data   []byte
	number int
	line   span // without its newline
	known  bool
}

func (l *lines) reset(data []byte) { *l = lines{data: data} }

// at returns the line that has position p, and its number from 0. A newline is the
// end of its line.
func (l *lines) at(p int) (int, span) {
	if l.known && l.line.start <= p && p <= l.line.end {
		return l.number, l.line
	}
	before := l.line.start // of the line that number is of
	if p >= before {
		l.number += bytes.Count(l.data[before:p], newline)
	} else {
		l.number -= bytes.Count(l.data[p:before], newline)
	}
	l.line = span{bytes.LastIndexByte(l.data[:p], '\n') + 1, len(l.data)}
	if i := bytes.IndexByte(l.data[p:], '\n'); i >= 0 {
		l.line.end = p + i
	}
	l.known = true
	return l.number, l.line
}

var newline = []byte{'\n'}

// place returns where s stands.
func (l *lines) place(s span, compat bool) place {
	if compat {
		return l.compatPlace(s)
	}
	var p place
	last := max(s.start, s.end-1)
	p.startLine, p.line = l.at(s.start)
	p.startColumn = s.start - p.line.start + 1
	number, line := l.at(last)
	p.endLine, p.line.end = number, line.end
	p.endColumn = last - line.start + 1
	return p
}

// compatPlace returns where gitleaks says that s stands. To gitleaks a newline
// belongs to the line that follows it, so that every line but the first has its
// text from column 2 on; and a match behind the last newline stands on a line that
// begins with the fragment.
func (l *lines) compatPlace(s span) place {
	var p place
	start := l.gitleaksLine(s.start)
	p.startLine, p.endLine = start.number, start.number
	p.startColumn = s.start - start.newline + 1
	if !start.closed {
		p.endColumn = s.end - start.newline
		p.line = span{0, s.end}
		if i := bytes.IndexAny(l.data[s.end:], "\r\n"); i >= 0 {
			p.line.end += i
		} else {
			p.line.end = len(l.data)
		}
		return p
	}
	p.line = span{start.newline, start.end}
	if end := l.gitleaksLine(s.end - 1); s.end > s.start && end.closed {
		p.endLine, p.endColumn, p.line.end = end.number, s.end-end.newline, end.end
	}
	p.line.end = max(p.line.end, s.end)
	return p
}

// gitleaksLine is a line with the newline before it.
type gitleaksLine struct {
	number  int
	newline int  // position of the newline before the line; 0 for the first one
	end     int  // position of the newline after it
	closed  bool // there is one, or there is none in all the data
}

func (l *lines) gitleaksLine(p int) gitleaksLine {
	if p < len(l.data) && l.data[p] == '\n' {
		p++ // belongs to the next line
	}
	number, line := l.at(p)
	closed := line.end < len(l.data) || number == 0 && p < len(l.data)
	return gitleaksLine{number, max(0, line.start-1), line.end, closed}
}
