package decisionlog

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// What an Upload does unless its options say otherwise. The delays are OPA's.
const (
	defaultBufferBytes = 16 << 20
	defaultChunkBytes  = 256 << 10 // OPA's servers expect 32 KiB compressed; events compress to a tenth
	defaultMinDelay    = 5 * time.Minute
	defaultMaxDelay    = 10 * time.Minute
	defaultTimeout     = 30 * time.Second
	minRetryDelay      = 100 * time.Millisecond
)

// UploadOptions say where events go.
type UploadOptions struct {
	// Service is the base URL of what takes OPA's decision logs; "/logs" and Partition
	// are added. It must be https, but for a server on this machine.
	Service   string
	Partition string // optional
	// Token returns the bearer token, for each upload anew, so that it may change; nil:
	// none. It is sent over TLS only.
	Token func() (string, error)
	// TLS has the roots and the client certificate, if not the system's and none. TLS
	// 1.2 is the least, whatever it says.
	TLS *tls.Config
	// BufferBytes bounds the events that wait (0: 16 MiB). If the service is away for
	// longer than that lasts, the oldest are dropped, counted and reported.
	BufferBytes int
	// ChunkBytes bounds the JSON of one request, before it is compressed (0: 256 KiB).
	// An event that is longer goes alone. A full chunk does not wait for the delay.
	ChunkBytes int
	// MinDelay and MaxDelay bound the time between uploads; each is chosen at random
	// between them (0: 5 and 10 minutes). MaxDelay also bounds the time between tries.
	MinDelay, MaxDelay time.Duration
	Timeout            time.Duration // of one request (0: 30 s)
	// Report is told of failed uploads and of dropped events; nil: they are only
	// counted. Must be safe for concurrent use.
	Report func(error)
}

// Upload is a sink that sends events to a service as OPA does: a JSON array, gzip,
// POST. An event is sent at least once unless it is counted as dropped. Safe for
// concurrent use.
type Upload struct {
	options UploadOptions
	target  target
	buffer  buffer
	full    chan struct{} // a chunk is full

	stop    context.CancelFunc // ends loop, after the request under way
	abort   context.CancelFunc // ends that too
	stopped chan struct{}
	closing sync.Once
	closed  atomic.Bool

	pending [][]byte // taken from buffer, not taken by the service yet; loop's, then Close's
	told    uint64   // dropped events that were reported; as pending

	uploaded, failures, refused atomic.Uint64
}

// UploadStats counts what became of events.
type UploadStats struct {
	Uploaded uint64 // the service took them
	Dropped  uint64 // the buffer was full, the service did not want them, or Close had no more time
	Failures uint64 // requests that failed; they are made again
	Waiting  int    // in the buffer; those of the request under way are not
}

// NewUpload returns a sink that uploads. Close it to end it.
func NewUpload(o UploadOptions) (*Upload, error) {
	o.BufferBytes = cmp.Or(o.BufferBytes, defaultBufferBytes)
	o.ChunkBytes = cmp.Or(o.ChunkBytes, defaultChunkBytes)
	o.MinDelay = cmp.Or(o.MinDelay, min(defaultMinDelay, cmp.Or(o.MaxDelay, defaultMinDelay)))
	o.MaxDelay = cmp.Or(o.MaxDelay, max(defaultMaxDelay, o.MinDelay))
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	if o.BufferBytes < 0 || o.ChunkBytes < 0 || o.MinDelay < 0 || o.MaxDelay < o.MinDelay || o.Timeout < 0 {
		return nil, errors.New("decision log upload: sizes and times must not be negative, nor the least delay above the greatest")
	}
	target, err := newTarget(o)
	if err != nil {
		return nil, err
	}
	u := &Upload{options: o, target: target, buffer: buffer{limit: o.BufferBytes}, full: make(chan struct{}, 1), stopped: make(chan struct{})}
	requests, abort := context.WithCancel(context.Background())
	waits, stop := context.WithCancel(requests)
	u.stop, u.abort = stop, abort
	go u.loop(waits, requests)
	return u, nil
}

