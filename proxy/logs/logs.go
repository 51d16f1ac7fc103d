// Package logs redacts the secrets in a stream of text on its way through, such as
// the logs of a program, without making it wait.
//
// A goroutine of its own reads ahead. What it brings is taken through a
// [proxy.Stream], and all of it that can be part of no secret is written before the
// next is waited for: a line alone goes out at once, and under load the batches grow
// by themselves. Text that is held back, since a secret may have begun there, goes
// out when a timer says that nothing follows; where one has begun for sure it stays.
//
// Memory is bounded, whatever the text and its lines.
package logs

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
	"syscall"
	"time"

	"github.com/stanch-dev/stanch/proxy"
)

// Options say how a stream is copied. The zero value waits for ever and cuts nothing.
type Options struct {
	// Idle is how long to wait for more before what only might become part of a secret
	// goes out. Zero means for ever: then the output does not depend on time at all.
	Idle time.Duration
	// LineLimit is how many bytes of a line go on; the rest, up to the line's end, is
	// left out, and [CutMark] stands for it. Zero means all of them.
	LineLimit int
	// Frames looks across what log formats put into a record that they have split, as
	// [proxy.StreamOptions] says.
	Frames bool
	// Redacted, unless nil, is called for every secret.
	Redacted func(*proxy.Redaction)
	// Progress, unless nil, is called after each batch, with all there was until then.
	Progress func(proxy.Stats)
}

// stream returns what a filter is told of the text.
func (o *Options) stream() proxy.StreamOptions {
	return proxy.StreamOptions{
		Source: proxy.Source{Part: "line", Direction: "none", Name: "stdin"},
		Frames: o.Frames, Report: o.Redacted,
	}
}

// writeSize is how much text is gathered before it is written, in bytes. Pieces that
// are longer are written from where they are.
const writeSize = 32 << 10

// Copy copies r to w, redacted by f, until r ends.
//
// If r fails or ctx ends, placeholders are written for secrets that are certain, what
// else is held back is withheld, and the error is returned. If ctx ends, a Read of r
// may still be under way; it is left alone and its data is lost. That w is a pipe
// which nobody reads any more is no error. No error tells anything of the content.
func Copy(ctx context.Context, w io.Writer, r io.Reader, f *proxy.Filter, opts Options) (proxy.Stats, error) {
	out := bufio.NewWriterSize(w, writeSize)
	c := &copier{in: startReading(r), stream: f.NewStream(proxy.To(out), opts.stream()), out: out, opts: opts}
	defer c.in.stop()
	err := c.run(ctx)
	err = cmp.Or(err, c.flush())
	if errors.Is(err, syscall.EPIPE) {
		err = nil
	}
	return c.stream.Stats(), err
}

// copier is the state of one Copy.
type copier struct {
	in     *reader
	stream *proxy.Stream
	out    *bufio.Writer
	opts   Options
	line   int // length in bytes of the line that is under way
	pause  *time.Timer
}

func (c *copier) run(ctx context.Context) error {
	for {
		next, err := c.next(ctx)
		if err != nil {
			return err
		}
		if err := c.take(next.data); err != nil {
			return err
		}
		switch {
		case next.err == io.EOF:
			return c.stream.End()
		case next.err != nil:
			return c.breakOff(next.err)
		case ctx.Err() == nil: // else what was read is taken, and no more is read
			c.in.giveBack(next)
		}
		c.report()
	}
}

// next waits for the next chunk. Before it does, it writes what there is.
func (c *copier) next(ctx context.Context) (chunk, error) {
	if next := c.last(nil); next.data != nil {
		return next, nil
	}
	if err := c.flush(); err != nil {
		return chunk{}, err
	}
	idle := c.idle()
	for {
		select {
		case next := <-c.in.filled:
			return next, nil
		case <-ctx.Done():
			return c.last(ctx.Err()), nil
		case <-idle:
			if err := cmp.Or(c.stream.Idle(), c.flush()); err != nil {
				return chunk{}, err
			}
			c.report()
		}
	}
}

// last returns what was read already, or err for the end of the input.
func (c *copier) last(err error) chunk {
	select {
	case next := <-c.in.filled:
		return next
	default:
		return chunk{err: err}
	}
}

// idle returns what tells that the wait has been long; nil for what never does.
func (c *copier) idle() <-chan time.Time {
	if c.opts.Idle == 0 || c.stream.Held() == 0 {
		return nil
	}
	if c.pause == nil {
		c.pause = time.NewTimer(c.opts.Idle)
	} else {
		c.pause.Reset(c.opts.Idle)
	}
	return c.pause.C
}

// breakOff ends the stream where err has ended the input.
func (c *copier) breakOff(err error) error {
	if c.opts.Idle > 0 { // no wait would bring more
		err = cmp.Or(c.stream.Idle(), err)
	}
	c.stream.Break()
	return err
}

func (c *copier) flush() error { return c.out.Flush() }

func (c *copier) report() {
	if c.opts.Progress != nil {
		c.opts.Progress(c.stream.Stats())
	}
}
