package ingress_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
)

// echo answers with what it was sent.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = fmt.Fprintf(w, "%s %s\n%s", r.Method, r.RequestURI, body)
})

// protocols are the clients that every exchange should be alike for.
func protocols(tb testing.TB, d *deployment) map[string]*http.Client {
	return map[string]*http.Client{"HTTP/1.1": d.client, "HTTP/2.0": h2(tb, nil)}
}

func TestExchange(t *testing.T) {
	d := deploy(t, echo, nil)
	for proto, client := range protocols(t, d) {
		for _, tc := range []struct{ name, method, path, body, want string }{
			{"clean", "GET", "/a", "", "GET /a\n"},
			{"query stays", "GET", "/a?x=%zz&b;c&&y=1+2", "", "GET /a?x=%zz&b;c&&y=1+2\n"},
			{"secret in the query", "GET", "/a?x=" + token + "&y=1", "", "GET /a?x=%5BREDACTED%3Atoken%5D&y=1\n"},
			{"secret in the content", "POST", "/a", "x " + token, "POST /a\nx " + redacted},
			{"large", "PUT", "/a", strings.Repeat("0123456789 ", 20000), "PUT /a\n" + strings.Repeat("0123456789 ", 20000)},
		} {
			t.Run(proto+" "+tc.name, func(t *testing.T) {
				r, err := http.NewRequest(tc.method, d.url+tc.path, strings.NewReader(tc.body))
				if err != nil {
					t.Fatal(err)
				}
				resp, body := do(t, client, r)
				if resp.Proto != proto || resp.StatusCode != 200 || body != tc.want {
					t.Errorf("%s %d %.200q, want %.200q", resp.Proto, resp.StatusCode, body, tc.want)
				}
				if want := strings.Contains(tc.path, token); (resp.Header.Get("Referrer-Policy") == "no-referrer") != want {
					t.Errorf("Referrer-Policy: %q", resp.Header.Get("Referrer-Policy"))
				}
			})
		}
	}
}

func TestResponseIsRedacted(t *testing.T) {
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Alt-Svc", `h3=":443"`)
		w.Header().Set("X-Debug", "at "+token)
		w.Header().Set("Trailer", "X-End")
		_, _ = io.WriteString(w, "failed with "+token)
		w.Header().Set("X-End", token)
	}), nil)
	for proto, client := range protocols(t, d) {
		t.Run(proto, func(t *testing.T) {
			r, _ := http.NewRequest(http.MethodGet, d.url, nil)
			resp, body := do(t, client, r)
			got := []string{body, resp.Header.Get("X-Debug"), resp.Trailer.Get("X-End"), resp.Header.Get("Alt-Svc")}
			if diff := cmp.Diff([]string{"failed with " + redacted, "at " + redacted, redacted, ""}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRequestTrailers(t *testing.T) {
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, r.Trailer.Get("X-Sum")+"|"+r.Trailer.Get("X-Key"))
	}), nil)
	for proto, client := range protocols(t, d) {
		t.Run(proto, func(t *testing.T) {
			r, _ := http.NewRequest(http.MethodPost, d.url, io.MultiReader(strings.NewReader("content")))
			r.Trailer = http.Header{"X-Sum": {"42"}, "X-Key": {token}}
			if _, body := do(t, client, r); body != "42|"+redacted {
				t.Errorf("trailers %q", body)
			}
		})
	}
}

// bad is an API with answers that should not pass.
var bad = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/coding":
		w.Header().Set("Content-Encoding", "x-"+token)
	case "/broken":
		w.Header().Set("Content-Encoding", "gzip")
	case "/switch":
		conn, _, _ := w.(http.Hijacker).Hijack()
		_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n")
		_ = conn.Close()
		return
	case "/garbage":
		conn, _, _ := w.(http.Hijacker).Hijack()
		_, _ = io.WriteString(conn, token+" is no HTTP\r\n\r\n")
		_ = conn.Close()
		return
	}
	_, _ = io.WriteString(w, "plain")
})

