package message

import (
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// recorder counts what is read of a source, and keeps its beginning.
type recorder struct {
	source  io.ReadCloser
	limit   int
	count   atomic.Int64
	forgets atomic.Bool
	close   sync.Once
	bytes   []byte // for whoever has what was read last
	failed  bool   // the source, other than by its end; likewise
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.source.Read(p)
	r.count.Add(int64(n))
	if !r.forgets.Load() {
		r.bytes = append(r.bytes, p[:n]...)
	}
	r.failed = r.failed || err != nil && err != io.EOF
	return n, err
}

// next reads what is kept anyway where it is kept.
func (r *recorder) next() ([]byte, error) {
	at := len(r.bytes)
	r.bytes = slices.Grow(r.bytes, 1)
	n, err := r.source.Read(r.bytes[at:cap(r.bytes)])
	r.count.Add(int64(n))
	r.bytes = r.bytes[:at+n]
	r.failed = r.failed || err != nil && err != io.EOF
	return r.bytes[at:], err
}

// Close closes the source, once.
func (r *recorder) Close() (err error) {
	r.close.Do(func() { err = r.source.Close() })
	return err
}

// full reports whether the source is longer than what is kept.
func (r *recorder) full() bool { return r.count.Load() > int64(r.limit) }

// forget keeps nothing any more.
func (r *recorder) forget() { r.forgets.Store(true) }

// rewound returns the source from its beginning.
func (r *recorder) rewound() io.ReadCloser {
	r.forget()
	return &rewound{r.bytes, r.source}
}

type rewound struct {
	bytes  []byte
	source io.ReadCloser
}

func (r *rewound) Read(p []byte) (int, error) {
	if len(r.bytes) == 0 {
		return r.source.Read(p)
	}
	n := copy(p, r.bytes)
	r.bytes = r.bytes[n:]
	return n, nil
}

func (r *rewound) Close() error { return r.source.Close() }

// errPause tells that nothing has come for a while.
var errPause = errors.New("pause")

// feed reads in a goroutine of its own, so that a wait for data can end.
type feed struct {
	chunks chan chunk
	more   chan struct{} // the last chunk was used
	ended  chan struct{}
	stop   func()
	lent   bool
	timer  *time.Timer
}

type chunk struct {
	data []byte
	err  error
}

// Sizes of what is read at a time, in bytes. Most streams bring little at a time.
const (
	smallChunk = 4 << 10
	largeChunk = 32 << 10
)

// startFeed reads r until it ends, fails, or stop is called; then it closes r. A Read
// that is under way must be ended by whoever stops.
func startFeed(r io.ReadCloser) *feed {
	f := &feed{chunks: make(chan chunk), more: make(chan struct{}), ended: make(chan struct{})}
	f.stop = sync.OnceFunc(func() { close(f.ended) })
	go f.run(r)
	return f
}

func (f *feed) run(r io.ReadCloser) {
	defer r.Close()
	buf := make([]byte, smallChunk)
	for {
		n, err := readSafely(r, buf)
		select {
		case f.chunks <- chunk{buf[:n], err}:
		case <-f.ended:
			return
		}
		if err != nil {
			return
		}
		select {
		case <-f.more:
		case <-f.ended:
			return
		}
		if n == len(buf) && n < largeChunk {
			buf = make([]byte, largeChunk)
		}
	}
}

// readSafely makes an error of a panic, which here would end the process.
func readSafely(r io.Reader, buf []byte) (n int, err error) {
	defer func() {
		if recover() != nil { // what it says could be content
			n, err = 0, errPanic
		}
	}()
	return r.Read(buf)
}

var errPanic = errors.New("a decoder failed")

// next returns the next chunk, valid until the next call. After an error it must not
// be called again.
func (f *feed) next(wait time.Duration) ([]byte, error) {
	if f.lent {
		f.lent = false
		f.more <- struct{}{}
	}
	var pause <-chan time.Time
	if wait > 0 {
		if f.timer == nil {
			f.timer = time.NewTimer(wait)
		} else {
			f.timer.Reset(wait)
		}
		defer f.timer.Stop()
		pause = f.timer.C
	}
	select {
	case c := <-f.chunks:
		f.lent = c.err == nil
		return c.data, c.err
	case <-pause:
		return nil, errPause
	}
}
