package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

func TestBodies(t *testing.T) {
	for _, size := range []int{small, large} {
		for _, finding := range []bool{false, true} {
			content := body(size, finding)
			if len(content) != size || !json.Valid(content) {
				t.Errorf("%d bytes, finding %t: %d bytes, valid %t", size, finding, len(content), json.Valid(content))
			}
			if bytes.Contains(content, []byte(token())) != finding {
				t.Errorf("%d bytes, finding %t: the token is not there as told", size, finding)
			}
		}
	}
	if n := bytes.Count(knownList(), []byte("\n")); n != knownSecrets {
		t.Errorf("%d known secrets", n)
	}
}

// TestCheck holds that a proxy is measured only if it does its work.
func TestCheck(t *testing.T) {
	upstream := httptest.NewServer(api())
	defer upstream.Close()
	target1, _ := url.Parse(upstream.URL)
	honest := plain(target1)
	redacting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		honest.ServeHTTP(recorded, r)
		clean := func(text string) string {
			return strings.NewReplacer(token(), "***", known(1), "***", known(2), "***").Replace(text)
		}
		w.Header().Set("X-Debug", clean(recorded.Header().Get("X-Debug")))
		_, _ = io.WriteString(w, clean(recorded.Body.String()))
	})
	changing := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") })
	for _, c := range []struct {
		name    string
		handler http.Handler
		redacts bool
		fine    bool
	}{
		{"redacts", redacting, true, true},
		{"redacts what it should not", redacting, false, false},
		{"passes", honest, false, true},
		{"passes what it should redact", honest, true, false},
		{"changes all", changing, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy := httptest.NewServer(c.handler)
			defer proxy.Close()
			client := newClient(h1, 2)
			defer client.close()
			if err := check(t.Context(), client, target{url: proxy.URL, redacts: c.redacts}); (err == nil) != c.fine {
				t.Errorf("it is fine: %t, but: %v", c.fine, err)
			}
		})
	}
}

func TestDrive(t *testing.T) {
	upstream := httptest.NewServer(api())
	defer upstream.Close()
	client := newClient(h1, 2)
	defer client.close()
	got, took, err := client.drive(t.Context(), upstream.URL+load{bytes: small}.path(), 10*time.Millisecond)
	if got < 2 || took <= 0 || err != nil {
		t.Errorf("%d responses in %v: %v", got, took, err)
	}
	if _, _, err := client.drive(t.Context(), upstream.URL+"/nowhere", 10*time.Millisecond); err == nil {
		t.Error("404 counts as a response")
	}
}

func TestReadWrk(t *testing.T) {
	const said = "Running 2s test @ http://127.0.0.1:1/\n  1 threads and 16 connections\n  41250 requests in 2.10s, 47.08MB read\nRequests/sec:  19642.1\n"
	got, took, err := readWrk(said)
	if got != 41250 || took != 2100*time.Millisecond || err != nil {
		t.Errorf("%d in %v: %v", got, took, err)
	}
	for _, bad := range []string{"", said + "  Non-2xx or 3xx responses: 3\n", said + "  Socket errors: connect 0, read 1, write 0, timeout 0\n"} {
		if _, _, err := readWrk(bad); err == nil {
			t.Errorf("%q is fine", bad)
		}
	}
}

func TestProc(t *testing.T) {
	const stat = "42 (a (very) odd name) S 1 42 42 0 -1 4194560 1000 0 0 0 123 45 0 0 20 0 9 0 100 1000 10"
	if got, err := cpuTime(stat); got != 1680*time.Millisecond || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := cpuTime("42 (short) S 1"); err == nil {
		t.Error("a short line is fine")
	}
	const status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"
	if got, err := memory(status, "VmRSS:"); got != 1<<20 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	if _, err := memory(status, "VmSwap:"); err == nil {
		t.Error("what is not there is fine")
	}
}

func TestSearchLongBody(t *testing.T) {
	content := bytes.Repeat(block(20_000), 40)
	for name, body := range map[string]io.Reader{
		"whole": bytes.NewReader(content), "in halves": iotest.HalfReader(bytes.NewReader(content)),
	} {
		var read atomic.Int64
		l := long{Bytes: int64(len(content))}
		if err := l.search(body, &read); err != nil || l.Leaked != 40 || read.Load() != l.Bytes {
			t.Errorf("%s: %d secrets in %d bytes: %v", name, l.Leaked, read.Load(), err)
		}
	}
	var read atomic.Int64
	l := long{Bytes: int64(len(content))}
	if err := l.search(bytes.NewReader(content[:1000]), &read); err == nil {
		t.Error("a body that is cut off is fine")
	}
}

func TestJudge(t *testing.T) {
	r := &report{
		Loads: []figure{
			{Protocol: h1, Bytes: small, Target: reverseProxy, Rate: 1000, CPU: 100},
			{Protocol: h1, Bytes: small, Target: stanch, Rate: 790, CPU: 114},
			{Protocol: h1, Bytes: small, Target: mitmproxy, Rate: 10, CPU: 6000},
		},
		Long: &long{Bytes: 1 << 30, First: 50 << 20, Second: 70 << 20},
	}
	r.judge()
	var met []bool
	for _, e := range r.Expectations {
		met = append(met, e.Met)
	}
	if want := []bool{true, false, true, false, true}; !slices.Equal(met, want) {
		t.Errorf("met: %v, want %v of %+v", met, want, r.Expectations)
	}
	var text, data bytes.Buffer
	r.writeText(&text)
	if err := r.writeJSON(&data); err != nil || !json.Valid(data.Bytes()) {
		t.Errorf("no JSON: %v", err)
	}
	for _, want := range []string{"+14.0", "0.79", "NOT MET"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not in\n%s", want, &text)
		}
	}
}

func TestBetter(t *testing.T) {
	got := figure{Rounds: 1, Rate: 5, CPU: 9}.better(figure{}).better(figure{Rounds: 1, Rate: 7, CPU: 12})
	if want := (figure{Rounds: 2, Rate: 7, CPU: 9}); got != want {
		t.Errorf("%+v", got)
	}
}
