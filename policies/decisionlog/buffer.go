package decisionlog

import "sync"

// buffer holds events that wait to be uploaded, up to a number of bytes. When it is
// full the oldest go, as in OPA: what happens now matters more. Safe for concurrent
// use.
type buffer struct {
	limit int // bytes of all events

	mu      sync.Mutex // guards all below
	lines   [][]byte
	size    int
	dropped uint64 // events that were too many
}

// push adds line and returns the bytes that wait now. It reports whether line itself
// is too long to be kept.
func (b *buffer) push(line []byte) (size int, tooLong bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(line) > b.limit {
		b.dropped++
		return b.size, true
	}
	b.lines = append(b.lines, line)
	b.size += len(line)
	for b.size > b.limit {
		b.size -= len(b.lines[0])
		b.lines[0] = nil
		b.lines = b.lines[1:]
		b.dropped++
	}
	return b.size, false
}

// take removes and returns the oldest events: at most limit bytes of them, but one at
// least if there is any.
func (b *buffer) take(limit int) [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	n, size := 0, 0
	for n < len(b.lines) && (n == 0 || size+len(b.lines[n]) <= limit) {
		size += len(b.lines[n])
		n++
	}
	taken := b.lines[:n:n]
	b.lines = b.lines[n:]
	b.size -= size
	return taken
}

// counts returns how many events wait, and how many were dropped so far.
func (b *buffer) counts() (waiting int, dropped uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.lines), b.dropped
}
