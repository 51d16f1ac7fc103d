package hostile_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// TestHeaderFloods has headers of HTTP/1.1 that are too large.
func TestHeaderFloods(t *testing.T) {
	f := newField(t, nil)
	const start = "GET /healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	t.Run("all", func(t *testing.T) {
		for name, tc := range map[string]struct{ request, want string }{
			"one huge field":    {start + "X: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", "431"},
			"10,000 fields":     {start + strings.Repeat("X-Y: abcdefgh\r\n", 10_000) + "\r\n", "431"},
			"short fields":      {start + strings.Repeat("X:\r\n", 10_000) + "\r\n", "200 431"},
			"a huge target":     {"GET /" + strings.Repeat("x", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", "431 414"},
			"a huge method":     {strings.Repeat("G", 1<<20) + " / HTTP/1.1\r\nHost: x\r\n\r\n", "431 400 501"},
			"a line of nothing": {strings.Repeat(" ", 1<<20), "431 400"},
			"a huge fold":       {start + "X: y\r\n" + strings.Repeat(" z\r\n", 1<<18) + "\r\n", "431"},
			"many codings":      {start + "Accept-Encoding: " + strings.Repeat("gzip,", 10_000) + "\r\n\r\n", "200"},
			"many hops":         {start + "X-Forwarded-For: " + strings.Repeat("127.0.0.1,", 6_000) + "\r\n\r\n", "200"},
			"many options":      {start + "Connection: " + strings.Repeat("x,", 30_000) + "\r\n\r\n", "200"},
			"many credentials":  {start + strings.Repeat("Authorization: Bearer abcdefgh12345\r\n", 1_000) + "\r\n", "200"},
			"many parameters":   {strings.Replace(start, "healthy", "healthy?"+strings.Repeat("a&", 30_000), 1) + "\r\n", "200"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := f.dial(t)
				go p.send(tc.request)
				a := parse(t, "GET", p.all())
				if !a.among(tc.want) && a.status != 0 { // a reset may overtake the answer
					t.Errorf("%+v, want %s", a, tc.want)
				}
				if tc.want == "200" && a.body != "is "+gone {
					t.Errorf("%+v", a)
				}
				f.healthy(t)
			})
		}
	})
}

// goodRequest is the header of a good request of HTTP/2.
var goodRequest = []string{":method", "GET", ":scheme", "http", ":authority", "x", ":path", "/healthy"}

// streamFloods are those of clients of HTTP/2.
var streamFloods = map[string]struct {
	flood func(*h2peer) // ends when it cannot send any more
	ended bool          // the connection must have
}{
	"CONTINUATION without end": {func(p *h2peer) {
		p.headers(1, false, false, goodRequest...)
		for range 1 << 14 {
			_ = p.WriteContinuation(1, false, p.block("x-y", strings.Repeat("z", 100)))
		}
	}, true},
	"empty CONTINUATION without end": {func(p *h2peer) {
		p.headers(1, false, false, goodRequest...)
		for range 1 << 16 {
			_ = p.WriteContinuation(1, false, nil)
		}
	}, false},
	"header list by reference": {func(p *h2peer) {
		_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: append(p.block(goodRequest...), p.block("x-y", strings.Repeat("z", 4000))...)})
		for range 1 << 6 { // each byte stands for 4 kB
			_ = p.WriteContinuation(1, false, []byte(strings.Repeat("\xbe", 16_000)))
		}
	}, true},
	"rapid reset": {func(p *h2peer) {
		for id := uint32(1); id < 2_000; id += 2 {
			p.headers(id, true, true, goodRequest...)
			_ = p.WriteRSTStream(id, http2.ErrCodeCancel)
		}
	}, false},
	"made you reset": {func(p *h2peer) {
		for id := uint32(1); id < 2_000; id += 2 {
			p.headers(id, true, true, goodRequest...)
			_ = p.WriteWindowUpdate(id, 0)
		}
	}, false},
	"more streams than allowed": {func(p *h2peer) {
		for id := uint32(1); id < 2_000; id += 2 {
			p.headers(id, false, true, append(goodRequest[:len(goodRequest):len(goodRequest)], "content-length", "5")...)
		}
	}, false},
	"SETTINGS": {func(p *h2peer) {
		for range 1 << 14 {
			_ = p.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: 1 << 16})
		}
	}, false},
	"PING": {func(p *h2peer) {
		for range 1 << 15 {
			_ = p.WritePing(false, [8]byte{})
		}
	}, false},
	"empty DATA": {func(p *h2peer) {
		p.headers(1, false, true, goodRequest...)
		for range 1 << 14 {
			_ = p.WriteData(1, false, nil)
		}
	}, false},
	"DATA without end": {func(p *h2peer) {
		p.headers(1, false, true, goodRequest...)
		for range 1 << 10 {
			_ = p.WriteData(1, false, make([]byte, 16_000))
		}
	}, false},
	"WINDOW_UPDATE over 2^31": {func(p *h2peer) {
		_ = p.WriteWindowUpdate(0, 1<<31-1)
	}, true},
	"a frame of 16 MiB": {func(p *h2peer) {
		_ = p.WriteRawFrame(http2.FrameData, 0, 1, make([]byte, 1<<20))
	}, true},
	"table of 4 GiB": {func(p *h2peer) {
		_ = p.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: 1<<32 - 1}, http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1<<24 - 1})
		p.headers(1, true, true, goodRequest...)
	}, false},
	"PUSH_PROMISE": {func(p *h2peer) {
		_ = p.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, EndHeaders: true})
	}, true},
	"PRIORITY": {func(p *h2peer) {
		for id := uint32(1); id < 1<<16; id += 2 {
			_ = p.WritePriority(id, http2.PriorityParam{StreamDep: id - 1, Weight: 1})
		}
	}, false},
	"unknown frames": {func(p *h2peer) {
		for range 1 << 14 {
			_ = p.WriteRawFrame(0xbb, 0xff, 0, []byte(stored))
		}
	}, false},
}

// TestStreamFloods has clients of HTTP/2 that flood a connection. It must end, or last
// until the client leaves, and take nothing with it.
func TestStreamFloods(t *testing.T) {
	f := newField(t, nil)
	watchHeap(t, mostHeap)
	for name, tc := range streamFloods {
		t.Run(name, func(t *testing.T) {
			p := f.h2(t)
			p.flood(tc.flood)
			if ended := p.drained(); tc.ended && !ended {
				t.Error("the connection goes on")
			}
			_ = p.Close()
			f.healthy(t)
		})
	}
}

// block returns fields as HPACK has them.
func (p *h2peer) block(fields ...string) []byte {
	p.buf.Reset()
	for i := 0; i < len(fields); i += 2 {
		_ = p.enc.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return bytes.Clone(p.buf.Bytes())
}
