package cli

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/proxy"
)

// filterMetrics serves what a filter counts. The zero value serves nothing.
type filterMetrics struct {
	address string // that it listens on; empty for none
	server  *http.Server
	started time.Time

	mu    sync.Mutex // guards stats
	stats proxy.Stats
}

// serveFilterMetrics listens on an address until close, unless it is empty. Without
// a host it is one of loopback.
func serveFilterMetrics(address string) (*filterMetrics, error) {
	m := &filterMetrics{started: time.Now()}
	if address == "" {
		return m, nil
	}
	listener, err := net.Listen("tcp", adminAddress(address))
	if err != nil {
		return nil, fmt.Errorf("--metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", m.serveMetrics)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") })
	m.address = listener.Addr().String()
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute}
	go m.server.Serve(listener) // ends with close
	return m, nil
}

// update takes over what was counted until now.
func (m *filterMetrics) update(stats proxy.Stats) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stats = stats
}

func (m *filterMetrics) close() {
	if m.server != nil {
		m.server.Close()
	}
}

func (m *filterMetrics) serveMetrics(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	stats := m.stats
	m.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	writeMetrics(w, &stats, time.Since(m.started))
}

// writeMetrics writes counters in the text format of Prometheus, 0.0.4.
func writeMetrics(w io.Writer, s *proxy.Stats, up time.Duration) {
	for _, m := range []struct {
		name, kind, help string
		value            int
	}{
		{"bytes_total", "counter", "Bytes that came in.", s.Bytes},
		{"scanned_bytes_total", "counter", "Bytes that were searched.", s.Scanned},
		{"lines_total", "counter", "Lines that came in.", s.Lines},
		{"known_secrets_total", "counter", "Secrets redacted that were known.", s.Known},
		{"forced_total", "counter", "Secrets redacted before their end was seen.", s.Forced},
		{"unclosed_keys_total", "counter", "Private keys without an end.", s.Unclosed},
		{"given_up_total", "counter", "Places where a secret may have been too long to be found.", s.GivenUp},
		{"late_total", "counter", "Secrets found when their first bytes were out.", s.Late},
		{"cut_lines_total", "counter", "Lines that were cut off.", s.Cut},
		{"withheld_bytes_total", "counter", "Bytes that came in and will not go out.", s.Withheld},
		{"held_bytes", "gauge", "Bytes that are held back now.", s.Held},
	} {
		writeMetric(w, m.name, m.kind, m.help)
		fmt.Fprintf(w, "stanch_filter_%s %d\n", m.name, m.value)
	}
	writeMetric(w, "uptime_seconds", "gauge", "Seconds since the filter started.")
	fmt.Fprintf(w, "stanch_filter_uptime_seconds %.3f\n", up.Seconds())
	writeMetric(w, "secrets_total", "counter", "Secrets redacted.")
	for _, rule := range slices.Sorted(maps.Keys(s.Rules)) {
		fmt.Fprintf(w, "stanch_filter_secrets_total{rule=\"%s\"} %d\n", labelEscapes.Replace(rule), s.Rules[rule])
	}
}

func writeMetric(w io.Writer, name, kind, help string) {
	fmt.Fprintf(w, "# HELP stanch_filter_%s %s\n# TYPE stanch_filter_%s %s\n", name, help, name, kind)
}

// labelEscapes are those of a label's value.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
