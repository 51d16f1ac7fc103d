package bundle_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/policies/bundle"
	"github.com/stanch-dev/stanch/policies/source"
)

// server serves a bundle with an etag, and counts.
type server struct {
	*httptest.Server
	mu        sync.Mutex
	answer    http.HandlerFunc // instead of the bundle
	archive   []byte
	etags     bool
	requests  []http.Header
	unchanged int // answers 304
}

func serve(t *testing.T, archive []byte) *server {
	t.Helper()
	s := &server{archive: archive, etags: true}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are meant to fail
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Header)
	if s.answer != nil {
		s.answer(w, r)
		return
	}
	if s.etags {
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, s.archive[len(s.archive)-8:]))
	}
	if tag := w.Header().Get("ETag"); tag != "" && tag == r.Header.Get("If-None-Match") {
		s.unchanged++
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(s.archive)
}

// set changes the server between requests.
func (s *server) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// status is an answer without a bundle.
func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
}

func (s *server) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return pool
}

// poller returns a poller of s.
func (s *server) poller() *bundle.Poller {
	return &bundle.Poller{Address: s.URL + "/bundle.tar.gz", Roots: s.roots(), Options: trusting(), Every: 5 * time.Millisecond}
}

type report struct {
	docs source.Documents
	err  error
}

// poll runs p until the test ends and returns its reports.
func poll(t *testing.T, p *bundle.Poller) <-chan report {
	t.Helper()
	reports := make(chan report, 10_000)
	p.Changed = func(docs source.Documents, err error) { reports <- report{docs, err} }
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return reports
}

// next waits for a report. The time is for a machine that does something else.
func next(t *testing.T, reports <-chan report) report {
	t.Helper()
	select {
	case r := <-reports:
		return r
	case <-time.After(time.Minute):
		t.Fatal("no report")
		return report{}
	}
}

func wantRevision(t *testing.T, reports <-chan report, revision string) {
	t.Helper()
	if r := next(t, reports); r.err != nil || r.docs.Revision != revision || len(r.docs.Modules) != 1 {
		t.Fatalf("reported %+v, want revision %s", r, revision)
	}
}

func wantFailure(t *testing.T, reports <-chan report, want string) {
	t.Helper()
	r := next(t, reports)
	wantRefused(t, r.docs, r.err, want)
}

// release is a signed bundle of that revision.
func release(t *testing.T, revision string) []byte {
	t.Helper()
	return archive(t, signed(t, with(policy(), entry{".manifest", strings.Replace(manifest, "r1", revision, 1)})))
}

// eventually waits for what a server counts.
func (s *server) eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 6000 {
		s.mu.Lock()
		ok := is()
		s.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no %s", what)
}

func TestPoller(t *testing.T) {
	s := serve(t, release(t, "r1"))
	p := s.poller()
	p.Token = func() (secret.Bytes, error) { return secret.Of([]byte("tok-1\n")), nil }
	reports := poll(t, p)
	wantRevision(t, reports, "r1")
	s.eventually(t, "answer 304", func() bool { return s.unchanged >= 3 })

	s.set(func() { s.archive = release(t, "r2") })
	wantRevision(t, reports, "r2")
	good := s.archive
	s.set(func() { s.archive = archive(t, policy()) })
	wantFailure(t, reports, "/bundle.tar.gz: the bundle was refused: bundle missing .signatures.json")
	n := 0
	s.set(func() { n = len(s.requests) })
	s.eventually(t, "more requests", func() bool { return len(s.requests) > n+1 })
	if len(reports) > 0 { // asked with the etag of the good one, the server sent it again
		t.Errorf("reported again: %+v", next(t, reports))
	}
	s.set(func() { s.archive = good }) // it comes back: told again, and the error only once
	wantRevision(t, reports, "r2")
	s.set(func() { s.etags, s.archive = false, release(t, "r3") })
	wantRevision(t, reports, "r3")
	s.eventually(t, "requests without an etag", func() bool {
		return len(s.requests) > n+4 && s.requests[len(s.requests)-1].Get("If-None-Match") == ""
	})
	if len(reports) > 0 {
		t.Errorf("reported too much: %+v", next(t, reports))
	}
	s.set(func() {
		for i, h := range s.requests {
			if h.Get("Authorization") != "Bearer tok-1" || h.Get("Prefer") != "modes=snapshot" || h.Get("Accept-Encoding") != "" {
				t.Errorf("request %d has the headers %v", i, h)
			}
		}
	})
}

