package ingress

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// other stands for whatever a peer could choose freely, so that nobody can make
// series without end.
const other = "other"

// Metrics are the figures of a server. They are made before it, since the filter it
// is given counts in them too. Safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests, findings, messages, refused, unaccepted, reloads *prometheus.CounterVec
	duration                                                   *prometheus.HistogramVec
	connections, inFlight, sockets, up                         prometheus.Gauge
	limited                                                    prometheus.Counter
	directions                                                 map[string]volume
}

// volume counts bytes of content that went in one direction.
type volume struct{ bytes, scanned, unscanned prometheus.Counter }

// NewMetrics returns metrics that are registered, with those of the process.
func NewMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), directions: map[string]volume{}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.requests = m.counters("requests_total", "Requests by route, method and class of the answer.", "route", "method", "code")
	m.findings = m.counters("findings_total", "Secrets found, by what became of them.", "rule", "route", "action", "direction", "known")
	m.messages = m.counters("messages_total", "Messages with content, by coding, format and outcome.", "direction", "coding", "format", "outcome")
	m.refused = m.counters("refused_total", "Messages that were not passed on, and why.", "direction", "reason")
	m.unaccepted = m.counters("connections_refused_total", "Connections over a cap, of all or of a client.", "cap")
	m.reloads = m.counters("reloads_total", "Changes of configuration or certificates, and whether they were taken over.", "part", "result")
	m.connections = m.gauge("connections", "Open connections of clients.")
	m.inFlight = m.gauge("in_flight", "Requests under way.")
	m.sockets = m.gauge("websockets", "Open WebSocket connections.")
	m.up = m.gauge("upstream_up", "1 while the upstream answers its probes, or is not probed.")
	m.limited = prometheus.NewCounter(opts("hit_limited_total", "Requests refused since their client has met too many known secrets."))
	m.duration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "stanch", Subsystem: "ingress", Name: "request_duration_seconds", Help: "From a request's header to the end of its answer.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300},
	}, []string{"route"})
	m.registry.MustRegister(m.duration, m.limited)

	in := m.counters("bytes_total", "Bytes of content that came in, as on the wire.", "direction")
	scanned := m.counters("scanned_bytes_total", "Bytes of text that were searched.", "direction")
	unscanned := m.counters("unscanned_bytes_total", "Bytes of content that went on without being searched.", "direction")
	for _, direction := range []string{"request", "response"} {
		m.directions[direction] = volume{in.WithLabelValues(direction), scanned.WithLabelValues(direction), unscanned.WithLabelValues(direction)}
	}
	return m
}

func opts(name, help string) prometheus.CounterOpts {
	return prometheus.CounterOpts{Namespace: "stanch", Subsystem: "ingress", Name: name, Help: help}
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(opts(name, help), labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts(opts(name, help)))
	m.registry.MustRegister(g)
	return g
}

// handler answers scrapes.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Passed counts a message with content; it is for message.Options.Done.
func (m *Metrics) Passed(p *message.Passage) {
	m.messages.WithLabelValues(p.Source.Direction, codingLabel(p.Coding), p.Format, outcome(p.Err)).Inc()
	v := m.directions[p.Source.Direction]
	if v.bytes == nil {
		return
	}
	v.bytes.Add(float64(p.Bytes))
	v.scanned.Add(float64(p.Scanned))
	v.unscanned.Add(float64(p.Unscanned))
}

// found counts a secret.
func (m *Metrics) found(r *proxy.Redaction, route string) {
	rule, known := other, "false"
	if r.Finding.Rule != nil {
		rule = r.Finding.Rule.ID
	}
	if r.Finding.Known != nil {
		known = "true"
	}
	m.findings.WithLabelValues(rule, route, r.Decision.Action.String(), r.Source.Direction, known).Inc()
}

// answered counts a request.
func (m *Metrics) answered(route string, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, methodLabel(method), codeLabel(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}

// reloaded counts a change of a part.
func (m *Metrics) reloaded(part string, err error) {
	result := "ok"
	if err != nil {
		result = "failed"
	}
	m.reloads.WithLabelValues(part, result).Inc()
}

func outcome(err error) string {
	if err == nil {
		return "passed"
	}
	switch reason := reasonLabel(err); {
	case reason == "blocked":
		return "blocked"
	case reason != other:
		return "refused"
	}
	return "broken"
}

// reasonLabel says why a message was not passed on; other if it was not for what is
// in it.
func reasonLabel(err error) string {
	var blocked *redact.BlockedError
	var coding *codec.UnknownCodingError
	var limit *codec.LimitError
	var refused *message.RefusedError
	switch {
	case errors.As(err, &blocked):
		return "blocked"
	case errors.As(err, &coding):
		return "unknown coding"
	case errors.As(err, &limit):
		return "limit"
	case errors.As(err, &refused):
		return "malformed"
	}
	return other
}

func codingLabel(coding string) string {
	switch coding {
	case "identity", "gzip", "deflate", "br", "zstd", "permessage-deflate", "unknown":
		return coding
	}
	if strings.Contains(coding, ",") {
		return "several"
	}
	return other
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return other
}

func codeLabel(status int) string {
	classes := [...]string{"1xx", "2xx", "3xx", "4xx", "5xx"}
	if i := status/100 - 1; i >= 0 && i < len(classes) {
		return classes[i]
	}
	return other
}
