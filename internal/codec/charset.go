package codec

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/transform"
)

// errNotExact is the error of bytes that the charset does not have, or has a shorter
// way to write, such as a switch to a character set that is in force already.
var errNotExact = errors.New("bytes that could not be written back as they were")

// maxOwed is how many bytes may be read without a character written back for them.
// The longest shift sequence has four.
const maxOwed = 16

// charset is a charset that does not write ASCII as ASCII.
type charset struct {
	name     string            // in lower case
	encoding encoding.Encoding // nil for a wide one
	wide     *wide             // nil for a narrow one
}

// WithCharset adds the charset parameter of a Content-Type to the chain where text in
// it does not write ASCII as ASCII (utf-16, utf-32, IBM037, iso-2022-jp …), so that the
// chain decodes to UTF-8. A byte order mark stays in the text. For a charset that does,
// for UTF-8 and for none the chain is as it was. For a name that is not known, and for
// two that differ, it fails with an [*UnknownCodingError].
//
// Where a name leaves the byte order open (utf-16, utf-32), the reader finds it and the
// writer follows. Such a chain is good for one body, and must have read its beginning
// before it writes: else it writes the big end first.
func (c Chain) WithCharset(contentType string) (Chain, error) {
	if strings.IndexByte(contentType, '=') < 0 {
		return c, nil
	}
	var found *charset
	for i, name := range charsetNames(contentType) {
		next, err := newCharset(name)
		switch {
		case err != nil:
			return Chain{}, err
		case i > 0 && (found == nil) != (next == nil), found != nil && next != nil && found.name != next.name:
			return Chain{}, unknown(name + " beside another")
		}
		found = next
	}
	return Chain{charset: found, codings: c.codings}, nil
}

// newCharset finds a charset by any of its names. It gives nil for one in which ASCII
// is ASCII.
func newCharset(name string) (*charset, error) {
	if strings.EqualFold(name, "utf-8") {
		return nil, nil
	}
	if w, canonical := newWide(name); w != nil {
		return &charset{name: canonical, wide: w}, nil
	}
	enc, err := htmlindex.Get(name) // the names that browsers know
	if err != nil {
		enc, err = ianaindex.IANA.Encoding(name) // nil for the many that x/text does not have
	}
	if err != nil || enc == nil || enc == encoding.Replacement {
		return nil, unknown(name)
	}
	if keepsASCII(enc) {
		return nil, nil
	}
	canonical, err := ianaindex.MIME.Name(enc)
	if err != nil {
		return nil, unknown(name)
	}
	return &charset{name: strings.ToLower(canonical), encoding: enc}, nil
}

// keepsASCII reports whether every ASCII byte stands for itself. The control bytes that
// shift to other sets make the difference for iso-2022-jp and its like.
func keepsASCII(enc encoding.Encoding) bool {
	var ascii [128]byte
	for i := range ascii {
		ascii[i] = byte(i)
	}
	decoded, err := enc.NewDecoder().Bytes(ascii[:])
	return err == nil && bytes.Equal(decoded, ascii[:])
}

// charsetNames gives the values of all charset parameters. It reads fields that are not
// well formed too: for those the peer finds something as well.
func charsetNames(contentType string) (names []string) {
	for _, param := range splitParams(contentType) {
		key, value, _ := strings.Cut(param, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		value = strings.Trim(value, " \t\"'")
		switch {
		case key == "charset" && value != "":
			names = append(names, strings.ReplaceAll(value, `\`, ""))
		case strings.HasPrefix(key, "charset*"): // RFC 2231, which no browser reads
			names = append(names, param)
		}
	}
	return names
}

// splitParams splits at the semicolons that are not in a quoted string.
func splitParams(contentType string) []string {
	quoted, escaped := false, false
	return strings.FieldsFunc(contentType, func(r rune) bool {
		switch {
		case escaped:
			escaped = false
		case r == '\\' && quoted:
			escaped = true
		case r == '"':
			quoted = !quoted
		}
		return r == ';' && !quoted
	})
}

// charsetDecoder decodes to UTF-8. It encodes what it decoded again and compares, and
// so gives no text that [charsetEncoder] would not turn into the very same bytes.
type charsetDecoder struct {
	charset *charset
	src     *bufio.Reader
	decode  transform.Transformer
	encode  transform.Transformer
	in      []byte // read, not decoded
	out     []byte // decoded, not given
	owed    []byte // decoded, not written back yet
	ended   bool   // src
	buffers struct{ in, out, back [4 << 10]byte }
}

func (d *charsetDecoder) reset(src *bufio.Reader, _ Limits) error {
	enc := d.charset.encoding
	if w := d.charset.wide; w != nil {
		var err error
		if enc, err = w.find(src); err != nil {
			return err
		}
	}
	d.src, d.decode, d.encode = src, enc.NewDecoder(), enc.NewEncoder()
	d.in = d.buffers.in[:0]
	return nil
}

func (d *charsetDecoder) Read(p []byte) (int, error) {
	for len(d.out) == 0 {
		if d.ended && len(d.in) == 0 {
			return 0, io.EOF
		}
		if err := d.fill(); err != nil {
			return 0, err
		}
		if err := d.step(); err != nil {
			return 0, err
		}
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// fill reads once, behind what is left of the last time.
func (d *charsetDecoder) fill() error {
	kept := copy(d.buffers.in[:], d.in)
	n := 0
	if !d.ended {
		var err error
		n, err = d.src.Read(d.buffers.in[kept:])
		if err == io.EOF {
			d.ended = true
		} else if err != nil {
			return err
		}
	}
	d.in = d.buffers.in[:kept+n]
	return nil
}

// step decodes what fits into the output.
func (d *charsetDecoder) step() error {
	n, used, err := d.decode.Transform(d.buffers.out[:], d.in, d.ended)
	if err != nil && err != transform.ErrShortDst && err != transform.ErrShortSrc {
		return err
	}
	d.owed = append(d.owed, d.in[:used]...)
	d.in, d.out = d.in[used:], d.buffers.out[:n]
	return d.verify(d.out, d.ended && len(d.in) == 0)
}

// verify writes text back and compares it with what is owed for it.
func (d *charsetDecoder) verify(text []byte, last bool) error {
	for again := true; again; {
		n, used, err := d.encode.Transform(d.buffers.back[:], text, last)
		back, rest := d.buffers.back[:n], text[used:]
		if err != nil && err != transform.ErrShortDst || !bytes.HasPrefix(d.owed, back) {
			return errNotExact
		}
		d.owed = append(d.owed[:0], d.owed[n:]...)
		text, again = rest, err != nil
	}
	if len(d.owed) > maxOwed || last && len(d.owed) > 0 {
		return errNotExact
	}
	return nil
}

// charsetEncoder encodes from UTF-8. It picks its encoding at the first Write, when a
// reader may have found the byte order.
type charsetEncoder struct {
	charset *charset
	w       io.Writer
	text    *transform.Writer
}

func (e *charsetEncoder) Write(p []byte) (int, error) {
	if e.text == nil {
		enc := e.charset.encoding
		if e.charset.wide != nil {
			enc = e.charset.wide.found()
		}
		e.text = transform.NewWriter(e.w, enc.NewEncoder())
	}
	return e.text.Write(p)
}

// Flush does nothing: only unfinished characters are held back.
func (e *charsetEncoder) Flush() error { return nil }

func (e *charsetEncoder) Close() error {
	if e.text == nil {
		return nil
	}
	return e.text.Close()
}