// TestRefused holds what clients are told of what does not pass; the text has nothing
// of what was sent, nor of where it was sent to.
func TestRefused(t *testing.T) {
	d := deploy(t, bad, nil)
	gone := front(t, configure("http://127.0.0.1:1", nil), proxy.Options{})
	upstream := httptest.NewServer(bad)
	defer upstream.Close()
	blocking := front(t, configure(upstream.URL, nil), proxy.Options{Decider: decider{"header": proxy.Block, "body": proxy.Block}})
	for _, tc := range []struct {
		name   string
		d      *deployment
		path   string
		header []string
		body   string
		status int
		metric string
	}{
		{"request in an unknown coding", d, "/", []string{"Content-Encoding", "x-" + token}, "a", 415, `refused_total{direction="request",reason="unknown coding"}`},
		{"request that is not what it says", d, "/", []string{"Content-Encoding", "gzip"}, "a", 400, `refused_total{direction="request",reason="malformed"}`},
		{"response in an unknown coding", d, "/coding", nil, "", 502, `refused_total{direction="response",reason="unknown coding"}`},
		{"response that is not what it says", d, "/broken", nil, "", 502, `refused_total{direction="response",reason="malformed"}`},
		{"switch nobody asked for", d, "/switch", nil, "", 502, ""},
		{"no HTTP", d, "/garbage", nil, "", 502, ""},
		{"nobody there", gone, "/", nil, "", 502, ""},
		{"blocked header", blocking, "/", []string{"X-Key", token}, "", 403, `refused_total{direction="request",reason="blocked"}`},
		{"blocked content", blocking, "/", nil, token, 403, `refused_total{direction="request",reason="blocked"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			method := http.MethodGet
			if tc.body != "" {
				method = http.MethodPost
			}
			r, _ := http.NewRequest(method, tc.d.url+tc.path, strings.NewReader(tc.body))
			for i := 0; i < len(tc.header); i += 2 {
				r.Header.Set(tc.header[i], tc.header[i+1])
			}
			resp, body := do(t, tc.d.client, r)
			if resp.StatusCode != tc.status || !strings.HasPrefix(body, `{"error":"`) || !strings.HasSuffix(body, "\"}\n") {
				t.Errorf("%d %q, want %d", resp.StatusCode, body, tc.status)
			}
			if strings.Contains(body, token) || strings.Contains(body, "127.0.0.1") {
				t.Errorf("the text tells too much: %q", body)
			}
			if metrics := tc.d.scrape(t); !strings.Contains(metrics, tc.metric) {
				t.Errorf("%s was not counted", tc.metric)
			}
			if all := tc.d.log.String() + tc.d.access.String(); strings.Contains(all, token) {
				t.Errorf("logged: %s", all)
			}
		})
	}
}

// TestUpstreamDies sees to it that an answer that broke off does not look complete.
func TestUpstreamDies(t *testing.T) {
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", "1000000")
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 200_000))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}), nil)
	for proto, client := range protocols(t, d) {
		for _, path := range []string{"/length", "/chunked"} {
			resp, err := client.Get(d.url + path)
			if err != nil {
				t.Fatal(proto, path, err)
			}
			if _, err = io.Copy(io.Discard, resp.Body); err == nil {
				t.Error(proto, path, "looks complete")
			}
			_ = resp.Body.Close()
		}
	}
	eventually(t, "in the access log", func() bool { return strings.Count(d.access.String(), `"aborted":true`) == 4 })
}

func TestInformational(t *testing.T) {
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</a?k="+token+">; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		_, _ = io.Copy(w, r.Body)
	}), nil)
	for proto, client := range protocols(t, d) {
		t.Run(proto, func(t *testing.T) {
			var got []string
			r, _ := http.NewRequest(http.MethodPost, d.url, strings.NewReader("content"))
			r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				got = append(got, fmt.Sprint(code, " ", h.Get("Link")))
				return nil
			}}))
			_, body := do(t, client, r)
			if diff := cmp.Diff([]string{"103 </a?k=%5BREDACTED:token%5D>; rel=preload"}, got); diff != "" && !strings.Contains(strings.Join(got, ""), "REDACTED") || body != "content" || len(got) != 1 || strings.Contains(got[0], token) {
				t.Errorf("%q %s", body, diff)
			}
		})
	}
}

func TestExpectContinue(t *testing.T) {
	d := deploy(t, echo, nil)
	conn := d.raw(t, "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 7\r\nConnection: close\r\n\r\n")
	r := bufio.NewReader(conn)
	line, _ := r.ReadString('\n')
	if line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q", line)
	}
	_, _ = io.WriteString(conn, token)
	rest, _ := io.ReadAll(r)
	if text := string(rest); strings.Count(text, "HTTP/1.1 ") != 1 || !strings.HasSuffix(text, "POST /a\n"+redacted) {
		t.Errorf("%q", text)
	}
}

// TestEvents sees that an event is there before the next one is sent.
func TestEvents(t *testing.T) {
	next := make(chan string)
	d := deploy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case event := <-next:
				_, _ = io.WriteString(w, "data: "+event+"\n\n")
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}), nil)
	for proto, client := range protocols(t, d) {
		resp, err := client.Get(d.url)
		if err != nil {
			t.Fatal(err)
		}
		events := bufio.NewReader(resp.Body)
		for _, tc := range [][2]string{{"one", "data: one\n"}, {"is " + token, "data: is " + redacted + "\n"}, {"two", "data: two\n"}} {
			next <- tc[0]
			got, err := events.ReadString('\n')
			if _, _ = events.ReadString('\n'); got != tc[1] || err != nil {
				t.Errorf("%s: %q, %v; want %q", proto, got, err, tc[1])
			}
		}
		_ = resp.Body.Close()
		d.client.CloseIdleConnections()
		eventually(t, "the API's handler ends", func() bool { return strings.Contains(d.scrape(t), "stanch_ingress_in_flight 0") })
	}
}

