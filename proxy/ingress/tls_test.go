package ingress_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy"
)

// authority issues certificates for tests.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	a := &authority{key: newKey(t), pool: x509.NewCertPool()}
	a.cert = a.sign(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, &a.key.PublicKey)
	a.pool.AddCert(a.cert)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t *testing.T, c *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	c.SerialNumber, _ = rand.Int(rand.Reader, big.NewInt(1<<60))
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent := a.cert
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue writes a certificate for 127.0.0.1 and its key, and returns both.
func (a *authority) issue(t *testing.T, name, uri, certFile, keyFile string) tls.Certificate {
	key := newKey(t)
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if uri != "" {
		u, _ := url.Parse(uri)
		c.URIs = []*url.URL{u}
	}
	cert := a.sign(t, c, &key.PublicKey)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE" + " KEY", Bytes: der}))
	write(t, certFile, pemOf(cert))
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func pemOf(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}

func write(t *testing.T, file string, content []byte) {
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, cfg *tls.Config) *http.Client {
	transport := &http.Transport{TLSClientConfig: cfg, DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// TestTLS serves HTTP/1.1 and HTTP/2, to an upstream that speaks TLS, too, and has the
// certificate that its files hold at the time.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ca := newAuthority(t)
	write(t, in("ca.pem"), pemOf(ca.cert))
	identity := ca.issue(t, "api", "", in("api.pem"), in("api.key"))
	ca.issue(t, "we at the api", "", in("us.pem"), in("us.key"))
	ca.issue(t, "first", "", in("cert.pem"), in("key.pem"))

	api := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto+" from "+r.TLS.PeerCertificates[0].Subject.CommonName+" "+r.Header.Get("X-Forwarded-Proto"))
	}))
	api.TLS = &tls.Config{Certificates: []tls.Certificate{identity}, ClientCAs: ca.pool, ClientAuth: tls.RequireAndVerifyClientCert}
	api.EnableHTTP2 = true
	api.StartTLS()
	defer api.Close()
	d := front(t, configure(api.URL, func(cfg *config.Ingress) {
		cfg.TLS = &config.TLS{Cert: in("cert.pem"), Key: in("key.pem")}
		cfg.UpstreamTLS = config.UpstreamTLS{CA: in("ca.pem"), Cert: in("us.pem"), Key: in("us.key")}
	}), proxy.Options{})

	served := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "https://"), &tls.Config{RootCAs: ca.pool})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	for proto, c := range map[string]*http.Client{"HTTP/1.1": client(t, &tls.Config{RootCAs: ca.pool}), "HTTP/2.0": h2(t, &tls.Config{RootCAs: ca.pool})} {
		r, _ := http.NewRequest(http.MethodGet, d.url, nil)
		if resp, body := do(t, c, r); resp.Proto != proto || body != "HTTP/2.0 from we at the api https" {
			t.Errorf("%s: %s %q", proto, resp.Proto, body)
		}
	}
	if _, err := tls.Dial("tcp", strings.TrimPrefix(d.url, "https://"), &tls.Config{RootCAs: ca.pool, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is served")
	}
	if name := served(); name != "first" {
		t.Error(name)
	}
	write(t, in("key.pem"), []byte("broken"))
	eventually(t, "that new files cannot be used is told", func() bool { return strings.Contains(d.log.String(), "those before stay") })
	if name := served(); name != "first" {
		t.Error(name)
	}
	ca.issue(t, "second", "", in("cert.pem"), in("key.pem"))
	eventually(t, "the new certificate is served", func() bool { return served() == "second" })
}

// TestMutualTLS names the principal by its certificate.
func TestMutualTLS(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	ca := newAuthority(t)
	write(t, in("ca.pem"), pemOf(ca.cert))
	ca.issue(t, "server", "", in("cert.pem"), in("key.pem"))
	upstream := httptest.NewServer(echo)
	defer upstream.Close()
	principals := make(principals, 1)
	d := front(t, configure(upstream.URL, func(cfg *config.Ingress) {
		cfg.TLS = &config.TLS{Cert: in("cert.pem"), Key: in("key.pem"), ClientCA: in("ca.pem")}
	}), proxy.Options{Decider: principals})
	for _, tc := range [][2]string{{"", "someone"}, {"spiffe://example/web", "spiffe://example/web"}} {
		identity := ca.issue(t, "someone", tc[0], in("client.pem"), in("client.key"))
		c := client(t, &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{identity}})
		resp, err := c.Get(d.url + "/?k=" + token)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if got := <-principals; got != tc[1] {
			t.Errorf("%q, want %q", got, tc[1])
		}
	}
	stranger := newAuthority(t).issue(t, "stranger", "", in("client.pem"), in("client.key"))
	for name, certs := range map[string][]tls.Certificate{"none": nil, "of another authority": {stranger}} {
		if resp, err := client(t, &tls.Config{RootCAs: ca.pool, Certificates: certs}).Get(d.url); err == nil {
			t.Errorf("certificate %s: %d", name, resp.StatusCode)
		}
	}
}
