package scanner

import (
	"bytes"
	"sort"

	"github.com/stanch-dev/stanch/scanner/view"
)

// segment is a decoded part of a level's text, and where it came from.
type segment struct {
	start, end       int // on the level
	srcStart, srcEnd int // on the level below
	kind             view.Kind
	frame            bool
}

// layer tells how a replacement on one level is written on the level below.
type layer []element

// element is a part of what is replaced: text that stands below as it is, or a
// segment, of which the bytes from from to to are replaced when decoded.
type element struct {
	src      []byte // of a segment
	kind     view.Kind
	from, to int
	frame    bool // left as it is
}

// encode returns what is written below so that it reads replacement above. The
// first element becomes the replacement, of the others only what belongs to
// something else is left.
func (l layer) encode(replacement []byte) (out []byte) {
	written := false
	var kinds view.Kind
	for _, e := range l {
		kinds |= e.kind
	}
	for _, e := range l {
		value := replacement
		if written {
			value = nil
		}
		switch {
		case e.frame:
			out = append(out, e.src...)
			continue
		case e.src == nil:
			out = append(out, kinds.Escape(value)...)
		default:
			_, _, text := e.kind.Patch(e.src, e.from, e.to, value)
			out = append(out, text...)
		}
		written = true
	}
	return out
}

// fills reports whether asterisks are written behind a replacement of n bytes.
func (l layer) fills(n int) bool {
	for _, e := range l {
		if !e.frame {
			return e.src != nil && e.kind.Fill(e.src, e.from, e.to, n) > 0
		}
	}
	return false
}

// inGroups reports whether the layer is of an encoding that does not leave other
// characters as they are.
func (l layer) inGroups() bool {
	for _, e := range l {
		if e.kind&(view.Base64|view.Hex) != 0 {
			return true
		}
	}
	return false
}

// source returns what a part of the level's text is of the stream's, and how what
// replaces it is to be written there, from this level down.
func (l *level) source(on span) (start, end int, layers []layer) {
	var whole span // what was encoded as one with on
	for ; l.depth > 0; l = l.below {
		kinds := l.segmentKinds(whole)
		below, made := l.lower(on)
		if made == nil && kinds != 0 { // what is written may need what stands beside it
			made = layer{{kind: kinds}}
		}
		if made != nil {
			layers = append(layers, made)
		}
		whole = l.wholeBelow(on, whole)
		on = below
	}
	return on.start, on.end, layers
}

// wholeBelow returns the source of the segments that on is part of or, if it is part
// of none, of whole.
func (l *level) wholeBelow(on, whole span) span {
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].end > on.start })
	if i == len(l.segments) || l.segments[i].start >= on.end {
		if whole.start == whole.end {
			return span{}
		}
		return span{l.place(whole.start), l.placeOfEnd(whole.end)}
	}
	below := span{start: l.segments[i].srcStart}
	for ; i < len(l.segments) && l.segments[i].start < on.end; i++ {
		below.end = l.segments[i].srcEnd
	}
	return below
}

// segmentKinds returns which encodings a part of the level's text had below.
func (l *level) segmentKinds(on span) (kinds view.Kind) {
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].end > on.start })
	for ; i < len(l.segments) && l.segments[i].start < on.end; i++ {
		kinds |= l.segments[i].kind
	}
	return kinds
}

// remembers reports whether source can be asked for a part of the text that was
// found in an epoch.
func (l *level) remembers(on span, epoch int) bool {
	if l == nil || l.epoch != epoch {
		return false
	}
	for ; l.depth > 0; l = l.below {
		if on.start < max(l.base, l.origin.end) {
			return false
		}
		on = span{l.place(on.start), l.placeOfEnd(on.end)}
	}
	return on.start >= l.base
}

// lower returns what a part of the level's text is of the level below; and how what
// replaces it is to be written there, nil for as it is.
func (l *level) lower(on span) (below span, made layer) {
	first := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].end > on.start })
	at := on.start
	below.start = l.place(on.start)
	for i := first; i < len(l.segments) && l.segments[i].start < on.end; i++ {
		seg := &l.segments[i]
		if seg.start > at {
			made = append(made, element{})
		}
		at = seg.end
		e := element{
			src:  bytes.Clone(l.below.slice(seg.srcStart, seg.srcEnd)),
			kind: seg.kind, frame: seg.frame,
			from: max(on.start, seg.start) - seg.start, to: min(on.end, seg.end) - seg.start,
		}
		from, to := 0, len(e.src)
		if !e.frame {
			from, to, _ = e.kind.Patch(e.src, e.from, e.to, nil)
		}
		if len(made) == 0 {
			below.start = seg.srcStart + from
		}
		below.end = seg.srcStart + to
		made = append(made, e)
	}
	switch {
	case made == nil:
		return span{below.start, below.start + on.end - on.start}, nil
	case at < on.end:
		made = append(made, element{})
		below.end = l.placeOfEnd(on.end)
	}
	return below, made
}

// place returns where a position of the level's text that is within no segment is
// on the level below, behind the frames that stand there.
func (l *level) place(at int) int {
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].end > at })
	if i < len(l.segments) && l.segments[i].start < at {
		return l.segments[i].srcStart
	}
	if i == 0 {
		return at - l.origin.end + l.origin.srcEnd
	}
	before := &l.segments[i-1]
	return at - before.end + before.srcEnd
}

// placeOfEnd is place for the end of a part, which is before the frames there.
func (l *level) placeOfEnd(at int) int {
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].start >= at })
	before := &l.origin
	if i > 0 {
		before = &l.segments[i-1]
	}
	return max(0, at-before.end) + before.srcEnd
}

// touches reports whether a part of the level's text was made by decoding.
func (l *level) touches(on span) bool {
	i := sort.Search(len(l.segments), func(i int) bool { return l.segments[i].end > on.start })
	return i < len(l.segments) && l.segments[i].start < on.end
}

// kinds returns which encodings a part of the level's text, and of those below, had.
func (l *level) kinds(on span) (kinds view.Kind) {
	for ; l.depth > 0; l = l.below {
		kinds |= l.segmentKinds(on)
		on, _ = l.lower(on)
	}
	return kinds
}
