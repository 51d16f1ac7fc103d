package ingress_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
)

// TestUpgrades holds which requests to switch the protocol are refused.
func TestUpgrades(t *testing.T) {
	d := deploy(t, echo, nil)
	const websocket = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
	for _, tc := range []struct{ name, request, want string }{
		{"h2c", "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", "only websocket"},
		{"another", "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: tcp\r\n\r\n", "only websocket"},
		{"several", "GET / HTTP/1.1\r\nHost: x\r\n" + websocket + "Upgrade: h2c\r\n\r\n", "only websocket"},
		{"a list", "GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket, h2c\r\n\r\n", "only websocket"},
		{"POST", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + websocket + "\r\n", "GET request of HTTP/1.1"},
		{"HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\n" + websocket + "\r\n", "GET request of HTTP/1.1"},
		{"CONNECT", "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n", "CONNECT is not supported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			conn := d.raw(t, tc.request)
			buf := make([]byte, 4096)
			n, _ := io.ReadAtLeast(conn, buf, 100)
			if text := string(buf[:n]); !strings.HasPrefix(text[8:], " 501 ") || !strings.Contains(text, tc.want) {
				t.Errorf("%q", text)
			}
		})
	}
	t.Run("without Connection it means nothing", func(t *testing.T) {
		if resp, body := d.get(t, "/a", "Upgrade", "h2c"); body != "GET /a\n" {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	})
	t.Run("h2c upstream", func(t *testing.T) {
		d := front(t, configure("h2c://127.0.0.1:1", nil), proxy.Options{})
		if resp, body := d.get(t, "/", "Connection", "Upgrade", "Upgrade", "websocket"); resp.StatusCode != 501 {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	})
}

// TestSmuggling sends what servers could understand differently.
func TestSmuggling(t *testing.T) {
	d := deploy(t, echo, nil)
	for name, head := range map[string]string{
		"both lengths":     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked, identity\r\n\r\n",
		"two lengths":      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
		"signed length":    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nabcd",
		"space in a name":  "GET / HTTP/1.1\r\nHost: x\r\nX-A : b\r\n\r\n",
		"two hosts":        "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"unknown transfer": "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n",
	} {
		conn := d.raw(t, head)
		text, _ := io.ReadAll(conn)
		if len(text) < 12 || text[9] != '4' && text[9] != '5' {
			t.Errorf("%s: %q", name, text)
		}
	}
	if text := d.access.String(); text != "" {
		t.Errorf("reached the handler: %s", text)
	}
}

// TestGuessing has a client that meets known secrets until it has to wait, while
// another one does not.
func TestGuessing(t *testing.T) {
	d := deploy(t, echo, func(cfg *config.Ingress) {
		cfg.KnownLimit.Secrets = 2
		cfg.KnownLimit.Per = 3600e9
		cfg.TrustedProxies = []string{"127.0.0.0/8"}
	})
	statuses := func(client, path string) (got []int) {
		for range 3 {
			resp, body := d.get(t, path, "X-Forwarded-For", "198.51.100.9, "+client)
			if got = append(got, resp.StatusCode); resp.StatusCode == 429 && (resp.Header.Get("Retry-After") != "1800" || !strings.Contains(body, "known secrets")) {
				t.Errorf("%v %q", resp.Header, body)
			}
			if strings.Contains(body, stored) {
				t.Error(body)
			}
		}
		return got
	}
	for _, tc := range []struct {
		client, path string
		want         [3]int
	}{
		{"203.0.113.7", "/?k=" + stored, [3]int{200, 200, 429}},
		{"203.0.113.7", "/", [3]int{429, 429, 429}},
		{"203.0.113.8", "/?k=" + stored, [3]int{200, 200, 429}},
		{"2001:db8::1", "/?k=" + stored, [3]int{200, 200, 429}},
		{"2001:db8::ffff", "/", [3]int{429, 429, 429}}, // of the same network
		{"203.0.113.9", "/?k=" + token, [3]int{200, 200, 200}},
	} {
		if got := statuses(tc.client, tc.path); [3]int(got) != tc.want {
			t.Errorf("%s %s: %v, want %v", tc.client, tc.path, got, tc.want)
		}
	}
	if !strings.Contains(d.scrape(t), "stanch_ingress_hit_limited_total 9") {
		t.Error("not counted")
	}
}

// TestOwnCredentials are not what a client can guess.
func TestOwnCredentials(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "you are "+r.Header.Get("Authorization"))
	}))
	defer upstream.Close()
	d := front(t, configure(upstream.URL, func(cfg *config.Ingress) { cfg.KnownLimit.Secrets = 1 }), proxy.Options{})
	mine := "qT8rWz" + "4mXk2Lp9Vb"
	for range 3 {
		if resp, body := d.get(t, "/", "Authorization", "Bearer "+mine); resp.StatusCode != 200 || strings.Contains(body, mine) {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	}
}

func TestForwarded(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		_, _ = io.WriteString(w, strings.Join([]string{r.Host, h.Get("X-Forwarded-For"), h.Get("X-Forwarded-Host"), h.Get("X-Forwarded-Proto"), h.Get("Forwarded")}, "|"))
	})
	upstream := httptest.NewServer(api)
	defer upstream.Close()
	host := strings.TrimPrefix(upstream.URL, "http://")
	claims := []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Host", "api.example.com", "X-Forwarded-Proto", "https", "Forwarded", "for=192.0.2.1"}
	for trusted, want := range map[string]string{
		"10.0.0.0/8":  host + "|127.0.0.1|client.example|http|",
		"127.0.0.0/8": host + "|192.0.2.1, 127.0.0.1|api.example.com|https|",
	} {
		d := front(t, configure(upstream.URL, func(cfg *config.Ingress) { cfg.TrustedProxies = []string{trusted} }), proxy.Options{})
		r, _ := http.NewRequest(http.MethodGet, d.url, nil)
		r.Host = "client.example"
		for i := 0; i < len(claims); i += 2 {
			r.Header.Set(claims[i], claims[i+1])
		}
		if _, body := do(t, d.client, r); body != want {
			t.Errorf("%s: %q, want %q", trusted, body, want)
		}
	}
}
