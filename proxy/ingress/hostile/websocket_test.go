package hostile_test

import (
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/stanch-dev/stanch/internal/config"
)

const (
	handshake = "GET % HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
	switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n"
	deflated = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n"
)

// frame is one of WebSocket, of a length that may be another than that of its text.
func frame(first byte, masked bool, length int, text string) string {
	bit := byte(0)
	if masked {
		bit = 0x80
	}
	head := []byte{first}
	switch {
	case length < 126:
		head = append(head, bit|byte(length))
	case length < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, bit|126), uint16(length))
	default:
		head = binary.BigEndian.AppendUint64(append(head, bit|127), uint64(length))
	}
	if masked {
		head = append(head, 0, 0, 0, 0)
	}
	return string(head) + text
}

// flood is what a peer must be cut off for, with a code in the close frame.
type flood struct {
	frames string
	code   ws.StatusCode
}

// floods are those of a peer whose frames should be masked, or should not.
func floods(t *testing.T, masked bool) map[string]flood {
	f := func(first byte, text string) string { return frame(first, masked, len(text), text) }
	// A stream of deflate without its end, as a message is.
	packed := strings.TrimSuffix(pack(t, "deflate", stored+strings.Repeat("\x00", 16<<20))[2:], "\x00\x00\xff\xff")
	const nothing = ""
	return map[string]flood{
		"a message of 2^63 bytes":       {string([]byte{0x81, 0x7f | map[bool]byte{true: 0x80}[masked], 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) + stored, ws.StatusProtocolError},
		"a message of 2^62 bytes":       {frame(0x81, masked, 1<<62, stored), ws.StatusMessageTooBig},
		"a message that is too long":    {f(0x81, strings.Repeat(stored, 1<<14)), ws.StatusMessageTooBig},
		"fragments that are too long":   {f(0x01, stored) + strings.Repeat(f(0x00, strings.Repeat("x", 1000)), 1000), ws.StatusMessageTooBig},
		"fragments without end":         {f(0x01, stored) + strings.Repeat(f(0x00, nothing), 1<<18), ws.StatusMessageTooBig},
		"a ping in fragments":           {f(0x09, stored), ws.StatusProtocolError},
		"a ping that is too long":       {f(0x89, strings.Repeat(stored, 6)), ws.StatusProtocolError},
		"a mask where none should be":   {frame(0x81, !masked, 25, stored), ws.StatusProtocolError},
		"a reserved bit":                {f(0xa1, stored), ws.StatusProtocolError},
		"a reserved opcode":             {f(0x83, stored), ws.StatusProtocolError},
		"a continuation of nothing":     {f(0x80, stored), ws.StatusProtocolError},
		"a message in a message":        {f(0x01, stored) + f(0x81, stored), ws.StatusProtocolError},
		"a long way to write a length":  {string([]byte{0x81, 0x7e | map[bool]byte{true: 0x80}[masked], 0, 25, 0, 0, 0, 0}[:4+map[bool]int{true: 4}[masked]]) + stored, ws.StatusProtocolError},
		"a bomb":                        {f(0xc1, packed), ws.StatusMessageTooBig},
		"what is not deflate":           {f(0xc1, "\xff"+stored), ws.StatusInvalidFramePayloadData},
		"a close code that is reserved": {f(0x88, "\x03\xed"+stored), ws.StatusProtocolError},
		"a close reason not UTF-8":      {f(0x88, "\x03\xe8\xff"+stored), ws.StatusInvalidFramePayloadData},
		"half a close code":             {f(0x88, "\x03"), ws.StatusProtocolError},
	}
}

func smallMessages(s *settings) { s.config.Limits.Message = config.Size(128 << 10) }

// closed reads frames until a close frame, and returns its code; 0 without one.
func closed(t *testing.T, r io.Reader) ws.StatusCode {
	t.Helper()
	for {
		h, err := ws.ReadHeader(r)
		if err != nil || h.Length > 1<<20 {
			return 0
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(r, payload); err != nil {
			return 0
		}
		ws.Cipher(payload, h.Mask, 0)
		if found := leak(string(payload)); found != "" {
			t.Error(found)
		}
		if h.OpCode == ws.OpClose {
			code, _ := ws.ParseCloseFrameData(payload)
			return code
		}
	}
}

// switches sends a handshake for a path and what follows it, and reads the answer.
func (p *peer) switches(path, more string) {
	p.t.Helper()
	go p.send(strings.Replace(handshake, "%", path, 1) + more)
	resp, err := http.ReadResponse(p.Reader, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		p.t.Fatalf("%v %v", resp, err)
	}
}

// TestWebSocketFloods has both peers send frames that end the connection. Both sides
// are told why, and the secret goes nowhere.
func TestWebSocketFloods(t *testing.T) {
	f := newField(t, smallMessages)
	bySide := map[string]map[string]flood{"client": floods(t, true), "upstream": floods(t, false)}
	watchHeap(t, mostHeap)
	for side, all := range bySide {
		for name, tc := range all {
			t.Run(name+" of the "+side, func(t *testing.T) {
				told := make(chan ws.StatusCode, 1)
				f.api.on("/ws", func(c *call) bool {
					says(switched + deflated + "\r\n")(c)
					if side == "upstream" {
						go says(tc.frames)(c)
					}
					told <- closed(t, c)
					return false
				})
				p := f.dial(t)
				if side == "client" {
					p.switches("/ws", tc.frames)
				} else {
					p.switches("/ws", "")
				}
				if code := closed(t, p); code != tc.code {
					t.Errorf("the client is told %d, want %d", code, tc.code)
				}
				_ = p.Close()
				if code := <-told; code != tc.code {
					t.Errorf("the upstream is told %d, want %d", code, tc.code)
				}
				f.healthy(t)
			})
		}
	}
}

// TestWebSocketIsCutOff has peers that do not answer the close frame, and send on.
func TestWebSocketIsCutOff(t *testing.T) {
	f := newField(t, smallMessages)
	f.api.on("/ws", func(c *call) bool {
		for says(switched + "\r\n")(c); says(frame(0x89, false, 25, stored))(c); {
			time.Sleep(time.Millisecond)
		}
		return false
	})
	p := f.dial(t)
	p.switches("/ws", frame(0x09, true, 0, ""))
	go p.drip(frame(0x81, true, 25, stored))
	clean(t, p.all())
	eventually(t, "the upstream is left", func() bool { return f.api.connections() == 0 })
	f.healthy(t)
}

// TestWebSocketPings has an endless flood of pings with a secret in them, which the
// other side may have: all of them, none of it.
func TestWebSocketPings(t *testing.T) {
	f := newField(t, nil)
	const count = 1 << 12
	pings := strings.Repeat(frame(0x89, false, len(stored), stored), count)
	f.api.on("/ws", dies(switched+"\r\n", pings, frame(0x88, false, 27, "\x03\xe8"+stored)))
	p := f.dial(t)
	p.switches("/ws", "")
	frames := p.all()
	clean(t, frames)
	if n := strings.Count(frames, "\x89\x19"); n != count {
		t.Errorf("%d pings, want %d", n, count)
	}
	if code := closed(t, strings.NewReader(frames)); code != ws.StatusNormalClosure {
		t.Errorf("closed with %d", code)
	}
	f.healthy(t)
}

// TestWebSocketVanishes has either side leave in the middle of a message.
func TestWebSocketVanishes(t *testing.T) {
	f := newField(t, nil)
	half := func(masked bool) string { return frame(0x01, masked, 25, stored) + frame(0x00, masked, 99, stored) }
	t.Run("upstream", func(t *testing.T) {
		if a := f.asks(t, handshake, dies(switched+"\r\n", half(false))); a.status != 101 || strings.Contains(a.rest, "REDACTED") {
			t.Errorf("%+v", a)
		}
	})
	t.Run("client", func(t *testing.T) {
		left := make(chan string)
		f.api.on("/client", func(c *call) bool {
			says(switched + "\r\n")(c)
			got, _ := io.ReadAll(c)
			left <- string(got)
			return false
		})
		p := f.dial(t)
		p.switches("/client", half(true))
		_ = p.Close()
		if got := <-left; leak(got) != "" || strings.Contains(got, "REDACTED") {
			t.Errorf("%q", got)
		}
	})
	f.healthy(t)
}

// TestWebSocketHandshakes has answers that are no handshake, or one of something else.
func TestWebSocketHandshakes(t *testing.T) {
	f := newField(t, nil)
	for name, tc := range map[string]struct {
		text   string
		status int
	}{
		"another protocol":      {"HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" + stored, 502},
		"no protocol":           {"HTTP/1.1 101 x\r\n\r\n" + stored, 502},
		"unknown extension":     {switched + "Sec-WebSocket-Extensions: x-" + stored + "\r\n\r\n" + stored, 502},
		"context is kept":       {switched + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n" + stored, 502},
		"a window":              {switched + deflated[:len(deflated)-2] + "; server_max_window_bits=8\r\n\r\n" + stored, 502},
		"two extensions":        {switched + deflated + deflated + "\r\n" + stored, 502},
		"refused":               {"HTTP/1.1 403 " + stored + "\r\nConnection: close\r\nContent-Length: 25\r\n\r\n" + stored, 403},
		"200":                   {ok + "Content-Length: 25\r\nConnection: close\r\n\r\n" + stored, 200},
		"secret in subprotocol": {switched + "Sec-WebSocket-Protocol: " + stored + "\r\n\r\n", 101},
	} {
		t.Run(name, func(t *testing.T) {
			request := strings.Replace(handshake, "Host: x\r\n", "Host: x\r\nConnection: close\r\n", 1)
			if a := f.asks(t, request, dies(tc.text)); a.status != tc.status {
				t.Errorf("%+v", a)
			}
			f.healthy(t)
		})
	}
}
