package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// fields are the header that each request has.
var fields = [][2]string{{"User-Agent", "bench/1.0"}, {"Accept", "application/json"}, {"Accept-Encoding", "identity"}}

// client asks over one protocol.
type client struct {
	conns      int
	transports []*http.Transport
}

// h2conns is over how many connections requests of HTTP/2 are spread.
const h2conns = 4

// newClient returns a client for so many requests at once.
func newClient(protocol string, conns int) *client {
	c := &client{conns: conns}
	n := 1
	if protocol == h2 {
		n = h2conns
	}
	for range n {
		t := &http.Transport{
			DisableCompression: true, MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns, Protocols: new(http.Protocols),
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		}
		t.Protocols.SetHTTP1(protocol == h1)
		t.Protocols.SetHTTP2(protocol == h2)
		c.transports = append(c.transports, t)
	}
	return c
}

func (c *client) close() {
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}

// open sends one request, of which the response must be fine.
func (c *client) open(ctx context.Context, worker int, url string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	for _, f := range fields {
		r.Header.Set(f[0], f[1])
	}
	resp, err := c.transports[worker%len(c.transports)].RoundTrip(r)
	if err == nil && resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("its answer is %s", resp.Status)
	}
	return resp, err
}

// get returns the content and header of a response.
func (c *client) get(ctx context.Context, url string) ([]byte, http.Header, error) {
	resp, err := c.open(ctx, 0, url)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return content, resp.Header, err
}

// drive asks for a URL again and again, and counts the responses.
func (c *client) drive(ctx context.Context, url string, span time.Duration) (responses int64, took time.Duration, err error) {
	var done atomic.Int64
	var workers sync.WaitGroup
	errs := make([]error, c.conns)
	begin := time.Now()
	for i := range c.conns {
		workers.Go(func() {
			buf := make([]byte, 32<<10)
			for errs[i] == nil && time.Since(begin) < span {
				errs[i] = c.drain(ctx, i, url, buf)
				done.Add(1)
			}
		})
	}
	workers.Wait()
	return done.Load(), time.Since(begin), errors.Join(errs...)
}

func (c *client) drain(ctx context.Context, worker int, url string, buf []byte) error {
	resp, err := c.open(ctx, worker, url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for err == nil {
		_, err = resp.Body.Read(buf)
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// runWrk does the same with wrk, over HTTP/1.1.
func runWrk(ctx context.Context, url string, conns int, span time.Duration) (responses int64, took time.Duration, err error) {
	seconds := max(1, int(span.Round(time.Second)/time.Second)) // wrk knows no fractions
	args := []string{"-t1", "-c" + strconv.Itoa(conns), fmt.Sprintf("-d%ds", seconds), "--timeout", "30s"}
	for _, f := range fields {
		args = append(args, "-H", f[0]+": "+f[1])
	}
	cmd := exec.CommandContext(ctx, "wrk", append(args, url)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	said, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("wrk: %w: %s", err, said)
	}
	return readWrk(string(said))
}

var wrkTotal = regexp.MustCompile(`(?m)^\s*(\d+) requests in ([0-9.]+)(us|ms|s|m|h),`)

// readWrk reads what wrk says at its end.
func readWrk(said string) (responses int64, took time.Duration, err error) {
	for line := range strings.Lines(said) {
		if strings.Contains(line, "Non-2xx") || strings.Contains(line, "Socket errors") {
			return 0, 0, fmt.Errorf("wrk: %s", strings.TrimSpace(line))
		}
	}
	m := wrkTotal.FindStringSubmatch(said)
	if m == nil {
		return 0, 0, fmt.Errorf("wrk says nothing that is known: %q", said)
	}
	responses, err1 := strconv.ParseInt(m[1], 10, 64)
	took, err2 := time.ParseDuration(m[2] + m[3])
	return responses, took, errors.Join(err1, err2)
}
