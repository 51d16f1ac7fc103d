// Package memory keeps a store in memory: for `vault server --dev`, and for tests.
// What it holds ends with the process; "durable" means here that others see it.
//
// The records form a tree that is never changed. An Update builds a new one, which
// shares what is alike with the old, and puts it in place when it succeeds. So a
// View needs no lock, and a failed Update is a tree nobody ever sees.
package memory

import (
	"context"
	"hash/maphash"
	"sync/atomic"

	"github.com/stanch-dev/stanch/vault/storage"
)

// Store is a [storage.Store] in memory, safe for concurrent use. Make it with New.
type Store struct {
	seed   maphash.Seed
	root   atomic.Pointer[node]
	closed atomic.Bool
	turn   chan struct{} // holds one token while an Update or Close runs
}

// New returns an empty store.
func New() *Store {
	return &Store{seed: maphash.MakeSeed(), turn: make(chan struct{}, 1)}
}

// Kind returns "memory".
func (s *Store) Kind() string { return "memory" }

// View runs f on the tree of this moment.
func (s *Store) View(ctx context.Context, f func(storage.Tx) error) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	t := &tx{ctx: ctx, root: s.root.Load()}
	return t.run(f)
}

// Update runs f when the Updates before it have ended. f runs once.
func (s *Store) Update(ctx context.Context, f func(storage.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	if err := s.ready(ctx); err != nil {
		return err
	}
	t := &tx{ctx: ctx, root: s.root.Load(), seed: &s.seed}
	if err := t.run(f); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.root.Store(t.root)
	return nil
}

// Close waits for the Update under way. Views under way keep their snapshot.
func (s *Store) Close() error {
	s.turn <- struct{}{}
	s.closed.Store(true)
	s.root.Store(nil)
	<-s.turn
	return nil
}

func (s *Store) ready(ctx context.Context) error {
	if s.closed.Load() {
		return storage.ErrClosed
	}
	return ctx.Err()
}
