package logs

import "io"

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

// reader reads ahead in a goroutine of its own, so that a context or a wait can end
// while a Read waits.
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

// giveBack gives the memory of a chunk back, to be read into.
func (in *reader) giveBack(c chunk) { in.free <- c.data[:chunkSize] }
