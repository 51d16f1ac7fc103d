// Package ingress is the proxy in front of an API: clients talk to it as if it was the
// API, and no secret passes in either direction that should not.
//
//	client ─▶ listen: caps, TLS ─▶ net/http ─▶ Server.ServeHTTP
//	             │ too many known secrets met, or a protocol we cannot look into: refused
//	             ▼
//	          exchange ─▶ httputil.ReverseProxy ─▶ upstream
//	             ├ rewrite    the route's credentials lifted out of the query; X-Forwarded-*
//	             ├ RoundTrip  message.Exchange.Request
//	             └ modify     message.Exchange.Response, or WebSocket
//
// HTTP itself is net/http's on both sides (HTTP/1.1, HTTP/2, h2c), and what is to be
// redacted is package message's. What is here is what stands between them: who the
// client is, how long it may keep us waiting, what is refused, and what is told about
// all of it, in an access log and metrics that hold no secret by construction: they
// are made of what was redacted, of settings and of fixed words only.
//
// What passes can be exchanged under way, see [Server.Reload].
package ingress

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/ingress/listen"
	"github.com/stanch-dev/stanch/proxy/message"
)

// Options are what a server needs beside its configuration.
type Options struct {
	Filter *message.Filter
	// Report, unless nil, is told of each secret. It must be safe for concurrent use.
	Report  func(*proxy.Redaction)
	Metrics *Metrics // those that the filter counts in, too; nil for new ones
	// Log gets what the operator should know; nil for nothing.
	Log *slog.Logger
	// AccessLog, unless nil, gets one line of JSON for each request. Requests wait for it.
	AccessLog io.Writer
}

// Server is the proxy. It is safe for concurrent use.
type Server struct {
	opts    Options
	metrics *Metrics
	log     *slog.Logger
	quiet   *log.Logger // for net/http, whose messages may hold what a peer has sent
	access  *accessLog
	buffers *buffers
	tls     *listen.TLS // nil for none

	state    atomic.Pointer[state]
	reload   sync.Mutex // held while state is replaced
	listener atomic.Pointer[listen.Listener]
	sockets  sockets

	draining, down atomic.Bool
	failing        atomic.Bool // the last request could not be sent
}

// New returns a server for a configuration that has its defaults and was checked. It
// reads the files of TLS, and opens no connection.
func New(cfg *config.Ingress, opts Options) (*Server, error) {
	s := &Server{opts: opts, metrics: opts.Metrics, log: opts.Log, buffers: newBuffers()}
	if s.metrics == nil {
		s.metrics = NewMetrics()
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if opts.AccessLog != nil {
		s.access = &accessLog{w: opts.AccessLog}
	}
	s.quiet = log.New(&troubles{s.log}, "", 0)
	st, err := s.newState(Parts{opts.Filter, cfg}, nil)
	if err != nil {
		return nil, err
	}
	if t := cfg.TLS; t != nil {
		if s.tls, err = listen.LoadTLS(listen.Files{Cert: t.Cert, Key: t.Key, ClientCA: t.ClientCA}); err != nil {
			return nil, err
		}
	}
	s.state.Store(st)
	s.setUp(cfg.Health.Path == "")
	return s, nil
}

// Serve answers the connections of l until ctx ends. Then it is no longer ready, takes
// no new connection, ends WebSocket connections and those that are idle, and waits for
// what is under way; what is not done after the time to drain is cut off, and an error
// tells so. It closes l, and is called once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	cfg := s.state.Load().cfg
	capped := listen.New(l, listen.Options{
		Caps:    capsOf(cfg),
		Exempt:  func(client netip.Addr) bool { return s.state.Load().trusted.Has(client) },
		Refused: func(reason string) { s.metrics.unaccepted.WithLabelValues(reason).Inc() },
	})
	s.listener.Store(capped)
	server := s.httpServer(cfg)

	var tasks sync.WaitGroup
	defer tasks.Wait()
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	tasks.Go(func() { s.probe(working) })
	serve := func() error { return server.Serve(capped) }
	if s.tls != nil {
		server.TLSConfig = s.tls.Config()
		serve = func() error { return server.ServeTLS(capped, "", "") }
		tasks.Go(func() { s.tls.Watch(working, s.certificates) })
	}
	ended := make(chan error, 1)
	tasks.Go(func() { ended <- serve() })
	select {
	case err := <-ended:
		_ = server.Close()
		return fmt.Errorf("serving %s: %w", l.Addr(), err)
	case <-ctx.Done():
		return s.drain(server)
	}
}

// httpServer returns the server of net/http. It has no limit on the time of a whole
// request or response, which may be a stream; see patience.
func (s *Server) httpServer(cfg *config.Ingress) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(s.tls != nil)
	protocols.SetUnencryptedHTTP2(s.tls == nil)
	return &http.Server{
		Handler:           s,
		Protocols:         protocols,
		MaxHeaderBytes:    int(cfg.Limits.Header),
		ReadHeaderTimeout: time.Duration(cfg.Timeouts.Header),
		IdleTimeout:       time.Duration(cfg.Timeouts.Idle),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: cfg.Limits.Streams,
			SendPingTimeout:      30 * time.Second,
			PingTimeout:          15 * time.Second,
			WriteByteTimeout:     time.Duration(cfg.Timeouts.Stall),
		},
		ErrorLog:  s.quiet,
		ConnState: s.count,
	}
}

// count keeps the number of connections that are not WebSocket.
func (s *Server) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.metrics.connections.Inc()
	case http.StateClosed, http.StateHijacked:
		s.metrics.connections.Dec()
	}
}

// drain ends what is under way.
func (s *Server) drain(server *http.Server) error {
	s.draining.Store(true)
	span := s.state.Load().drain
	s.log.Info("draining", "at most", span.String())
	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	s.sockets.part()
	err := server.Shutdown(ctx)
	if !s.sockets.wait(ctx) {
		err = ctx.Err()
	}
	_ = server.Close()
	s.sockets.close()
	s.state.Load().upstream.transport.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("requests were still under way after %s of draining, and were cut off: %w", span, err)
	}
	return nil
}

// certificates notes what became of new files of TLS.
func (s *Server) certificates(err error) {
	s.metrics.reloaded("certificates", err)
	if err != nil {
		s.log.Error("the new certificates cannot be used; those before stay", "error", err)
		return
	}
	s.log.Info("certificates read again")
}

// troubles is where net/http writes its messages. They hold addresses and pieces of
// what peers have sent, so only their kind goes on.
type troubles struct{ log *slog.Logger }

func (t *troubles) Write(text []byte) (int, error) {
	const handshake = "http: TLS handshake error"
	kind := "a connection broke, or was not HTTP"
	if len(text) >= len(handshake) && string(text[:len(handshake)]) == handshake {
		kind = "a TLS handshake failed"
	}
	t.log.Debug(kind)
	return len(text), nil
}
