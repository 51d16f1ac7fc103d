package hostile_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// peer is a client that sends what it likes.
type peer struct {
	t *testing.T
	net.Conn
	*bufio.Reader
}

// Read reads what came.
func (p *peer) Read(b []byte) (int, error) { return p.Reader.Read(b) }

// dial connects until the test ends.
func (f *field) dial(t *testing.T) *peer {
	t.Helper()
	conn, err := net.Dial("tcp", f.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &peer{t, conn, bufio.NewReader(conn)}
}

// send sends text, and reports whether all of it could be sent.
func (p *peer) send(text string) bool {
	_, err := io.WriteString(p.Conn, text)
	return err == nil
}

// all returns what comes until the connection ends, which it must.
func (p *peer) all() string {
	p.t.Helper()
	text, err := io.ReadAll(p)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.t.Errorf("not ended, after %.200q", text)
	}
	_ = p.Close()
	return string(text)
}

// api is an upstream that answers what it is told to, and reads strictly.
type api struct {
	listener net.Listener
	t        *testing.T
	serving  sync.WaitGroup

	mu    sync.Mutex
	plays map[string]play // by path; guarded by mu, as all below
	seen  map[string]int  // requests by path
	open  map[net.Conn]bool
	over  bool
}

// play answers one request, and reports whether the connection stays.
type play func(c *call) bool

// call is a request that an api has read.
type call struct {
	net.Conn
	*bufio.Reader
	method, path, head, coding string
	body                       []byte // as far as it came
}

// Read reads what the client sends behind the request.
func (c *call) Read(b []byte) (int, error) { return c.Reader.Read(b) }

// says answers with text; the connection stays.
func says(text ...string) play {
	return func(c *call) bool {
		for _, part := range text {
			if _, err := io.WriteString(c.Conn, part); err != nil {
				return false
			}
		}
		return true
	}
}

// dies answers with text and ends the connection.
func dies(text ...string) play {
	return func(c *call) bool {
		says(text...)(c)
		return false
	}
}

func newAPI(t *testing.T) *api {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &api{listener: listener, t: t, plays: map[string]play{}, seen: map[string]int{}, open: map[net.Conn]bool{}}
	a.on("/healthy", says("HTTP/1.1 200 OK\r\nContent-Length: 28\r\n\r\nis "+stored))
	a.serving.Go(a.accept)
	return a
}

func (a *api) addr() string { return a.listener.Addr().String() }

// on sets what a path is answered with.
func (a *api) on(path string, p play) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plays[path] = p
}

// asked returns how many requests there were for a path.
func (a *api) asked(path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[path]
}

// connections returns how many are open.
func (a *api) connections() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open)
}

func (a *api) close() {
	_ = a.listener.Close()
	a.mu.Lock()
	a.over = true
	for conn := range a.open {
		_ = conn.Close()
	}
	a.mu.Unlock()
	a.serving.Wait()
}

func (a *api) accept() {
	for {
		conn, err := a.listener.Accept()
		if err != nil {
			return
		}
		a.mu.Lock()
		a.open[conn] = true
		if a.over {
			_ = conn.Close()
		}
		a.mu.Unlock()
		a.serving.Go(func() { a.serve(conn) })
	}
}

// serve answers the requests on a connection.
func (a *api) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		a.mu.Lock()
		delete(a.open, conn)
		a.mu.Unlock()
	}()
	r := bufio.NewReader(conn)
	for {
		c, err := read(conn, r)
		if found := c.leak(); found != "" {
			a.t.Errorf("to the upstream: %s", found)
		}
		if err != nil {
			var broken *strictError
			if errors.As(err, &broken) {
				a.t.Errorf("the upstream got what it could misunderstand: %v in %q", err, c.head)
			}
			return
		}
		a.mu.Lock()
		a.seen[c.path]++
		p := a.plays[c.path]
		a.mu.Unlock()
		if p == nil {
			p = says("HTTP/1.1 404 Not Found\r\nContent-Length: 25\r\n\r\n" + stored)
		}
		if !p(c) {
			return
		}
	}
}

// strictError is what is wrong with a request as servers could understand it.
type strictError struct{ text string }

func (e *strictError) Error() string { return e.text }

// read reads a request as the strictest of servers would.
func read(conn net.Conn, r *bufio.Reader) (*call, error) {
	c := &call{Conn: conn, Reader: r}
	fields := map[string][]string{}
	for {
		line, err := r.ReadString('\n')
		if c.head += line; err != nil {
			return c, err
		}
		line, ok := strings.CutSuffix(line, "\r\n")
		if !ok || strings.ContainsAny(line, "\r\x00") {
			return c, &strictError{"a control character, or LF alone"}
		}
		if line == "" {
			break
		}
		if c.method == "" {
			parts := strings.Split(line, " ")
			if len(parts) != 3 || parts[2] != "HTTP/1.1" || !strings.HasPrefix(parts[1], "/") && parts[1] != "*" {
				return c, &strictError{"a bad request line"}
			}
			c.method = parts[0]
			c.path, _, _ = strings.Cut(parts[1], "?")
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || name == "" || strings.ContainsAny(name, " \t") {
			return c, &strictError{"a bad field"}
		}
		name = strings.ToLower(name)
		fields[name] = append(fields[name], strings.Trim(value, " \t"))
	}
	return c, c.content(fields)
}

// content reads the content of a request.
func (c *call) content(fields map[string][]string) error {
	lengths, codings := fields["content-length"], fields["transfer-encoding"]
	c.coding = strings.Join(fields["content-encoding"], ", ")
	switch {
	case len(fields["host"]) != 1:
		return &strictError{fmt.Sprintf("%d hosts", len(fields["host"]))}
	case len(lengths)+len(codings) > 1:
		return &strictError{"more than one length"}
	case len(codings) == 1 && codings[0] != "chunked":
		return &strictError{"an unknown transfer coding"}
	case len(codings) == 1:
		return c.chunks()
	case len(lengths) == 0:
		return nil
	}
	n, err := strconv.ParseUint(lengths[0], 10, 31)
	if err != nil {
		return &strictError{"a bad length"}
	}
	c.body, err = io.ReadAll(io.LimitReader(c.Reader, int64(n)))
	if err == nil && len(c.body) < int(n) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// leak says what of the secret is in the request; empty for nothing.
func (c *call) leak() string {
	as := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\n\r\n%s", c.coding, c.body)
	return leak(append(unpacked(as), c.head)...)
}

// chunks reads chunked content and its trailer.
func (c *call) chunks() error {
	for {
		line, err := c.ReadString('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseUint(strings.TrimSuffix(line, "\r\n"), 16, 31)
		if err != nil {
			return &strictError{fmt.Sprintf("a bad chunk size %q", line)}
		}
		if n == 0 {
			break
		}
		chunk, err := io.ReadAll(io.LimitReader(c.Reader, int64(n)))
		if c.body = append(c.body, chunk...); err != nil {
			return err
		}
		end, err := c.Peek(2)
		if err != nil {
			return err
		}
		if string(end) != "\r\n" {
			return &strictError{"a chunk longer than its size"}
		}
		_, _ = c.Discard(2)
	}
	for {
		line, err := c.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
		c.head += line
	}
}
