package message

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// lane is one direction of a WebSocket connection. It takes the frames apart, gathers
// messages, searches them, and hands out the frames that go on.
type lane struct {
	x         *Exchange
	direction string
	side      ws.State // StateServerSide where frames come from a client, masked
	deflate   bool     // messages may be compressed
	limit     int      // of a message, in bytes

	mu      sync.Mutex // guards what follows
	header  [ws.MaxHeaderSize]byte
	partial int // bytes of header that are there, of a frame that has not begun
	scratch [ws.MaxHeaderSize]byte
	source  bytes.Reader // of header

	open    bool      // a frame has begun, of which
	frame   ws.Header // this is the header,
	left    int64     // as many bytes are to come,
	into    *gathered // and which belongs to this
	message *gathered // that has begun; nil between messages
	muted   bool      // nothing goes on; only a close frame is looked for
	closed  bool      // the sender has sent its close frame: nothing follows that counts
	passed  bool      // that frame has gone on
	broken  bool      // where the next frame begins cannot be told, or does not matter
	passage Passage
}

func newLane(x *Exchange, direction string, side ws.State, deflate bool, limit int) *lane {
	l := &lane{x: x, direction: direction, side: side, deflate: deflate, limit: limit}
	l.passage = Passage{Source: x.text(direction, "body", "").Source, Coding: "identity", Format: "websocket"}
	if deflate {
		l.passage.Coding = deflateName
	}
	return l
}

// take takes the next bytes that came and appends to out the frames that go on. Where
// it fails, once, the connection is to be closed after these.
func (l *lane) take(out *bytes.Buffer, p []byte) (failed *closing) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		if recover() != nil { // in a goroutine of ReverseProxy, it would end the process
			out.Reset()
			l.broken = true
			failed = &closing{ws.StatusInternalServerError, errPanic}
		}
	}()
	if !l.broken {
		l.passage.Bytes += len(p)
	}
	for len(p) > 0 && !l.closed && !l.broken {
		var c *closing
		if l.open {
			p = l.fill(p)
		} else {
			p, c = l.begin(p)
		}
		if c == nil && l.open && l.left == 0 {
			c = l.finish(out)
		}
		if c != nil {
			failed = cmp.Or(l.fail(c), failed)
		}
	}
	return failed
}

// begin begins a frame, if its header is there, and returns what follows the header.
func (l *lane) begin(p []byte) ([]byte, *closing) {
	had := l.partial
	l.partial += copy(l.header[had:], p)
	l.source.Reset(l.header[:l.partial])
	h, err := ws.ReadHeaderBuffer(&l.source, l.scratch[:])
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil, nil
	}
	size := l.partial - l.source.Len()
	switch {
	case err != nil:
	case size != ws.HeaderSize(h):
		err = errLength
	case !l.muted:
		err = ws.CheckHeader(h, l.state(&h))
	}
	if err != nil {
		l.broken = true
		return nil, &closing{ws.StatusProtocolError, err}
	}
	l.open, l.frame, l.left, l.partial = true, h, h.Length, 0
	if l.muted {
		return p[size-had:], nil
	}
	return p[size-had:], l.gather(l.header[:size])
}

// state returns what ws.CheckHeader needs to know. RFC 7692 §6.1 lets a bit be set in
// the first frame of a message only.
func (l *lane) state(h *ws.Header) ws.State {
	s := l.side
	if l.message != nil {
		s = s.Set(ws.StateFragmented)
	}
	first := h.OpCode == ws.OpText || h.OpCode == ws.OpBinary
	if l.deflate && first && h.Rsv == rsvDeflate {
		s = s.Set(ws.StateExtended)
	}
	return s
}

// headroom is how many bytes the headers of a message's frames may take beyond as many
// as the message may.
const headroom = 1 << 10

