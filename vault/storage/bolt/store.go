package bolt

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/stanch-dev/stanch/vault/storage"
)

// Store is a [storage.Store] in a file, safe for concurrent use. Make it with Open.
type Store struct {
	path string
	db   *bbolt.DB

	line  line   // for the turn to write
	group *group // nil when none is open; belongs to who has the turn

	mu      sync.Mutex     // guards what follows, but not waiting for running
	closed  bool           // no transaction may begin
	failed  error          // why no transaction may begin, an ErrFailed
	running sync.WaitGroup // the transactions that have begun
}

// Kind returns "bolt".
func (s *Store) Kind() string { return "bolt" }

// View runs f on the last commit. Pages it can see are not used again before it
// ends, so one that runs for hours under writing makes the file grow.
func (s *Store) View(ctx context.Context, f func(storage.Tx) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.running.Done()
	// A page that cannot be read is then a panic, which tx turns into an error, and
	// not the end of the process. The setting is this goroutine's alone.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	btx, data, err := s.open(false)
	if err != nil {
		return err
	}
	defer btx.Rollback()
	return (&tx{ctx: ctx, path: s.path, data: data}).run(f)
}

// Update runs f, once, in the group of this moment, and returns when the group's
// commit has ended. It fails with ErrFull or ErrFailed if that did.
func (s *Store) Update(ctx context.Context, f func(storage.Tx) error) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.running.Done()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // as in View
	if err := s.line.enter(ctx); err != nil {
		return err
	}
	g, err := s.join(ctx, f)
	if g == nil {
		return err
	}
	<-g.done
	if g.err != nil {
		return g.err
	}
	return err
}

// Close waits for all transactions under way and closes the file, which frees it for
// other processes.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("storage: closing %s: %w", s.path, err)
	}
	return nil
}

// begin counts a transaction in, or says why it may not begin.
func (s *Store) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return storage.ErrClosed
	case s.failed != nil:
		return s.failed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	s.running.Add(1)
	return nil
}

// failure returns why the store refuses everything, nil if it does not.
func (s *Store) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// fail makes the store refuse everything from now on and returns what it says.
func (s *Store) fail(cause any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = fmt.Errorf("%w: committing to %s: %v; what is on the disk is not known: check the disk and start again",
			storage.ErrFailed, s.path, cause)
	}
	return s.failed
}

// open begins a transaction of bbolt and finds the bucket of the records.
func (s *Store) open(write bool) (btx *bbolt.Tx, data *bbolt.Bucket, err error) {
	btx, err = s.db.Begin(write)
	if err != nil {
		return nil, nil, fmt.Errorf("storage: beginning a transaction on %s: %w", s.path, err)
	}
	defer func() {
		if r := recover(); r != nil {
			btx.Rollback()
			err = damaged(s.path, r)
		}
	}()
	return btx, btx.Bucket([]byte(dataBucket)), nil
}

func damaged(path string, what any) error {
	return fmt.Errorf("%w: %s: %v; restore it from a snapshot", storage.ErrDamaged, path, what)
}
