package message_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

const webSocketRules = `
[[rules]]
id = "token"
regex = '''\btok\d{4,12}\b'''
`

func webSocketFilter(tb testing.TB, texts proxy.Options, opts message.Options) *message.Filter {
	tb.Helper()
	set, err := rules.Parse("test.toml", []byte(webSocketRules))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 3, IgnoreAllow: true})
	if err != nil {
		tb.Fatal(err)
	}
	return message.New(proxy.New(s, redact.New(), texts), opts)
}

// wsFrame is a frame as tests write and read it.
type wsFrame struct {
	Op       ws.OpCode
	More     bool // other frames of the message follow
	Deflated bool
	Payload  string
}

func text(payload string) wsFrame   { return wsFrame{Op: ws.OpText, Payload: payload} }
func binary(payload string) wsFrame { return wsFrame{Op: ws.OpBinary, Payload: payload} }
func ping(payload string) wsFrame   { return wsFrame{Op: ws.OpPing, Payload: payload} }
func pong(payload string) wsFrame   { return wsFrame{Op: ws.OpPong, Payload: payload} }
func rest(payload string) wsFrame   { return wsFrame{Payload: payload} }
func more(f wsFrame) wsFrame        { f.More = true; return f }
func deflated(f wsFrame) wsFrame    { f.Deflated = true; return f }
func closed(code ws.StatusCode, reason string) wsFrame {
	return wsFrame{Op: ws.OpClose, Payload: string(ws.NewCloseFrameBody(code, reason))}
}

// encode returns frames as they stand on the wire.
func encode(masked bool, frames ...wsFrame) []byte {
	var out bytes.Buffer
	for _, f := range frames {
		frame := ws.NewFrame(f.Op, !f.More, []byte(f.Payload))
		frame.Header.Rsv = ws.Rsv(f.Deflated, false, false)
		if masked {
			frame = ws.MaskFrame(frame)
		}
		ws.WriteFrame(&out, frame)
	}
	return out.Bytes()
}

// decode takes the frames on a wire apart, and holds that each is well formed.
func decode(tb testing.TB, masked bool, wire []byte) (frames []wsFrame) {
	tb.Helper()
	for in := bytes.NewReader(wire); in.Len() > 0; {
		h, err := ws.ReadHeader(in)
		if err != nil || h.Masked != masked || h.Length > int64(in.Len()) {
			tb.Fatalf("after %d frames: masked %t, %d bytes, error %v", len(frames), h.Masked, h.Length, err)
		}
		payload := make([]byte, h.Length)
		io.ReadFull(in, payload)
		if h.Masked {
			ws.Cipher(payload, h.Mask, 0)
		}
		frames = append(frames, wsFrame{h.OpCode, !h.Fin, h.Rsv1(), string(payload)})
	}
	return frames
}

// squeeze compresses a message as RFC 7692 says.
func squeeze(text string) string {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestCompression)
	io.WriteString(w, text)
	w.Flush()
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}