func TestPollerAnswers(t *testing.T) {
	s := serve(t, release(t, "r1"))
	elsewhere := serve(t, release(t, "elsewhere"))
	plain := httptest.NewServer(elsewhere)
	t.Cleanup(plain.Close)
	reports := poll(t, s.poller())
	wantRevision(t, reports, "r1")
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"not found", status(404), "there is no bundle; see the address: status 404 Not Found"},
		{"not allowed", status(401), "see the token: status 401"},
		{"forbidden", status(403), "see the token: status 403"},
		{"busy", status(503), "the server answers status 503 Service Unavailable"},
		{"nothing", status(204), "the server answers status 204"},
		{"a page", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "<html>log in</html>") }, "not a bundle, which is a tar.gz"},
		{"cut off", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(s.archive)))
			_, _ = w.Write(s.archive[:len(s.archive)/2])
		}, "the bundle is cut off"},
		{"closed", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, "bundle.tar.gz: "},
		{"another host", redirect(elsewhere.URL + "/bundle.tar.gz"), "a redirect to another host, 127.0.0.1:"},
		{"not encrypted", redirect(plain.URL + "/bundle.tar.gz"), "a redirect from https:// to http:// is not followed"},
		{"a file", redirect("file:///etc/passwd"), "a redirect from https:// to file:// is not followed"},
		{"round and round", redirect("/bundle.tar.gz"), "more than five redirects"},
		{"an enormous header", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("ETag", strings.Repeat("x", 1<<20)) }, "bundle.tar.gz: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.set(func() { s.answer = c.answer })
			wantFailure(t, reports, c.want)
			s.set(func() { s.answer = nil })
			wantRevision(t, reports, "r1")
		})
	}
	if elsewhere.set(func() {}); len(elsewhere.requests) > 0 {
		t.Error("a redirect to another server was followed")
	}
	s.set(func() {
		s.answer = func(w http.ResponseWriter, r *http.Request) {
			if s.answer = nil; r.URL.Path != "/other" {
				http.Redirect(w, r, "/other", http.StatusFound)
			}
		}
		s.archive = release(t, "r2")
	})
	wantRevision(t, reports, "r2") // a redirect on the same server is followed
}

// TestPollerTLS asks servers that nobody vouches for, or that speak an old TLS.
func TestPollerTLS(t *testing.T) {
	s := serve(t, release(t, "r1"))
	p := s.poller()
	p.Roots = x509.NewCertPool()
	wantFailure(t, poll(t, p), "certificate")

	old := &server{archive: s.archive}
	old.Server = httptest.NewUnstartedServer(old)
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	wantFailure(t, poll(t, old.poller()), "protocol version")
	if len(s.requests)+len(old.requests) > 0 {
		t.Error("a request was sent")
	}
}

