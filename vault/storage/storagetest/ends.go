package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/storage"
)

func testCancelled(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	for _, run := range []func(context.Context, func(storage.Tx) error) error{s.Update, s.View} {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := run(ctx, func(storage.Tx) error { t.Error("the function ran"); return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("with a cancelled context: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	err := s.Update(ctx, func(tx storage.Tx) error { defer cancel(); return scribble(tx) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Update that was cancelled while it ran = %v", err)
	}
	untouched(t, s)
	cancelledScan(t, s)
}

// cancelledScan: a Scan over many records stops soon after its context.
func cancelledScan(t *testing.T, s storage.Store) {
	t.Helper()
	const records = 3000
	update(t, s, func(tx storage.Tx) (err error) {
		for i := range records {
			err = errors.Join(err, tx.Put(fmt.Appendf(nil, "many/%04d", i), nil))
		}
		return err
	})
	for _, run := range []func(context.Context, func(storage.Tx) error) error{s.Update, s.View} {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		err := run(ctx, func(tx storage.Tx) error {
			for range tx.Scan([]byte("many/"), nil) {
				n++
				cancel()
			}
			if !errors.Is(tx.Err(), context.Canceled) {
				t.Errorf("Err after a Scan that was cut = %v", tx.Err())
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) || n > 1000 {
			t.Errorf("a cancelled Scan met %d records of %d, %v", n, records, err)
		}
	}
}

// testCancelledInLine: whoever waits behind a long Update can leave, and neither
// those behind it nor the long one notice.
func testCancelledInLine(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	entered, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	var once sync.Once
	wg.Go(func() {
		update(t, s, func(tx storage.Tx) error {
			once.Do(func() { close(entered) })
			<-release
			return tx.Put([]byte("first"), nil)
		})
	})
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	left := make(chan error, 3)
	for i := range 3 {
		wg.Go(func() {
			left <- s.Update(ctx, func(tx storage.Tx) error { return tx.Put(fmt.Append(nil, "left", i), nil) })
		})
		wg.Go(func() { put(t, s, fmt.Sprint("stayed", i), "") })
	}
	cancel()
	for range 3 {
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("Update that left the line = %v", err)
		}
	}
	close(release)
	wg.Wait()
	if diff := cmp.Diff([]string{"first", "", "stayed0", "", "stayed1", "", "stayed2", ""}, all(t, s)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// testCloseWhileUsed: each use of a store that is being closed works as a whole or
// is refused, and what it acknowledged is there.
func testCloseWhileUsed(t *testing.T, d Driver) {
	dir := t.TempDir()
	s := open(t, d, dir)
	value := string(make([]byte, 1000))
	put(t, s, "a", value)
	const users = 6
	var busy, using sync.WaitGroup
	busy.Add(users)
	acked := make([]int, users)
	for i := range users {
		using.Go(func() {
			for n := 1; ; n++ {
				err := use(s, i, n, value)
				if n == 3 {
					busy.Done()
				}
				if errors.Is(err, storage.ErrClosed) && n >= 3 {
					return
				}
				if err != nil {
					t.Errorf("use %d of user %d = %v, want nil or ErrClosed", n, i, err)
					return
				}
				acked[i] = n
			}
		})
	}
	busy.Wait()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	using.Wait()
	for _, run := range []func(context.Context, func(storage.Tx) error) error{s.Update, s.View} {
		if err := run(context.Background(), func(storage.Tx) error { return nil }); !errors.Is(err, storage.ErrClosed) {
			t.Errorf("after Close: %v, want ErrClosed", err)
		}
	}
	if !d.Persistent {
		return
	}
	again := open(t, d, dir)
	update(t, again, func(tx storage.Tx) error {
		for i := 0; i < users; i += 2 {
			n, err := number(tx, fmt.Sprint("user", i))
			if err != nil || n != acked[i] {
				t.Errorf("user %d had %d Updates acknowledged, and %d are there, %v", i, acked[i], n, err)
			}
		}
		return nil
	})
}

// use writes, as an even user, or reads.
func use(s storage.Store, user, n int, value string) error {
	if user%2 == 0 {
		return s.Update(context.Background(), func(tx storage.Tx) error {
			return putNumber(tx, fmt.Sprint("user", user), n)
		})
	}
	return s.View(context.Background(), func(tx storage.Tx) error {
		if got, err := tx.Get([]byte("a")); err != nil || string(got) != value {
			return fmt.Errorf("read %d bytes, %w", len(got), err)
		}
		return nil
	})
}
