package hostile_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/codec"
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
	stored = "Horse-Battery" + "-Staple-4711" // the known secret; also as the name of a field, which has capitals so
	gone   = "[REDACTED:db]"                  // what stands in its place, without its fingerprint
	// patience is how long anything may take that must end by itself.
	patience = 20 * time.Second
)

// TestMain keeps quiet what net/http logs of what an upstream sends unasked, as the
// command does that serves ingress.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// field is an ingress between raw peers.
type field struct {
	server *ingress.Server
	addr   string
	api    *api
}

// settings are what a test changes of a field.
type settings struct {
	config  config.Ingress
	decider proxy.Decider
	report  func(*proxy.Redaction)
}

// newField serves until the test ends, and holds then that nothing is left of it.
func newField(t *testing.T, change func(*settings)) *field {
	t.Helper()
	before := runtime.NumGoroutine()
	f := &field{api: newAPI(t)}
	set := settings{config: config.Ingress{Upstream: "http://" + f.api.addr(), KnownLimit: config.KnownLimit{Secrets: -1}}}
	if change != nil {
		change(&set)
	}
	set.config.SetDefaults()
	metrics := ingress.NewMetrics()
	server, err := ingress.New(&set.config, ingress.Options{
		Filter: newFilter(t, &set, metrics), Metrics: metrics, Report: set.report,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.server = server
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.addr = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		f.settled(t)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		f.api.close()
		noneLeft(t, before)
	})
	return f
}

func newFilter(t *testing.T, set *settings, m *ingress.Metrics) *message.Filter {
	t.Helper()
	parsed, err := rules.Parse("test.toml", []byte("[[rules]]\nid = \"token\"\nregex = '''\\btok\\d{8}\\b'''\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := scanner.New(parsed, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
	if err != nil {
		t.Fatal(err)
	}
	texts := proxy.New(s, redact.New(), proxy.Options{
		Carrier: "ingress", Decider: set.decider,
		Known: known.Transient([]known.Value{{Secret: known.Secret{ID: "db", Version: 1}, Plain: secret.Of([]byte(stored))}}),
	})
	return message.New(texts, message.Options{Done: m.Passed, Buffer: int(set.config.Limits.Buffer)})
}

// settled holds that every connection of a client has ended, and that nothing has
// passed unscanned.
func (f *field) settled(t *testing.T) {
	t.Helper()
	for _, gauge := range []string{"connections", "in_flight", "websockets"} {
		line := "\nstanch_ingress_" + gauge + " 0\n"
		eventually(t, "none of "+gauge, func() bool { return strings.Contains(f.metrics(), line) })
	}
	for _, direction := range []string{"request", "response"} {
		if line := fmt.Sprintf("stanch_ingress_unscanned_bytes_total{direction=%q} 0\n", direction); !strings.Contains(f.metrics(), line) {
			t.Error(direction, "passed unscanned")
		}
	}
}

func (f *field) metrics() string {
	w := httptest.NewRecorder()
	f.server.Admin().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// noneLeft holds that there are no more goroutines than before.
func noneLeft(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			var stacks strings.Builder
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, &stacks)
		}
	}
}

// healthy holds that a well-behaved client is answered, and its answer redacted.
func (f *field) healthy(t *testing.T) {
	t.Helper()
	p := f.dial(t)
	p.send("GET /healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	if a := parse(t, "GET", p.all()); a.status != 200 || a.body != "is "+gone {
		t.Fatalf("the server is not healthy afterwards: %+v", a)
	}
}

// ask sends a GET request for a path of its own, which the upstream answers as told,
// and returns what the client got in answer.
func (f *field) ask(t *testing.T, p play) answer {
	t.Helper()
	return f.asks(t, "GET % HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", p)
}

// asks sends a request, in which % stands for the path.
func (f *field) asks(t *testing.T, request string, p play) answer {
	t.Helper()
	path := "/" + strings.Map(func(r rune) rune {
		if r < '/' || r == '^' {
			return '-'
		}
		return r
	}, t.Name())
	f.api.on(path, p)
	client := f.dial(t)
	go client.send(strings.Replace(request, "%", path, 1))
	method, _, _ := strings.Cut(request, " ")
	return parse(t, method, client.all())
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: never", what)
		}
	}
}

