package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/audit/chain"
	"github.com/stanch-dev/stanch/internal/audit/device"
	"github.com/stanch-dev/stanch/internal/audit/entry"
	"github.com/stanch-dev/stanch/internal/audit/spool"
)

// Chain returns the name of the chain of a device, by which checkpoints are kept.
func (b *Broker) Chain(path string) string { return b.o.Node + "/" + Config{Path: path}.name() }

// Check says what is wrong with a device's name, type, options or salt, if anything,
// without opening it.
func (b *Broker) Check(c Config) error {
	_, err := b.check(c)
	return err
}

func (b *Broker) check(c Config) (*device.Spec, error) {
	if name := c.name(); name == "" || len(name) > 128 || !chain.ValidName(name) {
		return nil, fmt.Errorf("audit device %q: a name has up to 128 letters, digits and any of ._/-", c.Path)
	}
	if c.Salt.Len() < 16 {
		return nil, fmt.Errorf("audit device %s: its salt has less than 16 bytes", c.name())
	}
	return device.Check(c.Type, c.Options)
}

// Enable adds a device. From then on entries go to it too.
func (b *Broker) Enable(ctx context.Context, c Config) error {
	spec, err := b.check(c)
	if err != nil {
		return err
	}
	b.changing.Lock()
	defer b.changing.Unlock()
	if _, closed := b.all(); closed {
		return fmt.Errorf("enabling audit device %s: the server is stopping", c.name())
	}
	if _, err := b.find(c.Path); err == nil {
		return fmt.Errorf("%s: %w", c.name(), ErrExists)
	}
	dev, err := spec.Open(b.o.Stdout)
	if err == nil && c.Probe {
		err = probe(ctx, dev, b.o.Deadline)
	}
	if err != nil {
		return fmt.Errorf("enabling audit device %s: %w", c.name(), err)
	}
	return b.add(ctx, c, spec.Common, dev)
}

// probe asks whether a device would take something.
func probe(ctx context.Context, dev device.Device, deadline time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		err := errors.Join(dev.Write(nil), ctx.Err())
		if err != nil {
			err = errors.Join(err, dev.Close())
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("it does not answer: %w", ctx.Err())
	}
}

// add opens the way to a device.
func (b *Broker) add(ctx context.Context, c Config, o device.Common, dev device.Device) error {
	name := b.Chain(c.Path)
	queued, err := spool.Open(b.spoolDir(name), b.o.SpoolMax)
	if err != nil {
		return errors.Join(err, dev.Close())
	}
	state, delivered, err := b.resume(name, c, dev, queued)
	if err != nil {
		return errors.Join(err, dev.Close(), queued.Close())
	}
	l := &lane{
		config: c, chain: name, dev: dev, spool: queued, deadline: b.o.Deadline, every: b.o.Every, mark: b.mark,
		format: entry.Format{Hash: entry.NewHasher(c.Salt), Raw: o.Raw, PlainAccessor: o.PlainAccessor,
			ElideLists: o.ElideLists, Prefix: o.Prefix},
		maxLine: o.MaxLine - chain.Overhead(name),
		queue:   make(chan item, maxQueued), finished: make(chan struct{}), state: state, due: state.Seq + b.o.Every,
	}
	l.pump = newPump(dev, queued, b.o.Log.With("device", c.name()), delivered)
	if state.Seq > 0 {
		if err := b.checkpoint(ctx, l, chain.Opened); err != nil {
			return errors.Join(err, dev.Close(), queued.Close())
		}
	}
	go l.run()
	go l.pump.run()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lanes = append(slices.Clone(b.lanes), l)
	return nil
}

// spoolDir is the folder for the spool of a chain. Names that differ have different
// ones, however alike they look without their slashes.
func (b *Broker) spoolDir(name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(b.o.SpoolDir, strings.ReplaceAll(name, "/", "_")+"-"+hex.EncodeToString(sum[:4]))
}

// resume finds out where a chain stands: the furthest of what the device has, what is
// in the spool and what the last checkpoint says. Lines that are not there any more are
// not numbered again, so that Verify finds them missing.
func (b *Broker) resume(name string, c Config, dev device.Device, queued *spool.Spool) (at, delivered chain.State, err error) {
	last, err := dev.Last()
	if err != nil {
		return at, delivered, err
	}
	if l, ok := chain.Parse(last); ok && l.Chain == name {
		at, delivered = l.State, l.State
	}
	waiting, err := queued.Last()
	if err != nil {
		return at, delivered, err
	}
	if l, ok := chain.Parse(waiting); ok && l.Chain == name && l.Seq > at.Seq {
		at = l.State
	}
	if c.Last == nil {
		return at, delivered, nil
	}
	if c.Last.Chain != name || !c.Last.Valid(b.o.Key.Public().(ed25519.PublicKey)) {
		return at, delivered, fmt.Errorf("audit device %s: its last checkpoint is not one of this chain and key", c.name())
	}
	if pinned := c.Last.State(); pinned.Seq > at.Seq || pinned.Seq == at.Seq && pinned != at {
		if dev.Durable() {
			b.o.Log.Error("audit log does not reach its last checkpoint: lines were lost, cut off or altered; stanch audit verify tells more",
				"device", c.name(), "log", at.Seq, "checkpoint", pinned.Seq)
		}
		at = pinned
	}
	return at, delivered, nil
}
