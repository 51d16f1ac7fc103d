package message

import (
	"bytes"
	"io"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/internal/codec"
	"github.com/stanch-dev/stanch/proxy"
)

// maxGathered is how much decoded content is held before the header leaves, in bytes.
const maxGathered = 1 << 20

// flow is content on its way: decoded, taken through the filter, put together and
// encoded again. It is the body of the message while it passes, and first gathers it
// to see whether it has to pass at all.
type flow struct {
	mu      sync.Mutex // held by Read, which a Close may end
	closed  bool
	c       *content
	source  recorder        // of what comes in
	memory  []*bytes.Buffer // borrowed
	kept    []byte          // by source, when what was read last was handed over
	decoded io.ReadCloser   // of source
	feed    *feed           // of decoded; nil where nobody waits for it
	chunk   []byte          // for reading decoded, without feed
	body    assembler
	encoder codec.Writer // nil for what is not encoded, and while gathering
	out     output
	first   []byte // up to four bytes of the decoded content
	changed bool
	written bool // since the encoder was flushed
	err     error
}

// output are bytes that wait to be read.
type output struct {
	bytes []byte
	read  int
}

func (o *output) Write(p []byte) (int, error) {
	o.bytes = append(o.bytes, p...)
	return len(p), nil
}

func (o *output) take(p []byte) int {
	n := copy(p, o.bytes[o.read:])
	if o.read += n; o.read == len(o.bytes) {
		o.bytes, o.read = o.bytes[:0], 0
	}
	return n
}

func newFlow(c *content) *flow {
	f := &flow{c: c, source: recorder{source: *c.body, limit: c.x.filter.opts.Buffer}}
	if n := *c.length; n > 0 && !c.passes() {
		f.source.bytes = f.memoryFor(int(n) + 1) // one more, so that the end shows at once
	}
	f.decoded = &f.source
	if !c.chain.Identity() {
		f.decoded = c.chain.NewReader(&f.source, c.x.filter.opts.Limits)
	}
	f.body.begin(f, c.format)
	if *c.length < 0 {
		f.feed = startFeed(f.decoded)
	}
	return f
}

// memoryFor returns memory for n bytes, which is used again after Close. A request may
// be closed while it is read, so that its memory is not.
func (f *flow) memoryFor(n int) []byte {
	if f.c.direction == request {
		return make([]byte, 0, n)
	}
	b := borrow()
	b.Grow(n)
	f.memory = append(f.memory, b)
	return b.AvailableBuffer()
}

// take takes a piece of the decoded body on.
func (f *flow) take(p proxy.Piece) error {
	if f.encoder != nil {
		f.written = true
		_, err := f.encoder.Write(p.Text)
		return err
	}
	switch {
	case !f.source.forgets.Load() && f.c.chain.Identity() && !f.changed && !p.Changed():
		return nil // it is in source
	case !f.changed && p.Changed():
		f.changed = true
		f.takeBack(p.Start)
	}
	f.out.Write(p.Text)
	return nil
}

// takeBack puts out what was left in the source so far, if it was.
func (f *flow) takeBack(upto int) {
	if f.c.chain.Identity() && !f.source.forgets.Load() {
		f.out.bytes = append(f.memoryFor(max(int(*f.c.length), len(f.kept))+128), f.kept[:upto]...)
	}
}

// gather reads the content as long as it fits into the buffer. If it ends, it can be
// judged as a whole.
func (f *flow) gather() error {
	wait := f.c.x.filter.opts.Idle
	if f.c.whole() {
		wait = 0
	}
	for len(f.out.bytes) <= maxGathered {
		data, err := f.next(wait)
		if err == errPause {
			break
		}
		if err := f.write(data); err != nil {
			return f.refuse(err)
		}
		if err == io.EOF {
			if err := f.body.End(); err != nil {
				return f.refuse(err)
			}
			return f.settle()
		}
		if err != nil {
			return f.refuse(err)
		}
		if f.source.full() {
			break
		}
	}
	return f.stream()
}

// settle replaces the body by what was gathered of it.
func (f *flow) settle() error {
	c := f.c
	f.count()
	if err := c.x.trailers(c.direction, c.trailer()); err != nil {
		return c.fail(err)
	}
	text := f.source.bytes
	if f.changed {
		text = f.out.bytes
		if !c.chain.Identity() {
			var err error
			if text, err = f.encode(text); err != nil {
				return c.fail(err)
			}
		}
		contentChanges(c.header)
		if *c.length >= 0 {
			c.setLength(int64(len(text)))
		}
	}
	c.done(nil)
	*c.body = newReady(text, f)
	return nil
}

// encode returns text in the content's coding.
func (f *flow) encode(text []byte) ([]byte, error) {
	var out output
	w := f.c.chain.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	return out.bytes, w.Close()
}