// TestPollerCache starts without a server, from what was kept.
func TestPollerCache(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "bundle.tar.gz")
	s := serve(t, release(t, "r1"))
	down := *s.poller()
	down.Cache = cache
	run := func(p bundle.Poller, check func(reports <-chan report)) {
		p.Every = 5 * time.Millisecond
		reports := make(chan report, 10_000)
		p.Changed = func(docs source.Documents, err error) { reports <- report{docs, err} }
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- p.Run(ctx) }()
		check(reports)
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	run(down, func(reports <-chan report) {
		wantRevision(t, reports, "r1")
		s.set(func() { s.archive = archive(t, policy()) }) // a bad one is not kept
		wantFailure(t, reports, "missing .signatures.json")
	})
	s.set(func() { s.answer = status(503) })
	run(down, func(reports <-chan report) {
		wantRevision(t, reports, "r1")
		wantFailure(t, reports, "status 503")
		s.set(func() { s.answer, s.archive = nil, release(t, "r2") }) // the server is up again
		wantRevision(t, reports, "r2")
	})
	if info, err := os.Stat(cache); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file kept: %v, %v", info, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(cache), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.WriteFile(cache, archive(t, policy()), 0o600); err != nil { // somebody else's
		t.Fatal(err)
	}
	s.set(func() { s.answer = status(503) })
	run(down, func(reports <-chan report) {
		wantFailure(t, reports, "the bundle kept in "+cache)
		wantFailure(t, reports, "status 503")
	})
	folder := down
	folder.Cache = t.TempDir()
	s.set(func() { s.answer = nil })
	run(folder, func(reports <-chan report) {
		wantFailure(t, reports, "is not a regular file")
		wantRevision(t, reports, "r2")
		wantFailure(t, reports, "the bundle is in force, but a restart will not find it")
		wantRevision(t, reports, "r2")
	})
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(folder.Cache), ".*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPollerFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bundle.tar.gz")
	for _, scheme := range []string{"", "file:", "file://"} {
		_ = os.Remove(file)
		reports := poll(t, &bundle.Poller{Address: scheme + file, Options: trusting(), Every: 5 * time.Millisecond})
		wantFailure(t, reports, "no such file")
		put := func(archive []byte) {
			beside := file + ".new"
			if err := errors.Join(os.WriteFile(beside, archive, 0o600), os.Rename(beside, file)); err != nil {
				t.Fatal(err)
			}
		}
		put(release(t, "r1"))
		wantRevision(t, reports, "r1")
		put(release(t, "r1")[:200])
		wantFailure(t, reports, file+": the bundle is cut off")
		put(release(t, "r2"))
		wantRevision(t, reports, "r2")
	}
	wantFailure(t, poll(t, &bundle.Poller{Address: filepath.Dir(file), Options: trusting()}), "is not a regular file")
	small := trusting()
	small.MaxBytes = 100
	wantFailure(t, poll(t, &bundle.Poller{Address: file, Options: small}), "more than 100 bytes sent")
}

// TestPollerNeverWorks holds that a mistake in the settings is told at once, without
// what may be secret.
func TestPollerNeverWorks(t *testing.T) {
	for name, c := range map[string]struct {
		address string
		options bundle.Options
		want    string
	}{
		"no address":     {"", trusting(), "no address is given"},
		"another scheme": {"s3://bucket/hunter2", trusting(), `addresses that begin with "s3:" are not known`},
		"not encrypted":  {"http://policies.example.com/b?key=hunter2", trusting(), "http://policies.example.com is not encrypted"},
		"a password":     {"https://user:hunter2@policies.example.com/b", trusting(), "has a user in it"},
		"no URL":         {"https://hunter2%zz/b", trusting(), "the address is not a URL"},
		"no host":        {"https:///hunter2", trusting(), "the address is not a URL"},
		"no keys":        {"https://policies.example.com/b", bundle.Options{}, "there is no key to verify them with"},
	} {
		t.Run(name, func(t *testing.T) {
			p := bundle.Poller{Address: c.address, Options: c.options, Changed: func(source.Documents, error) { t.Error("called") }}
			err := p.Run(context.Background())
			wantRefused(t, source.Documents{}, err, c.want)
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// TestPollerKeepsQuiet holds that errors leave out the query and the token.
func TestPollerKeepsQuiet(t *testing.T) {
	s := serve(t, nil)
	s.Close()
	for name, token := range map[string]string{"down": "hunter2", "broken": "hunter2\x00"} {
		p := s.poller()
		p.Address += "?key=hunter2"
		p.Token = func() (secret.Bytes, error) { return secret.Of([]byte(token)), nil }
		r := next(t, poll(t, p))
		wantRefused(t, r.docs, r.err, "/bundle.tar.gz: ")
		if strings.Contains(r.err.Error(), "hunter2") || strings.Contains(r.err.Error(), "?") {
			t.Errorf("%s: the error tells a secret: %v", name, r.err)
		}
	}
	p := s.poller()
	p.Token = func() (secret.Bytes, error) { return secret.Bytes{}, errors.New("the file is missing") }
	wantFailure(t, poll(t, p), "the token: the file is missing")
}

// TestPollerEnds stops while the server keeps us waiting.
func TestPollerEnds(t *testing.T) {
	asked, enough := make(chan struct{}), make(chan struct{})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(asked)
		<-enough
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(enough) })
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	ctx, stop := context.WithCancel(context.Background())
	p := bundle.Poller{Address: s.URL, Roots: pool, Options: trusting(), Changed: func(_ source.Documents, err error) { t.Errorf("reported %v", err) }}
	go func() { <-asked; stop() }()
	if err := p.Run(ctx); err != nil {
		t.Error(err)
	}
}