// TestGRPC speaks gRPC by hand, both sides sending as they like, with h2c on both
// sides.
func TestGRPC(t *testing.T) {
	frame := func(text string) string {
		return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(text)))) + text
	}
	read := func(r io.Reader) string {
		var head [5]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err.Error()
		}
		text := make([]byte, binary.BigEndian.Uint32(head[1:]))
		_, _ = io.ReadFull(r, text)
		return string(text)
	}
	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		for {
			text := read(r.Body)
			if text == "EOF" {
				break
			}
			_, _ = io.WriteString(w, frame("got "+text+" "+token))
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set("Grpc-Status", "0")
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", "seen "+token+" "+r.Header.Get("Te"))
	}))
	api.Config.Protocols = new(http.Protocols)
	api.Config.Protocols.SetUnencryptedHTTP2(true)
	api.Start()
	defer api.Close()
	d := front(t, configure(strings.Replace(api.URL, "http", "h2c", 1), nil), proxy.Options{})

	upload, sent := io.Pipe()
	r, _ := http.NewRequest(http.MethodPost, d.url+"/svc/Method", upload)
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	go func() { _, _ = io.WriteString(sent, frame("a")) }()
	resp, err := h2(t, nil).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, text := range []string{"a", token, "c"} {
		if text != "a" {
			_, _ = io.WriteString(sent, frame(text))
		}
		want := strings.ReplaceAll("got "+text+" "+token, token, "*******")
		if got := read(resp.Body); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
	_ = sent.Close()
	if got := read(resp.Body); got != "EOF" {
		t.Fatal(got)
	}
	if status, message := resp.Trailer.Get("Grpc-Status"), resp.Trailer.Get("Grpc-Message"); status != "0" || !strings.HasPrefix(message, "seen ") || strings.Contains(message, token) || !strings.HasSuffix(message, "trailers") {
		t.Errorf("trailers %v", resp.Trailer)
	}
}

// TestPanic makes the code that searches messages panic where the client waits for it
// and where the transport does: neither may end the process, nor tell with what.
func TestPanic(t *testing.T) {
	upstream := httptest.NewServer(echo)
	defer upstream.Close()
	long := strings.Repeat("x ", 100_000)
	for name, tc := range map[string]struct{ direction, body string }{
		"request":             {"request", "x"},
		"request that passes": {"request", long},
		"response":            {"response", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			d := front(t, configure(upstream.URL, nil), proxy.Options{Decider: panicking(tc.direction)})
			r, _ := http.NewRequest(http.MethodPost, d.url, strings.NewReader(tc.body))
			if resp, text := do(t, d.client, r); resp.StatusCode != http.StatusBadGateway || strings.Contains(text, "oh no") {
				t.Errorf("%d %q", resp.StatusCode, text)
			}
			if text := d.log.String(); strings.Contains(text, "oh no") || !strings.Contains(text, "ingress_test.newFilter") {
				t.Errorf("log: %s", text)
			}
		})
	}
	d := front(t, configure(upstream.URL, nil), proxy.Options{Decider: panicking("response")})
	resp, err := d.client.Post(d.url, "text/plain", strings.NewReader(long))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err == nil {
		t.Error("an answer that could not be searched looks complete")
	}
	_ = resp.Body.Close()
}

func TestShadow(t *testing.T) {
	upstream := httptest.NewServer(echo)
	defer upstream.Close()
	d := front(t, configure(upstream.URL, func(cfg *config.Ingress) {
		cfg.Shadow = true
		cfg.Routes = []config.Route{{Path: "/*", Lift: []config.Lift{{Query: "key"}}}}
		cfg.KnownLimit.Secrets = 1
	}), proxy.Options{})
	for range 3 {
		resp, body := d.get(t, "/a?key=abc&t="+token+"&k="+stored)
		if body != "GET /a?key=abc&t="+token+"&k="+stored+"\n" || resp.Header.Get("Referrer-Policy") != "" {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	}
	if text := d.access.String(); strings.Contains(text, token) || strings.Contains(text, stored) || !strings.Contains(text, `"redacted":`) {
		t.Errorf("access log: %s", text)
	}
	if !strings.Contains(d.scrape(t), `stanch_ingress_findings_total{action="redact",direction="request",known="true"`) {
		t.Error("nothing was counted")
	}
}
