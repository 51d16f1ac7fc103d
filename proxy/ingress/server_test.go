package ingress_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/ingress"
)

const handshake = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"

// sockets is an API that answers each WebSocket frame with the same text, and a get
// with "plain".
var sockets = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") == "" {
		_, _ = io.WriteString(w, "plain")
		return
	}
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\nX-Debug: "+token+"\r\n\r\n")
	for {
		text, err := readFrame(rw.Reader)
		if err != nil {
			return
		}
		_, _ = io.WriteString(conn, string([]byte{0x81, byte(len(text))})+text)
	}
})

// readFrame reads a short text frame, masked or not.
func readFrame(r *bufio.Reader) (string, error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", err
	}
	mask := make([]byte, 4)
	if head[1]&0x80 != 0 {
		if _, err := io.ReadFull(r, mask); err != nil {
			return "", err
		}
	}
	text := make([]byte, head[1]&0x7f)
	if _, err := io.ReadFull(r, text); err != nil {
		return "", err
	}
	for i := range text {
		text[i] ^= mask[i%4]
	}
	return string(text), nil
}

// masked is a client's text frame, with a mask of zeros.
func masked(text string) string {
	return string([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}) + text
}

// open makes a WebSocket connection whose first message is with the handshake.
func (d *deployment) open(t *testing.T, first string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn := d.raw(t, handshake+masked(first))
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("X-Debug") != redacted {
		t.Fatalf("%v %v", resp, err)
	}
	return conn, r
}

func TestWebSocket(t *testing.T) {
	d := deploy(t, sockets, func(cfg *config.Ingress) { cfg.Timeouts.Stall = 50e6 })
	conn, r := d.open(t, "hello")
	for _, text := range []string{"hello", "is " + token, "bye"} {
		if text != "hello" {
			_, _ = io.WriteString(conn, masked(text))
		}
		want := strings.ReplaceAll(text, token, redacted)
		if got, err := readFrame(r); got != want || err != nil {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
		time.Sleep(80 * time.Millisecond) // it may be idle
	}
	_ = conn.Close()
	eventually(t, "in the access log", func() bool { return strings.Contains(d.access.String(), `"status":101`) })
}

// TestDrain holds that what is under way ends well, what is idle ends at once, and
// that readiness is told before.
func TestDrain(t *testing.T) {
	waiting, finish := make(chan bool), make(chan bool)
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			waiting <- true
			<-finish
		}
		sockets(w, r)
	}), nil)
	if !d.Ready() {
		t.Fatal("not ready")
	}
	_, websocket := d.open(t, "x")
	_, _ = readFrame(websocket)
	idle := d.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	silent := d.raw(t, "")
	answers := make(chan string, 2)
	for _, client := range protocols(t, d) {
		go func() {
			resp, err := client.Get(d.url + "/slow")
			if err != nil {
				answers <- err.Error()
				return
			}
			body, _ := io.ReadAll(resp.Body)
			answers <- string(body)
		}()
		<-waiting
	}
	stopped := make(chan error, 1)
	go func() { stopped <- d.stop() }()
	if _, err := io.ReadAll(websocket); err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Error("WebSocket:", err)
	}
	if text, err := io.ReadAll(idle); !strings.HasSuffix(string(text), "plain") || err != nil {
		t.Errorf("idle: %q, %v", text, err)
	}
	if d.Ready() {
		t.Error("ready while it drains")
	}
	w := httptest.NewRecorder()
	d.Admin().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Error("readyz:", w.Code)
	}
	close(finish)
	for range 2 {
		if text := <-answers; text != "plain" {
			t.Errorf("%q", text)
		}
	}
	_ = silent.Close()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestDrainIsBounded has a request that never ends.
func TestDrainIsBounded(t *testing.T) {
	waiting := make(chan bool)
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		waiting <- true
		<-r.Context().Done()
	}), func(cfg *config.Ingress) { cfg.Timeouts.Drain = 50e6 })
	go func() { _, _ = d.client.Get(d.url) }()
	<-waiting
	if err := d.stop(); err == nil || !strings.Contains(err.Error(), "cut off") {
		t.Error(err)
	}
}

func TestConnectionCaps(t *testing.T) {
	d := deploy(t, echo, func(cfg *config.Ingress) { cfg.Limits.ConnectionsClient = 3 })
	held := []net.Conn{d.raw(t, ""), d.raw(t, ""), d.raw(t, "")}
	eventually(t, "connections are counted", func() bool { return strings.Contains(d.scrape(t), "stanch_ingress_connections 3") })
	over, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := over.Read(make([]byte, 1)); n != 0 {
		t.Error("answered")
	}
	_ = over.Close()
	if !strings.Contains(d.scrape(t), `stanch_ingress_connections_refused_total{cap="client"} 1`) {
		t.Error("not counted")
	}
	_ = held[0].Close()
	eventually(t, "there is room again", func() bool {
		resp, err := d.client.Get(d.url)
		return err == nil && resp.Body.Close() == nil
	})
}

