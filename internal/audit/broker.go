package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/internal/audit/entry"
	"github.com/stanch-dev/stanch/internal/secret"
)

var (
	// ErrNotRecorded is in the error of an entry that nothing has taken.
	ErrNotRecorded = errors.New("not recorded by any audit device")
	// ErrNoDevice is in the error if there is no device and [Options.Required] is set.
	ErrNoDevice = errors.New("no audit device is enabled")
	// ErrUnknown is in the error if there is no device of a name.
	ErrUnknown = errors.New("no such audit device")
	// ErrExists is in the error if a device of a name is enabled already.
	ErrExists = errors.New("the audit device exists already")
)

// Broker records entries with every device that is enabled. It is safe for concurrent
// use. Close it when no more entries come.
type Broker struct {
	o    Options
	due  chan struct{} // holds one: a checkpoint is due
	stop chan struct{}
	done chan struct{} // closed when the checkpoints have stopped

	changing sync.Mutex // held while devices are enabled, disabled or closed

	mu     sync.RWMutex
	lanes  []*lane // replaced, never changed, guarded by mu
	closed bool    // guarded by mu
}

// New returns a broker without devices.
func New(o Options) (*Broker, error) {
	o, err := o.filled()
	if err != nil {
		return nil, err
	}
	b := &Broker{o: o, due: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	go b.pin()
	return b, nil
}

// Request records that something is asked for, before it is done. Nil means that the
// record is on a disk: with an error, do not do it. An error says which devices failed
// and is for the operator, not for the client. If ctx ends first, it is an error.
func (b *Broker) Request(ctx context.Context, e *entry.Entry) error {
	return b.record(ctx, entry.OfRequest, e)
}

// Response records an answer, before it is sent; with an error, send nothing of it. It
// is recorded even if ctx has ended, since what was asked for is done.
func (b *Broker) Response(ctx context.Context, e *entry.Entry) error {
	return b.record(context.WithoutCancel(ctx), entry.OfResponse, e)
}

func (b *Broker) record(ctx context.Context, t entry.Type, e *entry.Entry) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecorded, err)
	}
	lanes, closed := b.all()
	switch {
	case closed:
		return fmt.Errorf("%w: the server is stopping", ErrNotRecorded)
	case len(lanes) == 0 && b.o.Required:
		return fmt.Errorf("%w: %w", ErrNotRecorded, ErrNoDevice)
	case len(lanes) == 0:
		return nil
	}
	if e.Time.IsZero() {
		now := *e
		now.Time = time.Now()
		e = &now
	}
	done := make(chan error, len(lanes))
	for _, l := range lanes {
		l.put(t, e, done)
	}
	return b.first(ctx, done, len(lanes))
}

// first waits for the first of n devices that has the entry on a disk.
func (b *Broker) first(ctx context.Context, done <-chan error, n int) error {
	late := time.NewTimer(b.o.RefuseAfter)
	defer late.Stop()
	errs := []error{ErrNotRecorded}
	for range n {
		select {
		case err := <-done:
			if err == nil {
				return nil
			}
			errs = append(errs, err)
		case <-late.C:
			return errors.Join(append(errs, fmt.Errorf("%d devices have not answered for %v", n+1-len(errs), b.o.RefuseAfter))...)
		case <-ctx.Done():
			return errors.Join(append(errs, ctx.Err())...)
		}
	}
	return errors.Join(errs...)
}

func (b *Broker) all() (lanes []*lane, closed bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.lanes, b.closed
}

func (b *Broker) find(path string) (*lane, error) {
	lanes, _ := b.all()
	name := Config{Path: path}.name()
	for _, l := range lanes {
		if l.config.name() == name {
			return l, nil
		}
	}
	return nil, fmt.Errorf("%s: %w", name, ErrUnknown)
}

// Hash returns what stands for value in the lines of a device (sys/audit-hash).
func (b *Broker) Hash(path, value string) (string, error) {
	l, err := b.find(path)
	if err != nil {
		return "", err
	}
	return l.format.Hash.Hash([]byte(value)), nil
}

// Devices returns how each device is doing, in the order in which they were enabled.
func (b *Broker) Devices() []Status {
	lanes, _ := b.all()
	var all []Status
	for _, l := range lanes {
		s := l.status()
		s.Config.Salt = secret.Bytes{}
		all = append(all, s)
	}
	return all
}

// Reopen makes every device begin anew with its file or connection, for the tools that
// move files away and send SIGHUP. A file that was moved is noticed without it.
func (b *Broker) Reopen() {
	lanes, _ := b.all()
	for _, l := range lanes {
		l.dev.Reopen()
		l.pump.wake()
	}
}

// Close ends every device with a last checkpoint. What waits in a spool until ctx ends
// stays there for the next run.
func (b *Broker) Close(ctx context.Context) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	b.mu.Lock()
	lanes, again := b.lanes, b.closed
	b.lanes, b.closed = nil, true
	b.mu.Unlock()
	if again {
		return nil
	}
	close(b.stop)
	<-b.done
	errs := make(chan error, len(lanes))
	for _, l := range lanes {
		go func() { errs <- b.end(ctx, l) }()
	}
	var all []error
	for range lanes {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// Disable ends a device with a last checkpoint. Lines that it has not taken until ctx
// ends stay in its spool and go on if it is enabled again.
func (b *Broker) Disable(ctx context.Context, path string) error {
	b.changing.Lock()
	defer b.changing.Unlock()
	l, err := b.find(path)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.lanes = slices.DeleteFunc(slices.Clone(b.lanes), func(o *lane) bool { return o == l })
	b.mu.Unlock()
	return b.end(ctx, l)
}
