// Package client tells who the clients of an API are, also behind proxies, and bounds
// what they can find out about our secrets by guessing. It is a part of ingress.
package client

import (
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strings"

	"github.com/stanch-dev/stanch/proxy/ingress/listen"
)

// maxHops is how many proxies in front of us are believed, one after another.
const maxHops = 16

// Networks are those of proxies in front of us.
type Networks []netip.Prefix

// Has reports whether an address is in one of them.
func (n Networks) Has(addr netip.Addr) bool {
	for _, network := range n {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// Client returns who sent r: the peer of the connection, or if that is a proxy we
// trust, the last one in X-Forwarded-For that is not. trusted tells whether the peer
// is.
func (n Networks) Client(r *http.Request) (client netip.Addr, trusted bool) {
	client = listen.Client(r.RemoteAddr)
	if len(n) == 0 || !n.Has(client) {
		return client, false
	}
	lines := r.Header["X-Forwarded-For"]
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest := lines[i]; rest != ""; hops++ {
			var hop string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, hop = rest[:comma], rest[comma+1:]
			} else {
				rest, hop = "", rest
			}
			addr, ok := address(strings.TrimSpace(hop))
			if !ok || hops == maxHops {
				return client, true
			}
			if client = addr; !n.Has(addr) {
				return client, true
			}
		}
	}
	return client, true
}

// address reads an address, with or without a port.
func address(text string) (netip.Addr, bool) {
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		addr = listen.Client(text)
	}
	return addr.Unmap().WithZone(""), addr.IsValid()
}

// Principal returns the name that the client has proved with its certificate: its URI
// SAN, else its common name; empty without one.
func Principal(r *http.Request) string {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return ""
	}
	cert := r.TLS.VerifiedChains[0][0]
	if len(cert.URIs) > 0 {
		return cert.URIs[0].String()
	}
	return cert.Subject.CommonName
}

// Forward tells the upstream who asks, and for what. What a proxy in front of us says
// of that is kept if we trust it.
func Forward(p *httputil.ProxyRequest, trusted bool) {
	const chain, host, proto = "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"
	if trusted {
		p.Out.Header[chain] = p.In.Header[chain]
	}
	p.SetXForwarded()
	for _, name := range [...]string{host, proto} {
		if values := p.In.Header[name]; trusted && len(values) > 0 {
			p.Out.Header[name] = values[:1:1]
		}
	}
}
