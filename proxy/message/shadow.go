package message

import (
	"io"
	"sync"
	"sync/atomic"
)

// watched is content in shadow. It goes on as it comes, whatever it is; a copy of it is
// taken through the filter, and what comes out of that is thrown away.
type watched struct {
	io.ReadCloser
	c     *content
	bytes atomic.Int64   // that went on
	copy  *io.PipeWriter // to a goroutine, which ends with it
	ended chan error     // gets what has become of the copy
	once  sync.Once      // of end
}

// watch replaces the body by one that is watched.
func (c *content) watch() error {
	c.once.Do(func() {}) // what becomes of the copy is not what becomes of the content
	w := &watched{ReadCloser: *c.body, c: c, ended: make(chan error, 1)}
	var copied *io.PipeReader
	copied, w.copy = io.Pipe()
	*c.body = copied
	f := newFlow(c)
	if err := f.stream(); err != nil {
		return err
	}
	go func() {
		err := f.drain()
		copied.CloseWithError(err) // the rest is not looked at
		w.ended <- err
	}()
	*c.body = w
	return nil
}

// drain reads to the end.
func (f *flow) drain() (err error) {
	defer f.Close()
	defer func() {
		if recover() != nil { // what it says could be content
			err = errPanic
		}
	}()
	_, err = io.Copy(io.Discard, f)
	return err
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	w.bytes.Add(int64(n))
	_, _ = w.copy.Write(p[:n]) // fails where the filter has
	if err != nil {
		w.end(err)
	}
	return n, err
}

func (w *watched) Close() error {
	err := w.ReadCloser.Close()
	w.end(io.ErrUnexpectedEOF)
	return err
}

// end waits for the copy and reports what has become of the content. If the copy could
// not be looked into, nothing of the content counts as searched.
func (w *watched) end(err error) {
	w.once.Do(func() {
		w.copy.CloseWithError(err)
		failed := <-w.ended
		p := &w.c.passage
		p.Bytes = int(w.bytes.Load())
		switch {
		case err != io.EOF:
			p.Err = err
		case failed != nil:
			p.Scanned, p.Unscanned = 0, p.Bytes
		}
		if done := w.c.x.filter.opts.Done; done != nil {
			done(p)
		}
	})
}