// gather says what the frame that has begun belongs to, and whether it still may.
func (l *lane) gather(header []byte) *closing {
	control := l.frame.OpCode.IsControl()
	switch {
	case control:
		l.into = newGathered(l.frame)
	case l.message == nil:
		l.message = newGathered(l.frame)
		fallthrough
	default:
		l.into = l.message
	}
	m := l.into
	m.wire.Write(header)
	long := l.left > int64(l.limit-m.payload.Len()) || m.wire.Len()-m.payload.Len() > l.limit+headroom
	if !control && long {
		return &closing{ws.StatusMessageTooBig, errTooLong}
	}
	return nil
}

// fill takes payload of the frame that has begun, and returns what follows it.
func (l *lane) fill(p []byte) []byte {
	n := int(min(l.left, int64(len(p))))
	if !l.muted {
		m := l.into
		start := m.payload.Len()
		m.wire.Write(p[:n])
		m.payload.Write(p[:n])
		if l.frame.Masked {
			ws.Cipher(m.payload.Bytes()[start:], l.frame.Mask, int((l.frame.Length-l.left)%4))
		}
	}
	l.left -= int64(n)
	return p[n:]
}

// finish ends the frame, and the message if it was its last one.
func (l *lane) finish(out *bytes.Buffer) *closing {
	l.open = false
	m, op := l.into, l.frame.OpCode
	l.into = nil
	switch {
	case l.muted:
		l.closed = op == ws.OpClose
		return nil
	case !l.frame.Fin:
		return nil
	case !op.IsControl():
		l.message = nil
	}
	defer m.release()
	c := l.deliver(out, m)
	l.closed = op == ws.OpClose
	l.passed = l.closed && c == nil
	return c
}

// deliver searches what was gathered, and appends to out what goes on.
func (l *lane) deliver(out *bytes.Buffer, m *gathered) *closing {
	content, clean := borrow(), borrow()
	defer giveBack(content)
	defer giveBack(clean)
	op, text := m.opening.OpCode, m.payload.Bytes()
	compressed := m.opening.Rsv == rsvDeflate
	if compressed {
		if c := inflate(content, m.payload, l.limit); c != nil {
			return c
		}
		text = content.Bytes()
	}
	if op == ws.OpClose && len(text) > 0 {
		if c := checkClose(text); c != nil {
			return c
		}
		clean.Write(text[:2])
	}
	if c := l.search(clean, text[clean.Len():], op != ws.OpText); c != nil {
		return c
	}
	if bytes.Equal(clean.Bytes(), text) {
		out.Write(m.wire.Bytes())
		return nil
	}
	text = clean.Bytes()
	if compressed {
		content.Reset()
		deflate(content, text)
		text = content.Bytes()
	}
	writeFrame(out, ws.Header{Fin: true, Rsv: m.opening.Rsv, OpCode: op, Masked: m.opening.Masked}, text)
	return nil
}

// search appends text to clean, redacted.
func (l *lane) search(clean *bytes.Buffer, text []byte, sized bool) *closing {
	if len(text) == 0 {
		return nil
	}
	opts := l.x.text(l.direction, "body", "")
	opts.Sized, opts.Frozen = sized, false // a signature of the request covers no messages
	st := l.x.filter.texts.NewStream(proxy.To(clean), opts)
	_, err := st.Write(text)
	if err == nil {
		err = st.End()
	}
	stats := st.Stats()
	l.passage.Scanned += stats.Scanned
	l.passage.Redacted += stats.Redacted
	l.passage.Known += stats.Known
	if err != nil {
		return &closing{ws.StatusPolicyViolation, err}
	}
	return nil
}

// fail notes that the lane has failed, and mutes it. One that is muted fails no more.
func (l *lane) fail(c *closing) *closing {
	if l.muted {
		return nil
	}
	l.silence()
	var blocked *redact.BlockedError
	if !errors.As(c.err, &blocked) {
		c.err = &RefusedError{l.direction, c.err}
	}
	l.passage.Err = c.err
	return c
}

// mute makes that nothing goes on any more, and gives the memory back.
func (l *lane) mute() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.silence()
}

