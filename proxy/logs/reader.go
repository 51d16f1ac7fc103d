package logs

import (
	"context"
	"io"
)

const (
	chunkSize = 64 << 10 // bytes read at a time; what a pipe of Linux holds
	chunks    = 2        // one is read while the other is scanned
	maxEmpty  = 100      // reads in a row without data or error, as bufio allows
)

// chunk is what one Read returned.
type chunk struct {
	data []byte
	err  error
}

// reader reads ahead in a goroutine of its own, so that a context can end while a
// Read waits.
type reader struct {
	filled chan chunk
	free   chan []byte
}

func startReading(r io.Reader) *reader {
	in := &reader{filled: make(chan chunk, chunks), free: make(chan []byte, chunks)}
	for range chunks {
		in.free <- make([]byte, chunkSize)
	}
	go in.run(r)
	return in
}

// run never waits for filled, which has room for all chunks, so that after stop it
// ends with the Read that is under way.
func (in *reader) run(r io.Reader) {
	empty := 0
	for buf := range in.free {
		n, err := r.Read(buf)
		if empty++; n > 0 {
			empty = 0
		}
		if err == nil && empty == maxEmpty {
			err = io.ErrNoProgress
		}
		in.filled <- chunk{buf[:n], err}
		if err != nil {
			return
		}
	}
}

func (in *reader) stop() { close(in.free) }

// fill waits for a chunk and adds it to s, with others that are there already until
// about chunkSize bytes wait. It returns what ended the input; when that is ctx, s
// has all that was read before.
func (in *reader) fill(ctx context.Context, s *stream) error {
	select {
	case c := <-in.filled:
		if err := in.take(c, s); err != nil {
			return err
		}
	case <-ctx.Done():
		return in.drain(ctx, s)
	}
	for len(s.buf)-s.start < chunkSize {
		select {
		case c := <-in.filled:
			if err := in.take(c, s); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// drain adds to s the chunks that are there. It gives none back, so that no more
// is read.
func (in *reader) drain(ctx context.Context, s *stream) error {
	for {
		select {
		case c := <-in.filled:
			s.add(c.data)
			if c.err != nil {
				return c.err
			}
		default:
			return ctx.Err()
		}
	}
}

// take adds a chunk to s and gives its memory back.
func (in *reader) take(c chunk, s *stream) error {
	s.add(c.data)
	in.free <- c.data[:chunkSize]
	return c.err
}