// Write keeps line to be uploaded. It fails if line is longer than the buffer, and
// after Close.
func (u *Upload) Write(line []byte) error {
	if u.closed.Load() {
		return errors.New("decision log upload: already closed")
	}
	size, tooLong := u.buffer.push(line)
	if tooLong {
		return fmt.Errorf("decision log upload: an event of %d bytes is larger than the buffer of %d", len(line), u.options.BufferBytes)
	}
	if size >= u.options.ChunkBytes {
		select {
		case u.full <- struct{}{}:
		default:
		}
	}
	return nil
}

// Close uploads what waits, until ctx ends, and stops. The error says how many events
// were lost.
func (u *Upload) Close(ctx context.Context) (err error) {
	u.closing.Do(func() {
		u.closed.Store(true)
		u.stop()
		release := context.AfterFunc(ctx, u.abort)
		<-u.stopped
		release()
		u.abort()
		defer u.target.client.CloseIdleConnections()
		for retry, again := 0, true; again; retry++ {
			latest := u.send(ctx)
			if latest == nil || err == nil || ctx.Err() == nil { // that ctx ended says less than what went wrong before
				err = latest
			}
			again = err != nil && sleep(ctx, u.backoff(retry), nil)
		}
		if lost := len(u.pending) + len(u.buffer.take(math.MaxInt)); err != nil {
			u.pending = nil
			u.refused.Add(uint64(lost))
			err = fmt.Errorf("decision log upload: %d events were lost at the end: %w", lost, err)
		}
	})
	return err
}

// Stats returns the counts so far.
func (u *Upload) Stats() UploadStats {
	waiting, dropped := u.buffer.counts()
	return UploadStats{u.uploaded.Load(), dropped + u.refused.Load(), u.failures.Load(), waiting}
}

// loop uploads after each delay, or when a chunk is full, until waits ends. A request
// under way then goes on, lest its events be sent twice; it ends with requests.
func (u *Upload) loop(waits, requests context.Context) {
	defer close(u.stopped)
	retry := 0
	for {
		delay, wake := u.delay(), u.full
		if retry > 0 {
			delay, wake = u.backoff(retry-1), nil // a service in trouble is not asked more often
		}
		if !sleep(waits, delay, wake) {
			return
		}
		if err := u.send(requests); err != nil {
			retry++
			if requests.Err() == nil {
				u.report(err)
			}
			continue
		}
		retry = 0
	}
}

// send uploads all that waits, until a request fails.
func (u *Upload) send(ctx context.Context) error {
	if _, dropped := u.buffer.counts(); dropped > u.told {
		u.report(fmt.Errorf("%d events were dropped: more than %d bytes waited", dropped-u.told, u.options.BufferBytes))
		u.told = dropped
	}
	for {
		if len(u.pending) == 0 {
			u.pending = u.buffer.take(u.options.ChunkBytes)
		}
		if len(u.pending) == 0 {
			return nil
		}
		if err := u.sendPending(ctx); err != nil {
			u.failures.Add(1)
			return err
		}
	}
}

// sendPending uploads pending: at once or, if the service finds that too large, in
// halves. An event that is too large alone is dropped.
func (u *Upload) sendPending(ctx context.Context) error {
	for n := len(u.pending); len(u.pending) > 0; n = min(n, len(u.pending)) {
		err := u.target.post(ctx, array(u.pending[:n]))
		switch {
		case err == nil:
			u.uploaded.Add(uint64(n))
			u.pending = u.pending[n:]
		case !errors.Is(err, errTooLarge):
			return err
		case n > 1:
			n /= 2
		default:
			u.report(fmt.Errorf("an event of %d bytes was dropped: %w", len(u.pending[0]), err))
			u.refused.Add(1)
			u.pending = u.pending[1:]
		}
	}
	return nil
}

func array(lines [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(lines, []byte{','})...), ']')
}

func (u *Upload) report(err error) {
	if u.options.Report != nil {
		u.options.Report(fmt.Errorf("decision log upload: %w", err))
	}
}

// delay returns how long to wait for the next upload.
func (u *Upload) delay() time.Duration {
	return u.options.MinDelay + rand.N(u.options.MaxDelay-u.options.MinDelay+1)
}

// backoff returns how long to wait after a failure: twice as long as before, half of
// it by chance, so that many clients do not come at once.
func (u *Upload) backoff(retry int) time.Duration {
	d := min(minRetryDelay<<min(retry, 20), max(u.options.MaxDelay, minRetryDelay))
	return d/2 + rand.N(d/2+1)
}

// sleep waits for d or wake, and reports whether ctx still goes on.
func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
