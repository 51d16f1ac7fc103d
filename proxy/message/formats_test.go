package message_test

import (
	"bytes"
	"compress/gzip"
	endian "encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
)

// TestFormats holds what becomes of content by its format, whole and byte by byte,
// gathered and passing.
func TestFormats(t *testing.T) {
	frame := func(flag byte, text string) string {
		return string(endian.BigEndian.AppendUint32([]byte{flag}, uint32(len(text)))) + text
	}
	for name, tc := range map[string]struct{ contentType, text, want string }{
		"json":   {"application/json", `{"a":"tok1234\n"}`, `{"a":"[REDACTED:token]\n"}`},
		"opaque": {"application/octet-stream", "\x00\x01tok1234\x02", "\x00\x01*******\x02"},
		"grpc":   {"application/grpc", frame(0, "\x0a\x07tok1234") + frame(0, "x"), frame(0, "\x0a\x07*******") + frame(0, "x")},
		"events": {"text/event-stream", "data: {\"a\":\"tok1234\"}\n\ndata: x\n\n", "data: {\"a\":\"[REDACTED:token]\"}\n\ndata: x\n\n"},
		"tokens": {"text/event-stream",
			"data: {\"choices\":[{\"delta\":{\"content\":\"a to\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"k12\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"34 b\"}}]}\n\ndata: [DONE]\n\n",
			"data: {\"choices\":[{\"delta\":{\"content\":\"a [REDACTED:token]\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\" b\"}}]}\n\ndata: [DONE]\n\n"},
		"whole secrets under one key": {"text/event-stream",
			"data: {\"text\":\"a tok1234\"}\n\ndata: {\"text\":\"56 b\"}\n\ndata: {\"text\":\"db " + knownValue + "\"}\n\ndata: {\"text\":\"x\"}\n\n",
			"data: {\"text\":\"a [REDACTED:token]\"}\n\ndata: {\"text\":\" b\"}\n\ndata: {\"text\":\"db [REDACTED:db:f64bcabf]\"}\n\ndata: {\"text\":\"x\"}\n\n"},
		"multipart": {"multipart/form-data; boundary=x",
			"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntok1234\r\n--x\r\nContent-Type: image/png\r\n\r\n\x89tok5678\r\n--x--\r\n",
			"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n[REDACTED:token]\r\n--x\r\nContent-Type: image/png\r\n\r\n\x89*******\r\n--x--\r\n"},
		"utf-16": {"text/plain; charset=utf-16le", "t\x00o\x00k\x001\x002\x003\x004\x00!\x00", wide("[REDACTED:token]!")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, buffer := range []int{0, 3} {
				for _, split := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
					for _, length := range []int64{-1, int64(len(tc.text))} {
						f := message.New(newTexts(t, proxy.Options{}), message.Options{Buffer: buffer})
						got, err := passResponse(f, answer(http.Header{"Content-Type": {tc.contentType}}, split(strings.NewReader(tc.text)), length))
						if err != nil || got.Body != tc.want {
							t.Errorf("buffer %d: %q, %v; want %q", buffer, got.Body, err, tc.want)
						}
					}
				}
			}
		})
	}
}

func wide(text string) string {
	var b strings.Builder
	for _, c := range text {
		b.WriteRune(c)
		b.WriteByte(0)
	}
	return b.String()
}

// TestPackedMessage holds that a compressed message of gRPC is opened, and is as long
// inside as before.
func TestPackedMessage(t *testing.T) {
	packed := gzipped("\x0a\x07tok1234")
	text := string(endian.BigEndian.AppendUint32([]byte{1}, uint32(len(packed)))) + string(packed)
	f := message.New(newTexts(t, proxy.Options{}), message.Options{})
	got, err := passResponse(f, answer(http.Header{"Content-Type": {"application/grpc"}, "Grpc-Encoding": {"gzip"}}, strings.NewReader(text), -1))
	if err != nil || len(got.Body) < 5 || got.Body[0] != 1 || int(endian.BigEndian.Uint32([]byte(got.Body[1:5]))) != len(got.Body)-5 {
		t.Fatalf("%q, %v", got.Body, err)
	}
	r, err := gzip.NewReader(strings.NewReader(got.Body[5:]))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(r); string(out) != "\x0a\x07*******" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestLive holds that what comes piece by piece goes on piece by piece, encoded or
// not, and that what might be the beginning of a secret goes on after a pause.
func TestLive(t *testing.T) {
	for _, contentType := range []string{"text/event-stream", "text/plain"} {
		for _, encoding := range []string{"", "gzip"} {
			t.Run(contentType+" "+encoding, func(t *testing.T) {
				want := "data: one\n\n"
				if contentType == "text/plain" {
					want += "data: t"
				}
				header := http.Header{"Content-Type": {contentType}, "Content-Encoding": {encoding}}
				in, out := io.Pipe()
				defer out.Close()
				go func() {
					if encoding == "" {
						io.WriteString(out, want)
						return
					}
					z := gzip.NewWriter(out)
					io.WriteString(z, want)
					z.Flush()
				}()
				r := answer(header, in, -1)
				f := message.New(newTexts(t, proxy.Options{}), message.Options{Idle: time.Millisecond})
				if err := f.Exchange(t.Context(), message.Peer{}).Response(r); err != nil {
					t.Fatal(err)
				}
				body := io.Reader(r.Body)
				if encoding != "" {
					z, err := gzip.NewReader(r.Body)
					if err != nil {
						t.Fatal(err)
					}
					body = z
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(body, got); err != nil || string(got) != want {
					t.Errorf("%q, %v", got, err)
				}
				in.Close()
				r.Body.Close()
			})
		}
	}
}

// FuzzSplit holds that content comes out the same however it comes in, that nothing
// panics, and that no secret passes.
func FuzzSplit(f *testing.F) {
	f.Add("application/json", "", []byte(`{"a":"tok1234"}`), uint8(1))
	f.Add("text/event-stream", "", []byte("data: {\"delta\":\"to\"}\n\ndata: {\"delta\":\"k1234\"}\n\n"), uint8(3))
	f.Add("application/grpc", "", []byte("\x00\x00\x00\x00\x07tok1234"), uint8(2))
	f.Add("multipart/form-data; boundary=x", "", []byte("--x\r\n\r\ntok1234\r\n--x--"), uint8(5))
	f.Add("text/plain", "gzip", gzipped("tok1234"), uint8(1))
	f.Add("text/plain; charset=utf-16", "", []byte("\xff\xfet\x00o\x00"), uint8(1))
	texts := newTexts(f, proxy.Options{})
	whole, passing := message.New(texts, message.Options{}), message.New(texts, message.Options{Buffer: 1})
	f.Fuzz(func(t *testing.T, contentType, encoding string, body []byte, size uint8) {
		header := http.Header{"Content-Type": {contentType}, "Content-Encoding": {encoding}}
		a, errA := passResponse(whole, answer(header.Clone(), bytes.NewReader(body), int64(len(body))))
		b, errB := passResponse(passing, answer(header.Clone(), &pieces{body, int(size) + 1}, int64(len(body))))
		if (errA == nil) != (errB == nil) {
			t.Fatalf("whole: %v; in parts: %v", errA, errB)
		}
		if errA == nil && encoding == "" && a.Body != b.Body {
			t.Errorf("whole %q, in parts %q", a.Body, b.Body)
		}
	})
}

// pieces gives text in parts of a size.
type pieces struct {
	text []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.text) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.text[:min(p.size, len(p.text))])
	p.text = p.text[n:]
	return n, nil
}
