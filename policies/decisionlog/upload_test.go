package decisionlog_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

// service takes decision logs as a control plane does, over TLS.
type service struct {
	*httptest.Server
	answer func(request int, events []string) int // a status

	mu       sync.Mutex
	requests []http.Header
	paths    []string
	taken    []string // decision ids of requests answered with 2xx
}

func newService(t *testing.T, answer func(request int, events []string) int) *service {
	s := &service{answer: answer}
	s.Server = httptest.NewUnstartedServer(s)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Server.Close)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	zip, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var events []struct {
		ID string `json:"decision_id"`
	}
	if err := json.NewDecoder(zip).Decode(&events); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r.Header)
	s.paths = append(s.paths, r.Method+" "+r.URL.Path)
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	status := s.answer(len(s.requests), ids)
	if status/100 == 2 {
		s.taken = append(s.taken, ids...)
	}
	w.Header().Set("Location", "https://other.example.com/logs")
	w.WriteHeader(status)
}

func (s *service) options(report func(error)) decisionlog.UploadOptions {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return decisionlog.UploadOptions{Service: s.URL + "/base", TLS: &tls.Config{RootCAs: roots}, MinDelay: time.Millisecond, MaxDelay: 2 * time.Millisecond, Report: report}
}

func upload(t *testing.T, o decisionlog.UploadOptions) *decisionlog.Upload {
	t.Helper()
	u, err := decisionlog.NewUpload(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close(canceled()) })
	return u
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// closeAfterFailure closes u with a ctx that ends when a request has failed.
func closeAfterFailure(u *decisionlog.Upload) error {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for u.Stats().Failures == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	return u.Close(ctx)
}

func line(id string) []byte { return fmt.Appendf(nil, `{"decision_id":%q}`, id) }

func ids(from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("d%03d", i))
	}
	return all
}

func write(t *testing.T, u *decisionlog.Upload, ids []string) {
	t.Helper()
	for _, id := range ids {
		if err := u.Write(line(id)); err != nil {
			t.Fatal(err)
		}
	}
}

func ok(int, []string) int { return http.StatusOK }

func TestUpload(t *testing.T) {
	s := newService(t, ok)
	o := s.options(nil)
	o.Partition = "eu/1"
	o.Token = func() (string, error) { return "to" + "ken\n", nil }
	o.MinDelay, o.MaxDelay = time.Hour, time.Hour // so that all of it is Close's
	u := upload(t, o)
	log := decisionlog.New([]decisionlog.Sink{u}, decisionlog.Options{})
	engine := policies.NewEngine(snapshot(t), log.Record)
	var want []string
	for range 3 {
		want = append(want, engine.Access(context.Background(), access("read")).ID.String())
	}
	if err := log.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.taken, want) {
		t.Errorf("the service took %v, want %v", s.taken, want)
	}
	if got := u.Stats(); got != (decisionlog.UploadStats{Uploaded: 3}) {
		t.Errorf("stats %+v", got)
	}
	if s.paths[0] != "POST /base/logs/eu/1" {
		t.Errorf("request %s", s.paths[0])
	}
	for name, want := range map[string]string{"Authorization": "Bearer token", "Content-Encoding": "gzip", "Content-Type": "application/json"} {
		if got := s.requests[0].Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if err := u.Write(line("late")); err == nil {
		t.Error("a closed sink took an event")
	}
	if err := u.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestUploadByItself waits for uploads that nobody asked for.
func TestUploadByItself(t *testing.T) {
	for name, change := range map[string]func(*decisionlog.UploadOptions){
		"after the delay": func(*decisionlog.UploadOptions) {},
		"a full chunk":    func(o *decisionlog.UploadOptions) { o.ChunkBytes, o.MinDelay, o.MaxDelay = 50, time.Hour, time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			took := make(chan int, 10)
			s := newService(t, func(_ int, events []string) int { took <- len(events); return http.StatusNoContent })
			o := s.options(nil)
			change(&o)
			write(t, upload(t, o), ids(0, 3))
			for n := 0; n < 3; n += <-took {
			}
		})
	}
}

