// Package split takes decoded bodies apart, by their format: plain text, multipart, event
// streams, gRPC. A [Splitter] says which bytes are of the format and which are a text
// that may hold secrets, and keeps texts apart that lie between each other. All parts
// in order are the body, so that whoever changes a text can put it together again.
package split

import (
	"mime"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/internal/codec"
)

// Kind tells what may be done with a part.
type Kind uint8

const (
	Frame  Kind = iota // bytes of the format; they go on as they are
	Text               // may be redacted, its length may change
	Sized              // may be redacted, its length must stay
	Packed             // one whole message that must be opened to see its text
)

// Part is a piece of a body. The Data of all parts, in order, is the body.
type Part struct {
	Kind Kind
	// Text is the number of the text the part belongs to. The parts of one text are
	// one text for the scanner, however many parts of others lie between them. 0 is
	// the main text; others count up from 1. It means nothing in a Frame.
	Text int
	// Data is valid during the call only, and may be empty.
	Data []byte
	// Last tells that the text ends with this part: its number is not used again.
	Last bool
	// Envelope opens and closes Data. It is set in a Packed part only, and stays
	// valid after the call.
	Envelope Envelope
}

// Envelope opens and closes one packed message. It is safe for concurrent use.
type Envelope interface {
	// Open returns what data, a whole message with its header, holds. It fails as a
	// reader of the message's coding does, and with a [*codec.LimitError] where the
	// content is too long. The content must be treated as Sized.
	Open(data []byte) (content []byte, err error)
	// Close appends a whole new message around content to dst.
	Close(dst, content []byte) []byte
}

// Splitter takes one body apart, as its bytes come, and keeps only what it cannot
// tell yet. How the body is cut makes no difference to the texts. After an error it
// must not be used again. A splitter is not safe for concurrent use.
type Splitter interface {
	// Write hands out the parts of p. It returns a [*codec.FormatError] where the body is
	// not what it says, and every error of the function that takes the parts.
	Write(p []byte) error
	// End says that the body is complete and ends every open text. A body that is
	// cut short is a [*codec.FormatError] in formats that can tell.
	End() error
}

// Body tells what is known of a body before its first byte. Its content codings
// must be undone before a splitter sees it.
type Body struct {
	ContentType string // field value; empty if there is none
	// GRPCEncoding is the coding of compressed messages: the field value of
	// grpc-encoding, or for Connect of connect-content-encoding.
	GRPCEncoding string
	Limits       codec.Limits // of compressed messages
}

// Format returns the name of the body's format, one of the table [Formats].
func (b Body) Format() string { return b.format(b.media()).Name }

// NewSplitter returns a splitter for the body that hands its parts to out, in
// order. A type that nobody knows is text.
func (b Body) NewSplitter(out func(Part) error) Splitter {
	media := b.media()
	return b.format(media).split(b, media, out)
}

// media returns the media type in lower case without its parameters. It is lenient,
// since a malformed parameter does not change what the peer will take it for.
func (b Body) media() string {
	media, _, _ := strings.Cut(b.ContentType, ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// boundary returns the parameter of that name, or "" where there is none that
// RFC 2046 §5.1.1 allows.
func (b Body) boundary() string {
	_, params, err := mime.ParseMediaType(b.ContentType)
	boundary := params["boundary"]
	if err != nil || len(boundary) > 70 || strings.ContainsAny(boundary, "\r\n") {
		return ""
	}
	return boundary
}

func (b Body) format(media string) *Format {
	for i := range formats {
		if f := &formats[i]; f.match(b, media) {
			return f
		}
	}
	panic("codec: the last format must match every body")
}

// Format is one entry of the table of formats.
type Format struct {
	Name string // for metrics and configuration
	Doc  string // one line for people
	// match reports whether the body, of that media type, is in this format.
	match func(b Body, media string) bool
	split func(b Body, media string, out func(Part) error) Splitter
}

// Formats returns the table of formats. The first that matches is a body's format;
// the last matches all.
func Formats() []Format { return slices.Clone(formats) }

var formats = []Format{
	{"sse", "server-sent events; strings that come token by token are joined", isSSE, newSSE},
	{"grpc", "messages of gRPC, gRPC-Web and Connect, each opened if it is compressed", isGRPC, newGRPC},
	{"grpc-web-text", "gRPC-Web in base64: refused", isGRPCWebText, newGRPCWebText},
	{"multipart", "parts of forms and mails, each by its own type", isMultipart, newMultipart},
	{"opaque", "binary formats: what is redacted keeps its length", isOpaque, newOpaque},
	{"plain", "all other types: JSON, forms, HTML, XML and every text", isAny, newPlain},
}