// unsqueeze is the opposite. It reads up to a final block, as most decoders do.
func unsqueeze(message string) string {
	out, err := io.ReadAll(flate.NewReader(strings.NewReader(message + "\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
	if err != nil {
		return "error: " + err.Error()
	}
	return string(out)
}

// wire is the connection to an upstream that has sent what can be read.
type wire struct {
	io.Reader
	sent   bytes.Buffer
	closed bool
}

func (w *wire) Write(p []byte) (int, error) { return w.sent.Write(p) }
func (w *wire) CloseWrite() error           { return nil }
func (w *wire) Close() error                { w.closed = true; return nil }

// relay is what takes the place of the body of a response.
type relay interface {
	io.ReadWriteCloser
	CloseWrite() error
}

func newRelay(tb testing.TB, f *message.Filter, opts message.WebSocketOptions, compressed bool, conn io.ReadWriteCloser) relay {
	tb.Helper()
	resp := &http.Response{StatusCode: http.StatusSwitchingProtocols, Header: http.Header{"Upgrade": {"websocket"}}, Body: conn}
	if compressed {
		resp.Header.Set("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
	}
	x := f.Exchange(context.Background(), message.Peer{Host: "api.example", Route: "/socket"})
	if err := x.WebSocket(resp, opts); err != nil {
		tb.Fatal(err)
	}
	return resp.Body.(relay)
}

// exchanged is what came out of a relay.
type exchanged struct {
	on, back []byte // to the peer, and to the one that has sent
	err      error
}

// pass takes input through a relay, in parts of size bytes.
func pass(tb testing.TB, f *message.Filter, opts message.WebSocketOptions, client, compressed bool, input []byte, size int) (e exchanged) {
	tb.Helper()
	conn := &wire{Reader: strings.NewReader("")}
	if !client {
		conn.Reader = &parts{input, size}
	}
	r := newRelay(tb, f, opts, compressed, conn)
	defer r.Close()
	for rest := input; client && len(rest) > 0; {
		n := min(size, len(rest))
		if _, err := r.Write(rest[:n]); err != nil {
			tb.Fatal(err)
		}
		rest = rest[n:]
	}
	ended := r.CloseWrite()
	e.on, e.err = io.ReadAll(struct{ io.Reader }{r})
	e.back = conn.sent.Bytes()
	if client {
		e.on, e.back = e.back, e.on
		e.err = cmp.Or(e.err, ended)
	}
	return e
}

// parts reads text, size bytes at a time.
type parts struct {
	text []byte
	size int
}

func (p *parts) Read(buf []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := copy(buf[:min(len(buf), p.size)], p.text)
	p.text = p.text[n:]
	return n, nil
}

// directions runs a test for both directions, and for messages that come in parts.
func directions(t *testing.T, test func(t *testing.T, client bool, size int)) {
	for _, client := range []bool{true, false} {
		for _, size := range []int{1 << 20, 1, 3, 16} {
			test(t, client, size)
		}
	}
}

func TestWebSocketMessages(t *testing.T) {
	long := strings.Repeat("all is well ", 6000)
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	for name, c := range map[string]struct {
		in, want []wsFrame // nothing wanted: the same bytes
	}{
		"clean":          {in: []wsFrame{text("a"), text(""), binary("\x00\xff"), text("not \xff UTF-8"), text(long)}},
		"clean parts":    {in: []wsFrame{more(text("a ")), more(rest("")), rest("b"), more(text("")), rest("")}},
		"half a secret":  {in: []wsFrame{text("tok12"), text("34 tok")}},
		"clean controls": {in: []wsFrame{ping(""), pong("p"), closed(1000, "bye")}},
		"bare close":     {in: []wsFrame{{Op: ws.OpClose}}},
		"codes":          {in: []wsFrame{closed(1014, "")}},
		"own codes":      {in: []wsFrame{closed(4999, "grün")}},
		"secret":         {[]wsFrame{text("a"), text("a tok1234 b"), text("c")}, []wsFrame{text("a"), text("a [REDACTED:token] b"), text("c")}},
		"grows":          {[]wsFrame{text(strings.Repeat("tok1234 ", 20))}, []wsFrame{text(strings.Repeat("[REDACTED:token] ", 20))}},
		"binary":         {[]wsFrame{binary("\x00 tok1234 \xff")}, []wsFrame{binary("\x00 ******* \xff")}},
		"across frames": {
			[]wsFrame{more(text("a to")), more(rest("k12")), rest("34"), text("b")},
			[]wsFrame{text("a [REDACTED:token]"), text("b")},
		},
		"controls between": {
			[]wsFrame{more(text("a tok12")), ping("1"), more(rest("34")), pong("2"), ping("tok5678"), rest(" b")},
			[]wsFrame{ping("1"), pong("2"), ping("*******"), text("a [REDACTED:token] b")},
		},
		"controls":      {[]wsFrame{ping("a tok1234"), pong("tok1234")}, []wsFrame{ping("a *******"), pong("*******")}},
		"close reason":  {[]wsFrame{closed(1008, "no tok1234"), text("late")}, []wsFrame{closed(1008, "no *******")}},
		"amid message":  {[]wsFrame{more(text("never ends")), closed(1001, "")}, []wsFrame{closed(1001, "")}},
		"longest close": {[]wsFrame{closed(1000, strings.Repeat("x ", 58)+"tok1234")}, []wsFrame{closed(1000, strings.Repeat("x ", 58)+"*******")}},
	} {
		directions(t, func(t *testing.T, client bool, size int) {
			in := encode(client, c.in...)
			got := pass(t, f, message.WebSocketOptions{}, client, false, in, size)
			if got.err != nil || len(got.back) > 0 {
				t.Errorf("%s, %d bytes at a time: error %v, sent back %q", name, size, got.err, got.back)
			}
			if c.want == nil && !bytes.Equal(got.on, in) {
				t.Errorf("%s, %d bytes at a time: clean frames changed", name, size)
			}
			if diff := gocmp.Diff(c.want, decode(t, client, got.on)); c.want != nil && diff != "" {
				t.Errorf("%s, %d bytes at a time: -want +got\n%s", name, size, diff)
			}
		})
	}
}

// TestWebSocketCloses holds that what must not pass closes the connection on both
// sides, that nothing of it goes on, and that what came before does.
func TestWebSocketCloses(t *testing.T) {
	raw := func(b ...byte) func(bool) []byte { return func(bool) []byte { return b } }
	frames := func(frames ...wsFrame) func(bool) []byte {
		return func(client bool) []byte { return encode(client, frames...) }
	}
	rsv := func(bit byte, f wsFrame) func(bool) []byte {
		return func(client bool) []byte {
			wire := encode(client, f)
			wire[0] |= bit
			return wire
		}
	}
	f := webSocketFilter(t, proxy.Options{Style: redact.Block}, message.Options{})
	for name, c := range map[string]struct {
		in   func(client bool) []byte
		code ws.StatusCode
	}{
		"reserved opcode":   {frames(wsFrame{Op: 3}), 1002},
		"reserved control":  {frames(wsFrame{Op: 0xb}), 1002},
		"compressed":        {rsv(0x40, text("x")), 1002},
		"reserved bit 2":    {rsv(0x20, text("x")), 1002},
		"reserved bit 3":    {rsv(0x10, text("x")), 1002},
		"long ping":         {frames(ping(strings.Repeat("x", 126))), 1002},
		"ping in parts":     {frames(more(ping("x"))), 1002},
		"no beginning":      {frames(rest("x")), 1002},
		"two beginnings":    {frames(more(text("tok1234")), text("x")), 1002},
		"wrong mask":        {func(client bool) []byte { return encode(!client, text("x")) }, 1002},
		"length of a long":  {func(client bool) []byte { return []byte{0x81, mask(client) | 126, 0, 1, 'x', 0, 0, 0, 0} }, 1002},
		"length of 64 bits": {func(client bool) []byte { return append([]byte{0x81, mask(client) | 127}, make([]byte, 12)...) }, 1002},
		"negative length":   {raw(0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4), 1002},
		"close of one byte": {frames(wsFrame{Op: ws.OpClose, Payload: "\x03"}), 1002},
		"close 999":         {frames(closed(999, "")), 1002},
		"close 1005":        {frames(closed(1005, "")), 1002},
		"close 1006":        {frames(closed(1006, "")), 1002},
		"close 1015":        {frames(closed(1015, "")), 1002},
		"close 2999":        {frames(closed(2999, "")), 1002},
		"close 5000":        {frames(closed(5000, "")), 1002},
		"reason not UTF-8":  {frames(closed(1000, "\xff")), 1007},
		"too long":          {frames(text(strings.Repeat("x", 101))), 1009},
		"too long in parts": {frames(more(text(strings.Repeat("x", 60))), rest(strings.Repeat("x", 41))), 1009},
		"longest there is": {func(client bool) []byte {
			return []byte{0x82, mask(client) | 127, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0}
		}, 1009},
		"frames of nothing": {func(client bool) []byte {
			return append(encode(client, more(text(""))), bytes.Repeat(encode(client, more(rest(""))), 600)...)
		}, 1009},
		"blocked":                  {frames(text("a tok1234 b")), 1008},
		"blocked in parts":         {frames(more(text("a tok12")), rest("34")), 1008},
		"blocked binary":           {frames(binary("tok1234")), 1008},
		"blocked ping":             {frames(ping("tok1234")), 1008},
		"blocked close":            {frames(closed(1000, "tok1234")), 1008},
		"blocked in a part":        {frames(more(text("a")), ping("tok1234")), 1008},
		"blocked and what follows": {frames(text("tok1234"), text("b"), ping("c")), 1008},
	} {
		directions(t, func(t *testing.T, client bool, size int) {
			before := encode(client, text("before"))
			got := pass(t, f, message.WebSocketOptions{MaxMessage: 100}, client, false, append(before, c.in(client)...), size)
			if !bytes.HasPrefix(got.on, before) {
				t.Fatalf("%s, %d bytes at a time: what came before is not there: %q", name, size, got.on)
			}
			for masked, wire := range map[bool][]byte{client: got.on[len(before):], !client: got.back} {
				frames := decode(t, masked, wire)
				if len(frames) != 1 || frames[0].Op != ws.OpClose || !strings.HasPrefix(frames[0].Payload, string(ws.NewCloseFrameBody(c.code, ""))) {
					t.Errorf("%s, %d bytes at a time: sent %v", name, size, frames)
				}
			}
			var refused *message.RefusedError
			var blocked *redact.BlockedError
			if errors.As(got.err, &blocked) != (c.code == 1008) || errors.As(got.err, &refused) == (c.code == 1008) {
				t.Errorf("%s: error %v", name, got.err)
			}
		})
	}
}

func mask(client bool) byte {
	if client {
		return 0x80
	}
	return 0
}

// TestWebSocketScannerFails has a scanner that panics.
func TestWebSocketScannerFails(t *testing.T) {
	f := message.New(proxy.New(&scanner.Scanner{}, redact.New(), proxy.Options{}), message.Options{})
	directions(t, func(t *testing.T, client bool, size int) {
		got := pass(t, f, message.WebSocketOptions{}, client, false, encode(client, text("content")), size)
		var refused *message.RefusedError
		if frames := decode(t, client, got.on); len(frames) != 1 || frames[0].Op != ws.OpClose {
			t.Errorf("sent %v", frames)
		}
		if !errors.As(got.err, &refused) || strings.Contains(got.err.Error(), "content") {
			t.Errorf("error %v", got.err)
		}
	})
}

func TestWebSocketShadow(t *testing.T) {
	for _, style := range []redact.Style{redact.Placeholder, redact.Block} {
		var passages []*message.Passage
		f := webSocketFilter(t, proxy.Options{Shadow: true, Style: style}, message.Options{Done: func(p *message.Passage) { passages = append(passages, p) }})
		frames := []wsFrame{text("tok1234"), deflated(text(squeeze("tok1234"))), more(binary("tok")), ping("tok1234"), rest("1234")}
		directions(t, func(t *testing.T, client bool, size int) {
			passages = nil
			in := encode(client, frames...)
			got := pass(t, f, message.WebSocketOptions{}, client, true, in, size)
			want := encode(client) // the ping goes first
			for _, part := range []int{0, 1, 3, 2, 4} {
				want = append(want, encode(client, frames[part])...)
			}
			if diff := gocmp.Diff(decode(t, client, want), decode(t, client, got.on)); got.err != nil || diff != "" {
				t.Errorf("%s: error %v, -want +got\n%s", style, got.err, diff)
			}
			found := passages[0].Redacted + passages[1].Redacted
			if len(passages) != 2 || found != 4 {
				t.Errorf("%s: %d found, %d passages", style, found, len(passages))
			}
		})
	}
}

func TestWebSocketPassages(t *testing.T) {
	var passages []message.Passage
	f := webSocketFilter(t, proxy.Options{}, message.Options{Done: func(p *message.Passage) { passages = append(passages, *p) }})
	in := encode(true, text("a tok1234"), ping("x"), more(text("amid")))
	pass(t, f, message.WebSocketOptions{}, true, false, in, 5)
	source := func(direction string) proxy.Source {
		return proxy.Source{Host: "api.example", Route: "/socket", Part: "body", Direction: direction}
	}
	want := []message.Passage{
		{Source: source("request"), Coding: "identity", Format: "websocket", Bytes: len(in), Scanned: 10, Redacted: 1, Err: io.ErrUnexpectedEOF},
		{Source: source("response"), Coding: "identity", Format: "websocket"},
	}
	if diff := gocmp.Diff(want, passages, gocmp.Comparer(func(a, b error) bool { return a == b })); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestWebSocketBreaksOff holds that an end amid a message is not taken for its end.
func TestWebSocketBreaksOff(t *testing.T) {
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	whole := encode(false, text("a"))
	in := encode(false, more(text("a tok")), rest("1234"))
	for cut := 1; cut < len(in); cut++ {
		got := pass(t, f, message.WebSocketOptions{}, false, false, append(whole, in[:cut]...), 2)
		if got.err != io.ErrUnexpectedEOF || !bytes.Equal(got.on, whole) {
			t.Errorf("%d bytes: error %v, passed %q", cut, got.err, got.on)
		}
	}
	for _, client := range []bool{true, false} {
		got := pass(t, f, message.WebSocketOptions{}, client, false, encode(client, text("a"))[:2], 9)
		if got.err != io.ErrUnexpectedEOF || len(got.on) > 0 {
			t.Errorf("error %v, passed %q", got.err, got.on)
		}
	}
}

// TestWebSocketPingFlood sends controls amid a message, as one that wants to exhaust
// the relay would.
func TestWebSocketPingFlood(t *testing.T) {
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	const n = 20_000
	in := append(encode(true, more(text("tok"))), bytes.Repeat(encode(true, ping("are you there")), n)...)
	in = append(in, encode(true, rest("1234"))...)
	got := pass(t, f, message.WebSocketOptions{MaxMessage: 100}, true, false, in, 32<<10)
	frames := decode(t, true, got.on)
	if got.err != nil || len(frames) != n+1 || frames[n].Payload != "[REDACTED:token]" {
		t.Errorf("error %v, %d frames", got.err, len(frames))
	}
}
