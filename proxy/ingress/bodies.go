package ingress

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// answer is what the client gets.
type answer struct {
	http.ResponseWriter
	x       *exchange
	control *http.ResponseController
	writes  patience
	status  int
	bytes   int64
	hints   int                // responses that only inform
	part    context.CancelFunc // ends a WebSocket connection
	socket  *socket            // once it is one
}

func (a *answer) begin(w http.ResponseWriter, x *exchange) {
	a.ResponseWriter, a.x = w, x
	a.control = http.NewResponseController(w)
	a.writes.limit, a.writes.expire = x.state.stall, a.control.SetWriteDeadline
	if x.in.ProtoMajor == 1 {
		_ = a.control.SetWriteDeadline(time.Time{}) // that of the request before
	}
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader sends a header. One that only informs (1xx) is redacted before, or not
// sent.
func (a *answer) WriteHeader(status int) {
	if status < 200 {
		a.inform(status)
		return
	}
	a.status = status
	if a.cannotContinue() {
		a.Header().Set("Connection", "close")
	}
	a.ResponseWriter.WriteHeader(status)
	if u := &a.x.sent; u.body != nil && !u.duplex && !u.ended.Load() {
		a.leave()
	}
}

// cannotContinue reports whether it cannot be told where the next request on the
// connection would begin: behind content that has failed, which net/http may take for
// ended, and behind a request of HTTP/1.0, of which it ignores the Transfer-Encoding
// without telling us (RFC 9112 §6.1).
func (a *answer) cannotContinue() bool {
	in := a.x.in
	return in.ProtoMajor == 1 && (in.ProtoMinor == 0 || a.x.sent.broken())
}

// leave sends a header before all of the request was read. Then net/http first reads
// what is left of it, which must not take forever.
func (a *answer) leave() {
	now := time.Now()
	_ = a.control.SetReadDeadline(a.x.sent.until(now))
	_ = a.control.SetWriteDeadline(now.Add(2 * a.writes.limit))
	_ = a.control.Flush()
	_ = a.control.SetReadDeadline(time.Time{})
	_ = a.control.SetWriteDeadline(time.Time{})
}

// maxHints is how many responses that only inform a client gets for a request. An
// upstream may send them for as long as it may take to answer.
const maxHints = 32

// inform runs in a goroutine of the transport, while the handler waits for it.
func (a *answer) inform(status int) {
	var err error
	defer a.x.caught(&err)
	// 100 is sent by net/http when the body is read. 101 informs only in HTTP/2, which has
	// none; WebSocket does not come this way.
	if status == http.StatusContinue || status == http.StatusSwitchingProtocols || !a.x.in.ProtoAtLeast(1, 1) {
		return
	}
	if a.hints++; a.hints > maxHints {
		return
	}
	a.Header().Del("Alt-Svc")
	if a.x.texts.Informational(a.Header()) != nil {
		return
	}
	a.writes.wait()
	defer a.writes.got()
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	a.writes.wait()
	n, err := a.ResponseWriter.Write(p)
	a.writes.got()
	a.bytes += int64(n)
	return n, err
}

// FlushError is for http.ResponseController.
func (a *answer) FlushError() error {
	a.writes.wait()
	defer a.writes.got()
	return a.control.Flush()
}

// Hijack hands out the connection for WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := a.control.Hijack()
	if err != nil {
		return nil, nil, err
	}
	a.status = http.StatusSwitchingProtocols
	a.socket = &socket{Conn: conn, buffered: rw.Reader, stall: a.writes.limit, part: a.part}
	a.x.server.sockets.add(a.socket)
	a.x.server.metrics.sockets.Inc()
	return a.socket, rw, nil
}

// upload is a request's content as it comes from the client.
type upload struct {
	body   io.ReadCloser // nil without content
	reads  patience
	duplex bool        // the client may be silent once it has an answer
	ended  atomic.Bool // all of it was read
	failed atomic.Bool // reading failed
}

