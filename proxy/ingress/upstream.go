package ingress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
)

// upstream is the API, and how it is reached. Immutable and safe for concurrent use.
type upstream struct {
	url       *url.URL // http or https
	h2c       bool     // HTTP/2 without TLS
	transport *http.Transport
	set       upstreamSettings
}

// upstreamSettings are what an upstream is made of, to see whether it has changed.
type upstreamSettings struct {
	url      string
	tls      config.UpstreamTLS
	header   config.Size
	conns    int
	dial     config.Duration
	response config.Duration
}

func settingsOf(cfg *config.Ingress) upstreamSettings {
	return upstreamSettings{cfg.Upstream, cfg.UpstreamTLS, cfg.Limits.Header, cfg.Limits.Upstream, cfg.Timeouts.Dial, cfg.Timeouts.Response}
}

// newUpstream opens no connection yet.
func newUpstream(set upstreamSettings) (*upstream, error) {
	target, err := url.Parse(set.url)
	if err != nil || target.Host == "" {
		return nil, errors.New("upstream: not a URL such as https://api.example.com") // without it, since it may hold a password
	}
	up := &upstream{url: target, set: set}
	dial := time.Duration(set.dial)
	up.transport = &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dial, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    dial,
		DisableCompression:     true, // codings are between the client and the upstream
		MaxConnsPerHost:        set.conns,
		MaxIdleConnsPerHost:    set.conns,
		IdleConnTimeout:        90 * time.Second,
		ResponseHeaderTimeout:  time.Duration(set.response),
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: int64(set.header),
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		Protocols:              new(http.Protocols),
	}
	switch target.Scheme {
	case "http":
		up.transport.Protocols.SetHTTP1(true)
	case "h2c":
		up.h2c = true
		target.Scheme = "http"
		up.transport.Protocols.SetUnencryptedHTTP2(true)
	case "https":
		up.transport.Protocols.SetHTTP1(true)
		up.transport.Protocols.SetHTTP2(true)
		up.transport.ForceAttemptHTTP2 = true
		up.transport.TLSClientConfig, err = clientTLS(set.tls)
	default:
		err = errors.New("upstream: its scheme is none of http, https and h2c")
	}
	return up, err
}

// clientTLS reads the files of how an upstream is reached.
func clientTLS(files config.UpstreamTLS) (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: files.ServerName}
	if files.CA != "" {
		pem, err := os.ReadFile(files.CA)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", files.CA)
		}
	}
	if files.Cert != "" {
		identity, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, fmt.Errorf("%s and %s are no certificate and its key in PEM: %w", files.Cert, files.Key, err)
		}
		cfg.Certificates = []tls.Certificate{identity}
	}
	return cfg, nil
}

// same reports whether an upstream of these settings would be this one. Files may
// hold something else by now, so one with files never is.
func (u *upstream) same(set upstreamSettings) bool {
	return u.set == set && set.tls.CA == "" && set.tls.Cert == ""
}

// buffers are those that content is copied through.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

func newBuffers() *buffers {
	return &buffers{sync.Pool{New: func() any { return new([bufferSize]byte) }}}
}

// Get returns a buffer.
func (b *buffers) Get() []byte { return b.pool.Get().(*[bufferSize]byte)[:] }

// Put takes a buffer back.
func (b *buffers) Put(buf []byte) { b.pool.Put((*[bufferSize]byte)(buf)) }
