package lease

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

const (
	// step is how many items a Run hands out.
	step = 256
	// workers is how many of them at once: enough for the storage to commit several
	// transactions with one write to disk.
	workers = 8
	// Between two attempts to end an item are firstPause, then twice as long each time.
	firstPause = 10 * time.Second
	lastPause  = 24 * time.Hour
)

// Done is what a Run has done.
type Done struct {
	Ended, Failed int
	// Next is when the next item is due, the zero time if there is none. If it is not
	// after now, there is more to do at once.
	Next time.Time
}

// Run hands the items that are due at now to due, the earliest first, at most 256 of
// them and several at once. Those for which it returns nil are removed, the others come
// again later, after a longer pause each time; the error says why, joined of them all.
//
// An item can be handed out more than once, after a crash, and although its owner has
// meanwhile changed his mind: due looks at its own records and does nothing if they do
// not say that the time has come. Only one Run at a time runs.
func (q *Queue) Run(ctx context.Context, now time.Time, due func(context.Context, Item) error) (Done, error) {
	select {
	case <-q.running:
		defer func() { q.running <- struct{}{} }()
	case <-ctx.Done():
		return Done{}, ctx.Err()
	}
	var items []Item
	var done Done
	err := q.storage.View(ctx, func(tx logical.Tx) (err error) {
		items, done.Next, err = q.due(tx, now)
		return err
	})
	if err != nil || len(items) == 0 {
		return done, err
	}
	failures := each(ctx, items, due)
	if ctx.Err() != nil {
		return Done{}, ctx.Err() // what was ended is handed out again, which does no harm
	}
	err = q.storage.Update(ctx, func(tx logical.Tx) error { return q.settle(tx, now, items, failures) })
	if err != nil {
		return Done{}, fmt.Errorf("lease: removing what has ended: %w", err)
	}
	for i, err := range failures {
		if err == nil {
			done.Ended++
			continue
		}
		done.Failed++
		if at := now.Add(pause(items[i].Attempts)); done.Next.IsZero() || at.Before(done.Next) {
			done.Next = at
		}
	}
	return done, errors.Join(failures...)
}

// due returns the first items that are due, and when the next one is.
func (q *Queue) due(tx logical.Tx, now time.Time) (items []Item, next time.Time, err error) {
	for s, err := range q.seconds(tx) {
		at := time.Unix(s, 0).UTC()
		if err != nil || at.After(now) || len(items) == step {
			return items, at, err
		}
		names, err := tx.List(q.leaf(s), "", step-len(items)+1)
		if err != nil {
			return nil, at, err
		}
		for _, name := range names {
			if len(items) == step {
				return items, at, nil
			}
			kind, id, ok := strings.Cut(name, ".")
			if !ok {
				return nil, at, fmt.Errorf("lease: %s%s is not an item", q.leaf(s), name)
			}
			var r record
			if _, err := tx.Get(q.leaf(s)+name, &r); err != nil {
				return nil, at, err
			}
			items = append(items, Item{at, kind, id, r.Attempts})
		}
	}
	return items, time.Time{}, nil
}

// seconds yields those in which something is due, in their order.
func (q *Queue) seconds(tx logical.Tx) iter.Seq2[int64, error] {
	return func(yield func(int64, error) bool) {
		q.descend(tx, q.folder, "", yield)
	}
}

// descend yields the seconds below a folder whose digits are known. It reports whether
// to go on.
func (q *Queue) descend(tx logical.Tx, folder, known string, yield func(int64, error) bool) bool {
	if len(known) > middle {
		s, err := strconv.ParseInt(known, 16, 64)
		return yield(s, err) && err == nil
	}
	names, err := tx.List(folder, "", 0)
	if err != nil {
		yield(0, err)
		return false
	}
	for _, name := range names {
		if !q.descend(tx, folder+name, known+strings.TrimSuffix(name, "/"), yield) {
			return false
		}
	}
	return true
}

// each calls due for all items and returns its errors.
func each(ctx context.Context, items []Item, due func(context.Context, Item) error) []error {
	failures := make([]error, len(items))
	var group sync.WaitGroup
	for w := range min(workers, len(items)) {
		group.Go(func() {
			for i := w; i < len(items) && ctx.Err() == nil; i += workers {
				failures[i] = due(ctx, items[i])
			}
		})
	}
	group.Wait()
	return failures
}

// settle removes what has ended and puts what has not to a later time.
func (q *Queue) settle(tx logical.Tx, now time.Time, items []Item, failures []error) error {
	for i, item := range items {
		if err := q.Remove(tx, item); err != nil {
			return err
		}
		if failures[i] == nil {
			continue
		}
		item.At = now.Add(pause(item.Attempts))
		item.Attempts++
		if err := q.Add(tx, item); err != nil {
			return err
		}
	}
	return nil
}

// pause returns how long to wait after so many attempts that failed, and one more.
func pause(attempts int) time.Duration {
	if attempts > 13 { // 10 s · 2^13 is 22 hours
		return lastPause
	}
	return firstPause << attempts
}
