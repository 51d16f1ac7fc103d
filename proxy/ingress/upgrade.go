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

// isUpgrade reports whether r asks to switch its connection to another protocol.
func isUpgrade(r *http.Request) bool {
	return len(r.Header["Upgrade"]) > 0 && hasToken(r.Header["Connection"], "upgrade")
}

// cannotSwitch says why r is not answered if it asks for a protocol in which we could
// not see what passes; empty if it does not.
func cannotSwitch(r *http.Request, up *upstream) string {
	switch protocol := r.Header["Upgrade"]; {
	case r.Method == http.MethodConnect && len(r.Header[":protocol"]) > 0:
		return "WebSocket over HTTP/2 (RFC 8441) is not supported: connect with HTTP/1.1"
	case r.Method == http.MethodConnect:
		return "CONNECT is not supported: this is a proxy in front of one API"
	case !isUpgrade(r):
		return ""
	case len(protocol) != 1 || !strings.EqualFold(protocol[0], "websocket"):
		return "the connection cannot be upgraded to this protocol: only websocket is supported, and HTTP/2 without an upgrade"
	case r.Method != http.MethodGet || r.ProtoMajor != 1 || r.ProtoMinor != 1:
		return "WebSocket needs a GET request of HTTP/1.1"
	case up.h2c:
		return "the API is reached by HTTP/2, where WebSocket is not supported"
	}
	return ""
}

func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
	}
	return false
}

// goodbye is how long a WebSocket connection has to end once it is told to.
const goodbye = 5 * time.Second

// socket is a client's WebSocket connection, which net/http no longer knows. It may be
// idle as long as it likes, but who does not read what it is sent is cut off.
type socket struct {
	net.Conn
	buffered *bufio.Reader // with what has come behind the request
	stall    time.Duration
	part     context.CancelFunc
	parting  atomic.Bool
}

func (s *socket) Read(p []byte) (int, error) { return s.buffered.Read(p) }

func (s *socket) Write(p []byte) (int, error) {
	if !s.parting.Load() {
		if err := s.SetWriteDeadline(time.Now().Add(s.stall)); err != nil {
			return 0, err
		}
	}
	return s.Conn.Write(p)
}

// sockets are the WebSocket connections that are open. The zero value has none. Safe
// for concurrent use.
type sockets struct {
	mu      sync.Mutex
	open    map[*socket]bool // guarded by mu
	parting bool             // guarded by mu
	ended   chan struct{}    // made by wait, closed when none is open; guarded by mu
}

func (ss *sockets) add(s *socket) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.open == nil {
		ss.open = map[*socket]bool{}
	}
	ss.open[s] = true
	if ss.parting {
		s.end()
	}
}

func (ss *sockets) remove(s *socket) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	delete(ss.open, s)
	if len(ss.open) == 0 && ss.ended != nil {
		close(ss.ended)
		ss.ended = nil
	}
}

// end tells both sides of a connection that it ends.
func (s *socket) end() {
	s.parting.Store(true)
	s.part()
	_ = s.SetDeadline(time.Now().Add(goodbye))
}

// part ends all connections, and those to come.
func (ss *sockets) part() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.parting = true
	for s := range ss.open {
		s.end()
	}
}

// wait waits until none is open, and reports whether that was before ctx ended.
func (ss *sockets) wait(ctx context.Context) bool {
	ss.mu.Lock()
	if len(ss.open) == 0 {
		ss.mu.Unlock()
		return true
	}
	ended := make(chan struct{})
	ss.ended = ended
	ss.mu.Unlock()
	select {
	case <-ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// close cuts off those that are open.
func (ss *sockets) close() {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for s := range ss.open {
		_ = s.Close()
	}
}

// relay is the upstream's side of a WebSocket connection, redacted. ReverseProxy uses
// it in goroutines of its own, where a panic would end the process.
type relay struct {
	io.ReadWriteCloser
	x *exchange
}

// guardSocket puts a relay around the body of a 101.
func (x *exchange) guardSocket(in *http.Response) error {
	body, ok := in.Body.(io.ReadWriteCloser)
	if !ok {
		return errors.New("a WebSocket connection that cannot be written to")
	}
	in.Body = &relay{body, x}
	return nil
}

func (r *relay) Read(p []byte) (n int, err error) {
	defer r.x.caught(&err)
	n, err = r.ReadWriteCloser.Read(p)
	if err != nil && err != io.EOF {
		r.x.refuse(err)
	}
	return n, err
}

func (r *relay) Write(p []byte) (n int, err error) {
	defer r.x.caught(&err)
	n, err = r.ReadWriteCloser.Write(p)
	if err != nil {
		r.x.refuse(err)
	}
	return n, err
}

func (r *relay) Close() (err error) {
	defer r.x.caught(&err)
	return r.ReadWriteCloser.Close()
}
