package audit

import (
	"bytes"
	"log/slog"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/internal/audit/chain"
	"github.com/stanch-dev/stanch/internal/audit/device"
	"github.com/stanch-dev/stanch/internal/audit/spool"
)

// How a device that fails is tried again, and how many bytes it is given at once.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 5 * time.Second
	pumpBytes  = 1 << 20
)

// pump is the only one that writes to a device, from a goroutine of its own, so that a
// write that hangs holds up nobody else.
type pump struct {
	dev   device.Device
	spool *spool.Spool
	log   *slog.Logger

	jobs     chan *job
	kick     chan struct{} // holds one
	stop     chan struct{} // closed: write what waits once more and end
	quit     chan struct{} // closed: end
	finished chan struct{} // closed when run returns

	delivered chain.State // last line that a durable device has; owned by run

	mu     sync.Mutex
	failed error // of the last write, guarded by mu
}

// job is lines that go past the spool.
type job struct {
	lines []byte
	last  chain.State // with the last one
	done  chan error  // gets one answer, holds it
}

func newPump(dev device.Device, s *spool.Spool, log *slog.Logger, delivered chain.State) *pump {
	return &pump{dev: dev, spool: s, log: log, delivered: delivered,
		jobs: make(chan *job, 1), kick: make(chan struct{}, 1),
		stop: make(chan struct{}), quit: make(chan struct{}), finished: make(chan struct{})}
}

// start begins to write lines. The caller has seen the spool empty and the last job
// done, and is alone.
func (p *pump) start(lines []byte, last chain.State) *job {
	j := &job{lines: lines, last: last, done: make(chan error, 1)}
	p.jobs <- j
	return j
}

// wake makes the pump look into the spool.
func (p *pump) wake() {
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

func (p *pump) run() {
	defer close(p.finished)
	retry := time.NewTimer(0) // what an earlier run left
	defer retry.Stop()
	wait := firstRetry
	for ending := false; !ending; {
		select {
		case j := <-p.jobs:
			err := p.write(j.lines)
			if err == nil {
				p.delivered = j.last
			}
			j.done <- err
			continue
		case <-p.kick:
			if p.err() != nil && wait > firstRetry {
				continue // its time comes
			}
		case <-retry.C:
		case <-p.stop:
			ending = true
		}
		if p.drain() {
			wait = firstRetry
			continue
		}
		retry.Reset(wait)
		wait = min(2*wait, lastRetry)
	}
}

// drain writes what is in the spool, and reports whether all of it went.
func (p *pump) drain() bool {
	for {
		select {
		case <-p.quit:
			return true
		default:
		}
		lines, err := p.spool.Next(pumpBytes)
		if err != nil {
			p.result(err)
			return false
		}
		if len(lines) == 0 {
			return true
		}
		if fresh := p.fresh(lines); len(fresh) > 0 {
			if p.write(fresh) != nil {
				return false
			}
		}
		if err := p.spool.Done(len(lines)); err != nil {
			p.result(err)
			return false
		}
	}
}

// fresh leaves out lines that a late write has brought to the device after all, or that
// it had before a crash.
func (p *pump) fresh(lines []byte) []byte {
	for len(lines) > 0 && p.delivered.Seq > 0 {
		end := bytes.IndexByte(lines, '\n')
		if l, ok := chain.Parse(lines[:end]); !ok || l.Seq >= p.delivered.Seq && l.State != p.delivered {
			break
		}
		lines = lines[end+1:]
	}
	return lines
}

func (p *pump) write(lines []byte) error {
	err := p.dev.Write(lines)
	p.result(err)
	return err
}

// result keeps how the last write went, and logs a change.
func (p *pump) result(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil && p.failed == nil:
		p.log.Error("audit device fails; its lines go to the spool", "error", err)
	case err == nil && p.failed != nil:
		p.log.Info("audit device works again")
	}
	p.failed = err
}

func (p *pump) err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}