// TestUploadChunks checks that requests keep to the limit, and the order.
func TestUploadChunks(t *testing.T) {
	var sizes []int
	s := newService(t, func(_ int, events []string) int { sizes = append(sizes, len(events)); return http.StatusOK })
	o := s.options(nil)
	o.MinDelay, o.MaxDelay, o.ChunkBytes = time.Hour, time.Hour, 10*len(line("d000"))
	u := upload(t, o)
	want := append(ids(0, 9), strings.Repeat("x", o.ChunkBytes))
	write(t, u, want)
	if err := u.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.taken, want) || slices.Max(sizes) > 10 || len(sizes) < 2 {
		t.Errorf("requests of %v events: %v", sizes, s.taken)
	}
}

func TestUploadRetries(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(request int, events []string) int
		report string
	}{
		"unavailable": {func(n int, _ []string) int { return map[bool]int{true: 503, false: 200}[n < 4] }, "answered 503"},
		"denied":      {func(n int, _ []string) int { return map[bool]int{true: 401, false: 200}[n < 4] }, "answered 401"},
		"redirect":    {func(n int, _ []string) int { return map[bool]int{true: 307, false: 200}[n < 4] }, "answered 307"},
	} {
		t.Run(name, func(t *testing.T) {
			var p problems
			s := newService(t, c.answer)
			u := upload(t, s.options(p.report))
			want := ids(0, 5)
			write(t, u, want)
			for u.Stats().Failures < 1 {
				time.Sleep(time.Millisecond)
			}
			if err := u.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(s.taken, want) {
				t.Errorf("the service took %v, want %v", s.taken, want)
			}
			if got := u.Stats(); got.Failures != 3 || got.Uploaded != 5 || got.Dropped != 0 {
				t.Errorf("stats %+v", got)
			}
			if !strings.Contains(p.String(), c.report) {
				t.Errorf("reported %s, want %q", &p, c.report)
			}
		})
	}
}

// TestUploadTooLarge has a service that takes three events at a time, and d005 never.
func TestUploadTooLarge(t *testing.T) {
	var p problems
	s := newService(t, func(_ int, events []string) int {
		if len(events) > 3 || slices.Contains(events, "d005") {
			return http.StatusRequestEntityTooLarge
		}
		return http.StatusOK
	})
	o := s.options(p.report)
	o.MinDelay, o.MaxDelay = time.Hour, time.Hour
	u := upload(t, o)
	write(t, u, ids(0, 12))
	if err := u.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := append(ids(0, 5), ids(6, 12)...); !slices.Equal(s.taken, want) {
		t.Errorf("the service took %v, want %v", s.taken, want)
	}
	if got := u.Stats(); got.Uploaded != 11 || got.Dropped != 1 || got.Failures != 0 || !strings.Contains(p.String(), "an event of 22 bytes was dropped") {
		t.Errorf("stats %+v, reported %s", got, &p)
	}
}

// TestUploadBuffer has a service that is away for longer than the buffer lasts.
func TestUploadBuffer(t *testing.T) {
	var p problems
	s := newService(t, ok)
	o := s.options(p.report)
	o.MinDelay, o.MaxDelay, o.BufferBytes = time.Hour, time.Hour, 10*len(line("d000"))
	u := upload(t, o)
	write(t, u, ids(0, 25))
	if err := u.Write(line(strings.Repeat("x", o.BufferBytes))); err == nil {
		t.Error("an event larger than the buffer was taken")
	}
	if err := u.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if want := ids(15, 25); !slices.Equal(s.taken, want) {
		t.Errorf("the service took %v, want %v", s.taken, want)
	}
	if got := u.Stats(); got.Dropped != 16 || got.Uploaded != 10 || !strings.Contains(p.String(), "16 events were dropped") {
		t.Errorf("stats %+v, reported %s", got, &p)
	}
}

