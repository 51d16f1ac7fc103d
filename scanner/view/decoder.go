package view

// Decoder finds the segments of one text. The zero value is at the beginning of a
// text. It is not safe for concurrent use.
type Decoder struct {
	// Frames tells to find the frames of log formats as well, in a text whose first
	// line is of such a format. It is not to be changed
	// within a text.
	Frames bool

	long     long    // the value that goes on at the position that comes next
	pieces   int     // how much text from there on was looked at for pieces of base64 only
	adjacent bool    // a character that was encoded alone, or a frame, ends there
	framed   framed  // whether the text's lines may be of a format with frames
	header   header  // of the line that it is in
	seg      Segment // that was found last
	buf      []byte  // what it stands for
	one      [8]byte // a character that is only looked at
	places   places
	at       int // where the current call began
}

// Reset begins another text.
func (d *Decoder) Reset() {
	d.framed = notAsked
	d.long, d.pieces, d.adjacent, d.header = long{}, 0, false, header{}
	d.places.forget()
}

// input is a text as far as it has arrived.
type input struct {
	text  []byte
	ended bool
}

// open reports whether the byte at i is still to come.
func (in *input) open(i int) bool { return i >= len(in.text) && !in.ended }

// is reports whether the byte at i is c.
func (in *input) is(i int, c byte) bool { return i < len(in.text) && in.text[i] == c }

// outcome is what was found out about a place.
type outcome uint8

const (
	absent    outcome = iota // no segment begins there: the search goes on
	found                    // one does: it is taken
	undecided                // that depends on text to come: it begins there, or later
)

// Next returns the first segment of text that begins at or behind at. If ok is false
// there is none before settled, and whether one begins there depends on what follows
// text, or text is over. The caller goes on at the segment's end, or at settled with
// more text. Ended tells that no text follows.
//
// Before at there are at least [Context] bytes, unless the text begins there. Text is
// only read, and not kept.
func (d *Decoder) Next(text []byte, at int, ended bool) (seg Segment, settled int, ok bool) {
	d.at = at
	settled, out := d.next(&input{text, ended}, at)
	switch {
	case out == found:
		d.adjacent = d.seg.Kind&characters != 0 || d.seg.Frame
		seg = d.seg
		d.places.resume = settled
		return seg, settled, true
	case settled > at:
		d.adjacent = false
	}
	d.places.forget()
	return Segment{}, settled, false
}

// framed tells whether the lines of a text may be of a format with frames.
type framed uint8

const (
	notAsked framed = iota
	inFrames
	plain
)

// askFrames looks at the first line of a text. It returns false if more of that is
// needed.
func (d *Decoder) askFrames(in *input, at int) bool {
	d.framed = plain
	if !d.Frames {
		return true
	}
	h, _, open := parseHeader(in.text[at:])
	switch {
	case open && !in.ended:
		d.framed = notAsked
	case h.cri || h.docker:
		d.framed = inFrames
	}
	return d.framed != notAsked
}

// next finds the segment, and returns where the caller is to go on.
func (d *Decoder) next(in *input, at int) (next int, out outcome) {
	if d.framed == notAsked && !d.askFrames(in, at) {
		return at, undecided
	}
	if d.long.kind != 0 {
		if next, out = d.goOn(in, at); out != absent {
			return next, out
		}
	}
	next = at
	if d.pieces > 0 {
		if next, out = d.piece(in, at, at+d.pieces); out != absent {
			return next, out
		}
	}
	d.places.seek(in.text, next, d.framed == inFrames)
	if next > 0 && next < len(in.text) && isToken(in.text[next]) && isToken(in.text[next-1]) {
		// The run that is cut off here is not among the places.
		if next, out = d.run(in, next); out != absent {
			return next, out
		}
	}
	for {
		start, sort := d.places.next(in.text, next)
		switch sort {
		case noPlace:
			return d.tail(in, next), undecided
		case runPlace:
			next, out = d.run(in, start)
		case markPlace:
			next, out = d.mark(in, start)
		case pairPlace:
			next, out = d.pairs(in, start)
		case nulPlace:
			next, out = d.utf16(in, start)
		case linePlace:
			next, out = d.line(in, start)
		}
		if out != absent {
			return next, out
		}
	}
}

// take makes the segment from start to end the one that was found. It stands for what is
// in the buffer.
func (d *Decoder) take(kind Kind, start, end int) (next int, out outcome) {
	d.seg = Segment{Start: start, End: end, Kind: kind, Decoded: d.buf}
	return end, found
}

// tail returns from where on the end of the text could be the beginning of a segment
// that is none of its places yet. Nothing before pos can.
func (d *Decoder) tail(in *input, pos int) int {
	text, end := in.text, len(in.text)
	if in.ended || pos >= end {
		return end
	}
	start := end
	for start > pos && isToken(text[start-1]) {
		start--
	}
	last := text[end-1]
	switch {
	case end-2 >= pos && text[end-2] == 0 && isPlain[last]:
		start = min(start, end-2)
	case last == '\\', last == '%', last == '&', last == '=', last == 0, last == escape,
		last == '"' && d.header.docker, last == '\n' && d.header.partial:
		start = min(start, end-1)
	}
	return min(start, pairsTail(text, pos))
}
