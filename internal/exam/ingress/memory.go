package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// settle is how long a proxy is left alone before its memory is read.
const settle = 2 * time.Second

// idleRounds is how often idle connections are opened; the least memory counts.
const idleRounds = 2

// measureIdle measures what a connection costs that is kept alive after a request.
func (b *bench) measureIdle(ctx context.Context) error {
	best := map[string]idle{}
	starters := b.proxies()[:2]
	for round := range idleRounds {
		for _, s := range starters {
			b.say("%d idle connections, round %d of %d: %s", b.idle, round+1, idleRounds, s.name)
			got, err := b.idleOnce(ctx, s)
			if err != nil {
				b.miss("idle connections of %s were not measured: %v", s.name, err)
				continue
			}
			if before, ok := best[s.name]; !ok || got.Each < before.Each {
				best[s.name] = got
			}
		}
	}
	for _, s := range starters {
		if got, ok := best[s.name]; ok {
			b.report.Idle = append(b.report.Idle, got)
		}
	}
	return ctx.Err()
}

func (b *bench) idleOnce(ctx context.Context, s starter) (idle, error) {
	defer b.stopAll()
	got := idle{Target: s.name, Connections: b.idle}
	api, err := b.startRole(ctx, roleAPI, "", h1)
	if err != nil {
		return got, err
	}
	p, err := s.start(ctx, api, h1)
	if err != nil {
		return got, err
	}
	client := newClient(h1, b.conns)
	_, _, err = client.drive(ctx, urlOf(p, h1)+load{bytes: small}.path(), b.span/4)
	client.close()
	if err != nil {
		return got, err
	}
	time.Sleep(settle)
	if got.Before, _, err = p.rss(); err != nil {
		return got, err
	}
	conns, err := openIdle(p.address, b.idle)
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	if err != nil {
		return got, err
	}
	time.Sleep(settle)
	got.After, _, err = p.rss()
	got.Each = (got.After - got.Before) / int64(b.idle)
	return got, err
}

// openIdle opens connections, with one request on each.
func openIdle(address string, n int) ([]net.Conn, error) {
	const atOnce = 8
	conns := make([]net.Conn, n)
	errs := make([]error, atOnce)
	var workers sync.WaitGroup
	for w := range atOnce {
		workers.Go(func() {
			for i := w; i < n && errs[w] == nil; i += atOnce {
				conns[i], errs[w] = openOne(address)
			}
		})
	}
	workers.Wait()
	var open []net.Conn
	for _, c := range conns {
		if c != nil {
			open = append(open, c)
		}
	}
	return open, errors.Join(errs...)
}

func openOne(address string) (net.Conn, error) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	request := "GET " + load{bytes: small}.path() + " HTTP/1.1\r\nHost: " + address + "\r\n"
	for _, f := range fields {
		request += f[0] + ": " + f[1] + "\r\n"
	}
	if _, err := io.WriteString(c, request+"\r\n"); err != nil {
		return c, err
	}
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return c, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return c, fmt.Errorf("its answer is %s", resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return c, err
}

// measureLong takes a long body through stanch.
func (b *bench) measureLong(ctx context.Context) error {
	defer b.stopAll()
	api, err := b.startRole(ctx, roleAPI, "", h1)
	if err != nil {
		return err
	}
	p, err := b.startStanch(ctx, api, h1)
	if err != nil {
		return err
	}
	client := newClient(h1, 1)
	defer client.close()
	size := int64(b.longGiB * (1 << 30))
	b.say("a body of %s", mebibytes(size))
	got := &long{Bytes: size}
	if got.Before, _, err = p.rss(); err != nil {
		return err
	}
	cpu, err := p.cpu()
	if err != nil {
		return err
	}
	begin := time.Now()
	resp, err := client.open(ctx, 0, fmt.Sprintf("%s%s?bytes=%d", urlOf(p, h1), pathLong, size))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := got.follow(ctx, p, resp.Body); err != nil {
		return err
	}
	took := time.Since(begin)
	after, err := p.cpu()
	got.Seconds, got.CPU = took.Seconds(), (after - cpu).Seconds()
	b.report.Long = got
	return err
}

// follow reads a body to its end, and the memory of the proxy meanwhile.
func (l *long) follow(ctx context.Context, p *process, body io.Reader) error {
	var read atomic.Int64
	ctx, stop := context.WithCancel(ctx)
	sampled := make(chan error, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				sampled <- nil
				return
			case <-time.After(100 * time.Millisecond):
			}
			now, _, err := p.rss()
			if err != nil {
				sampled <- err
				return
			}
			half := &l.First
			if read.Load() > l.Bytes/2 {
				half = &l.Second
			}
			*half = max(*half, now)
		}
	}()
	err := l.search(body, &read)
	stop()
	if err := errors.Join(err, <-sampled); err != nil {
		return err
	}
	_, l.Peak, err = p.rss()
	return err
}

// search reads a body, and counts the secrets in it.
func (l *long) search(body io.Reader, read *atomic.Int64) error {
	secret := []byte(token())
	buf := make([]byte, 256<<10)
	kept := 0
	for {
		n, err := body.Read(buf[kept:])
		read.Add(int64(n))
		text := buf[:kept+n]
		l.Leaked += bytes.Count(text, secret)
		kept = copy(buf, text[max(0, len(text)-len(secret)+1):])
		switch {
		case err == io.EOF && read.Load() < l.Bytes/2:
			return fmt.Errorf("the long body ended after %d bytes", read.Load())
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func mebibytes(n int64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/(1<<20)), ".0") + " MiB"
}
