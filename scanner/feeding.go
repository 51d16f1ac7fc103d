package scanner

import "github.com/stanch-dev/stanch/scanner/view"

// feeding is how a level's text goes to the level above: only around what is
// encoded, since what stands there as it is was searched below.
type feeding struct {
	active bool
	// tentative tells that nothing is encoded yet, but what begins at fed may be; what
	// stands before it would be of the same secret.
	tentative bool
	fed       int // position up to which the level above has the text
	until     int // position up to which it is to have it, for what follows a segment
}

// waiting is a segment of which it is not known yet what follows it.
type waiting struct {
	active     bool
	segment    view.Segment
	start, end int
}

const (
	// around is how much text before and behind a decoded value is searched with it,
	// in bytes.
	around = 256
	// further is by how much more text that is extended, as long as something has
	// begun there.
	further = 64
)

// decode finds the segments of the text and searches the level above.
func (l *level) decode(far asFar) {
	for {
		seg, start, end, ok := l.nextSegment(far)
		if !ok {
			break
		}
		if l.depth > 0 && !l.touches(span{start - 1, end + 1}) {
			l.decoded = end // it was decided below, but for what is adjacent
			continue
		}
		l.settle(start)
		l.feedUpto(start)
		l.decoded = end
		l.endApart(start)
		if seg.Apart {
			l.searchApart(&seg, start, end)
			continue
		}
		if !l.feeding.active {
			l.startFeeding(start)
		}
		l.feed(start)
		l.feeding.tentative = false
		l.above.addSegment(&seg, start, end)
		l.feeding.fed, l.feeding.until = end, end+around
	}
	if far.ended {
		l.endApart(-1)
	} else {
		l.endApart(l.decoded)
	}
	l.settle(l.decoded)
	l.feedUpto(l.decoded)
	switch f := &l.feeding; {
	case f.active && !f.tentative:
		l.feed(min(l.decoded, f.until))
		l.above.search(far)
		f.active = !far.ended
	case !f.active && l.decoded < l.end():
		l.startFeeding(l.decoded)
		f.tentative = true
		l.feed(l.decoded)
		l.above.search(asFar{})
	}
}

// nextSegment returns the next segment and where it stands. On a level above the first
// one that ends with the text waits for what follows it.
func (l *level) nextSegment(far asFar) (seg view.Segment, start, end int, ok bool) {
	w := &l.waiting
	if w.active {
		seg, start, end = w.segment, w.start, w.end
	} else {
		var settled int
		seg, settled, ok = l.decoder.Next(l.buf, l.decoded-l.base, far.ended)
		if !ok {
			l.decoded = l.base + settled
			return seg, 0, 0, false
		}
		start, end = l.base+seg.Start, l.base+seg.End
	}
	if l.depth > 0 && end == l.end() && !far.ended {
		if !w.active {
			seg.Decoded = append(w.segment.Decoded[:0], seg.Decoded...)
			*w = waiting{active: true, segment: seg, start: start, end: end}
			l.decoded = start
		}
		return seg, 0, 0, false
	}
	w.active = false
	return seg, start, end, true
}

// settle ends what was tentative, as it is known now that the next segment, if
// any, begins at at.
func (l *level) settle(at int) {
	if f := &l.feeding; f.tentative && at != f.fed {
		*f = feeding{}
	}
}

// feedUpto gives the level above the text that it is to have before at, and stops
// feeding it if all it has begun is decided by then.
func (l *level) feedUpto(at int) {
	f := &l.feeding
	for f.active && f.until < at {
		l.feed(f.until)
		l.above.search(asFar{})
		if l.above.quiet() {
			f.active = false
			return
		}
		f.until += further
	}
}

// feed gives the level above the text up to at.
func (l *level) feed(at int) {
	if at > l.feeding.fed {
		l.above.add(l.slice(l.feeding.fed, at))
		l.feeding.fed = at
	}
}

// startFeeding begins another text above, with the context of a segment at start.
func (l *level) startFeeding(start int) {
	if l.above == nil {
		l.above = &level{}
		l.above.init(l.st, l.depth+1)
		l.above.below = l
	}
	from := max(l.base, start-around)
	l.above.restart(l.above.end())
	at := l.above.end()
	l.above.origin = segment{start: at, end: at, srcStart: from, srcEnd: from}
	l.feeding = feeding{active: true, fed: from, until: start}
}

// addSegment adds a segment that stands on the level below from start to end.
func (l *level) addSegment(seg *view.Segment, start, end int) {
	s := segment{start: l.end(), srcStart: start, srcEnd: end, kind: seg.Kind, frame: seg.Frame}
	l.add(seg.Decoded)
	s.end = l.end()
	l.segments = append(l.segments, s)
}

// quiet reports whether all that may reach into the last segment, or begins there, is
// decided. What begins further behind was found on the level below.
func (l *level) quiet() bool {
	last := l.origin.end // which is the last segment that was forgotten
	if n := len(l.segments); n > 0 {
		last = l.segments[n-1].end
	}
	if l.swallow.active || l.feeding.active && !l.feeding.tentative || len(l.runs) > 0 && l.runs[0].place < last+around {
		return false
	}
	begun := min(l.decoded, l.known.hold, l.presented.hold, l.key.needs(l.end()))
	for i := range l.clusters {
		begun = min(begun, l.clusters[i].start)
	}
	return begun > last
}

// apart is the level for values that are searched alone, each as a text of its own.
type apart struct {
	level *level // nil until needed
	open  bool   // a value may go on at end
	end   int
}

// searchApart searches a decoded value alone, or a further part of one. What is within
// it stays as it is.
func (l *level) searchApart(seg *view.Segment, start, end int) {
	a := &l.apart
	if a.level == nil {
		a.level = &level{}
		a.level.init(l.st, l.depth+1)
		a.level.below = l
	}
	if !a.open {
		at := a.level.end()
		a.level.restart(at)
		a.level.origin = segment{start: at, end: at, srcStart: start, srcEnd: start}
	}
	a.level.addSegment(seg, start, end)
	a.level.searchHere(asFar{})
	a.level.decoded = a.level.end()
	a.open, a.end = true, end
}

// endApart ends the value that is searched alone if it does not go on at at.
func (l *level) endApart(at int) {
	if a := &l.apart; a.open && at != a.end {
		a.level.searchHere(asFar{ended: true})
		a.open = false
	}
}
