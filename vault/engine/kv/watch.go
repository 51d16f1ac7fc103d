package kv

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// MaxWaiting is how many may wait at a Watcher.
const MaxWaiting = 10_000

const (
	watchTimeout    = 30 * time.Second // if the client says nothing
	maxWatchTimeout = 5 * time.Minute  // whatever it says
)

var (
	watchField   = logical.Field{Name: "watch", Type: logical.Int, Doc: "Wait until another version than this is the current one; 0: until there is one.", Query: true}
	timeoutField = logical.Field{Name: "timeout", Type: logical.Duration, Default: watchTimeout, Doc: "How long watch waits: 30s if not given, 5m at most. Then the answer is 304.", Query: true}
)

// Watcher wakes those who wait for a change of a secret. It is in memory only. The zero
// value is ready; it is safe for concurrent use.
type Watcher struct {
	mu      sync.Mutex
	waiting int               // guarded by mu
	topics  map[string]*topic // by name of a secret somebody waits for; guarded by mu
}

// topic is one secret until it changes.
type topic struct {
	changed chan struct{} // closed then
	waiting int           // guarded by Watcher.mu
}

var errTooManyWaiting = &logical.Error{Status: http.StatusTooManyRequests, Text: "too many requests wait for changes at this mount: try again later"}

// Wait returns once ready returns true or an error, which it then returns. It asks at
// once, and again after each change of the secret; none is missed. When ctx ends, it
// returns its error; when MaxWaiting wait already, an error for the client, 429.
func (w *Watcher) Wait(ctx context.Context, name string, ready func() (bool, error)) error {
	w.mu.Lock()
	full := w.waiting >= MaxWaiting
	if !full {
		w.waiting++
	}
	w.mu.Unlock()
	if full {
		return errTooManyWaiting
	}
	defer func() {
		w.mu.Lock()
		w.waiting--
		w.mu.Unlock()
	}()
	for {
		done, err := w.wait(ctx, name, ready)
		if done || err != nil {
			return err
		}
	}
}

// wait asks ready and, if it is not, waits for one change. It joins before it asks, so
// that no change comes between.
func (w *Watcher) wait(ctx context.Context, name string, ready func() (bool, error)) (bool, error) {
	w.mu.Lock()
	t := w.topics[name]
	if t == nil {
		t = &topic{changed: make(chan struct{})}
		if w.topics == nil {
			w.topics = map[string]*topic{}
		}
		w.topics[name] = t
	}
	t.waiting++
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		if t.waiting--; t.waiting == 0 && w.topics[name] == t {
			delete(w.topics, name)
		}
		w.mu.Unlock()
	}()
	if done, err := ready(); done || err != nil {
		return done, err
	}
	select {
	case <-t.changed:
		return false, nil
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// Changed wakes all who wait for a secret.
func (w *Watcher) Changed(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t := w.topics[name]; t != nil {
		close(t.changed)
		delete(w.topics, name)
	}
}

// watch answers a read once another version is the current one than the client knows:
// a newer one, an older one promoted, or none since the secret is gone. A version that
// the client knows and that was deleted is told when the time is over.
func (b *V2) watch(ctx context.Context, c *logical.Call, name string) (*logical.Response, error) {
	known := c.Fields.Int("watch")
	if known < 0 || c.Fields.Has("version") || c.Fields.Has("stage") {
		return nil, logical.Invalid("watch is the number of the version you have, 0 for none, and goes without version and stage")
	}
	waiting, cancel := context.WithTimeout(ctx, min(c.Fields.Duration("timeout"), maxWatchTimeout))
	defer cancel()
	began := time.Now() // only to know how much later than c.Time it is
	var got *found
	ready := func() (_ bool, err error) {
		if got, err = find(ctx, c, name, c.Time.Add(time.Since(began))); err != nil {
			return false, err
		}
		if got == nil {
			return known != 0, nil
		}
		return got.version.Number != uint64(known), nil
	}
	err := b.watcher.Wait(waiting, name, ready)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		var done bool
		if done, err = ready(); err == nil && !done && (got == nil || got.readable) {
			return &logical.Response{Status: http.StatusNotModified}, nil
		}
	}
	if err != nil || got == nil {
		return nil, err
	}
	return got.answer("data", whole), nil
}
