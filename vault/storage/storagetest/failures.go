package storagetest

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/storage"
)

var errOwn = errors.New("the function's own")

// scribble changes, adds and deletes records of the store {a: 1, b: 1}.
func scribble(tx storage.Tx) error {
	return errors.Join(
		tx.Put([]byte("a"), []byte("2")), tx.Put([]byte("a"), []byte("3")),
		tx.Delete([]byte("b")), tx.Put([]byte("b"), []byte("4")), tx.Delete([]byte("b")),
		tx.Put([]byte("c"), []byte("5")), tx.Delete([]byte("c")), tx.Put([]byte("d"), nil))
}

// untouched checks that the store is {a: 1, b: 1} and still takes writes.
func untouched(t *testing.T, s storage.Store) {
	t.Helper()
	if diff := cmp.Diff([]string{"a", "1", "b", "1"}, all(t, s)); diff != "" {
		t.Errorf("something is left (-want +got):\n%s", diff)
	}
	put(t, s, "a", "1")
}

func testFailure(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	for _, run := range []func(context.Context, func(storage.Tx) error) error{s.Update, s.View} {
		if err := run(context.Background(), func(storage.Tx) error { return errOwn }); !errors.Is(err, errOwn) {
			t.Errorf("the function's error came back as %v", err)
		}
	}
	err := s.Update(context.Background(), func(tx storage.Tx) error { return errors.Join(scribble(tx), errOwn) })
	if !errors.Is(err, errOwn) {
		t.Errorf("the function's error came back as %v", err)
	}
	untouched(t, s)
}

// testStickyError: an error that the function overlooks fails the transaction.
func testStickyError(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	err := s.Update(context.Background(), func(tx storage.Tx) error {
		if err := scribble(tx); err != nil {
			return err
		}
		if tx.Err() != nil {
			t.Errorf("Err = %v before any", tx.Err())
		}
		_ = tx.Put(nil, nil)
		if !errors.Is(tx.Err(), storage.ErrKey) {
			t.Errorf("Err = %v, want ErrKey", tx.Err())
		}
		return nil
	})
	if !errors.Is(err, storage.ErrKey) {
		t.Errorf("Update = %v, want ErrKey", err)
	}
	untouched(t, s)
}

func testReadOnly(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	for name, write := range map[string]func(storage.Tx) error{
		"Put":    func(tx storage.Tx) error { return tx.Put([]byte("a"), []byte("2")) },
		"Delete": func(tx storage.Tx) error { return tx.Delete([]byte("a")) },
	} {
		err := s.View(context.Background(), func(tx storage.Tx) error {
			if err := write(tx); !errors.Is(err, storage.ErrReadOnly) {
				t.Errorf("%s in a View = %v, want ErrReadOnly", name, err)
			}
			return nil
		})
		if !errors.Is(err, storage.ErrReadOnly) {
			t.Errorf("View = %v, want ErrReadOnly", err)
		}
	}
	untouched(t, s)
}

func testAfterTheEnd(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	for _, run := range []func(context.Context, func(storage.Tx) error) error{s.Update, s.View} {
		var kept storage.Tx
		if err := run(context.Background(), func(tx storage.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		_, err := kept.Get([]byte("a"))
		for call, err := range map[string]error{
			"Get": err, "Put": kept.Put([]byte("a"), nil), "Delete": kept.Delete([]byte("a")), "Err": kept.Err(),
		} {
			if !errors.Is(err, storage.ErrDone) {
				t.Errorf("%s after the end = %v, want ErrDone", call, err)
			}
		}
		if got := scan(kept, nil, nil); len(got) != 0 {
			t.Errorf("Scan after the end yields %q", got)
		}
	}
	untouched(t, s)
}

// testPanic: a function that panics, or ends its goroutine as a test that fails
// does, takes nobody with it.
func testPanic(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	for name, end := range map[string]func(){"panic": func() { panic(errOwn) }, "exit": runtime.Goexit} {
		for _, run := range []func(context.Context, func(storage.Tx) error) error{s.Update, s.View} {
			recovered := make(chan any, 1)
			go func() {
				defer func() { recovered <- recover() }()
				_ = run(context.Background(), func(tx storage.Tx) error {
					_ = scribble(tx)
					end()
					return nil
				})
			}()
			if got := <-recovered; (name == "panic") != (got == errOwn) {
				t.Errorf("%s came out as %v", name, got)
			}
			untouched(t, s)
		}
	}
}
