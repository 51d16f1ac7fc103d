package hostile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/stanch-dev/stanch/proxy"
)

// TestRefused has requests for what cannot be looked into.
func TestRefused(t *testing.T) {
	f := newField(t, nil)
	const upgrade = "Connection: Upgrade, HTTP2-Settings\r\n"
	for name, tc := range map[string]struct {
		request string
		status  int
	}{
		"CONNECT":              {"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", 501},
		"CONNECT of a path":    {"CONNECT /hidden HTTP/1.1\r\nHost: x\r\n\r\n", 501},
		"Upgrade: h2c":         {"GET /hidden HTTP/1.1\r\nHost: x\r\n" + upgrade + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 501},
		"Upgrade: h2c of POST": {"POST /hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + upgrade + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 501},
		"Upgrade: TLS":         {"OPTIONS /hidden HTTP/1.1\r\nHost: x\r\n" + upgrade + "Upgrade: TLS/1.0\r\n\r\n", 501},
		"Upgrade of a list":    {"GET /hidden HTTP/1.1\r\nHost: x\r\n" + upgrade + "Upgrade: websocket, h2c\r\n\r\n", 501},
		"half a preface":       {"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", 400},
		"preface late":         {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 404},
	} {
		t.Run(name, func(t *testing.T) {
			p := f.dial(t)
			p.send(strings.Replace(tc.request, "Host: x\r\n", "Host: x\r\nConnection: close\r\n", 1))
			if strings.HasPrefix(name, "CONNECT of") || name == "CONNECT" {
				p.send("GET /bye HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
			}
			a := parse(t, "GET", p.all())
			if a.status != tc.status || strings.Contains(a.rest, " 200 ") {
				t.Errorf("%+v", a)
			}
			f.healthy(t)
		})
	}
	if f.api.asked("/hidden") != 0 {
		t.Error("reached the upstream")
	}
}

// TestTrace has an upstream that tells what it was sent, with the client's credentials
// and one of its own.
func TestTrace(t *testing.T) {
	f := newField(t, nil)
	mine := "Qx7Lw2Zk9" + "Tn4Vb8Rm1"
	a := f.asks(t, "TRACE % HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer "+mine+"\r\nX: "+stored+"\r\n\r\n", func(c *call) bool {
		body := c.head + stored
		return says(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nContent-Length: %d\r\n\r\n%s", len(body), body))(c)
	})
	if a.status != 200 || strings.Contains(a.body, mine) || !strings.Contains(a.body, "TRACE") {
		t.Errorf("%+v", a)
	}
	f.healthy(t)
}

// panics panics where a secret is found in some part of a message.
type panics struct{ direction, part string }

func (p panics) at(s *proxy.Source) {
	if s.Direction == p.direction && s.Part == p.part && s.Route != "/healthy" {
		panic("a question about " + stored)
	}
}

// Decide is that of a decider.
func (p panics) Decide(_ context.Context, q *proxy.Question) proxy.Decision {
	p.at(&q.Source)
	return proxy.Decision{}
}

// TestPanics has the decider, or who is told of secrets, panic: on every way a message
// may go, so in every goroutine. The process lives, and nothing of the secret leaves.
func TestPanics(t *testing.T) {
	const (
		get     = "GET % HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		post    = "POST % HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
		chunked = "Transfer-Encoding: chunked\r\n\r\n"
	)
	streamed := fmt.Sprintf("%x\r\n%s\r\n", len(long), long)
	good := says(ok + "Content-Length: 4\r\n\r\nfine")
	for _, tc := range []struct {
		name            string
		direction, part string
		request         string
		play            play
		want            string // statuses; 0 is for an answer that is cut off
	}{
		{"request URL", "request", "url", "GET %?k=" + stored + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", good, "502"},
		{"request header", "request", "header", get + "X: " + stored + "\r\n\r\n", good, "502"},
		{"request content", "request", "body", post + "Content-Length: 25\r\n\r\n" + stored, good, "502"},
		{"request content that is streamed", "request", "body", post + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(long), long), good, "400 502"},
		{"request content in chunks", "request", "body", post + chunked + streamed + "0\r\n\r\n", good, "400 502"},
		{"request trailer", "request", "header", post + "Trailer: X\r\n" + chunked + streamed + "0\r\nX: " + stored + "\r\n\r\n", good, "400 502"},
		{"response header", "response", "header", get + "\r\n", says(ok + "X: " + stored + "\r\nContent-Length: 4\r\n\r\nfine"), "502"},
		{"response content", "response", "body", get + "\r\n", says(ok + "Content-Length: 25\r\n\r\n" + stored), "502"},
		{"response content in chunks", "response", "body", get + "\r\n", says(ok + chunked + "19\r\n" + stored + "\r\n0\r\n\r\n"), "502"},
		{"response content that is streamed", "response", "body", get + "\r\n", says(ok + chunked + streamed + "0\r\n\r\n"), "0 502"},
		{"response content that is packed", "response", "body", get + "\r\n", dies(ok + "Content-Encoding: gzip\r\n\r\n" + pack(t, "gzip", long)), "0 502"},
		{"response events", "response", "body", get + "\r\n", dies("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + stored + "\n\n"), "0 502"},
		{"response trailer", "response", "header", get + "\r\n", says(ok + chunked + fmt.Sprintf("%x\r\n%s\r\n", len(long)-25, long[:len(long)-25]) + "0\r\nX: " + stored + "\r\n\r\n"), "0 502"},
		{"response hints", "response", "header", get + "\r\n", says(hints + ok + "Content-Length: 4\r\n\r\nfine"), "200 502"},
	} {
		for _, who := range []string{"decider", "report"} {
			t.Run(who+" "+tc.name, func(t *testing.T) {
				f := newField(t, func(s *settings) {
					at := panics{tc.direction, tc.part}
					if who == "decider" {
						s.decider = at
					} else {
						s.report = func(r *proxy.Redaction) { at.at(&r.Source) }
					}
				})
				a := f.asks(t, tc.request, tc.play)
				if a.cut {
					a.status = 0
				}
				if !a.among(tc.want) {
					t.Errorf("%d %.200q cut: %v, want %s", a.status, a.body, a.cut, tc.want)
				}
				f.healthy(t)
			})
		}
	}
}

// TestPanicsInWebSocket has the decider panic on a message of either side.
func TestPanicsInWebSocket(t *testing.T) {
	for _, direction := range []string{"request", "response"} {
		t.Run(direction, func(t *testing.T) {
			f := newField(t, func(s *settings) { s.decider = panics{direction, "body"} })
			told := make(chan ws.StatusCode, 1)
			f.api.on("/ws", func(c *call) bool {
				says(switched + "\r\n")(c)
				if direction == "response" {
					says(frame(0x81, false, 25, stored))(c)
				}
				told <- closed(t, c)
				return false
			})
			p := f.dial(t)
			message := ""
			if direction == "request" {
				message = frame(0x81, true, 25, stored)
			}
			p.switches("/ws", message)
			codes := []ws.StatusCode{closed(t, p), 0}
			_ = p.Close()
			if codes[1] = <-told; codes[0] != ws.StatusPolicyViolation || codes[1] != codes[0] {
				t.Errorf("closed with %v", codes)
			}
		})
	}
}
