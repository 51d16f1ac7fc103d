// Package replay decides again, by a candidate policy, what a decision log says was
// decided, and tells what would change: "these 12 requests, denied last week, would
// have been allowed". It also says which grants nobody used.
//
// Policies are functions of their input (no clock, no network), so a recorded input
// gives the recorded answer, and any difference is the candidate's. What cannot be
// decided again, because a mask took part of the input, and what cannot be read is
// counted, never passed over.
//
//	logs ─▶ batches ─▶ decide (in parallel) ─▶ count (in the order of the log) ─▶ Report
//
// Memory does not grow with the log: a few batches are under way at a time, and the
// names and examples that are kept have limits.
package replay

import (
	"context"
	"errors"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

// batchWeight is how many decisions are handed over at once.
const batchWeight = 64

// Log is a decision log to read.
type Log struct {
	Name   string // for errors and examples
	Reader io.Reader
}

// Options of a replay.
type Options struct {
	// Parallel is how many decide at a time; zero: as many as there are processors.
	Parallel int
	// From and Until bound the time of the decisions: those in [From, Until) count.
	// Zero: no bound.
	From, Until time.Time
	// Progress is told how many events were read so far, now and then; nil: nobody is.
	Progress func(events int)
}

// item is one line of a log and, once decided, what became of it.
type item struct {
	entry *decisionlog.Entry
	err   error // the line could not be read
	outcome
}

// batch is handed from the reader to a worker and, when done is closed, counted.
type batch struct {
	log    string
	items  []item
	weight int
	done   chan struct{}
}

// Run decides all decisions in logs again by candidate. What is wrong with a log is
// in the report; the error is ctx's, and the report counts what was done until then.
func Run(ctx context.Context, candidate *policies.Snapshot, logs []Log, o Options) (Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	work, order := make(chan *batch, o.Parallel), make(chan *batch, o.Parallel)
	d := decider{candidate, reads(candidate)}
	var running sync.WaitGroup
	running.Go(func() {
		defer close(work)
		defer close(order)
		for _, l := range logs {
			readLog(ctx, l, o, func(b *batch) {
				order <- b
				work <- b
			})
		}
	})
	for range o.Parallel {
		running.Go(func() {
			for b := range work {
				for i := range b.items {
					if it := &b.items[i]; it.fate == undone && it.err == nil && ctx.Err() == nil {
						it.outcome = d.decide(it.entry)
					}
				}
				close(b.done)
			}
		})
	}
	c := newCounter(candidate)
	for b := range order {
		<-b.done
		for i := range b.items {
			c.add(b.log, &b.items[i])
		}
		if o.Progress != nil {
			o.Progress(c.report.Events)
		}
	}
	running.Wait()
	if ctx.Err() != nil {
		c.report.Incomplete = true
	}
	return c.finish(), ctx.Err()
}

// readLog gives the events of l to use, in batches.
func readLog(ctx context.Context, l Log, o Options, use func(*batch)) {
	r := decisionlog.NewReader(l.Reader)
	b := newBatch(l.Name)
	for ctx.Err() == nil {
		e, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		it := item{entry: e, err: err}
		if err == nil && (e.Time.Before(o.From) || !o.Until.IsZero() && !e.Time.Before(o.Until)) {
			it.outcome = outcome{fate: outside}
		}
		b.items = append(b.items, it)
		var line *decisionlog.LineError
		if err != nil && !errors.As(err, &line) {
			break // the log ends here
		}
		if b.weight += weight(e); b.weight >= batchWeight {
			use(b)
			b = newBatch(l.Name)
		}
	}
	if len(b.items) > 0 {
		use(b)
	}
}

func newBatch(log string) *batch { return &batch{log: log, done: make(chan struct{})} }

// weight is how large an event is: those of a gate have the findings of a whole scan.
func weight(e *decisionlog.Entry) int {
	if e != nil {
		if in, ok := e.Input.(*policies.GateInput); ok {
			return 1 + (len(in.Findings)+len(in.Baseline))/16
		}
	}
	return 1
}
