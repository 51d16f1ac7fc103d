package decode

import (
	"bytes"
	"sort"
)

// Span is a range of bytes, Start included, End excluded.
type Span struct{ Start, End int }

// contains reports whether o lies within s.
func (s Span) contains(o Span) bool { return s.Start <= o.Start && o.End <= s.End }

// Segment is an encoded value that a pass replaced.
type Segment struct {
	Decoded  Span // in the text that the pass made
	Encoded  Span // in the text before the pass
	Original Span // in the text given to Reset
	// Encodings are the writings undone here by this pass, and by those before it.
	Encodings Encoding
}

// Origin tells where a span of the current text comes from.
type Origin struct {
	Start, End int      // in the text given to Reset
	Encodings  Encoding // the writings of all segments that the span touches
	Depth      int      // passes so far, at least 1
	// LineStart and LineEnd are the span in the current text of the lines that
	// these segments stand on. It begins with the newline before them, if any.
	LineStart, LineEnd int
}

// Overlap tells where the span from start to end of the current text comes from.
// It returns false if the span neither overlaps nor touches a segment of the last
// pass: what is there was there before. Before the first pass that is everything.
//
// A span within one segment comes from all of what that segment was encoded as.
func (d *Decoder) Overlap(start, end int) (o Origin, ok bool) {
	span := Span{start, end}
	segments := touching(d.Segments(), span)
	if len(segments) == 0 {
		return Origin{}, false
	}
	original := d.original(d.depth, span)
	o = Origin{Start: original.Start, End: original.End, Depth: d.depth, LineEnd: len(d.text)}
	for i := range segments {
		o.Encodings |= segments[i].Encodings
	}
	first, last := segments[0].Decoded, segments[len(segments)-1].Decoded
	if at := bytes.LastIndexByte(d.text[:first.Start+1], '\n'); at >= 0 {
		o.LineStart = at
	}
	if at := bytes.IndexByte(d.text[last.End:], '\n'); at >= 0 {
		o.LineEnd = last.End + at
	}
	return o, true
}

// newSegment describes match m of the pass now made, decoded to the span decoded.
func (d *Decoder) newSegment(m match, decoded Span) Segment {
	s := Segment{Decoded: decoded, Encoded: Span{m.start, m.end}, Encodings: m.encoding}
	s.Original = d.original(d.depth, s.Encoded)
	for _, before := range touching(d.Segments(), s.Encoded) {
		s.Encodings |= before.Encodings
	}
	return s
}

// original maps a span of the text after depth passes to the text given to Reset,
// one pass at a time. As in gitleaks a span that touches no segment of a pass is
// taken as it stands, even if the passes before moved it.
func (d *Decoder) original(depth int, span Span) Span {
	for ; depth > 0; depth-- {
		segments := touching(d.passes[depth-1], span)
		if len(segments) == 0 {
			return span
		}
		// Only of the first two one can contain the span: the first may touch it only.
		for i := range min(2, len(segments)) {
			if segments[i].Decoded.contains(span) {
				return segments[i].Original
			}
		}
		// What sticks out of a segment was as far out of it before. The farthest out
		// are the first and the last, because every pass makes the text shorter.
		first, last := &segments[0], &segments[len(segments)-1]
		span = Span{
			first.Encoded.Start - max(0, first.Decoded.Start-span.Start),
			last.Encoded.End + max(0, span.End-last.Decoded.End),
		}
	}
	return span
}

// touching returns the segments of one pass that span touches in its text.
func touching(segments []Segment, span Span) []Segment {
	from := sort.Search(len(segments), func(i int) bool { return segments[i].Decoded.End >= span.Start })
	segments = segments[from:]
	to := sort.Search(len(segments), func(i int) bool { return segments[i].Decoded.Start > span.End })
	return segments[:to]
}
