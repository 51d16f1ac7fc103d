package ingress

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy/ingress/client"
	"github.com/stanch-dev/stanch/proxy/ingress/listen"
	"github.com/stanch-dev/stanch/proxy/ingress/route"
	"github.com/stanch-dev/stanch/proxy/message"
)

// Parts are what can be exchanged under way.
type Parts struct {
	Filter *message.Filter
	Config *config.Ingress
}

// state is what one exchange goes by from its begin to its end. Immutable, but for
// guesses.
type state struct {
	cfg      *config.Ingress
	filter   *message.Filter
	upstream *upstream
	routes   route.Table
	trusted  client.Networks
	guesses  *client.Guesses
	stall    time.Duration
	drain    time.Duration
}

// newState takes from old what has not changed, so that connections and what is known
// of clients stay.
func (s *Server) newState(p Parts, old *state) (*state, error) {
	if p.Filter == nil || p.Config == nil {
		return nil, errors.New("ingress needs a filter and a configuration")
	}
	cfg := *p.Config
	st := &state{
		cfg: &cfg, filter: p.Filter, routes: route.New(cfg.Routes),
		stall: time.Duration(cfg.Timeouts.Stall), drain: time.Duration(cfg.Timeouts.Drain),
	}
	for i, text := range cfg.TrustedProxies {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("trusted_proxies[%d]: %w", i, err)
		}
		st.trusted = append(st.trusted, network)
	}
	if old != nil && old.cfg.KnownLimit == cfg.KnownLimit {
		st.guesses = old.guesses
	} else {
		st.guesses = client.NewGuesses(cfg.KnownLimit)
	}
	if set := settingsOf(&cfg); old != nil && old.upstream.same(set) {
		st.upstream = old.upstream
	} else if up, err := newUpstream(set); err != nil {
		return nil, err
	} else {
		st.upstream = up
	}
	return st, nil
}

// Reload exchanges parts for all exchanges that begin from now on; those under way end
// as they began, and no connection is dropped. If it fails, all stays as it is. What
// makes the listener (addresses, TLS, the limits and timeouts of a header, an idle
// connection and streams) cannot be changed.
func (s *Server) Reload(p Parts) error {
	s.reload.Lock()
	defer s.reload.Unlock()
	err := s.replace(p)
	s.metrics.reloaded("configuration", err)
	return err
}

func (s *Server) replace(p Parts) error {
	old := s.state.Load()
	st, err := s.newState(p, old)
	if err != nil {
		return err
	}
	if err := fixed(old.cfg, st.cfg); err != nil {
		return err
	}
	s.state.Store(st)
	if l := s.listener.Load(); l != nil {
		l.SetCaps(capsOf(st.cfg))
	}
	if st.upstream != old.upstream {
		old.upstream.transport.CloseIdleConnections()
	}
	return nil
}

var errRestart = errors.New("it cannot be changed while we run: restart for it")

// fixed returns an error for each setting that has changed and cannot.
func fixed(old, now *config.Ingress) error {
	var errs []error
	for _, f := range []struct {
		name     string
		old, now any
	}{
		{"listen", old.Listen, now.Listen},
		{"admin", old.Admin, now.Admin},
		{"tls", old.TLS, now.TLS},
		{"access_log", old.AccessLog, now.AccessLog},
		{"limits.header", old.Limits.Header, now.Limits.Header},
		{"limits.streams", old.Limits.Streams, now.Limits.Streams},
		{"timeouts.header", old.Timeouts.Header, now.Timeouts.Header},
		{"timeouts.idle", old.Timeouts.Idle, now.Timeouts.Idle},
	} {
		if !reflect.DeepEqual(f.old, f.now) {
			errs = append(errs, fmt.Errorf("%s: %w", f.name, errRestart))
		}
	}
	return errors.Join(errs...)
}

func capsOf(cfg *config.Ingress) listen.Caps {
	return listen.Caps{Total: cfg.Limits.Connections, Client: cfg.Limits.ConnectionsClient}
}
