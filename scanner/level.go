package scanner

import "github.com/stanch-dev/stanch/scanner/view"

// level is a text at one depth of decoding: the stream's own at depth 0, or what
// the level below becomes when one layer of encodings is undone. A level above the
// first has text only around what was decoded; it begins anew behind a gap.
//
// Positions count in the level's text from its beginning.
type level struct {
	st    *Stream
	depth int
	buf   []byte
	base  int // position of buf[0]
	epoch int // how often it began anew

	runs      []run     // that are open, by place
	reached   int       // up to here runs were started
	frontier  int       // the first place behind that more text may make one
	mayBegin  int       // where a secret may begin that has its place there
	clusters  []cluster // windows in which matches may still change
	done      []int     // by rule: where the last match ended
	leaders   map[checkpoint]*leader
	lineStart int // of the line that is not complete
	swallow   swallow
	key       key
	known     knownState
	presented knownState

	// The level above, and how this text becomes its text.
	decoder view.Decoder
	decoded int // position up to which all segments are known
	waiting waiting
	above   *level
	feeding feeding
	apart   apart

	// Of a level above the first: where its text came from.
	below    *level
	segments []segment
	origin   segment // an empty one, where the text begins
}

// asFar tells what is known of the end of a text.
type asFar struct {
	ended bool // there is no more
	cut   bool // there was
}

func (l *level) init(st *Stream, depth int) {
	*l = level{st: st, depth: depth}
	l.restart(0)
}

// release lets go of memory that a long text has needed, and most others do not.
func (l *level) release() {
	for ; l != nil; l = l.above {
		if cap(l.buf) > mostKept {
			l.buf = nil
		}
		if apart := l.apart.level; apart != nil && cap(apart.buf) > mostKept {
			apart.buf = nil
		}
	}
}

// mostKept is how much memory a level keeps for the next text, in bytes.
const mostKept = 128 << 10

// restart begins another text at a position, with nothing before it.
func (l *level) restart(at int) {
	l.epoch++
	l.buf, l.base = l.buf[:0], at
	l.runs, l.clusters = l.runs[:0], l.clusters[:0]
	l.reached, l.frontier, l.mayBegin, l.decoded = at, at, at, at
	clear(l.done)
	clear(l.leaders)
	l.lineStart, l.swallow = at, swallow{}
	l.key = key{looked: at}
	l.known = knownState{next: at, hold: at}
	l.presented = l.known
	l.decoder.Reset()
	l.feeding, l.waiting.active, l.apart.open = feeding{}, false, false
	l.segments = l.segments[:0]
}

func (l *level) add(text []byte) { l.buf = append(l.buf, text...) }

func (l *level) end() int { return l.base + len(l.buf) }

// slice returns the text from from to to, as far as it is there.
func (l *level) slice(from, to int) []byte {
	from, to = max(from, l.base), min(to, l.end())
	if from >= to {
		return nil
	}
	return l.buf[from-l.base : to-l.base]
}

// search finds what the text that was added decides, here and above.
func (l *level) search(far asFar) {
	l.searchHere(far)
	if l.depth < l.st.s.opts.MaxDecodeDepth {
		l.decode(far)
	} else {
		l.decoded = l.end()
	}
}

// searchHere is search without the levels above.
func (l *level) searchHere(far asFar) {
	l.swallowOn()
	l.findKeys(far)
	l.findKnown(far)
	l.continueRuns(far)
	l.startRuns(far)
	l.matchLines(far)
	l.closeClusters(far)
}

// hold returns the first position that can be of a secret that was not found yet.
func (l *level) hold() int {
	return min(l.firmHold(), l.known.hold, l.presented.hold, l.key.mayBegin, l.mayBegin, l.decoded)
}

// firmHold is hold for those secrets that have begun for sure, or are encoded.
func (l *level) firmHold() int {
	hold := min(l.runHold(), l.clusterHold(), l.key.hold(l.end()), l.lineHold())
	if l.decoded < l.end()-shortRun {
		hold = min(hold, l.decoded)
	}
	if l.feeding.active {
		hold = min(hold, l.above.holdBelow())
	}
	if l.apart.open {
		hold = min(hold, l.apart.level.holdBelow())
	}
	return hold
}

// holdBelow is hold as a position on the level below, whose text has no limit where
// this one holds nothing.
func (l *level) holdBelow() int {
	if hold := l.hold(); hold < l.end() {
		return l.place(hold)
	}
	return l.below.end()
}

// shortRun is the length in bytes up to which text that might be encoded is not
// waited for.
const shortRun = 16

// keep is how much text stays before all that is needed, as context, in bytes.
const keep = 1 << 10

// forget lets go of text that is not needed any more, of which everything before
// upto was handed out.
func (l *level) forget(upto int) {
	upto = l.needs(upto) - keep
	if gone := upto - l.base; gone > len(l.buf)/2 {
		l.buf = l.buf[:copy(l.buf, l.buf[gone:])]
		l.base = upto
		n := 0
		for n < len(l.segments) && l.segments[n].end < l.base {
			n++
		}
		if n > 0 {
			l.origin = l.segments[n-1]
			l.segments = l.segments[:copy(l.segments, l.segments[n:])]
		}
	}
	if l.feeding.active {
		l.above.forget(l.above.end())
	}
	if l.apart.open {
		l.apart.level.forget(l.apart.level.end())
	}
}

// needs returns the first position that is still looked at, at most upto.
func (l *level) needs(upto int) int {
	upto = min(upto, l.reached, l.decoded, l.known.next, l.presented.next, l.key.needs(l.end()), l.lineHold())
	for i := range l.runs {
		upto = min(upto, l.runs[i].place)
	}
	for i := range l.clusters {
		upto = min(upto, l.clusters[i].start)
	}
	if l.feeding.active {
		upto = min(upto, l.feeding.fed, l.above.place(l.above.needs(l.above.end())))
	}
	if l.apart.open {
		upto = min(upto, l.apart.level.place(l.apart.level.needs(l.apart.level.end())))
	}
	return upto
}
