package message_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"testing/iotest"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
)

// noise is text that hardly shrinks, with a secret in its middle.
func noise(n int) string {
	rng := rand.New(rand.NewPCG(1, 2))
	text := make([]byte, n)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz    "[rng.IntN(30)]
	}
	return string(text[:n/2]) + " tok1234 " + string(text[n/2:])
}

// TestShadowAccounts holds that in shadow content goes on as it came, whatever it is,
// and that what could not be looked into counts as not searched.
func TestShadowAccounts(t *testing.T) {
	text := noise(100 << 10)
	packed := gzipped(text)
	for name, tc := range map[string]struct {
		coding, kind string
		body         []byte
		redacted     int
		searched     bool
	}{
		"plain":          {"", "text/plain", []byte(text), 1, true},
		"gzip":           {"gzip", "text/plain", packed, 1, true},
		"events":         {"gzip", "text/event-stream", packed, 1, true},
		"half of gzip":   {"gzip", "text/plain", packed[:len(packed)/3], 0, false},
		"no gzip":        {"gzip", "text/plain", []byte(text), 0, false},
		"hidden gzip":    {"", "text/plain", packed, 0, false},
		"unknown coding": {"lzw", "text/plain", []byte(text), 0, false},
	} {
		for _, length := range []int64{-1, int64(len(tc.body))} {
			var passages []*message.Passage
			f := message.New(newTexts(t, proxy.Options{Shadow: true}), message.Options{Done: func(p *message.Passage) { passages = append(passages, p) }})
			header := http.Header{"Content-Type": {tc.kind}, "Etag": {`"v1"`}}
			if tc.coding != "" {
				header.Set("Content-Encoding", tc.coding)
			}
			got, err := passResponse(f, answer(header, iotest.OneByteReader(bytes.NewReader(tc.body)), length))
			if err != nil || got.Body != string(tc.body) || got.Length != length || got.Header.Get("Etag") != `"v1"` {
				t.Errorf("%s: %v; %d bytes of %d, length %d, %v", name, err, len(got.Body), len(tc.body), got.Length, got.Header)
			}
			if len(passages) != 1 {
				t.Fatalf("%s: %d passages", name, len(passages))
			}
			p := passages[0]
			unscanned := len(tc.body)
			if tc.searched {
				unscanned = 0
			}
			if p.Err != nil || p.Bytes != len(tc.body) || p.Unscanned != unscanned || p.Redacted != tc.redacted || (p.Scanned > 0) != tc.searched {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

// TestShadowBreaksOff closes a body before its end.
func TestShadowBreaksOff(t *testing.T) {
	var passages []*message.Passage
	f := message.New(newTexts(t, proxy.Options{Shadow: true}), message.Options{Done: func(p *message.Passage) { passages = append(passages, p) }})
	r := answer(http.Header{"Content-Encoding": {"gzip"}}, bytes.NewReader(gzipped(noise(100<<10))), -1)
	if err := f.Exchange(context.Background(), message.Peer{}).Response(r); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(r.Body, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := r.Body.Close(); err != nil || len(passages) != 1 || passages[0].Err == nil || passages[0].Bytes != 1000 {
		t.Errorf("%v, %+v", err, passages)
	}
}

// TestSignedInACoding holds that a request whose signature covers its coded content
// goes on as it came, however slowly it comes, or not at all.
func TestSignedInACoding(t *testing.T) {
	small, large := gzipped("nothing to see"), gzipped(noise(400 << 10)[:200<<10])
	for name, tc := range map[string]struct {
		body   []byte
		status int
	}{"small": {small, 0}, "large": {large, http.StatusRequestEntityTooLarge}, "a secret": {gzipped("tok1234"), http.StatusForbidden}} {
		for _, length := range []int64{-1, int64(len(tc.body))} {
			f := message.New(newTexts(t, proxy.Options{}), message.Options{Idle: 1})
			r := newRequest(t, "/", http.Header{"X-Hub-Signature-256": {"sha256=x"}, "Content-Encoding": {"gzip"}})
			r.Body, r.ContentLength = io.NopCloser(iotest.OneByteReader(bytes.NewReader(tc.body))), length
			err := f.Exchange(context.Background(), message.Peer{}).Request(r)
			if tc.status != 0 {
				if message.Status(err) != tc.status {
					t.Errorf("%s, length %d: %v", name, length, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(name, err)
			}
			if got, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(got, tc.body) {
				t.Errorf("%s, length %d: %d bytes, %v", name, length, len(got), err)
			}
		}
	}
}

// TestPathsThatAreReadTwoWays holds that they are nobody's route.
func TestPathsThatAreReadTwoWays(t *testing.T) {
	for target, want := range map[string]string{
		"/v1/a?b=/../c": "/v1/a", "/.well-known/x": "/.well-known/x", "/v1/a;b=1/": "/v1/a;b=1/", "/a..b/c": "/a..b/c",
		"/v1/../a": "", "/v1/./a": "", "/v1//a": "", "/v1/..": "", "/v1/..;x/a": "", "/v1/%2e%2E/a": "", "/v1%2fa": "", "/v1%5Ca": "", "/v1/%252e/a": "", `/v1\a`: "",
	} {
		var route string
		f := message.New(newTexts(t, proxy.Options{}), message.Options{})
		x := f.Exchange(context.Background(), message.Peer{Report: func(r *proxy.Redaction) { route = r.Source.Route }})
		r := newRequest(t, "/", nil)
		r.URL = mustURL(target)
		if err := x.Request(r); err != nil {
			t.Fatal(target, err)
		}
		if err := x.Response(answer(http.Header{"X": {"tok1234"}}, http.NoBody, 0)); err != nil || route != want {
			t.Errorf("%s: route %q, want %q; %v", target, route, want, err)
		}
	}
}
