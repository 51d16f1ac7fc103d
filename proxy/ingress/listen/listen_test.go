package listen_test

import (
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/proxy/ingress/listen"
)

// conns is a listener that accepts what it is given.
type conns chan net.Conn

func (c conns) Accept() (net.Conn, error) {
	if conn, ok := <-c; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}
func (c conns) Close() error   { return nil }
func (c conns) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection from an address, which remembers how often it was closed.
type from struct {
	net.Conn
	addr   string
	closed int
}

func (f *from) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addr)) }
func (f *from) Close() error         { f.closed++; return nil }

func TestListener(t *testing.T) {
	refused := ""
	l := listen.New(nil, listen.Options{
		Caps:    listen.Caps{Total: 5, Client: 2},
		Exempt:  func(a netip.Addr) bool { return a.String() == "10.0.0.1" },
		Refused: func(reason string) { refused = reason },
	})
	var open []net.Conn
	leave := func() {
		for range 2 { // closing twice counts once
			_ = open[0].Close()
		}
	}
	more := func() { l.SetCaps(listen.Caps{Total: 9, Client: 2}) }
	for i, tc := range []struct {
		before func()
		addr   string
		want   string // why it is refused
	}{
		{nil, "192.0.2.1:1", ""},
		{nil, "192.0.2.1:2", ""},
		{nil, "192.0.2.1:3", listen.TooManyClient},
		{nil, "[::ffff:192.0.2.1]:4", listen.TooManyClient},
		{nil, "192.0.2.2:1", ""},
		{nil, "[2001:db8::1]:1", ""},
		{nil, "[2001:db8::2]:1", ""},
		{nil, "192.0.2.3:1", listen.TooMany},
		{more, "[2001:db8::3]:1", listen.TooManyClient}, // of the same network
		{nil, "10.0.0.1:1", ""},
		{nil, "10.0.0.1:2", ""},
		{nil, "10.0.0.1:3", ""},
		{leave, "192.0.2.1:5", ""},
		{nil, "192.0.2.1:6", listen.TooManyClient},
	} {
		if tc.before != nil {
			tc.before()
		}
		refused = ""
		coming := &from{addr: tc.addr}
		one := make(conns, 1)
		one <- coming
		close(one)
		l.Listener = one
		conn, err := l.Accept()
		if err == nil {
			open = append(open, conn)
		}
		if refused != tc.want || (err == nil) != (tc.want == "") || coming.closed > 0 != (tc.want != "") {
			t.Errorf("%d %s: refused %q, %v; want %q", i, tc.addr, refused, err, tc.want)
		}
	}
}

func TestLoadTLS(t *testing.T) {
	dir := t.TempDir()
	in := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	empty, large := in("empty", ""), in("large", strings.Repeat("x", 1<<20+1))
	for want, files := range map[string]listen.Files{
		"no such file":      {Cert: filepath.Join(dir, "none"), Key: empty},
		"no certificate":    {Cert: empty, Key: empty},
		"larger than 1 MiB": {Cert: empty, Key: large},
	} {
		if _, err := listen.LoadTLS(files); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