// TestReload changes what passes on a connection that stays.
func TestReload(t *testing.T) {
	var conns atomic.Int32
	api := httptest.NewUnstartedServer(echo)
	api.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	api.Start()
	defer api.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "other") }))
	defer other.Close()
	cfg := configure(api.URL, nil)
	d := front(t, cfg, proxy.Options{})
	conn := d.raw(t, "")
	r := bufio.NewReader(conn)
	ask := func() string {
		_, _ = io.WriteString(conn, "GET /?x="+token+" HTTP/1.1\r\nHost: x\r\n\r\n")
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		return string(body)
	}
	if got := ask(); !strings.Contains(got, "REDACTED") {
		t.Error(got)
	}
	allow := newFilter(t, proxy.Options{Decider: decider{"url": proxy.Allow, "body": proxy.Allow}}, d.metrics)
	if err := d.Reload(ingress.Parts{Filter: allow, Config: cfg}); err != nil {
		t.Fatal(err)
	}
	if got := ask(); !strings.Contains(got, token) {
		t.Error(got)
	}
	if n := conns.Load(); n != 1 {
		t.Errorf("%d connections to the upstream", n)
	}
	if text := d.access.String(); strings.Contains(text, token) {
		t.Errorf("access log: %s", text)
	}
	moved := *cfg
	moved.Upstream = other.URL
	if err := d.Reload(ingress.Parts{Filter: allow, Config: &moved}); err != nil {
		t.Fatal(err)
	}
	if got := ask(); got != "other" {
		t.Error(got)
	}
	if m := d.scrape(t); !strings.Contains(m, `stanch_ingress_reloads_total{part="configuration",result="ok"} 2`) {
		t.Error("reloads were not counted")
	}
}

// TestReloadFails leaves all as it is.
func TestReloadFails(t *testing.T) {
	upstream := httptest.NewServer(echo)
	defer upstream.Close()
	cfg := configure(upstream.URL, nil)
	d := front(t, cfg, proxy.Options{})
	for name, change := range map[string]func(*config.Ingress){
		"listen": func(c *config.Ingress) { c.Listen = "127.0.0.1:9" }, "trusted_proxies": func(c *config.Ingress) { c.TrustedProxies = []string{"x"} },
		"upstream": func(c *config.Ingress) { c.Upstream = "ftp://x" }, "timeouts.idle": func(c *config.Ingress) { c.Timeouts.Idle++ },
	} {
		wrong := *cfg
		change(&wrong)
		if err := d.Reload(ingress.Parts{Filter: newFilter(t, proxy.Options{}, d.metrics), Config: &wrong}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, body := d.get(t, "/a"); body != "GET /a\n" {
		t.Error(body)
	}
	if !strings.Contains(d.scrape(t), `stanch_ingress_reloads_total{part="configuration",result="failed"} 4`) {
		t.Error("failures were not counted")
	}
}

func TestHealth(t *testing.T) {
	var well atomic.Bool
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/base/health?deep=1" || !well.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer api.Close()
	d := front(t, configure(api.URL+"/base", func(cfg *config.Ingress) {
		cfg.Health = config.Health{Path: "/health?deep=1", Interval: 1e6}
	}), proxy.Options{})
	for _, up := range []bool{false, true, false} {
		well.Store(up)
		eventually(t, "readiness", func() bool { return d.Ready() == up })
		want := map[bool]string{true: "stanch_ingress_upstream_up 1", false: "stanch_ingress_upstream_up 0"}[up]
		eventually(t, want, func() bool { return strings.Contains(d.scrape(t), want) })
	}
}

func TestAdmin(t *testing.T) {
	d := deploy(t, echo, nil)
	d.get(t, "/?k="+token)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.ServeAdmin(ctx, listener) }()
	for path, want := range map[string][]string{
		"/healthz": {"ok"},
		"/readyz":  {"ready"},
		"/metrics": {
			`stanch_ingress_unscanned_bytes_total{direction="request"} 0`,
			`stanch_ingress_unscanned_bytes_total{direction="response"} 0`,
			`stanch_ingress_requests_total{code="2xx",method="GET",route="other"} 1`,
			`stanch_ingress_findings_total{action="redact",direction="request",known="false",route="other",rule="token"} 1`,
			`stanch_ingress_messages_total{coding="identity",direction="response",format="plain",outcome="passed"} 1`,
			`stanch_ingress_request_duration_seconds_count{route="other"} 1`,
			`stanch_ingress_upstream_up 1`,
			`go_goroutines`,
		},
	} {
		resp, err := http.Get("http://" + listener.Addr().String() + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		for _, line := range want {
			if !strings.Contains(string(body), line) {
				t.Errorf("%s lacks %s", path, line)
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestAccessLog holds what is told of a request, and that it is nothing else.
func TestAccessLog(t *testing.T) {
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short")
	}), func(cfg *config.Ingress) { cfg.Routes = []config.Route{{Path: "/a/*"}} })
	conn := d.raw(t, "BREW /a/b?k="+token+"&l=<1> HTTP/1.1\r\nHost: "+token+"\r\nUser-Agent: "+token+"\r\nReferer: "+token+"\r\nCookie: s="+token+"\r\nConnection: close\r\n\r\n")
	if _, err := io.ReadAll(conn); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a line", func() bool { return d.access.String() != "" })
	line := d.access.String()
	for _, want := range []string{`"client":"127.0.0.1"`, `"method":"other"`, `"url":"/a/b?k=%5BREDACTED%3Atoken%5D&l=<1>"`, `"route":"/a/*"`, `"proto":"HTTP/1.1"`, `"status":418`, `"bytes":5`} {
		if !strings.Contains(line, want) {
			t.Errorf("%s lacks %s", line, want)
		}
	}
	if strings.Contains(line, token) {
		t.Error(line)
	}
}
