package cli_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/cli"
)

// certify writes a certificate for 127.0.0.1 that ends at a time, and its key.
func certify(t *testing.T, dir string, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: end.Add(-60 * 24 * time.Hour), NotAfter: end, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, map[string]string{
		"cert.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		"key.pem":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	})
}

// trusting returns a client that trusts the certificate of certify.
func trusting(t *testing.T, dir string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: pool}}}
}

// TestDoctorTLS holds what the doctor says of certificates and an upstream with TLS.
func TestDoctorTLS(t *testing.T) {
	upstream := httptest.NewUnstartedServer(http.NotFoundHandler())
	upstream.Config.ErrorLog = log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	upstream.StartTLS()
	defer upstream.Close()
	for name, c := range map[string]struct {
		end     time.Time
		mode    os.FileMode
		trusted bool
		want    []string
		code    int
	}{
		"good":     {time.Now().Add(30 * 24 * time.Hour), 0o600, true, []string{"ok    tls            cert.pem, until ", "ok    upstream       " + upstream.URL + " with TLS 1.3, until "}, 0},
		"open key": {time.Now().Add(30 * 24 * time.Hour), 0o644, true, []string{"warn  tls            key.pem can be read by others (-rw-r--r--): chmod 600 key.pem"}, 0},
		"soon":     {time.Now().Add(24 * time.Hour), 0o600, true, []string{"warn  tls            cert.pem expires on "}, 0},
		"expired":  {time.Now().Add(-time.Hour), 0o600, true, []string{"fail  tls            cert.pem has expired on "}, 1},
		"early":    {time.Now().Add(360 * 24 * time.Hour), 0o600, false, []string{"fail  tls            cert.pem is valid from ", "one of them is wrong", "fail  upstream       tls: failed to verify certificate"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			t.Chdir(dir)
			certify(t, dir, c.end)
			if err := os.Chmod("key.pem", c.mode); err != nil {
				t.Fatal(err)
			}
			settings := "ingress:\n  listen: 127.0.0.1:0\n  upstream: " + upstream.URL + "\n  tls: {cert: cert.pem, key: key.pem}\n"
			if c.trusted {
				settings += "  upstream_tls: {ca: upstream.pem}\n"
			}
			writeFiles(t, dir, map[string]string{
				"stanch.yaml":  settings,
				"upstream.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: upstream.Certificate().Raw})),
			})
			var out bytes.Buffer
			if code := cli.Main([]string{"doctor"}, nil, &out, io.Discard); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, &out)
				}
			}
		})
	}
}

// TestDoctorAddressInUse holds that a running stanch is no failure.
func TestDoctorAddressInUse(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	t.Chdir(t.TempDir())
	var out bytes.Buffer
	code := cli.Main([]string{"doctor", "--upstream", "http://" + busy.Addr().String(), "--listen", busy.Addr().String()}, nil, &out, io.Discard)
	if code != 0 || !strings.Contains(out.String(), "warn  listen         "+busy.Addr().String()+" is in use") || !strings.Contains(out.String(), "ok    upstream") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
}
