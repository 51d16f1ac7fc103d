package message

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// WebSocketOptions say how a WebSocket connection is treated. Zero fields mean the
// defaults.
type WebSocketOptions struct {
	// MaxMessage is the length of the longest message that passes, in bytes, both as it
	// is on the wire and decoded; default 16 MiB. A longer one ends the connection.
	MaxMessage int
}

var errNoWebSocket = errors.New("the connection was switched to a protocol that is not WebSocket")

// WebSocket puts a relay that redacts messages into the place of the body of resp, the
// 101 response of a WebSocket handshake. What the relay is read for comes from the
// upstream, what is written to it comes from the client; one goroutine may do the one
// and another the other, as httputil.ReverseProxy does.
//
// A message is searched when its last frame is there, and nothing of it goes on before:
// it is delayed until its end, and takes as much memory as it is long, up to
// MaxMessage. Each is a text of its own: a secret that is spread over several messages
// is not seen. A message without a secret goes on in the frames it came in, byte by
// byte; any other goes on in one new frame, compressed if it was. In binary messages,
// pings, pongs and the reasons of close frames, secrets are replaced by as many bytes.
// Control frames do not wait for the end of the message they stand in.
//
// Both sides get a close frame and the connection ends where a peer breaks RFC 6455 or
// 7692 (status 1002, or 1007 for content that does not decode), where a message is too
// long (1009), and where one is blocked or could not be searched (1008). Reading then
// fails, with a RefusedError unless it was blocked. Close closes the connection and
// reports both directions to Options.Done.
//
// A RefusedError means that the response must not be passed on: it is no WebSocket
// connection, or the upstream has chosen an extension under which nothing can be read.
func (x *Exchange) WebSocket(resp *http.Response, opts WebSocketOptions) error {
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok || !strings.EqualFold(resp.Header.Get("Upgrade"), "websocket") {
		return &RefusedError{response, errNoWebSocket}
	}
	deflate, err := acceptPlainDeflate(resp)
	if err != nil {
		return &RefusedError{response, err}
	}
	if opts.MaxMessage == 0 {
		opts.MaxMessage = 16 << 20
	}
	lane := func(direction string, side ws.State) *lane {
		return newLane(x, direction, side, deflate, opts.MaxMessage)
	}
	resp.Body = newRelay(conn, lane(request, ws.StateServerSide), lane(response, ws.StateClientSide), x.filter.opts.Done)
	return nil
}

// relay is the connection to the upstream of a WebSocket handshake, with both
// directions redacted. One goroutine may read while another writes; Close may be called
// from any.
type relay struct {
	conn     io.ReadWriteCloser
	client   *lane // what the client sends
	upstream *lane // what the upstream sends

	out   *bytes.Buffer // for the client; it and what follows belong to the reader
	later error         // comes behind out
	told  bool          // the client knows why the connection closes

	sending chan struct{} // full while frames go to the upstream; guards what follows
	sendErr error         // why nothing goes there any more

	failed atomic.Pointer[closing]
	over   atomic.Bool
	hangUp func() error  // closes conn, once
	leave  func()        // closes left, once
	left   chan struct{} // the client has sent all that it will
	report func()        // reports both lanes, once
}

func newRelay(conn io.ReadWriteCloser, client, upstream *lane, done func(*Passage)) *relay {
	r := &relay{conn: conn, client: client, upstream: upstream, sending: make(chan struct{}, 1), left: make(chan struct{})}
	r.leave = sync.OnceFunc(func() { close(r.left) })
	r.hangUp = sync.OnceValue(func() error {
		r.over.Store(true)
		r.leave()
		return conn.Close()
	})
	r.report = sync.OnceFunc(func() {
		for _, l := range []*lane{client, upstream} {
			if p := l.end(); done != nil {
				done(p)
			}
		}
	})
	return r
}

// Read returns frames for the client, as soon as there are any.
func (r *relay) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.out == nil {
		if err := r.later; err != nil {
			r.later = nil
			return 0, err
		}
		_, r.later = r.receive(p)
	}
	n, _ := r.out.Read(p)
	r.drained()
	return n, nil
}

// WriteTo writes frames for the client to w until the connection ends. It is what
// io.Copy calls, and holds less memory than Read while nothing happens.
func (r *relay) WriteTo(w io.Writer) (total int64, err error) {
	var in intake
	defer in.close()
	for n := 0; err == nil; {
		if r.out == nil {
			n, err = r.receive(in.buffer(n))
		}
		if r.out != nil {
			sent, failed := r.out.WriteTo(w)
			total += sent
			if failed != nil {
				return total, failed
			}
			r.drained()
		}
	}
	if err == io.EOF {
		err = nil
	}
	return total, err
}

