package message_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// upstream is a WebSocket server that sends back what it gets, with a secret of its own
// in it, and remembers it.
type upstream struct {
	mode websocket.CompressionMode

	mu    sync.Mutex
	got   []string
	ended chan error // receives what ended each connection
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: u.mode, CompressionThreshold: 1})
	if err != nil {
		u.ended <- err
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	for {
		kind, data, err := conn.Read(r.Context())
		if err != nil {
			u.ended <- err
			return
		}
		u.mu.Lock()
		u.got = append(u.got, string(data))
		u.mu.Unlock()
		if err := conn.Write(r.Context(), kind, fmt.Appendf(nil, "tok99999 for %s", data)); err != nil {
			u.ended <- err
			return
		}
	}
}

// proxied starts a reverse proxy, filtered, in front of a handler, and returns its URL.
func proxied(tb testing.TB, f *message.Filter, opts message.WebSocketOptions, upstream http.Handler) string {
	tb.Helper()
	behind := httptest.NewServer(upstream)
	tb.Cleanup(behind.Close)
	target, err := url.Parse(behind.URL)
	if err != nil {
		tb.Fatal(err)
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := f.Exchange(r.Context(), message.Peer{Host: "api.example"})
		(&httputil.ReverseProxy{
			Rewrite: func(p *httputil.ProxyRequest) {
				p.SetURL(target)
				if err := x.Request(p.Out); err != nil {
					tb.Error(err)
				}
			},
			ModifyResponse: func(resp *http.Response) error { return x.WebSocket(resp, opts) },
		}).ServeHTTP(w, r)
	}))
	tb.Cleanup(front.Close)
	return front.URL
}

func dial(tb testing.TB, url string, mode websocket.CompressionMode) *websocket.Conn {
	tb.Helper()
	conn, _, err := websocket.Dial(context.Background(), url, &websocket.DialOptions{CompressionMode: mode, CompressionThreshold: 1})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.CloseNow() })
	conn.SetReadLimit(-1)
	return conn
}

// TestWebSocketProxied has a client and a server of another maker talk through a
// reverse proxy, in all ways of compression.
func TestWebSocketProxied(t *testing.T) {
	codings := make(chan string, 2)
	f := webSocketFilter(t, proxy.Options{}, message.Options{Done: func(p *message.Passage) { codings <- p.Coding }})
	modes := []websocket.CompressionMode{websocket.CompressionDisabled, websocket.CompressionNoContextTakeover, websocket.CompressionContextTakeover}
	large := strings.Repeat("all is well ", 50_000)
	for _, client := range modes {
		for _, server := range modes {
			u := &upstream{mode: server, ended: make(chan error, 1)}
			conn := dial(t, proxied(t, f, message.WebSocketOptions{}, u), client)
			for _, c := range []struct {
				kind             websocket.MessageType
				sent, got, reply string
			}{
				{websocket.MessageText, "a", "a", "[REDACTED:token] for a"},
				{websocket.MessageText, "a tok1234", "a [REDACTED:token]", "[REDACTED:token] for a [REDACTED:token]"},
				{websocket.MessageBinary, "tok1234\x00", "*******\x00", "******** for *******\x00"},
				{websocket.MessageText, large + "tok1234", large + "[REDACTED:token]", "[REDACTED:token] for " + large + "[REDACTED:token]"},
				{websocket.MessageText, "", "", "[REDACTED:token] for "},
			} {
				if err := conn.Write(context.Background(), c.kind, []byte(c.sent)); err != nil {
					t.Fatal(err)
				}
				kind, reply, err := conn.Read(context.Background())
				u.mu.Lock()
				got := u.got[len(u.got)-1]
				u.mu.Unlock()
				if err != nil || kind != c.kind || string(reply) != c.reply || got != c.got {
					t.Fatalf("modes %d and %d, %.30q: the server got %.50q, the client %v %.50q, error %v", client, server, c.sent, got, kind, reply, err)
				}
			}
			if err := conn.Close(websocket.StatusNormalClosure, "tok1234"); err != nil {
				t.Error(err)
			}
			var closed websocket.CloseError
			if err := <-u.ended; !errors.As(err, &closed) || closed.Code != websocket.StatusNormalClosure || closed.Reason != "*******" {
				t.Errorf("modes %d and %d: the server's connection ended with %v", client, server, err)
			}
			want := "permessage-deflate"
			if client == websocket.CompressionDisabled || server == websocket.CompressionDisabled {
				want = "identity"
			}
			if up, down := <-codings, <-codings; up != want || down != want {
				t.Errorf("modes %d and %d: codings %s, %s", client, server, up, down)
			}
		}
	}
}

