package exam_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/ingress"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// motion is the scanner of the command, which takes a moment to make.
var motion = sync.OnceValues(func() (*scanner.Scanner, error) {
	set, err := rules.Motion()
	if err != nil {
		return nil, err
	}
	return scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
})

// patient is a wait that no run of the exam reaches: what goes on must not depend on
// how busy the machine is.
const patient = time.Hour

// Sizes of the buffer of a message. No content fits the small one, so that all of it
// is redacted as it passes.
const (
	holding = 64 << 10
	passing = 1
)

// setup says how an ingress is made.
type setup struct {
	upstream string
	buffer   int
	known    *known.Set
	decider  proxy.Decider
	report   func(*proxy.Redaction)
	change   func(*config.Ingress)
}

func (s *setup) filter(tb testing.TB, cfg *config.Ingress) *message.Filter {
	tb.Helper()
	sc, err := motion()
	if err != nil {
		tb.Fatal(err)
	}
	texts := proxy.New(sc, redact.WithKey([redact.KeySize]byte{1}), proxy.Options{
		Carrier: "ingress", Known: s.known, Decider: s.decider, Shadow: cfg.Shadow,
	})
	return message.New(texts, message.Options{Buffer: s.buffer, Idle: patient})
}

func (s *setup) config() *config.Ingress {
	cfg := &config.Ingress{Upstream: s.upstream, KnownLimit: config.KnownLimit{Secrets: -1}}
	if s.change != nil {
		s.change(cfg)
	}
	cfg.SetDefaults()
	return cfg
}

// front is an ingress that serves until the test ends.
type front struct {
	*ingress.Server
	cfg    *config.Ingress
	url    string
	access *lines
}

// serve starts an ingress.
func (s *setup) serve(tb testing.TB) *front {
	tb.Helper()
	f := &front{cfg: s.config(), access: &lines{}}
	var err error
	f.Server, err = ingress.New(f.cfg, ingress.Options{Filter: s.filter(tb, f.cfg), Report: s.report, AccessLog: f.access})
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(ctx, listener) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	scheme := "http://"
	if f.cfg.TLS != nil {
		scheme = "https://"
	}
	f.url = scheme + listener.Addr().String()
	return f
}

// knownOf returns what a vector says is known.
func knownOf(v *vector.Vector) *known.Set {
	var values []known.Value
	for _, k := range v.Known {
		values = append(values, known.Value{Secret: known.Secret{ID: k.Name, Version: 1}, Plain: secret.Of([]byte(k.Value))})
	}
	return known.Transient(values)
}

// newRequest returns a request for a URL, which is sent as it is written.
func newRequest(url string, body []byte) *http.Request {
	r, err := http.NewRequest(http.MethodGet, url, bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	if len(body) > 0 {
		r.Method = http.MethodPost
	}
	return r
}

// plainClient returns a client of HTTP/1.1 that adds nothing of its own.
func plainClient(tb testing.TB) *http.Client {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// way is how a message goes from client to API.
type way struct {
	name   string
	client *http.Client
	front  *front
	h2     bool // the client speaks HTTP/2
	h2c    bool // the API does
	held   bool // content is held until all of it was looked at
}

// newWays opens all ways to an API.
func newWays(tb testing.TB, a *api, base setup) (ways []way) {
	identity, pool := newIdentity(tb)
	withTLS := func(cfg *config.Ingress) { cfg.TLS = identity }
	for name, buffer := range map[string]int{"held": holding, "passing": passing} {
		s := base
		s.upstream, s.buffer = a.URL, buffer
		w := way{name: "h1, " + name, client: plainClient(tb), front: s.serve(tb), held: buffer == holding}
		ways = append(ways, w)

		s.change = withTLS
		w.name, w.client, w.front = "h1 over TLS, "+name, tlsClient(tb, pool, false), s.serve(tb)
		ways = append(ways, w)

		s.upstream = strings.Replace(a.URL, "http:", "h2c:", 1)
		w.name, w.client, w.front, w.h2, w.h2c = "h2, "+name, tlsClient(tb, pool, true), s.serve(tb), true, true
		ways = append(ways, w)
	}
	return ways
}

func tlsClient(tb testing.TB, pool *x509.CertPool, h2 bool) *http.Client {
	client := plainClient(tb)
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(!h2)
	transport.Protocols.SetHTTP2(h2)
	return client
}

// newIdentity returns the files of a certificate for loopback, and who trusts it. It is
// the one that httptest has for the purpose.
func newIdentity(tb testing.TB) (*config.TLS, *x509.CertPool) {
	tb.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	files := &config.TLS{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	for file, block := range map[string]*pem.Block{
		files.Cert: {Type: "CERTIFICATE", Bytes: server.Certificate().Raw},
		files.Key:  {Type: "PRIVATE" + " KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return files, pool
}

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
