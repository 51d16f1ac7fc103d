package hostile_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// h2peer is a client of HTTP/2 that sends what it likes. It must not be used by
// several goroutines to send.
type h2peer struct {
	*peer
	*http2.Framer
	out *bufio.Writer // of the framer
	enc *hpack.Encoder
	buf bytes.Buffer
}

// h2 connects with prior knowledge.
func (f *field) h2(t *testing.T) *h2peer {
	t.Helper()
	p := &h2peer{peer: f.dial(t)}
	p.out = bufio.NewWriterSize(p.Conn, 1<<16)
	p.Framer = http2.NewFramer(p.out, p.peer)
	p.AllowIllegalWrites = true
	p.enc = hpack.NewEncoder(&p.buf)
	p.send(http2.ClientPreface)
	if err := p.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return p
}

// headers sends a header, which ends the stream or not, and is whole or goes on.
func (p *h2peer) headers(id uint32, last, whole bool, fields ...string) {
	_ = p.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: p.block(fields...), EndStream: last, EndHeaders: whole})
}

// flood sends frames while what comes is not read, and then a ping.
func (p *h2peer) flood(frames func(*h2peer)) {
	sent := make(chan bool)
	go func() {
		frames(p)
		_ = p.WritePing(false, [8]byte{'e', 'n', 'd'})
		_ = p.out.Flush()
		close(sent)
	}()
	<-sent
}

// drained reads until the answer to the last ping, and reports whether the connection
// ended before.
func (p *h2peer) drained() bool {
	p.t.Helper()
	for {
		f, err := p.ReadFrame()
		var timeout net.Error
		switch f := f.(type) {
		case *http2.PingFrame:
			if f.IsAck() && f.Data[0] == 'e' {
				return false
			}
		case *http2.DataFrame:
			if found := leak(string(f.Data())); found != "" {
				p.t.Error(found)
			}
		case *http2.GoAwayFrame:
			if f.ErrCode != http2.ErrCodeNo {
				return true
			}
		}
		var broken http2.StreamError
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			p.t.Error("not ended")
			return true
		case errors.As(err, &broken):
		case err != nil:
			return true
		}
	}
}

// h2answer is what came on one stream.
type h2answer struct {
	fields  map[string]string // of the header and the trailer
	body    string
	reset   bool
	ended   bool // well
	cleanly string
}

// answer reads what comes on a stream until it ends.
func (p *h2peer) answer(id uint32) h2answer {
	p.t.Helper()
	a := h2answer{fields: map[string]string{}}
	decoder := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		a.fields[f.Name] = f.Value
		a.cleanly += f.Name + ": " + f.Value + "\n"
	})
	defer func() { clean(p.t, a.body); clean(p.t, a.cleanly) }()
	for !a.reset && !a.ended {
		frame, err := p.ReadFrame()
		if err != nil {
			if !errors.Is(err, io.EOF) && !strings.Contains(err.Error(), "reset") {
				p.t.Error(err)
			}
			a.reset = true
			return a
		}
		switch f := frame.(type) {
		case *http2.HeadersFrame:
			_, _ = decoder.Write(f.HeaderBlockFragment())
			a.ended = f.StreamEnded() && f.StreamID == id
		case *http2.DataFrame:
			a.body += string(f.Data())
			a.ended = f.StreamEnded()
		case *http2.RSTStreamFrame:
			a.reset = a.reset || f.StreamID == id
		case *http2.GoAwayFrame:
			a.reset = a.reset || f.ErrCode != http2.ErrCodeNo
		}
	}
	return a
}

