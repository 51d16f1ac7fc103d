package message_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// BenchmarkExchange measures a clean exchange, as an API has them: by all rules for
// data in motion, with a bearer token in the request.
func BenchmarkExchange(b *testing.B) {
	set, err := rules.Motion()
	if err != nil {
		b.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 4, IgnoreAllow: true})
	if err != nil {
		b.Fatal(err)
	}
	allowRequests := asking(func(q *proxy.Question) proxy.Decision {
		if q.Direction == "request" {
			return proxy.Decision{Action: proxy.Allow}
		}
		return proxy.Decision{}
	})
	f := message.New(proxy.New(s, redact.New(), proxy.Options{Decider: allowRequests}), message.Options{})
	for _, size := range []struct {
		name  string
		bytes int
	}{{"1kB", 1 << 10}, {"64kB", 64 << 10}} {
		body := bytes.Repeat([]byte(`{"id":48213,"name":"Harbour Lights","tags":["a","b"],"since":"2026-11-24T10:00:00Z"},`), size.bytes/80+1)[:size.bytes]
		b.Run(size.name, func(b *testing.B) {
			b.SetBytes(int64(size.bytes))
			b.ReportAllocs()
			for b.Loop() {
				x := f.Exchange(b.Context(), message.Peer{Host: "api.test", Route: "/v1/*"})
				r := &http.Request{Method: "GET", URL: mustURL("/v1/berths?limit=20"), Header: http.Header{
					"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"wrk/4.2.0"},
					"X-Forwarded-For": {"127.0.0.1"}, "X-Forwarded-Host": {"localhost:8080"}, "X-Forwarded-Proto": {"http"},
				}}
				if err := x.Request(r); err != nil {
					b.Fatal(err)
				}
				answer := answer(http.Header{"Content-Type": {"application/json"}, "Date": {"Tue, 24 Nov 2026 20:40:00 GMT"}, "Content-Length": {"1024"}}, bytes.NewReader(body), int64(len(body)))
				if err := x.Response(answer); err != nil {
					b.Fatal(err)
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
}
