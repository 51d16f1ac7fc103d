package view

import "bytes"

// header is what is known of the line that is looked at, if frames are looked for.
type header struct {
	cri     bool // it has a header of the container runtime interface
	stdout  bool // of that: the stream it is of
	partial bool // of that: the record goes on with the next line
	joined  bool // of that: the record began before
	docker  bool // it is one of Docker's, in JSON
}

// framed reports whether the text of the line may go on in another one. Values in
// it are looked for when it has been put together.
func (h *header) framed() bool { return h.partial || h.joined || h.docker }

// line looks at the line that begins at start. If the line before is partial, the line
// end and this line's header are a frame.
func (d *Decoder) line(in *input, start int) (next int, out outcome) {
	before := d.header
	behind := before.partial && start > d.at
	h, length, open := parseHeader(in.text[start:])
	if open && !in.ended {
		if behind {
			return start - 1, undecided
		}
		return start, undecided
	}
	d.header = h
	if !behind || !h.cri || h.stdout != before.stdout {
		return start, absent
	}
	d.header.joined = true
	return d.takeFrame(start-1, start+length)
}

// takeFrame makes a frame the segment that was found.
func (d *Decoder) takeFrame(start, end int) (next int, out outcome) {
	d.seg = Segment{Start: start, End: end, Frame: true}
	return end, found
}

// dockerStart is what a line of Docker's begins with.
const dockerStart = `{"log":"`

// parseHeader reads the header at the start of a line. Open tells that it may be
// longer than src.
func parseHeader(src []byte) (h header, length int, open bool) {
	c := cursor{src: src}
	if c.literal(dockerStart) {
		return header{docker: true}, 0, false
	}
	if c.open() {
		return header{}, 0, true
	}
	c = cursor{src: src}
	c.time()
	c.literal(" std")
	h = header{cri: true, stdout: c.oneOf("out", "err") == 0}
	c.literal(" ")
	h.partial = c.oneOf("P", "F") == 0
	c.literal(" ")
	if c.failed {
		return header{}, 0, c.open()
	}
	return h, c.at, false
}

// docker looks at the quote at at, which may end the log of a line of Docker's that goes
// on in the next line: then all up to the quote that begins it there is a frame.
func (d *Decoder) docker(in *input, at int) (next int, out outcome) {
	if !d.header.docker || endsLine(in.text[max(0, at-Context):at]) {
		return at + 1, absent
	}
	c := cursor{src: in.text[at:]}
	c.literal(`","stream":"std`)
	c.oneOf("out", "err")
	c.literal(`","time":"`)
	c.time()
	c.literal("\"}\n" + dockerStart)
	switch {
	case c.open() && !in.ended:
		return at, undecided
	case c.failed:
		return at + 1, absent
	}
	return d.takeFrame(at, at+c.at)
}

// endsLine reports whether log, as JSON writes it, ends with a line end.
func endsLine(log []byte) bool {
	log, ok := bytes.CutSuffix(log, []byte(`\n`))
	slashes := len(log) - len(bytes.TrimRight(log, `\`))
	return ok && slashes%2 == 0
}

// cursor reads a text of a fixed form.
type cursor struct {
	src    []byte
	at     int
	failed bool // what was asked for is not there
}

// open reports whether that was for want of text.
func (c *cursor) open() bool { return c.failed && c.at == len(c.src) }

// literal reads s.
func (c *cursor) literal(s string) bool {
	for i := 0; i < len(s) && !c.failed; i++ {
		if c.at == len(c.src) || c.src[c.at] != s[i] {
			c.failed = true
			break
		}
		c.at++
	}
	return !c.failed
}

// oneOf reads one of several words of which none begins as another does, and returns
// which.
func (c *cursor) oneOf(words ...string) int {
	for i, word := range words {
		if !c.failed && c.at < len(c.src) && c.src[c.at] == word[0] {
			c.literal(word)
			return i
		}
	}
	c.failed = true
	return -1
}

// digits reads from least to most decimal digits.
func (c *cursor) digits(least, most int) {
	n := 0
	for ; n < most && !c.failed && c.at < len(c.src) && c.src[c.at]-'0' <= 9; n++ {
		c.at++
	}
	c.failed = c.failed || n < least || n < most && c.at == len(c.src)
}

// time reads a time as RFC 3339 writes it.
func (c *cursor) time() {
	for _, part := range [...]struct {
		digits int
		behind string
	}{{4, "-"}, {2, "-"}, {2, "T"}, {2, ":"}, {2, ":"}, {2, ""}} {
		c.digits(part.digits, part.digits)
		c.literal(part.behind)
	}
	if c.at < len(c.src) && c.src[c.at] == '.' {
		c.literal(".")
		c.digits(1, 9)
	}
	if c.oneOf("Z", "+", "-") > 0 {
		c.digits(2, 2)
		c.literal(":")
		c.digits(2, 2)
	}
}
