package ingress_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
)

// TestHeaderThatWaits leaves a request's header unfinished; others are answered.
func TestHeaderThatWaits(t *testing.T) {
	d := deploy(t, echo, nil)
	for range 50 {
		d.raw(t, "GET / HTTP/1.1\r\nHost: x\r\nX-")
	}
	if _, body := d.get(t, "/a"); body != "GET /a\n" {
		t.Error(body)
	}
}

// TestStall has a client that promises content and does not send it.
func TestStall(t *testing.T) {
	d := deploy(t, echo, func(cfg *config.Ingress) { cfg.Timeouts.Stall = 50e6 })
	for name, promise := range map[string]string{"gathered": "100", "passing": "1000000"} {
		conn := d.raw(t, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "+promise+"\r\n\r\nabc")
		text, err := io.ReadAll(conn) // until it is closed
		if err != nil || !strings.HasPrefix(string(text), "HTTP/1.1 408 ") {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	upload, _ := io.Pipe()
	r, _ := http.NewRequest(http.MethodPost, d.url, upload)
	if resp, body := do(t, h2(t, nil), r); resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("HTTP/2: %d %q", resp.StatusCode, body)
	}
}

// TestClientThatDoesNotRead sends it more than fits between us.
func TestClientThatDoesNotRead(t *testing.T) {
	ended := make(chan struct{}, 2)
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 1 << 14 {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				break
			}
		}
		ended <- struct{}{}
	}), func(cfg *config.Ingress) { cfg.Timeouts.Stall = 100e6 })
	conn := d.raw(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	resp, err := h2(t, nil).Get(d.url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	<-ended
	<-ended
}

// TestStreamsOutliveStall is silent for longer than a client may keep us waiting.
func TestStreamsOutliveStall(t *testing.T) {
	next := make(chan bool)
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, "data: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-next
		_, _ = io.WriteString(w, "data: 2\n\n")
	}), func(cfg *config.Ingress) { cfg.Timeouts.Stall = 50e6 })
	for proto, client := range protocols(t, d) {
		resp, err := client.Post(d.url, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 9)
		if _, err := io.ReadFull(resp.Body, first); err != nil {
			t.Fatal(proto, err)
		}
		time.Sleep(150 * time.Millisecond)
		next <- true
		rest, err := io.ReadAll(resp.Body)
		if string(rest) != "data: 2\n\n" || err != nil {
			t.Errorf("%s: %q, %v", proto, rest, err)
		}
		_ = resp.Body.Close()
	}
}
