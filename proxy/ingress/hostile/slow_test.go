package hostile_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
)

// short makes whoever is slow be ended soon.
func short(s *settings) {
	const soon = config.Duration(300 * time.Millisecond)
	s.config.Timeouts = config.Timeouts{Header: soon, Idle: soon, Stall: soon, Response: soon}
}

// drip sends a text again and again, slowly, until the connection ends.
func (p *peer) drip(text string) {
	for p.send(text) {
		time.Sleep(20 * time.Millisecond)
	}
}

// TestSlowClients has clients that take for ever.
func TestSlowClients(t *testing.T) {
	f := newField(t, short)
	cut := make(chan bool)
	f.api.on("/endless", func(c *call) bool {
		for says("HTTP/1.1 200 OK\r\n\r\n" + stored)(c); says(strings.Repeat("a line\n", 1<<13))(c); {
		}
		close(cut)
		return false
	})
	const post = "POST /healthy HTTP/1.1\r\nHost: x\r\n"
	t.Run("all", func(t *testing.T) {
		for _, tc := range []struct {
			name, start string
			more        string // is sent again and again; empty for nothing
			want        string // statuses, of which 0 is none
		}{
			{"nothing", "", "", "0"},
			{"half a request line", "GET /heal", "", "0 400 408"},
			{"a field without end", "GET / HTTP/1.1\r\nHost: x\r\nX: ", "x", "0 408"},
			{"fields without end", "GET / HTTP/1.1\r\nHost: x\r\n", "X: y\r\n", "0 408"},
			{"empty lines", "", "\r\n", "0 400 408"},
			{"h2 preface without end", "PRI * HTTP/2.0\r\n\r\nSM", "", "400"},
			{"content that stops", post + "Content-Length: 100\r\n\r\nabc", "", "408"},
			{"content that has not begun", post + "Content-Length: 100\r\n\r\n", "", "408"},
			{"chunk that stops", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "", "408"},
			{"no last chunk", post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "", "408"},
			{"chunk size without end", post + "Transfer-Encoding: chunked\r\n\r\n", "0", "400 408"},
			{"trailer that stops", post + "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y", "", "408 400"},
			{"chunk extensions without end", post + "Transfer-Encoding: chunked\r\n\r\n4;", "x", "400 408"},
			{"packed content that stops", post + "Content-Encoding: gzip\r\nContent-Length: 100\r\n\r\n\x1f\x8b\x08", "", "408"},
			{"Expect that is not kept", post + "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n", "", "408"},
			{"does not read", "GET /endless HTTP/1.1\r\nHost: x\r\n\r\n", "", "200"},
		} {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				p := f.dial(t)
				p.send(tc.start)
				if tc.more != "" {
					go p.drip(tc.more)
				}
				if tc.name == "does not read" {
					<-cut
				}
				a := parse(t, "POST", p.all())
				if !a.among(tc.want) || a.rest != "" {
					t.Errorf("%+v, want %s", a, tc.want)
				}
			})
		}
	})
	f.healthy(t)
}

// TestSlowUpstream has an API that takes for ever before its header is there.
func TestSlowUpstream(t *testing.T) {
	f := newField(t, short)
	t.Run("all", func(t *testing.T) {
		for name, text := range map[string]string{
			"nothing":              "",
			"half a header":        "HTTP/1.1 200 OK\r\nX: " + stored,
			"only informing":       "HTTP/1.1 103 Early Hints\r\nLink: <" + stored + ">\r\n\r\n",
			"only half a Continue": "HTTP/1.1 100 Cont",
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				path := "/" + strings.ReplaceAll(name, " ", "-")
				ended := make(chan bool)
				f.api.on(path, func(c *call) bool {
					says(text)(c)
					_, _ = io.Copy(io.Discard, c)
					close(ended)
					return false
				})
				p := f.dial(t)
				p.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
				if a := parse(t, "GET", p.all()); a.status != 504 {
					t.Errorf("%+v", a)
				}
				<-ended
			})
		}
	})
	f.healthy(t)
}

// TestClientVanishes has clients that leave in the middle, and holds that the upstream
// is left, too.
func TestClientVanishes(t *testing.T) {
	f := newField(t, nil)
	for _, tc := range []struct {
		name, request string
		reset         bool
		read          int // bytes of the answer
	}{
		{"before the answer", "GET % HTTP/1.1\r\nHost: x\r\n\r\n", false, 0},
		{"before the answer, by a reset", "GET % HTTP/1.1\r\nHost: x\r\n\r\n", true, 0},
		{"within the answer", "GET % HTTP/1.1\r\nHost: x\r\n\r\n", false, 4096},
		{"within the answer, by a reset", "GET % HTTP/1.1\r\nHost: x\r\n\r\n", true, 4096},
		{"within content", "POST % HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 80000), false, 0},
		{"within a chunk", "POST % HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1ffff\r\n" + strings.Repeat("x", 80000), true, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := "/" + strings.ReplaceAll(tc.name, " ", "-")
			f.api.on(path, func(c *call) bool {
				if tc.read > 0 {
					says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")(c)
					for says("1a\r\n" + stored + "\n\r\n")(c) {
					}
				}
				_, _ = io.Copy(io.Discard, c)
				return false
			})
			p := f.dial(t)
			p.send(strings.Replace(tc.request, "%", path, 1))
			if tc.read > 0 || strings.HasPrefix(tc.request, "GET") {
				eventually(t, "asked", func() bool { return f.api.asked(path) > 0 })
			}
			got := make([]byte, tc.read)
			if _, err := io.ReadFull(p, got); err != nil {
				t.Fatal(err)
			}
			clean(t, string(got))
			if tc.reset {
				_ = p.Conn.(*net.TCPConn).SetLinger(0)
			}
			_ = p.Close()
			eventually(t, "the upstream is left", func() bool { return f.api.connections() == 0 })
		})
	}
	f.healthy(t)
}

// TestHalfOpen has clients that close their side for sending. What they have asked for
// is then not wanted, says net/http; they may get an answer, and must be ended.
func TestHalfOpen(t *testing.T) {
	f := newField(t, nil)
	for name, request := range map[string]string{
		"nothing":        "",
		"half a header":  "GET /healthy HTTP/1.1\r\nHo",
		"a request":      "GET /healthy HTTP/1.1\r\nHost: x\r\n\r\n",
		"half a content": "POST /healthy HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
		"half a chunk":   "POST /healthy HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
	} {
		t.Run(name, func(t *testing.T) {
			p := f.dial(t)
			p.send(request)
			_ = p.Conn.(*net.TCPConn).CloseWrite()
			a := parse(t, "GET", p.all())
			if a.status == 200 && (name != "a request" || a.body != "is "+gone) {
				t.Errorf("%+v", a)
			}
		})
	}
	f.healthy(t)
}
