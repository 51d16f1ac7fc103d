// Package view finds what is encoded in a text that grows, and undoes one layer of
// it, so that a secret can be recognised in the form in which it was not written:
// escaped in JSON, percent-encoded in a URL, as base64 in a header. What it finds
// are segments of the text with what they stand for; the text with all of them
// replaced is the next level, in which there can be segments again.
//
// The text arrives in parts and is let go of as soon as possible, so a segment must
// not depend on how the text was cut: each is decided only when no text to come can
// change it, and what may still begin one is reported, so that it can be kept.
//
// In the other direction, Patch and Escape write a replacement so that what is around
// it stays a valid form of its kind.
package view

// Kind is a set of encodings. The first four bits are those of the scanner's Encoding.
type Kind uint8

// The encodings. Unicode stands for code points (U+0041), which only the decoder of
// scans knows; there are no segments of it.
const (
	Percent Kind = 1 << iota
	Unicode
	Hex             // digits, or pairs of them between separators
	Base64          // both alphabets, with or without padding, in one line or several
	Escape          // backslash escapes of JSON and C
	Entity          // of HTML and XML
	QuotedPrintable // of mail
	UTF16           // both byte orders, of ASCII text
)

// Segment is an encoded part of a text.
type Segment struct {
	Start, End int // in the text
	Kind       Kind
	Decoded    []byte // what it stands for; valid until the next call; empty for a Frame
	// Apart tells that Decoded is binary: it is to be searched alone, and the
	// text stays as it is. Segments of one value that do not fit into one follow each
	// other without a gap.
	Apart bool
	// Frame tells that these bytes are a log format's own, between the parts of a
	// record that it has split. They are to be left out of what is searched, and stay.
	Frame bool
}

const (
	// maxSource is about how much text is looked at to decide whether it is encoded,
	// in bytes. Values that are longer come in several segments, of about stepSource
	// bytes as soon as there is nothing more to be decided.
	maxSource  = 4 << 10
	stepSource = 256
	// Context is how much of the text before the position that is looked at must be
	// there, in bytes, unless the text begins: a line of what is quoted.
	Context = 80
)