// refuse ends gathering with an error. What was read can still pass unsearched, if
// nothing was replaced in it and it is all there.
func (f *flow) refuse(err error) error {
	f.count()
	if f.source.failed || f.source.full() {
		f.Close()
		return f.c.fail(err)
	}
	if f.feed != nil {
		f.feed.stop()
	}
	f.c.passage.Scanned, f.c.passage.Bytes = 0, 0
	if err := f.c.unscannable(err, f.source.rewound()); err != nil {
		f.Close()
		return err
	}
	return nil
}

// stream makes the content pass as it comes.
func (f *flow) stream() error {
	c := f.c
	if c.whole() {
		return f.refuse(&codec.LimitError{What: "bytes signed in a coding", Limit: int64(c.x.filter.opts.Buffer)})
	}
	c.changes()
	if !f.changed {
		f.takeBack(f.body.done)
	}
	f.source.forget()
	if !c.chain.Identity() {
		start := f.out.bytes
		f.out = output{}
		f.encoder = c.chain.NewWriter(&f.out)
		if len(start) > 0 {
			f.written = true
			if _, err := f.encoder.Write(start); err != nil {
				return c.fail(err)
			}
		}
	}
	*c.body = f
	return nil
}

// Read returns what may go on.
func (f *flow) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		if n := f.out.take(p); n > 0 {
			return n, nil
		}
		if f.err != nil {
			return 0, f.err
		}
		if f.err = f.step(); f.err != nil {
			f.end()
		}
	}
}

// step takes the next part of the content its way. It returns io.EOF at its end.
func (f *flow) step() error {
	wait := time.Duration(0)
	if f.body.held() {
		wait = f.c.x.filter.opts.Idle
	}
	data, err := f.next(wait)
	if err == errPause {
		if err := f.body.Idle(); err != nil {
			return err
		}
		return f.flush()
	}
	if err := f.write(data); err != nil {
		return err
	}
	switch {
	case err == io.EOF:
		return f.finish()
	case err != nil:
		return err
	}
	return f.flush()
}

// write takes decoded content into the body.
func (f *flow) write(data []byte) error {
	if missing := magicSize - len(f.first); missing > 0 && f.c.plain() {
		f.first = append(f.first, data[:min(missing, len(data))]...)
		if chain, packed := codec.Sniff(f.first); packed {
			return &codec.FormatError{Format: f.c.passage.Format, Reason: "it is packed as " + chain.String() + ", which its header does not say"}
		}
	}
	if len(data) == 0 {
		return nil
	}
	_, err := f.body.Write(data)
	return err
}

// magicSize is how many bytes tell what content is packed as.
const magicSize = 4

// flush lets the reader have all that was written.
func (f *flow) flush() error {
	if f.encoder == nil || !f.written {
		return nil
	}
	f.written = false
	return f.encoder.Flush()
}

// finish ends the content. It returns io.EOF unless something fails.
func (f *flow) finish() error {
	if err := f.body.End(); err != nil {
		return err
	}
	if err := f.c.x.trailers(f.c.direction, f.c.trailer()); err != nil {
		return err
	}
	if f.encoder != nil {
		if err := f.encoder.Close(); err != nil {
			return err
		}
	}
	return io.EOF
}

// end accounts for the content when it has ended, by f.err.
func (f *flow) end() {
	f.count()
	if f.err == io.EOF {
		f.c.done(nil)
		return
	}
	f.err = f.c.fail(f.err)
	f.out = output{}
}

func (f *flow) count() {
	f.c.passage.Bytes, f.c.passage.Scanned = int(f.source.count.Load()), f.body.Scanned()
}

// next returns the next decoded bytes, valid until the next call. If nothing comes
// for so long, it fails with errPause; zero is for ever.
func (f *flow) next(wait time.Duration) ([]byte, error) {
	if f.feed != nil {
		data, err := f.feed.next(wait)
		if err != errPause { // else the feed may be reading
			f.kept = f.source.bytes
		}
		return data, err
	}
	if f.c.chain.Identity() && !f.source.forgets.Load() {
		data, err := f.source.next()
		f.kept = f.source.bytes
		return data, err
	}
	if f.chunk == nil {
		f.chunk = make([]byte, min(max(*f.c.length+1, 512), 32<<10))
	}
	n, err := f.decoded.Read(f.chunk)
	return f.chunk[:n], err
}

// Close lets go of the body. It may be called while a Read waits, and does not wait
// for it: what that still uses is left to the collector.
func (f *flow) Close() error {
	err := f.source.Close()
	if f.feed != nil {
		f.feed.stop()
	}
	if !f.mu.TryLock() {
		return err
	}
	defer f.mu.Unlock()
	if f.closed {
		return err
	}
	f.closed = true
	if f.err == nil {
		f.err = io.ErrClosedPipe
	}
	if f.feed == nil {
		f.decoded.Close()
	}
	f.count()
	f.c.done(io.ErrUnexpectedEOF)
	f.out, f.source.bytes, f.kept = output{}, nil, nil
	for _, b := range f.memory {
		giveBack(b)
	}
	return err
}
