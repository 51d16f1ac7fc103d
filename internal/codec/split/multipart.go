package split

import (
	"bytes"
	"strings"

	"github.com/stanch-dev/stanch/internal/codec"
)

// maxPartHeader bounds the header block of one part, in bytes.
const maxPartHeader = 16 << 10

func isMultipart(b Body, media string) bool {
	return strings.HasPrefix(media, "multipart/") && b.boundary() != ""
}

func newMultipart(b Body, media string, out func(Part) error) Splitter {
	return &multipart{
		out:   out,
		delim: []byte("\r\n--" + b.boundary()),
		skip:  2, match: 2,
		endless: media == "multipart/x-mixed-replace",
	}
}

// multipart is the splitter of RFC 2046 §5.1 bodies. Delimiters, part headers and
// textual parts are the main text; a part of a binary type, or of the transfer
// encoding binary, is a Sized text of its own. A multipart within a part is text of
// that part.
type multipart struct {
	out   func(Part) error
	delim []byte // line end, two dashes, boundary
	state multipartState
	// delim[skip:match] has been seen and is held back, since it may be the start of
	// a delimiter. skip is 1 where its line ends with LF alone, 2 where a delimiter
	// may stand with no line end before it.
	skip, match int
	dashes      int    // behind the boundary; -1 once anything else was there
	header      []byte // of the part that begins
	sized       int    // text of the open part, if it is Sized, else 0
	texts       int    // Sized texts so far
	begun       bool   // a byte has come
	endless     bool   // a push stream, which has no end of its own
}

type multipartState uint8

const (
	inContent   multipartState = iota // of a part, or of the preamble
	inDelimiter                       // behind its boundary
	inHeader
	inEpilogue
)

// Write implements [Splitter].
func (m *multipart) Write(p []byte) error {
	m.begun = m.begun || len(p) > 0
	for len(p) > 0 {
		var n int
		var err error
		switch m.state {
		case inContent:
			n, err = m.content(p)
		case inDelimiter:
			n, err = m.delimiter(p)
		case inHeader:
			n, err = m.headers(p)
		case inEpilogue:
			n, err = len(p), m.main(p)
		}
		if err != nil {
			return err
		}
		p = p[n:]
	}
	return nil
}

// End implements [Splitter].
func (m *multipart) End() error {
	if m.begun && !m.endless && m.state != inEpilogue && !m.closing() {
		return &codec.FormatError{Format: "multipart", Reason: "it ends before its closing delimiter"}
	}
	if err := m.body(m.delim[m.skip:max(m.skip, m.match)]); err != nil {
		return err
	}
	if err := m.endPart(); err != nil {
		return err
	}
	return m.out(Part{Kind: Text, Last: true})
}

// closing reports whether the bytes so far end right behind "--boundary--".
func (m *multipart) closing() bool { return m.state == inDelimiter && m.dashes == 2 }

// content passes on what stands before the next delimiter and returns how much of p
// it has used.
func (m *multipart) content(p []byte) (int, error) {
	if m.match > 0 {
		return m.resume(p)
	}
	for i := 0; ; {
		j := bytes.IndexByte(p[i:], '\n')
		if j < 0 {
			break
		}
		j += i
		start, skip := j, 1
		if j > 0 && p[j-1] == '\r' {
			start, skip = j-1, 0
		}
		i = j + common(p[j:], m.delim[1:])
		if match := 1 + i - j; i == len(p) || match == len(m.delim) {
			m.skip, m.match = skip, match
			if err := m.body(p[:start]); err != nil {
				return 0, err
			}
			return i, m.found()
		}
	}
	end := len(p)
	if p[end-1] == '\r' {
		end--
		m.skip, m.match = 0, 1
	}
	return len(p), m.body(p[:end])
}

// resume goes on with a delimiter that began in an earlier Write.
func (m *multipart) resume(p []byte) (int, error) {
	n := common(p, m.delim[m.match:])
	m.match += n
	if n == len(p) || m.match == len(m.delim) {
		return n, m.found()
	}
	held := m.delim[m.skip:m.match]
	m.match = 0
	return n, m.body(held)
}

// found ends the part if a whole delimiter is held. That the line begins with the
// boundary is enough, says RFC 2046 §5.1.2.
func (m *multipart) found() error {
	if m.match < len(m.delim) {
		return nil
	}
	if err := m.endPart(); err != nil {
		return err
	}
	m.state, m.match, m.dashes = inDelimiter, 0, 0
	return m.main(m.delim[m.skip:])
}

// delimiter passes on the rest of a delimiter line.
func (m *multipart) delimiter(p []byte) (int, error) {
	for i, c := range p {
		switch {
		case m.dashes == 2:
			m.state = inEpilogue
			return i, m.main(p[:i])
		case c == '\n':
			m.state = inHeader
			return i + 1, m.main(p[:i+1])
		case c == '-' && m.dashes >= 0:
			m.dashes++
		default:
			m.dashes = -1
		}
	}
	return len(p), m.main(p)
}

// headers passes on one line of a part's header block, or what there is of it.
func (m *multipart) headers(p []byte) (int, error) {
	i := bytes.IndexByte(p, '\n')
	if i >= 0 {
		p = p[:i+1]
	}
	if len(m.header)+len(p) > maxPartHeader {
		return 0, &codec.FormatError{Format: "multipart", Reason: "the header block of a part is longer than 16 KiB"}
	}
	m.header = append(m.header, p...)
	if i >= 0 && endsBlank(m.header) {
		if binaryPart(m.header) {
			m.texts++
			m.sized = m.texts
		}
		m.header = m.header[:0]
		m.state, m.skip, m.match = inContent, 2, 2
	}
	return len(p), m.main(p)
}

// endPart ends the text of a Sized part.
func (m *multipart) endPart() error {
	if m.sized == 0 {
		return nil
	}
	text := m.sized
	m.sized = 0
	return m.out(Part{Kind: Sized, Text: text, Last: true})
}

// body hands out content of the open part.
func (m *multipart) body(p []byte) error {
	if m.sized == 0 {
		return m.main(p)
	}
	if len(p) == 0 {
		return nil
	}
	return m.out(Part{Kind: Sized, Text: m.sized, Data: p})
}

// main hands out bytes of the main text.
func (m *multipart) main(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	return m.out(Part{Kind: Text, Data: p})
}

// endsBlank reports whether the last line of a header block is empty.
func endsBlank(header []byte) bool {
	rest := bytes.TrimSuffix(bytes.TrimSuffix(header, []byte("\n")), []byte("\r"))
	return len(rest) == 0 || rest[len(rest)-1] == '\n'
}

// binaryPart reports whether a part must keep its length.
func binaryPart(header []byte) bool {
	if strings.EqualFold(fieldValue(header, "Content-Transfer-Encoding"), "binary") {
		return true
	}
	part := Body{ContentType: fieldValue(header, "Content-Type")}
	return isOpaque(part, part.media())
}

// fieldValue returns the first value of a field in a header block, with its folded
// lines joined.
func fieldValue(header []byte, name string) string {
	var value []byte
	found := false
	for line := range bytes.Lines(header) {
		switch before, after, ok := bytes.Cut(line, []byte(":")); {
		case found && (line[0] == ' ' || line[0] == '\t'):
			value = append(append(value, ' '), bytes.TrimSpace(line)...)
		case found:
			return string(bytes.TrimSpace(value))
		case ok && bytes.EqualFold(bytes.TrimSpace(before), []byte(name)):
			value = append(value, bytes.TrimSpace(after)...)
			found = true
		}
	}
	return string(bytes.TrimSpace(value))
}

// common returns how many first bytes a and b share.
func common(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