// forms are the pieces of the secret, in all forms, that are looked for: every eleven
// bytes of it hold one.
var forms = func() (all []string) {
	const size, step = 8, 4
	for i := 0; i+size <= len(stored); i += step {
		part := strings.ToLower(stored[i : i+size])
		percent := ""
		for _, b := range []byte(stored[i : i+size]) {
			percent += fmt.Sprintf("%%%02x", b)
		}
		all = append(all, part, hex.EncodeToString([]byte(stored[i:i+size])), percent)
	}
	for lead := range 3 { // of base64, whose letters depend on what stands before
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", lead) + stored))
		for i := step; i+size+step < len(text); i += size {
			all = append(all, strings.ToLower(text[i:i+size+step]))
		}
	}
	return all
}()

// clean holds that nothing of the secret is in what a client got, encoded or packed.
func clean(t *testing.T, got string) {
	t.Helper()
	if found := leak(append(unpacked(got), got)...); found != "" {
		t.Fatal(found)
	}
}

// leak says where in texts something of the secret is; empty if nowhere.
func leak(texts ...string) string {
	for _, text := range texts {
		lower := strings.ToLower(text)
		for _, form := range forms {
			if at := strings.Index(lower, form); at >= 0 {
				return fmt.Sprintf("leaked as %q: …%.300q", form, text[max(0, at-100):])
			}
		}
	}
	return ""
}

// unpacked returns the contents of the responses in text, as far as they go, with and
// without their codings.
func unpacked(text string) (contents []string) {
	for r := bufio.NewReader(strings.NewReader(text)); ; {
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return contents
		}
		body, err := io.ReadAll(resp.Body)
		contents = append(contents, string(body), fmt.Sprint(resp.Trailer))
		if chain, bad := codec.ParseChain(resp.Header["Content-Encoding"]); bad == nil && !chain.Identity() {
			decoded, _ := io.ReadAll(chain.NewReader(bytes.NewReader(body), codec.Limits{Ratio: 1 << 20}))
			contents = append(contents, string(decoded))
		}
		if err != nil {
			return contents
		}
	}
}

// fingerprint is what a placeholder tells of a secret, another one in every process.
var fingerprint = regexp.MustCompile(`(\[REDACTED:db):[0-9a-f]{8}]`)

// answer is the last response that a client got, and those before it that informed.
type answer struct {
	status   int // 0 for none
	header   http.Header
	trailer  http.Header
	body     string // decoded
	cut      bool   // it does not look complete
	informed []*http.Response
	rest     string // what came behind it
}

// among reports whether the status is one of a list.
func (a *answer) among(statuses string) bool {
	return slices.Contains(strings.Fields(statuses), strconv.Itoa(a.status))
}

// parse reads what a client got in answer to one request of a method.
func parse(t *testing.T, method, got string) (a answer) {
	t.Helper()
	clean(t, got)
	r := bufio.NewReader(strings.NewReader(got))
	asked := &http.Request{Method: method}
	for {
		resp, err := http.ReadResponse(r, asked)
		if err != nil {
			return answer{cut: true, informed: a.informed}
		}
		if resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
			a.informed = append(a.informed, resp)
			continue
		}
		a.status, a.header = resp.StatusCode, resp.Header
		body, err := io.ReadAll(resp.Body)
		if a.cut = err != nil; !a.cut {
			chain, err := codec.ParseChain(resp.Header["Content-Encoding"])
			if err != nil {
				t.Fatal(err)
			}
			if body, err = io.ReadAll(chain.NewReader(bytes.NewReader(body), codec.Limits{Ratio: 1 << 20})); err != nil {
				t.Errorf("a complete response does not decode: %v", err)
			}
		}
		rest, _ := io.ReadAll(r)
		a.body = fingerprint.ReplaceAllString(string(body), "$1]")
		a.trailer, a.rest = resp.Trailer, string(rest)
		return a
	}
}
