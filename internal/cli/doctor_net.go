package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/internal/loopback"
)

// soon is how long before its end a certificate is warned about. What is renewed by
// itself is renewed earlier: a certificate for 90 days after 60.
const soon = 14 * 24 * time.Hour

// onLoopback reports whether only this machine can reach an address.
func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && loopback.Is(host)
}

// adminAddress returns an address with its host: without one it is of loopback.
func adminAddress(address string) string {
	if !strings.Contains(address, ":") {
		address = ":" + address
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return net.JoinHostPort(cmp.Or(host, "127.0.0.1"), port)
}

func (d *doctor) address(name, address string) {
	listener, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		d.warn(name, "%s is in use: by a stanch that runs already, or by something else", address)
	case err != nil:
		d.fail(name, err)
	default:
		listener.Close()
		d.ok(name, "%s is free", address)
	}
}

// identities looks at the certificates and keys in files.
func (d *doctor) identities(in *config.Ingress) {
	if in.TLS != nil {
		d.identity("tls", in.TLS.Cert, in.TLS.Key)
		d.authorities("client CA", in.TLS.ClientCA)
	}
	d.identity("upstream tls", in.UpstreamTLS.Cert, in.UpstreamTLS.Key)
	d.authorities("upstream CA", in.UpstreamTLS.CA)
}

func (d *doctor) identity(name, certFile, keyFile string) {
	if certFile == "" {
		return
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		if !strings.Contains(err.Error(), certFile) && !strings.Contains(err.Error(), keyFile) {
			err = fmt.Errorf("%s and %s: %w", certFile, keyFile, err)
		}
		d.fail(name, err)
		return
	}
	d.validity(name, certFile, pair.Leaf)
	if info, err := os.Stat(keyFile); err == nil && info.Mode().Perm()&0o077 != 0 {
		d.warn(name, "%s can be read by others (%v): chmod 600 %s", keyFile, info.Mode().Perm(), keyFile)
	}
}

// validity looks at the time of a certificate.
func (d *doctor) validity(name, file string, cert *x509.Certificate) {
	now := time.Now()
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case now.Before(cert.NotBefore):
		d.fail(name, fmt.Errorf("%s is valid from %s on, and the clock says %s: one of them is wrong", file, day(cert.NotBefore), day(now)))
	case now.After(cert.NotAfter):
		d.fail(name, fmt.Errorf("%s has expired on %s", file, day(cert.NotAfter)))
	case now.After(cert.NotAfter.Add(-soon)):
		d.warn(name, "%s expires on %s", file, day(cert.NotAfter))
	default:
		d.ok(name, "%s, until %s", file, day(cert.NotAfter))
	}
}

func (d *doctor) authorities(name, file string) {
	if file == "" {
		return
	}
	if _, err := certPool(file); err != nil {
		d.fail(name, err)
		return
	}
	d.ok(name, "%s", file)
}

func certPool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", file)
	}
	return pool, nil
}

// upstream connects to the API, with TLS if it has it.
func (d *doctor) upstream(ctx context.Context, in *config.Ingress) {
	u, err := url.Parse(in.Upstream)
	if err != nil || in.Upstream == "" {
		d.fail("upstream", errNoUpstream)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, min(time.Duration(in.Timeouts.Dial), 10*time.Second))
	defer cancel()
	ports := map[string]string{"http": "80", "h2c": "80", "https": "443"}
	address := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme]))
	if u.Scheme != "https" {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			d.fail("upstream", err)
			return
		}
		conn.Close()
		d.ok("upstream", "%s can be reached", u.Redacted())
		return
	}
	d.upstreamTLS(ctx, in, address)
}

func (d *doctor) upstreamTLS(ctx context.Context, in *config.Ingress, address string) {
	host, _, _ := net.SplitHostPort(address)
	set := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cmp.Or(in.UpstreamTLS.ServerName, host), NextProtos: []string{"h2", "http/1.1"}}
	var err error
	if in.UpstreamTLS.CA != "" {
		if set.RootCAs, err = certPool(in.UpstreamTLS.CA); err != nil {
			return // authorities told it
		}
	}
	if pair, err := tls.LoadX509KeyPair(in.UpstreamTLS.Cert, in.UpstreamTLS.Key); err == nil {
		set.Certificates = []tls.Certificate{pair}
	}
	conn, err := (&tls.Dialer{Config: set}).DialContext(ctx, "tcp", address)
	if err != nil {
		d.fail("upstream", err)
		return
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	d.validity("upstream", in.Upstream+" with "+tls.VersionName(state.Version), state.PeerCertificates[0])
}