// drained gives back what held frames for the client, if they are gone.
func (r *relay) drained() {
	if r.out.Len() == 0 {
		giveBack(r.out)
		r.out = nil
	}
}

// receive reads once from the upstream, into buf, and fills out with what goes on.
func (r *relay) receive(buf []byte) (n int, err error) {
	if r.failed.Load() == nil {
		n, err = r.conn.Read(buf)
	}
	if c := r.failed.Load(); c != nil {
		return 0, r.farewell(c)
	}
	r.out = borrow()
	defer r.drained()
	if c := r.upstream.take(r.out, buf[:n]); c != nil {
		r.fail(c)
		return n, nil
	}
	if err == io.EOF && r.upstream.midway() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Write takes frames of the client and sends on what goes on.
func (r *relay) Write(p []byte) (int, error) {
	if r.over.Load() {
		return 0, io.ErrClosedPipe
	}
	out := borrow()
	defer giveBack(out)
	c := r.client.take(out, p)
	err := r.send(out.Bytes(), nil)
	if c != nil {
		r.fail(c)
	}
	if sent, _ := r.client.close(); sent {
		r.leave()
	}
	if err != nil && r.failed.Load() == nil {
		return 0, err
	}
	return len(p), nil
}

// ReadFrom takes frames of the client from src until its end. It is what io.Copy
// calls, and holds less memory than Write needs while nothing happens.
func (r *relay) ReadFrom(src io.Reader) (total int64, err error) {
	defer r.leave()
	var in intake
	defer in.close()
	for n := 0; err == nil; {
		buf := in.buffer(n)
		n, err = src.Read(buf)
		total += int64(n)
		if n > 0 {
			if _, failed := r.Write(buf[:n]); failed != nil {
				return total, failed
			}
		}
	}
	switch {
	case err == io.EOF && r.client.midway():
		err = io.ErrUnexpectedEOF
	case err == io.EOF:
		err = nil
	}
	return total, err
}

// CloseWrite lets the upstream know that the client sends nothing more.
func (r *relay) CloseWrite() error {
	r.leave()
	if r.client.midway() {
		return io.ErrUnexpectedEOF
	}
	conn, ok := r.conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return conn.CloseWrite()
}

// Close closes the connection to the upstream; a blocked Read or Write ends.
func (r *relay) Close() error {
	err := r.hangUp()
	r.report()
	return err
}

// send writes whole frames to the upstream; if last is not nil, they are the last ones.
func (r *relay) send(frames []byte, last error) error {
	r.sending <- struct{}{}
	defer func() { <-r.sending }()
	if r.sendErr != nil || len(frames) == 0 {
		return r.sendErr
	}
	_, err := r.conn.Write(frames)
	r.sendErr = cmp.Or(err, last)
	return err
}

// grace is how long the peers have to answer a close frame of the relay: a few round
// trips. Then it hangs up.
const grace = 2 * time.Second

// fail begins to close the connection, and tells the upstream; the reader tells the
// client. What the client still sends is read and dropped, since a connection that is
// closed with bytes unread may lose the close frame.
func (r *relay) fail(c *closing) {
	if !r.failed.CompareAndSwap(nil, c) {
		return
	}
	time.AfterFunc(grace, func() { r.hangUp() })
	r.client.mute()
	r.upstream.mute()
	if _, passed := r.client.close(); !passed {
		r.send(c.frame(true), c.err)
	}
}

// farewell tells the client why the connection closes. Then it waits until both sides
// are done, and fails.
func (r *relay) farewell(c *closing) error {
	if _, passed := r.upstream.close(); !passed && !r.told {
		r.told = true
		r.out = borrow()
		r.out.Write(c.frame(false))
		return nil
	}
	io.Copy(io.Discard, r.conn)
	<-r.left
	return c.err
}

// intake is the memory that a connection is read into: little, unless what came last
// filled it.
type intake struct {
	small [1 << 10]byte
	large *bytes.Buffer
}

// largeIntake is how much is read at once from a connection with much to say.
const largeIntake = 32 << 10

// buffer returns what to read into, after a read that has brought as many bytes.
func (i *intake) buffer(last int) []byte {
	if i.large == nil && last == len(i.small) {
		i.large = borrow()
		i.large.Grow(largeIntake)
	} else if last < largeIntake {
		i.close()
	}
	if i.large != nil {
		return i.large.AvailableBuffer()[:largeIntake]
	}
	return i.small[:]
}

func (i *intake) close() {
	if i.large != nil {
		giveBack(i.large)
		i.large = nil
	}
}
