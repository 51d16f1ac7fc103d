package source

import (
	"errors"
	"fmt"
	"io"
)

// unknownSize is the size of a stream.
const unknownSize = -1

// noSizeLimit is how much is read of a file that says it is empty and is not, as
// those under /proc.
const noSizeLimit = blockSize

// input is one source being read. It ends at limit, so that a file that grows
// while it is read comes to an end: with the read that reaches its first size.
type input struct {
	r     io.Reader
	size  int64 // bytes when opened, or unknownSize
	limit int64 // bytes, or unknownSize for none
	read  int64
}

func newInput(r io.Reader, size int64) *input {
	in := &input{r: r, size: size, limit: size}
	if size == 0 {
		in.limit = noSizeLimit
	}
	return in
}

// Read implements io.Reader.
func (in *input) Read(p []byte) (int, error) {
	if in.limit >= 0 && in.read >= in.limit {
		return 0, io.EOF
	}
	n, err := in.r.Read(p)
	in.read += int64(n)
	return n, err
}

// end returns what ended the input early: err unless that is io.EOF, or that it
// was shorter than it said.
func (in *input) end(err error) error {
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case in.read < in.size:
		return fmt.Errorf("read: shrank from %d to %d bytes while it was read", in.size, in.read)
	case in.size == 0 && in.read >= in.limit:
		return fmt.Errorf("read: does not tell its size; only its first %d bytes were scanned", in.read)
	}
	return nil
}

// readFull reads until buf is full or the input ends, which is io.EOF.
func (in *input) readFull(buf []byte) (n int, err error) {
	for idle := 0; n < len(buf); {
		m, err := in.Read(buf[n:])
		n += m
		if err != nil {
			return n, err
		}
		if m > 0 {
			idle = 0
		} else if idle++; idle == 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}
