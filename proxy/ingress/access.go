package ingress

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// clientGone is the status in the access log of a request whose client did not wait
// for the answer; none of HTTP's says it.
const clientGone = 499

// accessLog writes one line for each request. There is nothing in it that a peer has
// sent but the URL after it was redacted.
type accessLog struct {
	mu  sync.Mutex
	w   io.Writer    // guarded by mu
	buf bytes.Buffer // guarded by mu
}

// accessLine is a line of the access log. Times are in milliseconds.
type accessLine struct {
	Time     string  `json:"time"` // when the request came, RFC 3339
	Client   string  `json:"client"`
	Method   string  `json:"method"`
	URL      string  `json:"url,omitempty"` // as it was sent on; not there for what was not, or may hold a secret
	Route    string  `json:"route"`
	Proto    string  `json:"proto"`
	Status   int     `json:"status"`
	Bytes    int64   `json:"bytes"`
	Duration float64 `json:"duration_ms"`
	Upstream float64 `json:"upstream_ms,omitempty"` // until its header
	Redacted int64   `json:"redacted"`
	Aborted  bool    `json:"aborted,omitempty"` // the answer was cut off
}

func (l *accessLog) write(x *exchange, took time.Duration, aborted bool) {
	line := accessLine{
		Time:     x.began.UTC().Format(time.RFC3339Nano),
		Method:   methodLabel(x.in.Method),
		URL:      x.target,
		Route:    x.route.Label(),
		Proto:    x.in.Proto,
		Status:   x.status(),
		Bytes:    x.answer.bytes,
		Duration: milliseconds(took),
		Upstream: milliseconds(x.upstream),
		Redacted: x.redacted.Load(),
		Aborted:  aborted,
	}
	if x.client.IsValid() {
		line.Client = x.client.String()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf.Reset()
	encoder := json.NewEncoder(&l.buf)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(&line) == nil {
		_, _ = l.w.Write(l.buf.Bytes())
	}
}

// status returns what the client was answered.
func (x *exchange) status() int {
	switch {
	case x.gone:
		return clientGone
	case x.answer.status == 0:
		return http.StatusOK // as net/http writes for who writes nothing
	}
	return x.answer.status
}

func milliseconds(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}
