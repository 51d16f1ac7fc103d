package bolt

import (
	"context"
	"slices"
	"sync"
)

// line is a queue for one turn, first come, first served. The zero line is free. It
// is safe for concurrent use. Unlike a mutex it can be left before it is one's turn,
// and who has the turn can hand it over or learn that nobody waits.
type line struct {
	mu      sync.Mutex // guards what follows
	busy    bool
	waiting []chan struct{} // each is closed when its turn has come
}

// enter waits for the turn. With nil the caller has it, maybe after ctx ended, and
// must end it with next or leave.
func (l *line) enter(ctx context.Context) error {
	l.mu.Lock()
	if !l.busy {
		l.busy = true
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.Index(l.waiting, turn)
	if i < 0 { // the turn came at the same moment
		return nil
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return ctx.Err()
}

// next hands the turn to who has waited longest. It reports false if nobody waits:
// then the caller still has it.
func (l *line) next() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pass()
}

// leave ends the caller's turn.
func (l *line) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = l.pass()
}

// pass wakes the first who waits and reports whether there was one. l.mu is held.
func (l *line) pass() bool {
	if len(l.waiting) == 0 {
		return false
	}
	close(l.waiting[0])
	l.waiting = slices.Delete(l.waiting, 0, 1)
	return true
}
