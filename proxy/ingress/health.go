package ingress

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// How an upstream is probed.
const (
	probeTimeout = 5 * time.Second
	probeBody    = 64 << 10 // bytes that are read, so that the connection can be used again
	failures     = 2        // in a row, until it counts as down
)

// Ready reports whether the server should be sent requests: it is not draining, and
// the upstream answers its probes, if there are any.
func (s *Server) Ready() bool { return !s.draining.Load() && !s.down.Load() }

// Admin returns the handler for /metrics, /healthz (the process lives) and /readyz
// ([Server.Ready]). It is not meant for clients.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		switch {
		case s.draining.Load():
			http.Error(w, "draining", http.StatusServiceUnavailable)
		case s.down.Load():
			http.Error(w, "the upstream does not answer its probes", http.StatusServiceUnavailable)
		default:
			_, _ = io.WriteString(w, "ready\n")
		}
	})
	return mux
}

// ServeAdmin answers the connections of l with [Server.Admin] until ctx ends. That
// should be after Serve has returned, so that /readyz tells of draining.
func (s *Server) ServeAdmin(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s.Admin(), ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10, ErrorLog: s.quiet}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// probe asks the upstream whether it is well, until ctx ends.
func (s *Server) probe(ctx context.Context) {
	failed := failures // it counts as down until it has answered once
	for ctx.Err() == nil {
		st := s.state.Load()
		switch {
		case st.cfg.Health.Path == "":
			failed = 0
		case st.upstream.well(ctx, st.cfg.Health.Path):
			failed = 0
		default:
			failed++
		}
		s.setUp(failed < failures)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(st.cfg.Health.Interval)):
		}
	}
}

func (s *Server) setUp(up bool) {
	value := 0.0
	if up {
		value = 1
	}
	s.metrics.up.Set(value)
	if s.down.Swap(!up) == up {
		s.log.Info("the upstream's health has changed", "up", up)
	}
}

// well reports whether the upstream answers a probe with 2xx or 3xx.
func (u *upstream) well(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	asked, err := url.Parse(path)
	if err != nil {
		return false
	}
	target := u.url.JoinPath(asked.Path)
	target.RawQuery = asked.RawQuery
	r := (&http.Request{Method: http.MethodGet, URL: target, Header: http.Header{}}).WithContext(ctx)
	r.Header.Set("User-Agent", "stanch-probe")
	in, err := u.transport.RoundTrip(r)
	if err != nil {
		return false
	}
	defer in.Body.Close()
	_, _ = io.CopyN(io.Discard, in.Body, probeBody)
	return in.StatusCode >= 200 && in.StatusCode < 400
}
