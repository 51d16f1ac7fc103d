package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Names of the targets, as the tables show them.
const (
	direct       = "direct"
	reverseProxy = "ReverseProxy"
	stanch       = "stanch"
	mitmproxy    = "mitmproxy"
)

// target is a way to the API.
type target struct {
	name    string
	url     string
	proxy   *process // nil for direct
	redacts bool
}

// startTargets starts all of them for a protocol, and the API behind them.
func (b *bench) startTargets(ctx context.Context, protocol string) ([]target, error) {
	api, err := b.startRole(ctx, roleAPI, "", h1)
	if err != nil {
		return nil, err
	}
	front := api
	if protocol == h2 {
		if front, err = b.startRole(ctx, roleAPI, "", h2); err != nil {
			return nil, err
		}
	}
	targets := []target{{name: direct, url: urlOf(front, protocol)}}
	for _, t := range b.proxies() {
		p, err := t.start(ctx, api, protocol)
		if err != nil {
			return nil, err
		}
		targets = append(targets, target{t.name, urlOf(p, protocol), p, t.redacts})
	}
	return targets, nil
}

// starter starts a proxy in front of an API.
type starter struct {
	name    string
	redacts bool
	start   func(ctx context.Context, api *process, protocol string) (*process, error)
}

func (b *bench) proxies() []starter {
	all := []starter{{reverseProxy, false, b.startPlain}, {stanch, true, b.startStanch}}
	if b.mitm {
		all = append(all, starter{mitmproxy, true, b.startMitmproxy})
	}
	return all
}

func urlOf(p *process, protocol string) string {
	if protocol == h2 {
		return "https://" + p.address
	}
	return "http://" + p.address
}

// startServer starts what will be stopped at the end; args get the address.
func (b *bench) startServer(ctx context.Context, binary string, args func(address string) ([]string, error)) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	list, err := args(address)
	if err != nil {
		return nil, err
	}
	p, err := start(ctx, address, binary, list...)
	if err == nil {
		b.running = append(b.running, p)
	}
	return p, err
}

func (b *bench) stopAll() {
	for _, p := range b.running {
		p.stop()
	}
	b.running = nil
}

func (b *bench) startRole(ctx context.Context, role, upstream, protocol string) (*process, error) {
	return b.startServer(ctx, b.self, func(address string) ([]string, error) {
		args := []string{role, "-listen", address, "-upstream", upstream}
		if protocol == h2 {
			args = append(args, "-cert", b.identity.cert, "-key", b.identity.key)
		}
		return args, nil
	})
}

func (b *bench) startPlain(ctx context.Context, api *process, protocol string) (*process, error) {
	return b.startRole(ctx, rolePlain, urlOf(api, h1), protocol)
}

// startStanch starts ingress as it is by default, but for the caps on connections,
// which are there to keep a client from doing what this one does.
func (b *bench) startStanch(ctx context.Context, api *process, protocol string) (*process, error) {
	return b.startServer(ctx, b.stanch, func(address string) ([]string, error) {
		file := filepath.Join(b.dir, "stanch-"+protocol+".yaml")
		caps := 1000 + b.idle
		text := fmt.Sprintf("ingress:\n  limits: {connections: %d, connections_per_client: %d}\n  timeouts: {idle: %s}\n", caps, caps, idleTimeout)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
		args := []string{"proxy", "ingress", "--config", file, "--upstream", urlOf(api, h1), "--listen", address, "--known", b.index}
		if protocol == h2 {
			args = append(args, "--tls-cert", b.identity.cert, "--tls-key", b.identity.key)
		}
		return args, nil
	})
}
