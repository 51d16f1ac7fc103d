package codec

import (
	"io"
	"os"
	"slices"
	"sync"
)

// Writer encodes what is written to it. It is not safe for concurrent use.
type Writer interface {
	io.Writer

	// Flush hands on everything written so far in a form the peer can decode, but for
	// the last bytes of an unfinished character where a charset is applied.
	Flush() error

	// Close writes the end. The writer below stays open. A Writer that is not closed
	// leaves a body that every reader finds cut short, as is right after an error.
	Close() error
}

// encoder is a Writer that can be used again.
type encoder interface {
	Writer
	Reset(w io.Writer)
}

// NewWriter encodes into w. Writes fail with the error of w, and in a charset with an
// error for text the charset does not have.
func (c Chain) NewWriter(w io.Writer) Writer {
	chain := &writer{top: w}
	for _, coding := range slices.Backward(c.codings) {
		e := coding.encoders.Get().(encoder)
		e.Reset(chain.top)
		chain.push(e, coding.encoders)
	}
	if c.charset != nil {
		chain.push(&charsetEncoder{charset: c.charset, w: chain.top}, nil)
	}
	return chain
}

// writer writes through the encoders of a chain.
type writer struct {
	top    io.Writer // of the stages, or the writer below
	stages []stage   // outermost coding first
	closed bool
}

// stage is one encoder and the pool it goes back to, if any.
type stage struct {
	Writer
	pool *sync.Pool
}

func (w *writer) push(e Writer, pool *sync.Pool) {
	w.stages = append(w.stages, stage{e, pool})
	w.top = e
}

func (w *writer) Write(p []byte) (int, error) {
	if w.closed {
		return 0, os.ErrClosed
	}
	return w.top.Write(p)
}

func (w *writer) Flush() error {
	if w.closed {
		return os.ErrClosed
	}
	for _, s := range slices.Backward(w.stages) {
		if err := s.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the innermost coding first. After an error it ends no more of them, so
// that the body stays visibly cut. Closing again does nothing.
func (w *writer) Close() (err error) {
	if w.closed {
		return nil
	}
	w.closed = true
	for _, s := range slices.Backward(w.stages) {
		if err == nil {
			err = s.Close()
		}
		if s.pool != nil {
			s.Writer.(encoder).Reset(io.Discard)
			s.pool.Put(s.Writer)
		}
	}
	w.stages, w.top = nil, nil
	return err
}
