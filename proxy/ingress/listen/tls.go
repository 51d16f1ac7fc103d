package listen

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// maxFile is the size of the largest file that is read, in bytes. A bundle of all
// public authorities has a quarter of it.
const maxFile = 1 << 20

// Files are the files of a server's identity, in PEM.
type Files struct {
	Cert, Key string
	ClientCA  string // authorities of client certificates, which then every client needs; empty for none
}

func (f Files) paths() []string {
	paths := []string{f.Cert, f.Key}
	if f.ClientCA != "" {
		paths = append(paths, f.ClientCA)
	}
	return paths
}

// TLS serves TLS 1.2 and later, HTTP/2 and HTTP/1.1, with the identity in files. It is
// safe for concurrent use.
type TLS struct {
	files   Files
	current atomic.Pointer[tls.Config]
	seen    [sha256.Size]byte // of the content last read; of Watch alone, once it runs
}

// LoadTLS reads the files. The error names the file that is wrong.
func LoadTLS(files Files) (*TLS, error) {
	t := &TLS{files: files}
	if _, err := t.load(); err != nil {
		return nil, err
	}
	return t, nil
}

// Config returns a configuration that always serves what was last read.
func (t *TLS) Config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		NextProtos:         []string{"h2", "http/1.1"},
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return t.current.Load(), nil },
	}
}

// Watch reads the files when they change, until ctx ends. Every change is told: nil
// for files that are served from now on, or what is wrong with them, and then those
// before them stay. Calls come one at a time.
func (t *TLS) Watch(ctx context.Context, told func(error)) {
	watch(ctx, t.files.paths(), func() {
		if changed, err := t.load(); changed {
			told(err)
		}
	})
}

// load serves what is in the files, and reports whether it is something else than
// before.
func (t *TLS) load() (changed bool, err error) {
	var contents [3][]byte
	sum := sha256.New()
	for i, path := range t.files.paths() {
		contents[i], err = read(path)
		fmt.Fprintf(sum, "%d %v ", len(contents[i]), err)
		sum.Write(contents[i])
		if err != nil {
			break
		}
	}
	seen := t.seen
	if sum.Sum(t.seen[:0]); t.seen == seen {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	config, err := t.configOf(contents)
	if err == nil {
		t.current.Store(config)
	}
	return true, err
}

// configOf makes a configuration of the contents of the files.
func (t *TLS) configOf(contents [3][]byte) (*tls.Config, error) {
	identity, err := tls.X509KeyPair(contents[0], contents[1])
	if err != nil {
		return nil, fmt.Errorf("%s and %s are no certificate and its key in PEM: %w", t.files.Cert, t.files.Key, err)
	}
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
		Certificates: []tls.Certificate{identity},
	}
	if t.files.ClientCA != "" {
		config.ClientCAs = x509.NewCertPool()
		if !config.ClientCAs.AppendCertsFromPEM(contents[2]) {
			return nil, fmt.Errorf("%s holds no certificate in PEM", t.files.ClientCA)
		}
		config.ClientAuth = tls.RequireAndVerifyClientCert
		// A session that is resumed was proved to authorities that may be gone now.
		config.SessionTicketsDisabled = true
	}
	return config, nil
}

// read returns the content of a file that is not too large.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var content bytes.Buffer
	n, err := io.Copy(&content, io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case n > maxFile:
		return nil, fmt.Errorf("%s is larger than 1 MiB, which no certificate is", path)
	}
	return content.Bytes(), nil
}
