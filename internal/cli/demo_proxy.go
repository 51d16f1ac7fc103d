package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/proxy/ingress"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// demoAPI is an API that tells too much. It remembers the request line that it was
// sent last, as its access log would.
type demoAPI struct {
	answer string
	mu     sync.Mutex // guards line
	line   string
}

func (a *demoAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.line = r.Method + " " + r.URL.RequestURI()
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusInternalServerError)
	io.WriteString(w, a.answer)
}

// proxy asks the API something twice, directly and through the proxy in front of it,
// and shows what has changed.
func (d *demo) proxy(ctx context.Context, in *demoInput) error {
	ctx, stop := context.WithCancel(ctx)
	var servers sync.WaitGroup
	defer servers.Wait()
	defer stop()
	api := &demoAPI{answer: in.answer}
	apiAddress, err := serveDemo(ctx, &servers, func(ctx context.Context, l net.Listener) error {
		return serveUntil(ctx, l, api)
	})
	if err != nil {
		return err
	}
	cfg := &config.Ingress{Upstream: "http://" + apiAddress}
	cfg.SetDefaults()
	wiring := messageWiring{std: d.std, base: redact.New(), report: talk(d.std)}
	parts, err := wiring.parts(cfg)
	if err != nil {
		return err
	}
	server, err := ingress.New(cfg, ingress.Options{Filter: parts.filter})
	if err != nil {
		return err
	}
	address, err := serveDemo(ctx, &servers, server.Serve)
	if err != nil {
		return err
	}
	direct, err := api.ask(ctx, apiAddress, in.request)
	if err != nil {
		return err
	}
	through, err := api.ask(ctx, address, in.request)
	if err != nil {
		return err
	}
	d.compareLines(direct, through)
	return nil
}

// serveDemo serves on a free port of loopback until ctx ends.
func serveDemo(ctx context.Context, servers *sync.WaitGroup, serve func(context.Context, net.Listener) error) (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	servers.Go(func() { serve(ctx, l) }) // what fails shows in the request
	return l.Addr().String(), nil
}

// ask sends a request to an address, and returns what the API has logged and what it
// has answered.
func (a *demoAPI) ask(ctx context.Context, address string, request demoRequest) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+request.target, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", request.authorization)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	lines := []string{"its access log: " + a.line, "HTTP/1.1 " + answer.Status}
	return append(lines, strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")...), nil
}

// compareLines shows as many lines before and after.
func (d *demo) compareLines(before, after []string) {
	for i, line := range before {
		if i < len(after) && line != after[i] {
			d.pair(line, after[i])
			continue
		}
		fmt.Fprintln(d.std.out, "  "+cut(line, demoColumns-len("  ")))
	}
}