// streamSmuggles are requests of HTTP/2 that would be two, or another, in HTTP/1.1.
var streamSmuggles = map[string]struct {
	fields []string // instead of, or beside, those of a good request
	body   string
	want   string // statuses; reset for a stream that is
}{
	"good":                    {nil, "", "200"},
	"good, with content":      {[]string{":method", "POST", "content-length", "4"}, "abcd", "200"},
	"Transfer-Encoding":       {[]string{":method", "POST", "transfer-encoding", "chunked"}, "0\r\n\r\n" + hidden, "400 reset"},
	"Connection":              {[]string{"connection", "x"}, "", "400 reset"},
	"Upgrade":                 {[]string{"upgrade", "h2c"}, "", "400 reset"},
	"TE":                      {[]string{"te", "chunked"}, "", "400 reset"},
	"CL too small":            {[]string{":method", "POST", "content-length", "1"}, "a" + hidden, "400 reset"},
	"CL too large":            {[]string{":method", "POST", "content-length", "999"}, "a", "400 reset"},
	"CL of zero":              {[]string{":method", "POST", "content-length", "0"}, hidden, "200 reset"},
	"CL that is none":         {[]string{":method", "POST", "content-length", "+4"}, "abcd", "200 400 reset"},
	"CL twice":                {[]string{":method", "POST", "content-length", "4", "content-length", "5"}, "abcd", "200"},
	"CRLF in a value":         {[]string{"x", "y\r\n\r\n" + hidden}, "", "400 reset"},
	"NUL in a value":          {[]string{"x", "y\x00"}, "", "400 reset"},
	"CRLF in a name":          {[]string{"x: y\r\nz", "y"}, "", "400 reset"},
	"colon in a name":         {[]string{"x:", "y"}, "", "400 reset"},
	"capitals in a name":      {[]string{"X-Y", "y"}, "", "400 reset"},
	"empty name":              {[]string{"", "y"}, "", "400 reset"},
	"CRLF in the path":        {[]string{":path", "/healthy HTTP/1.1\r\nHost: x\r\n\r\n" + hidden}, "", "400 reset"},
	"space in the path":       {[]string{":path", "/hidden HTTP/1.1"}, "", "404"},
	"no slash in the path":    {[]string{":path", "hidden"}, "", "400 reset"},
	"opaque path":             {[]string{":path", "http:hidden"}, "", "400"},
	"absolute path":           {[]string{":path", "http://evil.example/healthy"}, "", "200"},
	"empty path":              {[]string{":path", ""}, "", "400 reset"},
	"two paths":               {[]string{":path", "/hidden", ":path", "/healthy"}, "", "400 reset"},
	"CRLF in the method":      {[]string{":method", "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\nGET"}, "", "400 reset"},
	"space in the method":     {[]string{":method", "GET /hidden"}, "", "400 reset"},
	"no method":               {[]string{":method", ""}, "", "400 reset"},
	"bad scheme":              {[]string{":scheme", "x\r\ny"}, "", "400 reset"},
	"CRLF in the authority":   {[]string{":authority", "x\r\ny: z"}, "", "400 reset"},
	"another host":            {[]string{"host", "evil.example"}, "", "200"},
	"unknown pseudo-field":    {[]string{":hidden", "x"}, "", "400 reset"},
	"pseudo-field of answers": {[]string{":status", "200"}, "", "400 reset"},
	"extended CONNECT":        {[]string{":method", "CONNECT", ":protocol", "websocket"}, "", "400 reset"},
	"CONNECT":                 {[]string{":method", "CONNECT", ":path", "-", ":scheme", "-"}, "", "501"},
	"PRI":                     {[]string{":method", "PRI"}, "", "400"},
	"TRACE":                   {[]string{":method", "TRACE"}, "", "200"},
}

// TestStreamSmuggling sends each of them, in front of an upstream that speaks HTTP/1.1
// and checks what it gets.
func TestStreamSmuggling(t *testing.T) {
	f := newField(t, nil)
	for name, tc := range streamSmuggles {
		t.Run(name, func(t *testing.T) {
			p := f.h2(t)
			p.headers(1, tc.body == "", true, overlaid(tc.fields)...)
			if tc.body != "" {
				_ = p.WriteData(1, true, []byte(tc.body))
			}
			_ = p.out.Flush()
			a := p.answer(1)
			outcome := a.fields[":status"]
			if outcome == "" && a.reset {
				outcome = "reset"
			}
			if !slices.Contains(strings.Fields(tc.want), outcome) {
				t.Errorf("%+v, want %q", a, tc.want)
			}
			_ = p.Close()
			f.healthy(t)
		})
	}
	if f.api.asked("/hidden") != 0 {
		t.Error("a request in another has reached the upstream")
	}
}

// overlaid returns the fields of a good request with others in it; "-" leaves one out.
func overlaid(others []string) (fields []string) {
	for i := 0; i < len(goodRequest); i += 2 {
		instead := false
		for j := 0; j < len(others); j += 2 {
			if others[j] == goodRequest[i] {
				instead = true
				if others[j+1] != "-" {
					fields = append(fields, goodRequest[i], others[j+1])
				}
			}
		}
		if !instead {
			fields = append(fields, goodRequest[i], goodRequest[i+1])
		}
	}
	for j := 0; j < len(others); j += 2 {
		if !strings.HasPrefix(others[j], ":") || !strings.Contains(":method :scheme :authority :path", others[j]) {
			fields = append(fields, others[j], others[j+1])
		}
	}
	return fields
}
