package ingress_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/ingress"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

const (
	testRules = `
[[rules]]
id = "token"
regex = '''\btok\d{4,12}\b'''
`
	token    = "tok" + "1234"
	redacted = "[REDACTED:token]"
	stored   = "horse-battery" + "-staple-4711" // a known secret
)

// deployment is an ingress in front of an API, and what it has told.
type deployment struct {
	*ingress.Server
	url     string
	client  *http.Client // HTTP/1.1, that follows no redirect
	metrics *ingress.Metrics
	access  *lines
	log     *lines
	stop    func() error // drains, and returns what Serve has
}

func jsonLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// lines gathers what is logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// decider redacts, but for what it is told to allow or block.
type decider map[string]proxy.Action // by part

func (d decider) Decide(_ context.Context, q *proxy.Question) proxy.Decision {
	return proxy.Decision{Action: d[q.Part]}
}

func newFilter(tb testing.TB, opts proxy.Options, m *ingress.Metrics) *message.Filter {
	tb.Helper()
	set, err := rules.Parse("test.toml", []byte(testRules))
	if err != nil {
		tb.Fatal(err)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
	if err != nil {
		tb.Fatal(err)
	}
	opts.Carrier = "ingress"
	opts.Known = known.Transient([]known.Value{{Secret: known.Secret{ID: "db", Version: 1}, Plain: secret.Of([]byte(stored))}})
	return message.New(proxy.New(s, redact.New(), opts), message.Options{Done: func(p *message.Passage) {
		if d, _ := opts.Decider.(panicking); string(d) == p.Source.Direction {
			panic("oh no")
		}
		m.Passed(p)
	}})
}

// panicking is the direction in which a message makes the filter panic when it ends.
type panicking string

func (panicking) Decide(context.Context, *proxy.Question) proxy.Decision { return proxy.Decision{} }

// configure returns a configuration with its defaults, changed.
func configure(upstream string, change func(*config.Ingress)) *config.Ingress {
	cfg := &config.Ingress{Upstream: upstream}
	if change != nil {
		change(cfg)
	}
	cfg.SetDefaults()
	return cfg
}

// deploy serves an API behind ingress until the test ends.
func deploy(tb testing.TB, api http.Handler, change func(*config.Ingress)) *deployment {
	tb.Helper()
	upstream := httptest.NewServer(api)
	tb.Cleanup(upstream.Close)
	return front(tb, configure(upstream.URL, change), proxy.Options{})
}

// front serves what cfg says.
func front(tb testing.TB, cfg *config.Ingress, opts proxy.Options) *deployment {
	tb.Helper()
	d := &deployment{metrics: ingress.NewMetrics(), access: &lines{}, log: &lines{}}
	var err error
	opts.Shadow = cfg.Shadow
	options := ingress.Options{Filter: newFilter(tb, opts, d.metrics), Metrics: d.metrics, Log: jsonLog(d.log), AccessLog: d.access}
	if cfg.AccessLog == "none" {
		options.AccessLog = nil
	}
	d.Server, err = ingress.New(cfg, options)
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, listener) }()
	d.stop = sync.OnceValue(func() error {
		d.client.CloseIdleConnections()
		cancel()
		return <-ended
	})
	tb.Cleanup(func() { _ = d.stop() })
	d.url = "http://" + listener.Addr().String()
	if cfg.TLS != nil {
		d.url = "https://" + listener.Addr().String()
	}
	d.client = &http.Client{Transport: &http.Transport{DisableCompression: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return d
}

// h2 returns a client of HTTP/2, without TLS unless there is a configuration of it.
func h2(tb testing.TB, cfg *tls.Config) *http.Client {
	transport := &http.Transport{TLSClientConfig: cfg, Protocols: new(http.Protocols), DisableCompression: true}
	transport.Protocols.SetHTTP2(cfg != nil)
	transport.Protocols.SetUnencryptedHTTP2(cfg == nil)
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get asks for a path and returns the response with its body.
func (d *deployment) get(tb testing.TB, path string, header ...string) (*http.Response, string) {
	tb.Helper()
	r, err := http.NewRequest(http.MethodGet, d.url+path, nil)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return do(tb, d.client, r)
}

func do(tb testing.TB, client *http.Client, r *http.Request) (*http.Response, string) {
	tb.Helper()
	resp, err := client.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp, string(body)
}

// raw sends bytes on a connection of its own and returns it.
func (d *deployment) raw(tb testing.TB, text string) net.Conn {
	tb.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.url, "http://"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		tb.Fatal(err)
	}
	return conn
}

// scrape returns the metrics.
func (d *deployment) scrape(tb testing.TB) string {
	w := httptest.NewRecorder()
	d.Admin().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// eventually waits until something holds, for as long as a test may take.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	tb.Fatalf("%s: never", what)
}

// principals is a decider that tells who it was asked about first.
type principals chan string

func (p principals) Decide(_ context.Context, q *proxy.Question) proxy.Decision {
	select {
	case p <- q.Principal:
	default:
	}
	return proxy.Decision{}
}