func (u *upload) begin(body io.ReadCloser, x *exchange) {
	u.body = body
	u.duplex = x.in.ProtoMajor > 1
	u.reads.limit, u.reads.expire = x.state.stall, x.answer.control.SetReadDeadline
	if u.duplex && strings.HasPrefix(x.in.Header.Get("Content-Type"), "application/grpc") {
		u.reads.off = true // such streams are often silent, and answered late
	}
}

func (u *upload) Read(p []byte) (int, error) {
	u.reads.wait()
	n, err := u.body.Read(p)
	u.reads.got()
	switch {
	case err == io.EOF:
		u.ended.Store(true)
	case err != nil && !errors.Is(err, http.ErrBodyReadAfterClose):
		u.failed.Store(true)
	}
	return n, err
}

func (u *upload) Close() error { return u.body.Close() }

// answered notes that the upstream has answered.
func (u *upload) answered() {
	if u.body != nil && u.duplex {
		u.reads.forget()
	}
}

func (u *upload) stalled() bool { return u.reads.ended() }
func (u *upload) broken() bool  { return u.failed.Load() }

// until returns until when what is left of it is read; not at all after it has failed.
func (u *upload) until(now time.Time) time.Time {
	if u.broken() {
		return longAgo
	}
	return now.Add(u.reads.limit)
}

// finish gives what net/http does after us a time: sending what is buffered, and
// reading what is left of the request.
func (x *exchange) finish() {
	a, u := &x.answer, &x.sent
	if a.socket != nil {
		x.server.sockets.remove(a.socket)
		x.server.metrics.sockets.Dec()
		return
	}
	a.writes.forget()
	now := time.Now()
	_ = a.control.SetWriteDeadline(now.Add(x.state.stall))
	switch {
	case u.body == nil || u.ended.Load():
	case u.duplex:
		u.reads.forget()
	default:
		_ = a.control.SetReadDeadline(u.until(now))
	}
}

// guarded is a request's content, redacted. The transport reads it in a goroutine of
// its own, where a panic would end the process.
type guarded struct {
	io.ReadCloser
	x *exchange
}

func (g *guarded) Read(p []byte) (n int, err error) {
	defer g.x.caught(&err)
	n, err = g.ReadCloser.Read(p)
	if err != nil && err != io.EOF && !g.x.sent.broken() {
		g.x.unsearched.Store(true)
		g.x.refuse(err)
	}
	return n, err
}

// received is a response's content, redacted.
type received struct {
	io.ReadCloser
	x *exchange
}

func (r *received) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		r.x.refuse(err)
	}
	return n, err
}

var errPanic = errors.New("the message could not be searched for secrets")

// caught makes an error of a panic.
func (x *exchange) caught(err *error) {
	if value := recover(); value != nil {
		x.server.panicked(value)
		x.unsearched.Store(true)
		*err = errPanic
	}
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// patience bounds how long a client may keep us waiting for one byte. There is no
// bound on a whole body, which may be a stream. A deadline of a connection would do
// for HTTP/1, but one of an HTTP/2 stream ends it even where nobody waits, so a timer
// of ours runs while somebody does.
type patience struct {
	limit  time.Duration
	expire func(time.Time) error // sets the deadline of what is waited for

	mu      sync.Mutex
	timer   *time.Timer // guarded by mu, as all below
	waiting bool
	off     bool
	expired bool
}

// wait begins to wait.
func (p *patience) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.off {
		return
	}
	p.waiting = true
	if p.timer == nil {
		p.timer = time.AfterFunc(p.limit, p.end)
	} else {
		p.timer.Reset(p.limit)
	}
}

// got ends a wait.
func (p *patience) got() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting {
		p.waiting = false
		p.timer.Stop()
	}
}

// forget ends all waiting: from now on it may take as long as it likes.
func (p *patience) forget() {
	p.got()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.off = true
}

func (p *patience) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting {
		p.expired = true
		_ = p.expire(longAgo)
	}
}

// ended reports whether the client has kept us waiting for too long.
func (p *patience) ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.expired
}
