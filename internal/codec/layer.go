package codec

import (
	"bufio"
	"errors"
	"io"
	"sync"
)

// inputBytes is how much encoded data a layer reads at once.
const inputBytes = 16 << 10

// errTrailing is the end of a coding that is not the end of the body. Some peers read
// on there, some stop, so it may be a way to say two things.
var errTrailing = errors.New("bytes follow its end")

// decoder undoes one coding.
type decoder interface {
	// reset begins a body, of which src has at least one byte. It may read.
	reset(src *bufio.Reader, l Limits) error

	// Read gives decoded bytes as soon as there are some. It reads src only while it
	// has none to give, and only for more than src has buffered when it needs that.
	// io.EOF means that body and src have ended.
	io.Reader
}

// source is what a layer reads. It keeps the error that ended it, because decoders
// take some errors of a source, like a broken connection, for the end of their data.
type source struct {
	r    io.Reader
	read int64 // bytes given so far
	err  error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	s.read += int64(n)
	s.err = err
	return n, err
}

// broken reports whether the source ended in another way than by its end.
func (s *source) broken() bool { return s.err != nil && s.err != io.EOF }

// layer undoes one coding within the limits. It can be used again after clear.
type layer struct {
	name string
	dec  decoder
	pool *sync.Pool // where it came from, nil if nowhere
	buf  *bufio.Reader

	src     source
	encoded *source // the source of the whole chain, for the ratio
	limits  Limits
	decoded int64
	begun   bool
	err     error // sticky
}

func newLayer(name string, dec decoder) *layer {
	return &layer{name: name, dec: dec, buf: bufio.NewReaderSize(nil, inputBytes)}
}

// layersOf makes the pool of one coding.
func layersOf(name string, dec func() decoder) *sync.Pool {
	return &sync.Pool{New: func() any { return newLayer(name, dec()) }}
}

// open puts the layer over r. Nothing is read before the first Read.
func (l *layer) open(r io.Reader, encoded *source, limits Limits) {
	l.src = source{r: r}
	l.encoded, l.limits = encoded, limits
	l.buf.Reset(&l.src)
}

// clear forgets the body and gives the layer back to its pool.
func (l *layer) clear() {
	l.buf.Reset(nil)
	l.src, l.encoded = source{}, nil
	l.decoded, l.begun, l.err = 0, false, nil
	if l.pool != nil {
		l.pool.Put(l)
	}
}

func (l *layer) Read(p []byte) (int, error) {
	if l.err != nil || len(p) == 0 {
		return 0, l.err
	}
	if !l.begun {
		if err := l.begin(); err != nil {
			return 0, l.fail(err)
		}
	}
	for {
		n, err := l.dec.Read(p)
		l.decoded += int64(n)
		if l.limits.exceeded(l.decoded, l.encoded.read) {
			return 0, l.fail(&LimitError{What: l.name + " ratio", Limit: int64(l.limits.Ratio)})
		}
		if err != nil {
			err = l.fail(err)
		}
		if n > 0 {
			return n, nil
		}
		if err != nil {
			return 0, err
		}
	}
}

// begin starts the decoder. A body of no bytes at all is empty in every coding: it is
// what answers to HEAD and careless servers send.
func (l *layer) begin() error {
	l.begun = true
	if _, err := l.buf.Peek(1); err != nil {
		return err
	}
	return l.dec.reset(l.buf, l.limits)
}

// fail ends the layer and says why: for a source that broke, then for a limit, then
// for the data.
func (l *layer) fail(err error) error {
	var limit *LimitError
	switch {
	case errors.As(err, &limit) || err == io.EOF && !l.src.broken():
		l.err = err
	case l.src.broken():
		l.err = l.src.err
	default:
		l.err = &DecodeError{Coding: l.name, Err: err}
	}
	return l.err
}

// cut gives err, or io.ErrUnexpectedEOF where it is io.EOF in the middle of something.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