func TestUploadCloseGivesUp(t *testing.T) {
	s := newService(t, func(int, []string) int { return 500 })
	o := s.options(nil)
	o.MinDelay, o.MaxDelay = time.Hour, time.Hour
	u := upload(t, o)
	write(t, u, ids(0, 4))
	if err := closeAfterFailure(u); err == nil || !strings.Contains(err.Error(), "4 events were lost") {
		t.Errorf("close: %v", err)
	}
	if got := u.Stats(); got.Dropped != 4 || got.Waiting != 0 {
		t.Errorf("stats %+v", got)
	}
}

func TestUploadNeedsTrust(t *testing.T) {
	s := newService(t, ok)
	for name, c := range map[string]struct {
		change func(*decisionlog.UploadOptions)
		want   string
	}{
		"unknown authority": {func(o *decisionlog.UploadOptions) { o.TLS = nil }, "certificate"},
		"no token": {func(o *decisionlog.UploadOptions) {
			o.Token = func() (string, error) { return "", errors.New("no such file") }
		}, "getting the token: no such file"},
		"wrong token": {func(o *decisionlog.UploadOptions) { o.Token = func() (string, error) { return "a\nb", nil } }, "invalid header"},
		"TLS 1.1": {func(o *decisionlog.UploadOptions) {
			old := httptest.NewUnstartedServer(http.NotFoundHandler())
			old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
			old.Config.ErrorLog = log.New(io.Discard, "", 0)
			old.StartTLS()
			t.Cleanup(old.Close)
			o.Service, o.TLS.MinVersion = old.URL, tls.VersionTLS10
		}, "protocol version"},
	} {
		t.Run(name, func(t *testing.T) {
			o := s.options(nil)
			o.MinDelay, o.MaxDelay = time.Hour, time.Hour
			c.change(&o)
			u := upload(t, o)
			write(t, u, ids(0, 1))
			if err := closeAfterFailure(u); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "a\nb") {
				t.Errorf("close: %v, want %q", err, c.want)
			}
		})
	}
}

func TestUploadOptions(t *testing.T) {
	token := func() (string, error) { return "", nil }
	for name, c := range map[string]struct {
		options decisionlog.UploadOptions
		want    string
	}{
		"none":            {decisionlog.UploadOptions{}, "not a URL"},
		"no scheme":       {decisionlog.UploadOptions{Service: "example.com"}, "not a URL"},
		"plain":           {decisionlog.UploadOptions{Service: "http://example.com"}, "not https"},
		"a file":          {decisionlog.UploadOptions{Service: "file://localhost/x"}, "not https"},
		"token and plain": {decisionlog.UploadOptions{Service: "http://127.0.0.1:1", Token: token}, "token must not be sent"},
		"credentials":     {decisionlog.UploadOptions{Service: "https://u:" + "p@example.com"}, "has credentials"},
		"query":           {decisionlog.UploadOptions{Service: "https://example.com?x=1"}, "has credentials"},
		"negative":        {decisionlog.UploadOptions{Service: "https://example.com", ChunkBytes: -1}, "must not be negative"},
		"delays":          {decisionlog.UploadOptions{Service: "https://example.com", MinDelay: time.Hour, MaxDelay: time.Minute}, "must not be negative"},
		"local":           {decisionlog.UploadOptions{Service: "http://localhost:1"}, ""},
		"a short delay":   {decisionlog.UploadOptions{Service: "https://example.com", MaxDelay: time.Second}, ""},
	} {
		u, err := decisionlog.NewUpload(c.options)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if u != nil {
			u.Close(context.Background())
		}
	}
}

// TestUploadIsReadBack reads what the service gets with Reader.
func TestUploadIsReadBack(t *testing.T) {
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { body, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	u := upload(t, decisionlog.UploadOptions{Service: server.URL, MinDelay: time.Hour})
	log := decisionlog.New([]decisionlog.Sink{u}, decisionlog.Options{})
	engine := policies.NewEngine(snapshot(t), log.Record)
	engine.Access(context.Background(), access("read"))
	engine.Access(context.Background(), access("write"))
	if err := log.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	entries := readAll(t, strings.NewReader(string(body)))
	if len(entries) != 2 || entries[1].Input.(*policies.AccessInput).Action.Name != "write" || entries[1].Replayable() != nil {
		t.Errorf("entries %+v", entries)
	}
}
