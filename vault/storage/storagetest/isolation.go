package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/storage"
)

// together runs f in n goroutines and waits for them.
func together(n int, f func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { f(i) })
	}
	wg.Wait()
}

// testSnapshot: a View sees one moment, and writers need not wait until it ends.
func testSnapshot(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1")
	err := s.View(context.Background(), func(tx storage.Tx) error {
		var written sync.WaitGroup
		for i := range 20 {
			written.Go(func() {
				put(t, s, "a", "2", fmt.Sprint("new", i), string(make([]byte, 200<<10))) // so much that a file grows
				update(t, s, func(tx storage.Tx) error { return tx.Delete([]byte("b")) })
			})
		}
		written.Wait()
		if diff := cmp.Diff([]string{"a", "1", "b", "1"}, scan(tx, nil, nil)); diff != "" {
			t.Errorf("the snapshot moved (-want +got):\n%s", diff)
		}
		if b, err := tx.Get([]byte("b")); string(b) != "1" {
			t.Errorf("Get in the snapshot = %q, %v, want 1", b, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, s); len(got) != 2*21 || got[1] != "2" {
		t.Errorf("%d records after it, want 21", len(got)/2)
	}
}

// testCounter: of Updates that read and write the same record none is lost, and what
// one wrote is there for everybody when it returns.
func testCounter(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	const writers, each = 8, 40
	together(writers, func(int) {
		for range each {
			var wrote, read int
			update(t, s, func(tx storage.Tx) error {
				n, err := number(tx, "counter")
				wrote = n + 1
				return errors.Join(err, putNumber(tx, "counter", wrote))
			})
			err := s.View(context.Background(), func(tx storage.Tx) (err error) {
				read, err = number(tx, "counter")
				return err
			})
			if err != nil || read < wrote {
				t.Errorf("after an Update to %d a View reads %d, %v", wrote, read, err)
			}
		}
	})
	if diff := cmp.Diff([]string{"counter", fmt.Sprint(writers * each)}, all(t, s)); diff != "" {
		t.Errorf("after %d increments (-want +got):\n%s", writers*each, diff)
	}
}

// testWriteSkew: two Updates that each read what the other writes cannot both act on
// the old state. Here they may each take the last of two doctors off call, or, by a
// Scan, add themselves to a list that has room for one.
func testWriteSkew(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	for range 20 {
		put(t, s, "call/0", "on", "call/1", "on")
		update(t, s, func(tx storage.Tx) error { return tx.Delete([]byte("list/0")) })
		update(t, s, func(tx storage.Tx) error { return tx.Delete([]byte("list/1")) })
		together(2, func(i int) {
			update(t, s, func(tx storage.Tx) error {
				other, err := tx.Get(fmt.Append(nil, "call/", 1-i))
				if err != nil || string(other) != "on" {
					return err
				}
				return tx.Put(fmt.Append(nil, "call/", i), []byte("off"))
			})
			update(t, s, func(tx storage.Tx) error {
				if len(scan(tx, []byte("list/"), []byte("list0"))) > 0 {
					return nil
				}
				return tx.Put(fmt.Append(nil, "list/", i), nil)
			})
		})
		got := all(t, s)
		if !slices.Contains(got, "on") || len(got) != 6 {
			t.Fatalf("after two Updates at once: %q, want one on call and one on the list", got)
		}
	}
}

// testTransfers: what is moved from record to record is in a View's sum always once.
func testTransfers(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	const accounts, each = 10, 100
	account := func(i int) string { return fmt.Sprint("account/", i%accounts) }
	update(t, s, func(tx storage.Tx) (err error) {
		for i := range accounts {
			err = errors.Join(err, putNumber(tx, account(i), each))
		}
		return err
	})
	ended := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ended:
					return
				default:
				}
				sum := 0
				err := s.View(context.Background(), func(tx storage.Tx) error {
					for i := range accounts {
						n, err := number(tx, account(i))
						if err != nil {
							return err
						}
						sum += n
					}
					return nil
				})
				if err != nil || sum != accounts*each {
					t.Errorf("a View adds up to %d, %v, want %d", sum, err, accounts*each)
					return
				}
			}
		})
	}
	together(4, func(w int) {
		for i := range 40 {
			from, to := account(w+i), account(w+i*3+1)
			update(t, s, func(tx storage.Tx) error {
				a, err := number(tx, from)
				if err != nil || from == to {
					return err
				}
				b, err := number(tx, to)
				return errors.Join(err, putNumber(tx, from, a-i), putNumber(tx, to, b+i))
			})
		}
	})
	close(ended)
	readers.Wait()
}

// testNeighbours: Updates that fail, panic or are cancelled beside others leave
// nothing and hurt none of them.
func testNeighbours(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "always", "there")
	const writers, each = 8, 15
	want := []string{"always", "there", "count", fmt.Sprint(writers * each * 2 / 5)}
	for w := range writers {
		for i := range each {
			if i%5 == 0 || i%5 == 4 {
				want = append(want, fmt.Sprintf("made/%d/%02d", w, i), "v")
			}
		}
	}
	together(writers, func(w int) {
		for i := range each {
			ends := []error{nil, errOwn, errOwn, context.Canceled, nil}[i%5]
			if err := neighbour(s, fmt.Sprintf("made/%d/%02d", w, i), i%5); !errors.Is(err, ends) {
				t.Errorf("Update %d of writer %d = %v, want %v", i, w, err, ends)
			}
		}
	})
	if diff := cmp.Diff(want, all(t, s)); diff != "" {
		t.Errorf("after Updates of which some failed (-want +got):\n%s", diff)
	}
}

// neighbour makes a record and counts it, changing some records more than once, and
// then ends well or in one of three other ways. A panic comes back as errOwn.
func neighbour(s storage.Store, key string, end int) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if r := recover(); r != nil {
			err = errOwn
		}
	}()
	return s.Update(ctx, func(tx storage.Tx) error {
		n, err := number(tx, "count")
		if err := errors.Join(err, putNumber(tx, "count", n+1000), tx.Put([]byte(key), nil), tx.Delete([]byte("always")),
			putNumber(tx, "count", n+1), tx.Put([]byte(key), []byte("v")), tx.Put([]byte("always"), []byte("there"))); err != nil {
			return err
		}
		switch end {
		case 1:
			return errOwn
		case 2:
			panic(errOwn)
		case 3:
			cancel()
		}
		return nil
	})
}
