package hostile_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2api is an upstream that speaks HTTP/2, and answers every request but those for
// /healthy by its play.
type h2api struct {
	listener net.Listener
	serving  sync.WaitGroup
	mu       sync.Mutex
	play     h2play              // guarded by mu
	open     map[net.Conn]string // guarded by mu
}

// h2play answers one request, and reports whether the connection stays.
type h2play func(*h2call) bool

// h2call is the connection of a request.
type h2call struct {
	net.Conn
	*http2.Framer
	id uint32
}

func newH2API(t *testing.T) *h2api {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := &h2api{listener: listener, open: map[net.Conn]string{}}
	a.serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			a.mu.Lock()
			a.open[conn] = ""
			a.mu.Unlock()
			a.serving.Go(func() { a.serve(conn) })
		}
	})
	return a
}

func (a *h2api) close() {
	_ = a.listener.Close()
	a.mu.Lock()
	for conn := range a.open {
		_ = conn.Close()
	}
	a.mu.Unlock()
	a.serving.Wait()
}

func (a *h2api) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		a.mu.Lock()
		delete(a.open, conn)
		a.mu.Unlock()
	}()
	if _, err := io.CopyN(io.Discard, conn, int64(len(http2.ClientPreface))); err != nil {
		return
	}
	c := &h2call{Conn: conn, Framer: http2.NewFramer(conn, conn)}
	c.AllowIllegalWrites = true
	_ = c.WriteSettings()
	path := ""
	decoder := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == ":path" {
			path = f.Value
		}
	})
	for {
		frame, err := c.ReadFrame()
		if err != nil {
			return
		}
		switch f := frame.(type) {
		case *http2.SettingsFrame:
			if !f.IsAck() {
				_ = c.WriteSettingsAck()
			}
		case *http2.PingFrame:
			if !f.IsAck() {
				_ = c.WritePing(true, f.Data)
			}
		case *http2.HeadersFrame:
			c.id = f.StreamID
			_, _ = decoder.Write(f.HeaderBlockFragment())
			if !a.answer(c, path) {
				return
			}
		}
	}
}

func (a *h2api) answer(c *h2call, path string) bool {
	if path == "/healthy" {
		c.header(false, ":status", "200")
		c.data(true, "is "+stored)
		return true
	}
	a.mu.Lock()
	play := a.play
	a.mu.Unlock()
	return play(c)
}

// fields returns a block of fields that does without a table.
func (c *h2call) fields(fields ...string) []byte {
	var buf bytes.Buffer
	enc := hpack.NewEncoder(&buf)
	enc.SetMaxDynamicTableSize(0)
	for i := 0; i < len(fields); i += 2 {
		_ = enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return buf.Bytes()
}

// header sends a header or a trailer.
func (c *h2call) header(last bool, fields ...string) {
	_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: c.id, BlockFragment: c.fields(fields...), EndStream: last, EndHeaders: true})
}

// data sends content, in frames of the size that every peer takes.
func (c *h2call) data(last bool, text string) {
	for len(text) > 1<<14 {
		_ = c.WriteData(c.id, false, []byte(text[:1<<14]))
		text = text[1<<14:]
	}
	_ = c.WriteData(c.id, last, []byte(text))
}

// details are those of an error of gRPC.
var details = base64.StdEncoding.EncodeToString([]byte("\x08\x02\x12\x1dat: " + stored))

