// Package decode finds what is written in base64, hexadecimal, percent or Unicode
// escapes within a text, and replaces it by what it stands for, pass by pass, so
// that a value can be recognised under several layers of writing.
//
// The result is that of gitleaks 8.30.1 to the byte: where it sees an encoded
// value, which of two neighbours has to wait for the next pass, which values it
// gives up on, and where in the original text it says that a decoded value stands.
// It finds encoded values by one large regular expression, which costs it up to
// half of its time; here bitmaps of the text show the few places where one could
// begin, and scalar code looks at those alone. Passes after the first look only at
// what has changed.
package decode

// Encoding is a set of writings. Its bits are those of the scanner's Encoding.
type Encoding uint8

// The writings, in the order of precedence: of two encoded values without a gap
// between them the one that comes later here is left for the next pass.
const (
	Percent Encoding = 1 << iota // %41
	Unicode                      // U+0041 or \u0041
	Hex                          // 32 digits or more
	Base64                       // 16 characters or more
)

// Decoder decodes one text, pass by pass. The zero value decodes the empty text.
// It keeps its memory for the next text; it is not safe for concurrent use.
type Decoder struct {
	finder             // its text is the current one, at first the caller's
	spare  [2][]byte   // the texts of odd and of even passes
	passes [][]Segment // of every pass so far; those behind depth are spare
	depth  int         // passes so far
}

// Reset begins a new text. The decoder reads text until the next Reset and never
// writes to it.
func (d *Decoder) Reset(text []byte) {
	d.text, d.depth = text, 0
}

// Text returns the text as the passes so far made it. It is valid until the next
// call of Next or Reset.
func (d *Decoder) Text() []byte { return d.text }

// Segments returns what the last pass decoded, in the order of positions, and nil
// before the first pass. It is valid until the next call of Next or Reset.
func (d *Decoder) Segments() []Segment {
	if d.depth == 0 {
		return nil
	}
	return d.passes[d.depth-1]
}

// Next decodes once more what is encoded in the text. It returns false if there is
// nothing, and then changes nothing. Every pass makes the text shorter.
func (d *Decoder) Next() bool {
	d.findChanged()
	if d.depth == len(d.passes) {
		d.passes = append(d.passes, nil)
	}
	segments := d.passes[d.depth][:0]
	out, copied := d.spare[d.depth%2][:0], 0
	for i, m := range d.matches {
		if !m.decodable || d.waits(i) {
			continue
		}
		out = append(out, d.text[copied:m.start]...)
		start := len(out)
		out = m.encoding.appendDecoded(out, d.text[m.start:m.end])
		copied = m.end
		segments = append(segments, d.newSegment(m, Span{start, len(out)}))
	}
	d.passes[d.depth] = segments
	if len(segments) == 0 {
		return false
	}
	out = append(out, d.text[copied:]...)
	d.spare[d.depth%2] = out
	d.text = out
	d.depth++
	return true
}

// findChanged sets matches to those in the sections that the last pass has changed, or
// to those of the whole text if there was no pass.
func (d *Decoder) findChanged() {
	d.matches = d.matches[:0]
	if d.depth == 0 {
		d.find(0, len(d.text))
		return
	}
	var changed Span
	for segments := d.Segments(); len(segments) > 0; {
		changed, segments = nextChanged(d.text, changed.End, segments)
		d.find(changed.Start, changed.End)
	}
}

// appendDecoded appends what encoded, a decodable match, stands for. That is never
// empty and always shorter.
func (e Encoding) appendDecoded(dst, encoded []byte) []byte {
	switch e {
	case Percent:
		return appendPercent(dst, encoded)
	case Unicode:
		return appendUnicode(dst, encoded)
	case Hex:
		return appendHex(dst, encoded)
	default:
		return appendBase64(dst, encoded)
	}
}

// printable reports whether b is a byte that decoded values may have: ASCII, and
// neither DEL nor one of the control characters before the tab.
func printable(b byte) bool { return b-0x09 <= 0x7e-0x09 }
