package policies

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
)

// shadowQueue is how many decisions may wait for the candidate. At 50 µs each it is
// through with them in 50 ms.
const shadowQueue = 1024

// Shadow lets a candidate decide everything beside the active policy and tells where
// the two differ. It enforces nothing and never keeps a decision waiting: what the
// candidate is too slow for is dropped and counted. Safe for concurrent use.
type Shadow struct {
	candidate *Snapshot
	report    func(Difference)
	queue     chan *Record
	done      chan struct{} // closed when the queue is empty and closed

	mu     sync.RWMutex
	closed bool // guarded by mu, as is closing queue

	compared, different, dropped atomic.Int64
}

// Difference is a decision that the candidate would have made otherwise.
type Difference struct {
	Record    *Record
	Candidate Decision
}

// ShadowCounts are what a Shadow did so far.
type ShadowCounts struct {
	Compared  int64 `json:"compared"`
	Different int64 `json:"different"`
	Dropped   int64 `json:"dropped"` // not compared, since the queue was full or closed
}

// NewShadow returns a shadow that calls report with each difference, from one
// goroutine of its own, in the order of Observe. Close it to end that goroutine.
func NewShadow(candidate *Snapshot, report func(Difference)) *Shadow {
	s := &Shadow{candidate: candidate, report: report, queue: make(chan *Record, shadowQueue), done: make(chan struct{})}
	go s.run()
	return s
}

// Observe has the candidate decide what r decided. Call it from an Engine's log
// function; it returns at once.
func (s *Shadow) Observe(r *Record) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.closed {
		select {
		case s.queue <- r:
			return
		default:
		}
	}
	s.dropped.Add(1)
}

// Close returns when all that was observed is compared; later records are dropped.
// It may be called more than once.
func (s *Shadow) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.queue)
	}
	s.mu.Unlock()
	<-s.done
}

// Counts returns what was done so far.
func (s *Shadow) Counts() ShadowCounts {
	return ShadowCounts{Compared: s.compared.Load(), Different: s.different.Load(), Dropped: s.dropped.Load()}
}

func (s *Shadow) run() {
	defer close(s.done)
	for r := range s.queue {
		d := s.candidate.Decide(context.Background(), r.Input)
		s.compared.Add(1)
		if !SameDecision(r.Decision, d) {
			s.different.Add(1)
			s.report(Difference{Record: r, Candidate: d})
		}
	}
}

// SameDecision reports whether two decisions of one entrypoint say the same: they are
// equal as JSON, but for how long they may be kept, and both or neither are there
// because a policy failed.
func SameDecision(a, b Decision) bool {
	return (a.Failure() == nil) == (b.Failure() == nil) && bytes.Equal(said(a), said(b))
}

func said(d Decision) []byte {
	switch kept := d.(type) {
	case Access:
		kept.CacheSeconds = 0
		d = kept
	case Redaction:
		kept.CacheSeconds = 0
		d = kept
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err) // decisions are texts, numbers and lists of them
	}
	return text
}