// streamAnswers are those of an upstream of HTTP/2 that breaks off, floods, or hides
// secrets.
var streamAnswers = map[string]struct {
	play h2play
	want string // statuses; 0 is for 200 that is cut off
}{
	"RST before the header": {func(c *h2call) bool { _ = c.WriteRSTStream(c.id, http2.ErrCodeInternal); return true }, "502"},
	"RST within short content": {func(c *h2call) bool {
		c.header(false, ":status", "200", "content-length", "99")
		c.data(false, stored)
		_ = c.WriteRSTStream(c.id, http2.ErrCodeInternal)
		return true
	}, "502"},
	"RST within long content": {func(c *h2call) bool {
		c.header(false, ":status", "200", "content-length", "999999")
		c.data(false, long[8_000:])
		_ = c.WriteRSTStream(c.id, http2.ErrCodeNo)
		return true
	}, "0 502"},
	"GOAWAY before the header": {func(c *h2call) bool { _ = c.WriteGoAway(c.id, http2.ErrCodeInternal, []byte(stored)); return false }, "502"},
	"GOAWAY within content": {func(c *h2call) bool {
		c.header(false, ":status", "200")
		c.data(false, stored)
		_ = c.WriteGoAway(c.id, http2.ErrCodeNo, []byte(stored))
		return false
	}, "502 0"},
	"GOAWAY, but all comes": {func(c *h2call) bool {
		_ = c.WriteGoAway(c.id, http2.ErrCodeNo, []byte(stored))
		c.header(false, ":status", "200")
		c.data(true, stored)
		return true
	}, "200"},
	"less than the length": {func(c *h2call) bool {
		c.header(false, ":status", "200", "content-length", "26")
		c.data(true, stored)
		return true
	}, "502"},
	"more than the length": {func(c *h2call) bool {
		c.header(false, ":status", "200", "content-length", "3")
		c.data(true, stored)
		return true
	}, "502 200"},
	"no content, but a length":  {func(c *h2call) bool { c.header(true, ":status", "200", "content-length", "25"); return true }, "502 0"},
	"no status":                 {func(c *h2call) bool { c.header(true, "x", stored); return true }, "502"},
	"status of letters":         {func(c *h2call) bool { c.header(true, ":status", stored); return true }, "502"},
	"status 099":                {func(c *h2call) bool { c.header(true, ":status", "099"); return true }, "502"},
	"status 999":                {func(c *h2call) bool { c.header(true, ":status", "999"); return true }, "999"},
	"status 101":                {func(c *h2call) bool { c.header(false, ":status", "101"); c.data(true, stored); return true }, "502"},
	"content before the header": {func(c *h2call) bool { c.data(true, stored); return true }, "502"},
	"fields of HTTP 1": {func(c *h2call) bool {
		c.header(false, ":status", "200", "transfer-encoding", "chunked", "connection", "x-a", "content-length", "25")
		c.data(true, stored)
		return true
	}, "200 502"},
	"CRLF in a field": {func(c *h2call) bool {
		c.header(false, ":status", "200", "x", "y\r\nSet-Cookie: "+stored)
		c.data(true, stored)
		return true
	}, "200 502"},
	"capitals in a name": {func(c *h2call) bool { c.header(true, ":status", "200", "X-"+stored, "y"); return true }, "502"},
	"secret as a name":   {func(c *h2call) bool { c.header(true, ":status", "200", strings.ToLower(stored), "y"); return true }, "502"},
	"secret in fields": {func(c *h2call) bool {
		c.header(true, ":status", "200", "x", stored, "set-cookie", "a="+stored, "location", "/?k="+stored)
		return true
	}, "200"},
	"secret in a trailer": {func(c *h2call) bool {
		c.header(false, ":status", "200", "content-type", "application/grpc")
		c.data(false, "\x00\x00\x00\x00\x19"+stored)
		c.header(true, "grpc-status", "2", "grpc-message", strings.ReplaceAll(stored, "-", "%2D"), "grpc-status-details-bin", details)
		return true
	}, "200"},
	"pseudo-field in a trailer": {func(c *h2call) bool {
		c.header(false, ":status", "200")
		c.data(false, stored)
		c.header(true, ":status", "204", "x", stored)
		return true
	}, "0 502"},
	"many hints": {func(c *h2call) bool {
		for range 1 << 12 {
			c.header(false, ":status", "103", "link", "</"+stored+">")
		}
		c.header(true, ":status", "204")
		return true
	}, "204"},
	"giant header": {func(c *h2call) bool {
		_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: c.id, BlockFragment: c.fields(":status", "200")})
		for range 1 << 10 {
			_ = c.WriteContinuation(c.id, false, c.fields("x", strings.Repeat(stored, 100)))
		}
		_ = c.WriteContinuation(c.id, true, nil)
		return true
	}, "502"},
	"CONTINUATION without end": {func(c *h2call) bool {
		_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: c.id, BlockFragment: c.fields(":status", "200")})
		for c.WriteContinuation(c.id, false, c.fields("x", stored)) == nil {
		}
		return false
	}, "502 504"},
	"PUSH_PROMISE": {func(c *h2call) bool {
		_ = c.WritePushPromise(http2.PushPromiseParam{StreamID: c.id, PromiseID: 2, BlockFragment: c.fields(":path", stored), EndHeaders: true})
		return true
	}, "502"},
	"pings": {func(c *h2call) bool {
		for range 1 << 14 {
			_ = c.WritePing(false, [8]byte([]byte(stored)))
		}
		c.header(true, ":status", "200")
		return true
	}, "200 502"},
	"window over 2^31": {func(c *h2call) bool { _ = c.WriteWindowUpdate(0, 1<<31-1); return true }, "502 504"},
	"content over the window": {func(c *h2call) bool {
		c.header(false, ":status", "200")
		for c.WriteData(c.id, false, []byte(strings.Repeat("x", 1<<14))) == nil {
		}
		return false
	}, "0 502"},
}

// TestStreamAnswers has an upstream give each of them.
func TestStreamAnswers(t *testing.T) {
	upstream := newH2API(t)
	f := newField(t, func(s *settings) {
		s.config.Upstream = "h2c://" + upstream.listener.Addr().String()
		s.config.Timeouts.Response = 2e9
	})
	t.Cleanup(upstream.close)
	watchHeap(t, mostHeap)
	for name, tc := range streamAnswers {
		t.Run(name, func(t *testing.T) {
			upstream.mu.Lock()
			upstream.play = tc.play
			upstream.mu.Unlock()
			p := f.dial(t)
			p.send("GET /a HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: close\r\n\r\n")
			a := parse(t, "GET", p.all())
			if a.cut {
				a.status = 0
			}
			if !a.among(tc.want) {
				t.Errorf("%d %v %.200q, want %s", a.status, a.header, a.body, tc.want)
			}
			if a.status == 200 && len(a.body) > 1 && !strings.Contains(a.body, gone) && !strings.Contains(a.body, "***") {
				t.Errorf("%.300q", a.body)
			}
			f.healthy(t)
		})
	}
}
