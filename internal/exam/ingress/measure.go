package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Protocols between client and proxy. Upstream it is HTTP/1.1 without TLS, always.
const (
	h1 = "h1" // without TLS
	h2 = "h2" // with TLS
)

// load is what is asked of a target again and again.
type load struct {
	protocol string
	bytes    int
	finding  bool // there is a secret in the response
}

func (l load) path() string {
	path := fmt.Sprintf("/v1/orders/%d", l.bytes)
	if l.finding {
		path += "/leaky"
	}
	return path
}

// bench is a run.
type bench struct {
	settings
	dir      string // for files of this run
	self     string // this program
	mitmdump string
	known    string // the list of known secrets
	index    string // stanch's, of them
	identity identity
	running  []*process
	report   *report
}

// measure puts all loads of a protocol on all targets, in turn.
func (b *bench) measure(ctx context.Context, protocol string) error {
	defer b.stopAll()
	targets, err := b.startTargets(ctx, protocol)
	if err != nil {
		return err
	}
	client := newClient(protocol, b.conns)
	defer client.close()
	for _, t := range targets {
		if err := check(ctx, client, t); err != nil {
			return fmt.Errorf("%s over %s: %w", t.name, protocol, err)
		}
		if _, err := b.put(ctx, client, t, load{protocol, small, false}, b.span/4); err != nil { // its start-up is not measured
			return fmt.Errorf("%s over %s: %w", t.name, protocol, err)
		}
	}
	for _, size := range []int{small, large} {
		for _, finding := range []bool{false, true} {
			if err := b.turns(ctx, client, targets, load{protocol, size, finding}); err != nil {
				return err
			}
		}
	}
	return nil
}

// turns measures one load, and reports the best of its rounds.
func (b *bench) turns(ctx context.Context, client *client, targets []target, l load) error {
	best := make([]figure, len(targets))
	for round := range b.settings.rounds {
		b.say("%s, %d bytes, finding %t: round %d of %d", l.protocol, l.bytes, l.finding, round+1, b.settings.rounds)
		for i, t := range targets {
			f, err := b.put(ctx, client, t, l, b.span)
			if err != nil {
				return fmt.Errorf("%s over %s, %s: %w", t.name, l.protocol, l.path(), err)
			}
			best[i] = f.better(best[i])
		}
	}
	b.report.Loads = append(b.report.Loads, best...)
	return nil
}

// put puts a load on a target for a while.
func (b *bench) put(ctx context.Context, client *client, t target, l load, span time.Duration) (figure, error) {
	f := figure{Protocol: l.protocol, Bytes: l.bytes, Finding: l.finding, Target: t.name, Rounds: 1}
	var before, after time.Duration
	var err, err2 error
	if t.proxy != nil {
		before, err = t.proxy.cpu()
	}
	got, took, loadErr := b.drive(ctx, client, t, l, span)
	if t.proxy != nil {
		after, err2 = t.proxy.cpu()
	}
	if err := errors.Join(err, loadErr, err2); err != nil {
		return f, err
	}
	if got == 0 {
		return f, errors.New("not one response came")
	}
	f.Rate = float64(got) / took.Seconds()
	f.CPU = float64((after - before).Nanoseconds()) / 1000 / float64(got)
	return f, nil
}

// drive asks for a load for a while: over HTTP/1.1 with wrk if it is there. That leaves
// requests under way when its time is over, which would be much of what a slow target
// has done, so those are for our client, which waits for the last one.
func (b *bench) drive(ctx context.Context, client *client, t target, l load, span time.Duration) (responses int64, took time.Duration, err error) {
	if l.protocol == h1 && b.wrk && t.name != mitmproxy {
		return runWrk(ctx, t.url+l.path(), b.conns, span)
	}
	return client.drive(ctx, t.url+l.path(), span)
}

// check sees that a target does what it is measured for: what holds no secret comes
// as it is, and a proxy that redacts lets no secret through.
func check(ctx context.Context, client *client, t target) error {
	for _, size := range []int{small, large} {
		clean, _, err := client.get(ctx, t.url+load{bytes: size}.path())
		if err != nil {
			return err
		}
		if !bytes.Equal(clean, body(size, false)) {
			return fmt.Errorf("%d bytes without a secret came otherwise than they were", size)
		}
		leaky, _, err := client.get(ctx, t.url+load{bytes: size, finding: true}.path())
		if err != nil {
			return err
		}
		if bytes.Contains(leaky, []byte(token())) == t.redacts {
			return fmt.Errorf("of %d bytes with a secret, the secret was not treated as it should: redacted %t", size, !t.redacts)
		}
	}
	content, header, err := client.get(ctx, t.url+pathCheck)
	if err != nil {
		return err
	}
	all := header.Get("X-Debug") + string(content)
	for _, secret := range []string{known(1), known(2), token()} {
		if strings.Contains(all, secret) == t.redacts {
			return fmt.Errorf("secrets in header and body were not treated as they should: redacted %t", !t.redacts)
		}
	}
	return nil
}
