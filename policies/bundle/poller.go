package bundle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/policies/source"
)

const (
	pollEvery  = time.Minute
	firstRetry = time.Second
)

// Poller fetches a bundle again and again and reports what is new, as source.Watcher
// does for a directory. What cannot be fetched or verified is an error, and the
// caller goes on with the documents it has.
type Poller struct {
	// Address is https://HOST/PATH or a file. http:// is taken for loopback
	// addresses only.
	Address string
	Options Options
	// Token gives the bearer token for each request; nil: none is sent.
	Token func() (secret.Bytes, error)
	// Roots are the authorities that may vouch for the server; nil: the system's.
	Roots *x509.CertPool
	// Every is the time between requests, give or take a tenth; zero: one minute.
	// After an error it is a second and doubles, up to Every.
	Every time.Duration
	// Cache is the file where the last good bundle is kept, to start with when the
	// server cannot be reached. It is verified as if it came from the server.
	// Empty: none is kept.
	Cache string
	// Changed is called with the documents of another bundle, or with an error. An
	// error is told once until something else is; the documents that follow it are
	// told even if the caller had them before. Calls come one at a time.
	Changed func(source.Documents, error)

	name    string // the address without what may be secret
	docs    source.Documents
	sum     [sha256.Size]byte // of the bundle that docs are from
	etag    string            // the server's name for it
	failure string            // the error last reported, if nothing came after it
}

// answer is what a fetch gives.
type answer struct {
	archive []byte // nil: the server says that it is the one of the etag
	etag    string
}

// Run polls until ctx ends and returns nil, or at once an error if the address or the
// keys can never work. It leaves no goroutine behind, and is called once.
func (p *Poller) Run(ctx context.Context) error {
	fetch, err := p.fetcher()
	if err != nil {
		return err
	}
	if _, err := p.Options.verification(); err != nil {
		return err
	}
	p.load()
	for failures := 0; ; failures++ {
		a, err := fetch(ctx, p.etag)
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			err = p.take(a)
		}
		if err != nil {
			p.fail(err)
		} else {
			failures = -1
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(p.pause(failures)):
		}
	}
}

// pause returns how long to wait, after the first failure (0), the second (1), or
// none (-1).
func (p *Poller) pause(failures int) time.Duration {
	d := p.Every
	if d <= 0 {
		d = pollEvery
	}
	if failures >= 0 && failures < 16 {
		d = min(d, firstRetry<<failures)
	}
	return time.Duration(float64(d) * (0.9 + 0.2*rand.Float64()))
}

// take reports what is new in a.
func (p *Poller) take(a answer) error {
	sum := sha256.Sum256(a.archive)
	if a.archive == nil || sum == p.sum {
		if a.archive != nil {
			p.etag = a.etag
		}
		if p.failure != "" {
			p.tell(p.docs)
		}
		return nil
	}
	docs, err := Read(bytes.NewReader(a.archive), p.name, p.Options)
	if err != nil {
		return err
	}
	p.docs, p.sum, p.etag = docs, sum, a.etag
	p.tell(docs)
	return p.store(a.archive)
}

func (p *Poller) tell(docs source.Documents) {
	p.failure = ""
	p.Changed(docs, nil)
}

func (p *Poller) fail(err error) {
	if err.Error() != p.failure {
		p.failure = err.Error()
		p.Changed(source.Documents{}, err)
	}
}

// load starts with the bundle that was kept.
func (p *Poller) load() {
	if p.Cache == "" {
		return
	}
	archive, err := readLimited(p.Cache, p.Options.maxBytes())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = p.takeKept(archive)
	}
	if err != nil {
		p.fail(fmt.Errorf("the bundle kept in %s: %w", p.Cache, err))
	}
}

func (p *Poller) takeKept(archive []byte) error {
	docs, err := Read(bytes.NewReader(archive), p.name, p.Options)
	if err == nil {
		p.docs, p.sum = docs, sha256.Sum256(archive)
		p.tell(docs)
	}
	return err
}

// store keeps a verified bundle, whole or not at all.
func (p *Poller) store(archive []byte) error {
	if p.Cache == "" {
		return nil
	}
	err := replaceFile(p.Cache, archive)
	if err != nil {
		return fmt.Errorf("the bundle is in force, but a restart will not find it: %w", err)
	}
	return nil
}

func replaceFile(file string, text []byte) error {
	beside, err := os.CreateTemp(filepath.Dir(file), ".bundle-*")
	if err != nil {
		return err
	}
	defer os.Remove(beside.Name()) // fails once it was renamed
	_, err = beside.Write(text)
	if err == nil {
		err = beside.Sync()
	}
	if err = errors.Join(err, beside.Close()); err != nil {
		return err
	}
	return os.Rename(beside.Name(), file)
}