// TestWebSocketProxiedCloses holds that both peers learn why the connection closes.
func TestWebSocketProxiedCloses(t *testing.T) {
	for name, c := range map[string]struct {
		style redact.Style
		sent  string
		code  websocket.StatusCode
	}{
		"client's message is blocked":  {redact.Block, "a tok1234", websocket.StatusPolicyViolation},
		"server's message is blocked":  {redact.Block, "a", websocket.StatusPolicyViolation},
		"client's message is too long": {redact.Placeholder, strings.Repeat("long ", 1<<20), websocket.StatusMessageTooBig},
		"server's message is too long": {redact.Placeholder, strings.Repeat("a", 1000), websocket.StatusMessageTooBig},
	} {
		u := &upstream{ended: make(chan error, 1)}
		f := webSocketFilter(t, proxy.Options{Style: c.style}, message.Options{})
		conn := dial(t, proxied(t, f, message.WebSocketOptions{MaxMessage: 1000}, u), websocket.CompressionDisabled)
		conn.Write(context.Background(), websocket.MessageText, []byte(c.sent)) // may be cut short
		_, got, err := conn.Read(context.Background())
		if websocket.CloseStatus(err) != c.code {
			t.Errorf("%s: the client got %q, error %v", name, got, err)
		}
		if err := <-u.ended; websocket.CloseStatus(err) != c.code {
			t.Errorf("%s: the server's connection ended with %v", name, err)
		}
	}
}

// TestWebSocketProxiedPings holds that pings are answered while a message is under way.
func TestWebSocketProxiedPings(t *testing.T) {
	u := &upstream{ended: make(chan error, 1)}
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	conn := dial(t, proxied(t, f, message.WebSocketOptions{}, u), websocket.CompressionDisabled)
	w, err := conn.Writer(context.Background(), websocket.MessageText)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, strings.Repeat("the first part is sent ", 1000)+"tok")
	reply := make(chan string)
	go func() {
		_, data, _ := conn.Read(context.Background())
		reply <- string(data)
	}()
	for range 50 {
		if err := conn.Ping(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	io.WriteString(w, "1234")
	w.Close()
	if got := <-reply; !strings.HasSuffix(got, "sent [REDACTED:token]") {
		t.Errorf("got %.30q", got)
	}
}

// TestWebSocketUpstreamDies holds that the client's connection ends with the upstream's.
func TestWebSocketUpstreamDies(t *testing.T) {
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	conn := dial(t, proxied(t, f, message.WebSocketOptions{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := ws.UpgradeHTTP(r, w)
		if err == nil {
			conn.Write(encode(false, more(text("to be continued"))))
			conn.Close()
		}
	})), websocket.CompressionDisabled)
	if _, got, err := conn.Read(context.Background()); err == nil || websocket.CloseStatus(err) != -1 {
		t.Errorf("got %q, error %v", got, err)
	}
}

// pipes are both ends of a relay's connections, and the relay.
func pipes(t *testing.T, f *message.Filter) (client, server net.Conn, r relay) {
	conn, server := net.Pipe()
	client, user := net.Pipe()
	r = newRelay(t, f, message.WebSocketOptions{}, false, conn)
	go io.Copy(r, user)
	go func() {
		io.Copy(user, r)
		user.Close()
		r.Close()
	}()
	return client, server, r
}

