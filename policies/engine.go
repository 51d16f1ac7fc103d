package policies

import (
	"context"
	"sync/atomic"
	"time"
)

// Engine decides by its current snapshot, which can be swapped under load: a reader
// never waits, and a decision is made of one generation. Safe for concurrent use.
type Engine struct {
	current atomic.Pointer[Snapshot]
	log     func(*Record)
}

// Record is what there is to know about one decision, for the log. It is not changed
// after it was made.
type Record struct {
	ID       ID
	Time     time.Time
	Duration time.Duration
	Snapshot *Snapshot
	Input    Input
	Decision Decision
	Cached   bool
}

// NewEngine returns an engine that decides by s. Every decision, those from the
// cache too, is given to log before it is returned; log may be nil, must be safe for
// concurrent use, and takes the time of who asked.
func NewEngine(s *Snapshot, log func(*Record)) *Engine {
	e := &Engine{log: log}
	e.current.Store(s)
	return e
}

// Snapshot returns what decides now.
func (e *Engine) Snapshot() *Snapshot { return e.current.Load() }

// Swap lets s decide from now on, and returns what decided until now.
func (e *Engine) Swap(s *Snapshot) *Snapshot { return e.current.Swap(s) }

// Access decides who may do what. The decision has an ID if the engine logs.
func (e *Engine) Access(ctx context.Context, in *AccessInput) Access {
	s, r := e.begin(in)
	d := s.Access(ctx, in)
	if r != nil {
		d.ID = r.ID
		e.end(r, d, d.Cached)
	}
	return d
}

// Redaction decides what happens to a finding in motion. The decision has an ID if
// the engine logs.
func (e *Engine) Redaction(ctx context.Context, in *RedactionInput) Redaction {
	s, r := e.begin(in)
	d := s.Redaction(ctx, in)
	if r != nil {
		d.ID = r.ID
		e.end(r, d, d.Cached)
	}
	return d
}

// Rotation decides what is wrong with a secret's age and upkeep. The decision has an
// ID if the engine logs.
func (e *Engine) Rotation(ctx context.Context, in *RotationInput) Rotation {
	s, r := e.begin(in)
	d := s.Rotation(ctx, in)
	if r != nil {
		d.ID = r.ID
		e.end(r, d, false)
	}
	return d
}

// Gate decides whether a build passes. The decision has an ID if the engine logs.
func (e *Engine) Gate(ctx context.Context, in *GateInput) Gate {
	s, r := e.begin(in)
	d := s.Gate(ctx, in)
	if r != nil {
		d.ID = r.ID
		e.end(r, d, false)
	}
	return d
}

// begin returns what decides now, and what its decision is recorded in: nil if
// nothing is.
func (e *Engine) begin(in Input) (*Snapshot, *Record) {
	s := e.current.Load()
	if e.log == nil {
		return s, nil
	}
	return s, &Record{ID: NewID(), Time: time.Now(), Snapshot: s, Input: in}
}

func (e *Engine) end(r *Record, d Decision, cached bool) {
	r.Duration, r.Decision, r.Cached = time.Since(r.Time), d, cached
	e.log(r)
}