func (l *lane) silence() {
	l.muted = true
	if l.message != nil {
		l.message.release()
	}
	if l.into != nil && l.into != l.message {
		l.into.release()
	}
	l.message, l.into = nil, nil
}

// close reports whether the sender has sent its close frame, and whether it went on.
func (l *lane) close() (sent, passed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed, l.passed
}

// midway reports whether the frames that came end within a message.
func (l *lane) midway() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isMidway()
}

func (l *lane) isMidway() bool {
	return !l.muted && !l.closed && (l.partial > 0 || l.open || l.message != nil)
}

// end ends the lane and returns what became of it.
func (l *lane) end() *Passage {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isMidway() {
		l.passage.Err = io.ErrUnexpectedEOF
	}
	l.silence()
	l.broken = true
	p := l.passage
	return &p
}

// rsvDeflate is the bit of a message that is compressed (RFC 7692 §6).
const rsvDeflate = 0b100

var (
	errLength      = errors.New("the length of a frame is not written in the shortest form")
	errCloseCode   = errors.New("a close frame has a status code that must not be sent")
	errCloseReason = errors.New("the reason in a close frame is not UTF-8")
)

// closing is why the relay closes a connection. It tells nothing of the content.
type closing struct {
	code ws.StatusCode
	err  error
}

// frame returns the close frame that tells a peer.
func (c *closing) frame(masked bool) []byte {
	reason := map[ws.StatusCode]string{
		ws.StatusProtocolError:           "protocol error",
		ws.StatusInvalidFramePayloadData: "invalid data",
		ws.StatusPolicyViolation:         "blocked",
		ws.StatusMessageTooBig:           "message too long",
		ws.StatusInternalServerError:     "not searched",
	}[c.code]
	var out bytes.Buffer
	writeFrame(&out, ws.Header{Fin: true, OpCode: ws.OpClose, Masked: masked}, ws.NewCloseFrameBody(c.code, reason))
	return out.Bytes()
}

// writeFrame appends a frame to out, masked with a new key if h says that it is masked.
func writeFrame(out *bytes.Buffer, h ws.Header, payload []byte) {
	h.Length = int64(len(payload))
	if h.Masked {
		rand.Read(h.Mask[:]) // never fails
	}
	ws.WriteHeader(out, h) // fails where out does
	start := out.Len()
	out.Write(payload)
	if h.Masked {
		ws.Cipher(out.Bytes()[start:], h.Mask, 0)
	}
}

// checkClose checks the payload, not empty, of a close frame (RFC 6455 §7.4).
func checkClose(payload []byte) *closing {
	if len(payload) < 2 {
		return &closing{ws.StatusProtocolError, errCloseCode}
	}
	switch code := ws.StatusCode(binary.BigEndian.Uint16(payload)); {
	case code.IsProtocolReserved(), code == ws.StatusNoMeaningYet,
		code < 1000, 1014 < code && code < 3000, code > 4999:
		return &closing{ws.StatusProtocolError, errCloseCode}
	case !utf8.Valid(payload[2:]):
		return &closing{ws.StatusInvalidFramePayloadData, errCloseReason}
	}
	return nil
}

// gathered is a message, or a control frame, on its way in.
type gathered struct {
	opening ws.Header     // of the first frame
	wire    *bytes.Buffer // the frames as they came
	payload *bytes.Buffer // of all of them, unmasked
}

func newGathered(opening ws.Header) *gathered { return &gathered{opening, borrow(), borrow()} }

func (g *gathered) release() {
	giveBack(g.wire)
	giveBack(g.payload)
}

// buffers keeps memory between messages, so that idle connections hold none.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// mostKept is the largest buffer that is kept, in bytes.
const mostKept = 256 << 10

func borrow() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func giveBack(b *bytes.Buffer) {
	if b.Cap() <= mostKept {
		b.Reset()
		buffers.Put(b)
	}
}