// TestWebSocketSilentPeers holds that a connection which is to close does, though
// nobody answers: it has peers that read what comes, and do nothing.
func TestWebSocketSilentPeers(t *testing.T) {
	for _, byClient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			client, server, _ := pipes(t, webSocketFilter(t, proxy.Options{Style: redact.Block}, message.Options{}))
			from, to := client, server
			if !byClient {
				from, to = server, client
			}
			from.Write(encode(byClient, text("tok1234")))
			back := make(chan []byte)
			go func() {
				got, _ := io.ReadAll(from)
				back <- got
			}()
			got, _ := io.ReadAll(to)
			want := []wsFrame{closed(1008, "blocked")}
			if diff := gocmp.Diff(want, decode(t, byClient, got)); diff != "" {
				t.Errorf("to the peer: %s", diff)
			}
			if diff := gocmp.Diff(want, decode(t, !byClient, <-back)); diff != "" {
				t.Errorf("back: %s", diff)
			}
		})
	}
}

// TestWebSocketSlowPeers has peers that take their time to answer the close frame of
// the relay, but less than it gives them: neither is cut off, and then it is over.
func TestWebSocketSlowPeers(t *testing.T) {
	for _, blocked := range []bool{true, false} { // the client's message, or the upstream's
		for _, slow := range []bool{true, false} { // the client, or the upstream
			synctest.Test(t, func(t *testing.T) {
				client, server, _ := pipes(t, webSocketFilter(t, proxy.Options{Style: redact.Block}, message.Options{}))
				start := time.Now()
				conns := map[bool]net.Conn{true: client, false: server}
				conns[blocked].Write(encode(blocked, text("tok1234")))
				var answers sync.WaitGroup
				for masked, conn := range conns {
					answers.Go(func() {
						if err := answerClose(conn, masked, masked == slow); err != nil {
							t.Errorf("client %t: %v", masked, err)
						}
					})
				}
				answers.Wait()
				late, err := io.ReadAll(client)
				if took := time.Since(start); err != nil || len(late) > 0 || took != time.Second {
					t.Errorf("slow client %t: after %v the client got %q, error %v", slow, took, late, err)
				}
			})
		}
	}
}

// answerClose waits for a close frame and answers it; an upstream then hangs up.
func answerClose(conn net.Conn, client, slow bool) error {
	h, err := ws.ReadHeader(conn)
	if err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, conn, h.Length); err != nil {
		return err
	}
	if slow {
		time.Sleep(time.Second)
	}
	_, err = conn.Write(encode(client, closed(1008, "")))
	if !client {
		conn.Close()
	}
	return err
}

// TestWebSocketIsOver holds that nothing of the client is searched once the upstream
// has failed.
func TestWebSocketIsOver(t *testing.T) {
	redacted := 0
	f := webSocketFilter(t, proxy.Options{}, message.Options{Done: func(p *message.Passage) { redacted += p.Redacted }})
	conn := &wire{Reader: bytes.NewReader(encode(false, rest("x")))}
	r := newRelay(t, f, message.WebSocketOptions{}, false, conn)
	if _, err := r.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	told := conn.sent.Len()
	if _, err := r.Write(encode(true, text("tok1234"))); err != nil || conn.sent.Len() != told {
		t.Errorf("the upstream got %d bytes more, error %v", conn.sent.Len()-told, err)
	}
	if r.Close(); redacted > 0 {
		t.Errorf("%d redacted", redacted)
	}
}

