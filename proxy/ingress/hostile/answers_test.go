package hostile_test

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/internal/config"
)

// ok begins a good response.
const ok = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

// long is content that is longer than what is held before a header leaves, with the
// secret at its end.
var long = strings.Repeat("all is well\n", 6_000) + stored

// hints is an informational response that holds the secret.
const hints = "HTTP/1.1 103 Early Hints\r\nLink: </" + stored + ">; rel=preload\r\n\r\n"

// answers are those that clients could understand differently, or in which a secret
// stands where nobody looks.
var answers = []struct {
	name   string
	method string // GET if it is empty
	text   string
	want   string // statuses
	body   string // where it is 200
	dies   bool   // the upstream ends the connection
	more   bool   // than an answer: the connection must not be used again
}{
	{name: "CL and TE", text: ok + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n19\r\n" + stored + "\r\n0\r\n\r\n", want: "200 502", body: gone},
	{name: "CL twice, differing", text: ok + "Content-Length: 3\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "CL twice, the same", text: ok + "Content-Length: 25\r\nContent-Length: 25\r\n\r\n" + stored, want: "200", body: gone},
	{name: "CL with minus", text: ok + "Content-Length: -1\r\n\r\n" + stored, want: "502"},
	{name: "CL with plus", text: ok + "Content-Length: +25\r\n\r\n" + stored, want: "502"},
	{name: "CL of 2^64", text: ok + "Content-Length: 18446744073709551616\r\n\r\n" + stored, want: "502"},
	{name: "CL empty", text: ok + "Content-Length:\r\n\r\n" + stored, want: "502"},
	{name: "TE unknown", text: ok + "Transfer-Encoding: gzip\r\n\r\n" + stored, want: "502"},
	{name: "TE list", text: ok + "Transfer-Encoding: gzip, chunked\r\n\r\n19\r\n" + stored + "\r\n0\r\n\r\n", want: "502"},
	{name: "chunk that is no number", text: ok + "Transfer-Encoding: chunked\r\n\r\n0x19\r\n" + stored + "\r\n0\r\n\r\n", want: "502"},
	{name: "chunk of 2^64", text: ok + "Transfer-Encoding: chunked\r\n\r\n10000000000000019\r\n" + stored + "\r\n0\r\n\r\n", want: "502"},
	{name: "chunk longer than it is", text: ok + "Transfer-Encoding: chunked\r\n\r\n1f\r\n" + stored + "\r\n0\r\n\r\n", want: "502", dies: true},
	{name: "chunk extension with a secret", text: ok + "Transfer-Encoding: chunked\r\n\r\n19;x=" + stored + "\r\n" + stored + "\r\n0\r\n\r\n", want: "200", body: gone},
	{name: "chunk extension of 1 MiB", text: ok + "Transfer-Encoding: chunked\r\n\r\n19;x=" + strings.Repeat(stored, 40_000) + "\r\n" + stored + "\r\n0\r\n\r\n", want: "502"},
	{name: "another response behind", text: ok + "Content-Length: 25\r\n\r\n" + stored + ok + "Content-Length: 25\r\n\r\n" + stored, want: "200", body: gone, more: true},
	{name: "garbage behind", text: ok + "Content-Length: 2\r\n\r\nis" + stored, want: "200", body: "is", more: true},
	{name: "no length", text: ok + "\r\n" + stored, want: "200", body: gone, dies: true},
	{name: "no length in HTTP 1.0", text: "HTTP/1.0 200 OK\r\n\r\n" + stored, want: "200", body: gone, dies: true},
	{name: "HTTP 0.9", text: stored, want: "502", dies: true},
	{name: "HTTP 7.5", text: "HTTP/7.5 200 OK\r\nContent-Length: 25\r\n\r\n" + stored, want: "200 502", body: gone},
	{name: "no protocol", text: "FTP 200 OK\r\n\r\n" + stored, want: "502"},
	{name: "status 999", text: "HTTP/1.1 999 x\r\nContent-Length: 25\r\n\r\n" + stored, want: "999"},
	{name: "status 600", text: "HTTP/1.1 600 x\r\nContent-Length: 25\r\n\r\n" + stored, want: "600"},
	{name: "status 1000", text: "HTTP/1.1 1000 x\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "status 099", text: "HTTP/1.1 099 x\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "status 000", text: "HTTP/1.1 000 x\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "status -10", text: "HTTP/1.1 -10 x\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "status of letters", text: "HTTP/1.1 abc x\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "reason phrase with a secret", text: "HTTP/1.1 200 " + stored + "\r\nContent-Length: 25\r\n\r\n" + stored, want: "200", body: gone},
	{name: "reason phrase of another status", text: "HTTP/1.1 418 " + stored + "\r\nContent-Length: 25\r\n\r\n" + stored, want: "418"},
	{name: "204 with content", text: "HTTP/1.1 204 No Content\r\nContent-Length: 25\r\n\r\n" + stored, want: "204", more: true},
	{name: "204 with chunks", text: "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n19\r\n" + stored + "\r\n0\r\n\r\n", want: "204", more: true},
	{name: "304 with content", text: "HTTP/1.1 304 Not Modified\r\nETag: \"" + stored + "\"\r\nContent-Length: 25\r\n\r\n" + stored, want: "304", more: true},
	{name: "HEAD with content", method: "HEAD", text: ok + "Content-Length: 25\r\n\r\n" + stored, want: "200", more: true},
	{name: "101 that nobody asked for", text: "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + stored, want: "502"},
	{name: "101 without Upgrade", text: "HTTP/1.1 101 Switching Protocols\r\n\r\n" + stored, want: "502"},
	{name: "hints", text: hints + ok + "Content-Length: 25\r\n\r\n" + stored, want: "200", body: gone},
	{name: "status 199", text: "HTTP/1.1 199 " + stored + "\r\nX: " + stored + "\r\n\r\n" + ok + "Content-Length: 25\r\n\r\n" + stored, want: "200", body: gone},
	{name: "hints with a giant header", text: "HTTP/1.1 103 x\r\nX: " + strings.Repeat(stored, 1<<13) + "\r\n\r\n" + ok + "\r\n", want: "502"},
	{name: "only hints", text: hints, want: "502", dies: true},
	{name: "giant field", text: ok + "X: " + strings.Repeat(stored, 1<<13) + "\r\n\r\n" + stored, want: "502"},
	{name: "10,000 fields", text: ok + strings.Repeat("X: "+stored+"\r\n", 10_000) + "\r\n" + stored, want: "502"},
	{name: "field without end", text: ok + "X: " + strings.Repeat(stored, 1<<13), want: "502"},
	{name: "field with NUL", text: ok + "X: a\x00b\r\nContent-Length: 25\r\n\r\n" + stored, want: "200 502", body: gone},
	{name: "field with CR", text: ok + "X: a\rY: b\r\nContent-Length: 25\r\n\r\n" + stored, want: "200 502", body: gone},
	{name: "folded field", text: ok + "X: a\r\n " + stored + "\r\nContent-Length: 25\r\n\r\n" + stored, want: "200 502", body: gone},
	{name: "secret as the name of a field", text: ok + stored + ": x\r\nContent-Length: 25\r\n\r\n" + stored, want: "502"},
	{name: "space before colon", text: ok + "X : " + stored + "\r\nContent-Length: 25\r\n\r\n" + stored, want: "200 502", body: gone},
	{name: "LF alone", text: "HTTP/1.1 200 OK\nContent-Length: 25\n\n" + stored, want: "200 502", body: gone},
}

// TestAnswers has an upstream give each of them.
func TestAnswers(t *testing.T) {
	f := newField(t, nil)
	for _, tc := range answers {
		t.Run(tc.name, func(t *testing.T) {
			p := says(tc.text)
			if tc.dies {
				p = dies(tc.text)
			}
			method := tc.method
			if method == "" {
				method = "GET"
			}
			a := f.asks(t, method+" % HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", p)
			if !a.among(tc.want) || a.cut || a.rest != "" {
				t.Fatalf("%+v, want %s", a, tc.want)
			}
			if a.status == 200 && a.body != tc.body {
				t.Errorf("%q, want %q", a.body, tc.body)
			}
			if tc.more {
				eventually(t, "the connection is left", func() bool { return f.api.connections() == 0 })
			}
			f.healthy(t)
		})
	}
}

// TestTrailers has a secret behind content.
func TestTrailers(t *testing.T) {
	f := newField(t, nil)
	const chunked = "Transfer-Encoding: chunked\r\n"
	giant := "X: " + strings.Repeat(stored, 1<<13) + "\r\n"
	for _, size := range []string{"short", "long"} {
		body := map[string]string{"short": "fine", "long": strings.TrimSuffix(long, stored)}[size]
		chunks := fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n", len(body), body)
		for name, tc := range map[string]struct {
			text string
			cut  bool
		}{
			"announced":      {ok + chunked + "Trailer: X-Debug\r\n" + chunks + "X-Debug: " + stored + "\r\n\r\n", false},
			"not announced":  {ok + chunked + chunks + "X-Debug: " + stored + "\r\n\r\n", false},
			"another":        {ok + chunked + "Trailer: X-Fine\r\n" + chunks + "X-Debug: " + stored + "\r\n\r\n", false},
			"as a name":      {ok + chunked + chunks + stored + ": x\r\n\r\n", true},
			"of framing":     {ok + chunked + chunks + "Content-Length: 3\r\nX: " + stored + "\r\n\r\n", false},
			"giant":          {ok + chunked + chunks + giant + "\r\n", true},
			"without colon":  {ok + chunked + chunks + stored + "\r\n\r\n", true},
			"announced name": {ok + chunked + "Trailer: " + stored + "\r\n" + chunks + stored + ": x\r\n\r\n", true},
		} {
			t.Run(size+" "+name, func(t *testing.T) {
				a := f.ask(t, says(tc.text))
				switch bad := a.cut || a.status == 502; {
				case bad != tc.cut, a.status != 200 && a.status != 502:
					t.Errorf("%d %v %.300q, cut: %v", a.status, a.trailer, a.body, a.cut)
				case !bad && (a.body != body || a.trailer["Content-Length"] != nil):
					t.Errorf("%d %v %.300q, cut: %v", a.status, a.trailer, a.body, a.cut)
				}
				f.healthy(t)
			})
		}
	}
}

// TestInformational has responses that inform, without end.
func TestInformational(t *testing.T) {
	f := newField(t, func(s *settings) { s.config.Timeouts.Response = config.Duration(time.Second) })
	t.Run("many", func(t *testing.T) {
		a := f.ask(t, says(strings.Repeat(hints, 20), ok+"Content-Length: 25\r\n\r\n"+stored))
		if a.status != 200 || a.body != gone || len(a.informed) == 0 {
			t.Errorf("%+v", a)
		}
	})
	t.Run("without end", func(t *testing.T) {
		a := f.ask(t, func(c *call) bool {
			for says(hints)(c) {
			}
			return false
		})
		if a.status != 504 || len(a.informed) > 100 {
			t.Errorf("%d after %d", a.status, len(a.informed))
		}
	})
	f.healthy(t)
}

// pack returns text in content codings.
func pack(t *testing.T, codings, text string) string {
	t.Helper()
	chain, err := codec.ParseChain([]string{codings})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := chain.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// noise is text that cannot be packed well, with secrets.
func noise() string {
	var text strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&text, "%x ", i*i*i)
		if i%100 == 0 {
			text.WriteString(stored)
		}
	}
	return text.String()
}

// TestUpstreamVanishes has an API that breaks off. What fits into the buffer is then
// answered with 502; longer content is cut off, so that it does not look complete.
func TestUpstreamVanishes(t *testing.T) {
	f := newField(t, nil)
	const chunked, packed = ok + "Transfer-Encoding: chunked\r\n", ok + "Content-Encoding: gzip\r\n"
	short := "all is well, but " + stored
	gz := pack(t, "gzip", noise())
	for _, tc := range []struct {
		name, text string
		cut        bool // else 502
	}{
		{"at once", "", false},
		{"within the status line", "HTTP/1.1 20", false},
		{"within the header", ok + "X: " + stored, false},
		{"behind the header", ok + "Content-Length: 100\r\n\r\n", false},
		{"within short content", ok + "Content-Length: 100\r\n\r\n" + short, false},
		{"within long content", ok + "Content-Length: 1000000\r\n\r\n" + long, true},
		{"within a secret", ok + "Content-Length: 1000000\r\n\r\n" + strings.TrimSuffix(long, "4711"), true},
		{"within opaque content", strings.Replace(ok, "text/plain", "image/png", 1) + "Content-Length: 1000000\r\n\r\n" + long, true},
		{"within a chunk size", chunked + "\r\n3", false},
		{"within a short chunk", chunked + "\r\nfff\r\n" + short, false},
		{"within a long chunk", chunked + "\r\nfffff\r\n" + long, true},
		{"before the last chunk", chunked + fmt.Sprintf("\r\n%x\r\n%s\r\n", len(short), short), false},
		{"before the last chunk of many", chunked + fmt.Sprintf("\r\n%x\r\n%s\r\n", len(long), long), true},
		{"within the last chunk", chunked + fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\n", len(short), short), false},
		{"within a trailer", chunked + fmt.Sprintf("\r\n%x\r\n%s\r\n0\r\nX: %s", len(long), long, stored), true},
		{"within gzip", packed + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(gz), gz[:10_000]), true},
		{"within long gzip", packed + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(gz), gz[:len(gz)-10]), true},
		{"within gzip that ends the connection", packed + "\r\n" + gz[:len(gz)-10], true},
		{"within short gzip that ends the connection", packed + "\r\n" + gz[:1000], false},
		{"within events", strings.Replace(ok, "plain", "event-stream", 1) + "Transfer-Encoding: chunked\r\n\r\nfff\r\ndata: " + short, true},
		{"within gRPC", strings.Replace(ok, "text/plain", "application/grpc", 1) + "Content-Length: 100\r\n\r\n\x00\x00\x00\x00\x20" + short, true},
		{"within multipart", strings.Replace(ok, "text/plain", "multipart/mixed; boundary=b", 1) + "\r\n--b\r\n\r\n" + short, false},
	} {
		for _, how := range []string{"closes", "resets"} {
			t.Run(tc.name+" "+how, func(t *testing.T) {
				a := f.ask(t, func(c *call) bool {
					says(tc.text)(c)
					if how == "resets" {
						_ = c.Conn.(*net.TCPConn).SetLinger(0)
					}
					return false
				})
				switch {
				case a.status == 502 && !a.cut:
					if tc.cut && how == "closes" {
						t.Errorf("%+v", a)
					}
				case a.status == 200 && a.cut && tc.cut, a.status == 0 && tc.cut:
				default:
					t.Errorf("%d %.300q cut: %v", a.status, a.body, a.cut)
				}
				f.healthy(t)
			})
		}
	}
}

// TestUpstreamGone has an API that no longer listens.
func TestUpstreamGone(t *testing.T) {
	f := newField(t, nil)
	f.healthy(t)
	f.api.close()
	p := f.dial(t)
	p.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc")
	if a := parse(t, "POST", p.all()); a.status != 502 || strings.Contains(a.body, f.api.addr()) {
		t.Errorf("%+v", a)
	}
}
