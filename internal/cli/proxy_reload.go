package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/policies/source"
	"github.com/stanch-dev/stanch/proxy/ingress"
)

// lookEvery is how often files are looked at. A change counts when two looks in a row
// see the same: files are written in steps.
const lookEvery = time.Second

// reloader takes over what has changed: the configuration, and the files it names.
// Only its goroutine uses it,
// but for shadow.
type reloader struct {
	ingress *ingressRun
	flags   *ingressFlags
	wiring  messageWiring

	current *config.Ingress // and parts: in force
	parts   *messageParts
	stamp   string // of the files, when they were last read
	shadow  atomic.Bool
}

// adopt notes what is in force.
func (r *reloader) adopt(parts *messageParts, in *config.Ingress) {
	r.parts, r.current = parts, in
	r.shadow.Store(in.Shadow)
}

// watch takes over changes until ctx ends.
func (r *reloader) watch(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	unfollow := r.follow(ctx)
	defer func() { unfollow() }()
	before := r.stamp
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			r.ingress.access.reopen()
			r.ingress.findings.reopen()
		case <-tick.C:
			now := r.state(r.current)
			same := now == before
			before = now
			if !same || now == r.stamp {
				continue
			}
		}
		if err := r.reload(); err != nil {
			r.ingress.report(fmt.Errorf("the configuration stays as it is: %w", err))
			continue
		}
		r.ingress.report(errors.New("the configuration is taken over"))
		unfollow()
		unfollow = r.follow(ctx)
	}
}

// reload reads everything anew. If something is wrong nothing changes.
func (r *reloader) reload() error {
	r.stamp = r.state(r.current) // before reading, so that what comes later is seen
	in, _, err := r.flags.complete()
	if err != nil {
		return err
	}
	r.stamp = r.state(in)
	if in.Findings != r.current.Findings {
		return errors.New("findings: it cannot be changed while we run: restart for it")
	}
	parts, err := r.wiring.parts(in)
	if err != nil {
		return err
	}
	if err := r.ingress.server.Reload(ingress.Parts{Filter: parts.filter, Config: in}); err != nil {
		return err
	}
	r.adopt(parts, in)
	return nil
}

// state returns a text that is another one when a file has changed. Files of TLS and
// policies are watched by those who read them.
func (r *reloader) state(in *config.Ingress) string {
	file := r.flags.file
	if file == "" {
		file = defaultConfig
	}
	var b strings.Builder
	for _, path := range []string{file, in.Rules, in.Known, in.SealKey, in.UpstreamTLS.CA, in.UpstreamTLS.Cert, in.UpstreamTLS.Key} {
		info, err := os.Stat(path)
		if err != nil {
			fmt.Fprintf(&b, "%s is not there\n", path)
			continue
		}
		fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
	}
	return b.String()
}

// follow lets policies that have changed decide, until the function it returns is
// called.
func (r *reloader) follow(ctx context.Context) (unfollow func()) {
	if r.current.Policies == "" {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	engine := r.parts.decider.engine
	watcher := source.Watcher{Dir: r.current.Policies, Revision: engine.Snapshot().Revision(), Changed: takeOver(engine, r.ingress.report)}
	var watching sync.WaitGroup
	watching.Go(func() { watcher.Run(ctx) })
	return func() {
		stop()
		watching.Wait()
	}
}