// TestWebSocketClosesOnce has one peer close and then the other fail: the latter's
// failure is not told to who has got a close frame already, and nothing is searched
// after it.
func TestWebSocketClosesOnce(t *testing.T) {
	for _, client := range []bool{true, false} { // who closes
		redacted := 0
		f := webSocketFilter(t, proxy.Options{}, message.Options{Done: func(p *message.Passage) { redacted += p.Redacted }})
		bye, garbage := encode(client, closed(1000, "")), encode(!client, rest("x"))
		conn := &wire{Reader: bytes.NewReader(garbage)}
		if !client {
			conn.Reader = bytes.NewReader(bye)
		}
		r := newRelay(t, f, message.WebSocketOptions{}, false, conn)
		got := make([]byte, len(bye))
		if client {
			r.Write(bye)
			io.ReadAll(r)
			got = conn.sent.Bytes()
		} else {
			io.ReadFull(r, got)
			r.Write(garbage)
			r.CloseWrite()
			late, _ := io.ReadAll(r)
			got = append(got, late...)
		}
		r.Write(encode(true, text("tok1234")))
		r.Close()
		if !bytes.Equal(got, bye) || redacted > 0 {
			t.Errorf("closed by client %t: the peer got %v, %d redacted", client, decode(t, client, got), redacted)
		}
	}
}

// TestWebSocketSigned holds that a signature of the handshake freezes no message.
func TestWebSocketSigned(t *testing.T) {
	u := &upstream{ended: make(chan error, 1)}
	f := webSocketFilter(t, proxy.Options{}, message.Options{})
	conn := dial(t, proxied(t, f, message.WebSocketOptions{}, u)+"?X-Amz-Signature=0123", websocket.CompressionDisabled)
	conn.Write(context.Background(), websocket.MessageText, []byte("tok1234"))
	if _, got, err := conn.Read(context.Background()); err != nil || !strings.HasSuffix(string(got), "for [REDACTED:token]") {
		t.Errorf("got %q, error %v", got, err)
	}
}

// TestWebSocketStuckPeer has an upstream that reads nothing while the relay has to tell
// it of its end.
func TestWebSocketStuckPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server, _ := pipes(t, webSocketFilter(t, proxy.Options{}, message.Options{}))
		client.Write(encode(true, text("stays on its way")))
		server.Write(encode(false, rest("out of order")))
		got, err := io.ReadAll(client)
		if diff := gocmp.Diff([]wsFrame{closed(1002, "protocol error")}, decode(t, false, got)); err != nil || diff != "" {
			t.Errorf("error %v, %s", err, diff)
		}
	})
}

// TestWebSocketCloseUnblocks holds that closing the relay ends a Read that waits, and
// that a Write fails after it.
func TestWebSocketCloseUnblocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, server := net.Pipe()
		defer server.Close()
		r := newRelay(t, webSocketFilter(t, proxy.Options{}, message.Options{}), message.WebSocketOptions{}, false, conn)
		failed := make(chan error)
		go func() {
			_, err := r.Read(make([]byte, 10))
			failed <- err
		}()
		synctest.Wait()
		r.Close()
		if err := <-failed; err != io.ErrClosedPipe {
			t.Errorf("read: error %v", err)
		}
		if _, err := r.Write(encode(true, text("a"))); err == nil {
			t.Error("written to a closed relay")
		}
	})
}

// TestWebSocketDeadline holds that a deadline of the connection ends a Read, which can
// go on later.
func TestWebSocketDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, server := net.Pipe()
		defer server.Close()
		r := newRelay(t, webSocketFilter(t, proxy.Options{}, message.Options{}), message.WebSocketOptions{}, false, conn)
		defer r.Close()
		frame := encode(false, text("a"))
		go server.Write(frame[:2])
		conn.SetReadDeadline(time.Now().Add(time.Second))
		got := make([]byte, 10)
		if n, err := r.Read(got); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%d bytes, error %v", n, err)
		}
		conn.SetReadDeadline(time.Time{})
		go server.Write(frame[2:])
		if n, err := r.Read(got); err != nil || !bytes.Equal(got[:n], frame) {
			t.Errorf("got %q, error %v", got[:n], err)
		}
	})
}
