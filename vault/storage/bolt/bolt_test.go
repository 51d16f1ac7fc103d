package bolt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"go.etcd.io/bbolt"

	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/bolt"
	"github.com/stanch-dev/stanch/vault/storage/storagetest"
)

func TestBolt(t *testing.T) {
	storagetest.Run(t, storagetest.Driver{
		Open: func(dir string) (storage.Store, error) {
			return bolt.Open(filepath.Join(dir, "store"), bolt.Options{})
		},
		Persistent: true,
		Check:      func(s storage.Store) error { return s.(*bolt.Store).Check(context.Background()) },
	})
}

// newStore makes a store in a folder of the test, with these records, and closes it.
func newStore(t testing.TB, records map[string]string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "store")
	s := open(t, path)
	for k, v := range records {
		if err := put(s, k, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// open opens a store and closes it at the end of the test.
func open(t testing.TB, path string) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(s storage.Store, key, value string) error {
	return s.Update(context.Background(), func(tx storage.Tx) error { return tx.Put([]byte(key), []byte(value)) })
}

// records returns what the store has.
func records(s storage.Store) (map[string]string, error) {
	found := map[string]string{}
	err := s.View(context.Background(), func(tx storage.Tx) error {
		for k, v := range tx.Scan(nil, nil) {
			found[string(k)] = string(v)
		}
		return nil
	})
	return found, err
}

// raw changes a closed store as another program might.
func raw(t testing.TB, path string, f func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(f); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// commits returns how many commits a closed store has seen.
func commits(t testing.TB, path string) (n int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.View(func(tx *bbolt.Tx) error { n = tx.ID(); return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpdatesShareCommits(t *testing.T) {
	for _, c := range []struct {
		name                  string
		members, size, writes int
		want                  int // commits
	}{
		{"alone", 1, 10, 5, 5},
		{"together", 12, 10, 1, 1},
		{"more than a group has room for", 12, 3 << 20, 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newStore(t, nil)
			before := commits(t, path)
			synctest.Test(t, func(t *testing.T) {
				s, err := bolt.Open(path, bolt.Options{})
				if err != nil {
					t.Fatal(err)
				}
				for range c.writes {
					atOnce(t, s, c.members, c.size)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			})
			if got := commits(t, path) - before; got != c.want {
				t.Errorf("%d times %d Updates at once made %d commits, want %d", c.writes, c.members, got, c.want)
			}
		})
	}
}

// atOnce makes n Updates of one record, of which the first ends only when all the
// others wait.
func atOnce(t *testing.T, s *bolt.Store, n, size int) {
	release := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			err := s.Update(context.Background(), func(tx storage.Tx) error {
				<-release
				return tx.Put(fmt.Append(nil, i), make([]byte, size))
			})
			if err != nil {
				t.Errorf("Update %d = %v", i, err)
			}
		})
	}
	synctest.Wait()
	close(release)
	wg.Wait()
}

// TestNobodyElseMayRead holds when the file is made and when it is compacted.
func TestNobodyElseMayRead(t *testing.T) {
	path := newStore(t, map[string]string{"a": "1"})
	for range 2 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("the file's mode is %v, want 0600", info.Mode())
		}
		if _, _, err := bolt.Compact(path); err != nil {
			t.Fatal(err)
		}
	}
}
