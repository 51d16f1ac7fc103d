package decisionlog

import (
	"context"
	"fmt"
	"io"
	"sync"
)

// Lines is a sink that writes JSON lines. Safe for concurrent use.
type Lines struct {
	mu   sync.Mutex // guards all below: a line is written alone
	w    io.Writer
	buf  []byte
	torn bool // the last write ended within a line
}

// NewLines returns a sink that writes each event as one line, in one write, to w.
// Closing it does not close w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w} }

// Write writes one line. After a write that failed half way the next begins a new
// line, so that one event is lost and not two.
func (l *Lines) Write(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.buf = l.buf[:0]
	if l.torn {
		l.buf = append(l.buf, '\n')
	}
	l.buf = append(append(l.buf, line...), '\n')
	n, err := l.w.Write(l.buf)
	if err == nil && n < len(l.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		l.torn = l.torn || n > 0
		return fmt.Errorf("writing decision log: %w", err)
	}
	l.torn = false
	return nil
}

// Close does nothing: what was written was not held back.
func (*Lines) Close(context.Context) error { return nil }
