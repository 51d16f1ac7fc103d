// Package listen is the lowest floor of ingress: connections before there is HTTP on
// them. [Listener] bounds how many there are, in all and for each client, and [TLS]
// serves them with certificates that are read again when their files change.
package listen

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Caps bound connections that are open at once.
type Caps struct {
	Total  int
	Client int // of one address; of IPv6, of one network of 64 bits
}

// Why a connection was closed as soon as it came.
const (
	TooMany       = "total"
	TooManyClient = "client"
)

// Options say what a listener does beside listening.
type Options struct {
	Caps Caps
	// Exempt reports whether an address may have any number of connections, as a proxy in
	// front of us.
	Exempt func(netip.Addr) bool
	// Refused is told why a connection was closed.
	Refused func(reason string)
}

// Listener hands out the connections of another one up to its caps, and closes those
// over it at once. It is safe for concurrent use.
type Listener struct {
	net.Listener
	opts Options

	total, client atomic.Int64 // caps

	mu      sync.Mutex
	open    int64                // guarded by mu
	clients map[netip.Addr]int64 // open connections by client, guarded by mu
}

// New returns a listener over l. Both functions of opts must be set.
func New(l net.Listener, opts Options) *Listener {
	capped := &Listener{Listener: l, opts: opts, clients: map[netip.Addr]int64{}}
	capped.SetCaps(opts.Caps)
	return capped
}

// SetCaps changes the caps. Connections that are open stay.
func (l *Listener) SetCaps(c Caps) {
	l.total.Store(int64(c.Total))
	l.client.Store(int64(c.Client))
}

// Accept waits for a connection within the caps.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		client := Client(c.RemoteAddr().String())
		if reason := l.enter(client); reason != "" {
			l.opts.Refused(reason)
			_ = c.Close()
			continue
		}
		return &conn{Conn: c, leave: sync.OnceFunc(func() { l.leave(client) })}, nil
	}
}

// enter counts a connection, or says why there is no room for it.
func (l *Listener) enter(client netip.Addr) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.open >= l.total.Load():
		return TooMany
	case l.clients[Network(client)] >= l.client.Load() && !l.opts.Exempt(client):
		return TooManyClient
	}
	l.open++
	l.clients[Network(client)]++
	return ""
}

func (l *Listener) leave(client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if l.clients[Network(client)]--; l.clients[Network(client)] == 0 {
		delete(l.clients, Network(client))
	}
}

// conn is a connection that is counted until it is closed.
type conn struct {
	net.Conn
	leave func()
}

func (c *conn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// Client returns the address in host:port, the zero one if there is none. An IPv4
// address is one in whatever way it is written.
func Client(hostPort string) netip.Addr {
	at, _ := netip.ParseAddrPort(hostPort)
	return at.Addr().Unmap().WithZone("")
}

// Network returns what counts as one client: an IPv4 address, or the 64 bits of an
// IPv6 network, in which every host has as many addresses as it likes.
func Network(client netip.Addr) netip.Addr {
	if client.Is6() {
		if network, err := client.Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return client
}
