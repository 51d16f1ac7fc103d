package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stanch-dev/stanch/internal/audit/chain"
)

// mark asks for checkpoints soon.
func (b *Broker) mark() {
	select {
	case b.due <- struct{}{}:
	default:
	}
}

// pin makes checkpoints until the broker stops: when they are due and at intervals.
func (b *Broker) pin() {
	defer close(b.done)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-b.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	tick := time.NewTicker(b.o.Interval)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-b.due:
		case <-tick.C:
		}
		lanes, _ := b.all()
		for _, l := range lanes {
			if err := b.checkpoint(ctx, l, chain.Running); err != nil && ctx.Err() == nil {
				b.o.Log.Error("audit checkpoint was not kept; what comes after the last one is not signed", "error", err)
			}
		}
	}
}

// checkpoint pins the last line of a lane, if the last checkpoint did not.
func (b *Broker) checkpoint(ctx context.Context, l *lane, why chain.Reason) error {
	at := l.last()
	l.mu.Lock()
	done := at.Seq == l.pinned && why == chain.Running || at.Seq == 0
	l.mu.Unlock()
	if done {
		return nil
	}
	if err := b.o.Checkpoints(ctx, chain.Sign(b.o.Key, l.chain, at, time.Now(), why)); err != nil {
		return fmt.Errorf("keeping a checkpoint of %s: %w", l.chain, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pinned = max(l.pinned, at.Seq)
	return nil
}

// end lets a lane finish what it has, pins it and gives its device and files up. What
// has not ended with ctx is left alone.
func (b *Broker) end(ctx context.Context, l *lane) error {
	l.putting.Lock()
	l.closed = true
	close(l.queue)
	l.putting.Unlock()
	if !ended(ctx, l.finished) {
		return l.named(fmt.Errorf("it did not write what waits: %w", ctx.Err()))
	}
	close(l.pump.stop)
	idle := ended(ctx, l.pump.finished)
	close(l.pump.quit)
	err := b.checkpoint(context.WithoutCancel(ctx), l, chain.Closed)
	if idle {
		err = errors.Join(err, l.dev.Close())
	}
	return errors.Join(err, l.spool.Close())
}

func ended(ctx context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}
