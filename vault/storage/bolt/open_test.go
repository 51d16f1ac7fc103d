package bolt_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/bolt"
)

// saysFormat returns a change of what a store says its format is.
func saysFormat(value string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		raw(t, path, func(tx *bbolt.Tx) error {
			return tx.Bucket([]byte("stanch")).Put([]byte("format"), []byte(value))
		})
	}
}

// overwritten returns a change of a whole file to a text.
func overwritten(text string) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// cut returns a change of a file's length.
func cut(size int64) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		if err := os.Truncate(path, size); err != nil {
			t.Fatal(err)
		}
	}
}

var refused = []struct {
	name    string
	prepare func(t *testing.T, path string)
	want    error // nil: any
	says    string
}{
	{"newer format", saysFormat("2"), storage.ErrFormat, "has format 2, of a newer stanch; this one knows up to 1: upgrade it"},
	{"no number", saysFormat("one"), storage.ErrDamaged, "does not say its format"},
	{"format 0", saysFormat("0"), storage.ErrDamaged, "does not say its format"},
	{"another program's", func(t *testing.T, path string) {
		raw(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("stanch")) })
	}, storage.ErrFormat, "another program"},
	{"without records", func(t *testing.T, path string) {
		raw(t, path, func(tx *bbolt.Tx) error { return tx.DeleteBucket([]byte("data")) })
	}, storage.ErrDamaged, "its records are gone"},
	{"open elsewhere", func(t *testing.T, path string) { open(t, path) }, storage.ErrInUse, "is locked: stop the process that has it"},
	{"others may read", func(t *testing.T, path string) {
		if err := os.Chmod(path, 0o640); err != nil {
			t.Fatal(err)
		}
	}, nil, "chmod 600"},
	{"cut", cut(40_000), storage.ErrDamaged, ""},
	{"cut to the head", cut(8192), storage.ErrDamaged, ""},
	{"a text", overwritten(strings.Repeat("once upon a time ", 5000)), storage.ErrDamaged, "restore it from a snapshot"},
	{"a short text", overwritten("once"), storage.ErrDamaged, "invalid database"},
	{"a folder", func(t *testing.T, path string) {
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
	}, nil, "opening"},
	{"no such folder", func(t *testing.T, path string) {
		if err := os.RemoveAll(filepath.Dir(path)); err != nil {
			t.Fatal(err)
		}
	}, nil, "no such file"},
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			path := newStore(t, map[string]string{"a": "1", "b": strings.Repeat("2", 50_000)})
			c.prepare(t, path)
			s, err := bolt.Open(path, bolt.Options{})
			if err == nil {
				s.Close()
				t.Fatal("it opens")
			}
			if c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("Open = %v\nwant %v, the path and %q", err, c.want, c.says)
			}
		})
	}
}

// TestReplacedWhileOpening: whoever waited for the lock of a file that then lost its
// name, as in Compact, would write into nothing.
func TestReplacedWhileOpening(t *testing.T) {
	path, other := newStore(t, nil), newStore(t, nil)
	synctest.Test(t, func(t *testing.T) {
		holder, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			t.Fatal(err)
		}
		opened := make(chan error)
		go func() {
			_, err := bolt.Open(path, bolt.Options{})
			opened <- err
		}()
		synctest.Wait() // it has the file open and sleeps until it tries the lock again
		if err := errors.Join(os.Rename(other, path), holder.Close()); err != nil {
			t.Fatal(err)
		}
		if err := <-opened; !errors.Is(err, storage.ErrInUse) || !strings.Contains(err.Error(), "replaced") {
			t.Errorf("Open = %v, want ErrInUse, replaced", err)
		}
	})
}

func TestDamage(t *testing.T) {
	want := map[string]string{"a": "1", "b": strings.Repeat("2", 50_000)}
	overwrite := func(with byte) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := range data[2*4096:] {
				data[2*4096+i] = with
			}
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteAt(data, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, damage := range map[string]func(*testing.T, string){
		"zeroed": overwrite(0),
		"filled": overwrite(0xff),
		"cut":    cut(8192),
	} {
		t.Run(name, func(t *testing.T) {
			path := newStore(t, want)
			s := open(t, path)
			damage(t, path)
			if _, err := records(s); !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("View of damaged pages = %v, want ErrDamaged", err)
			}
			if err := put(s, "c", "3"); !errors.Is(err, storage.ErrDamaged) {
				t.Errorf("Update of damaged pages = %v, want ErrDamaged", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close = %v", err)
			}
			if s, err := bolt.Open(path, bolt.Options{}); err == nil {
				s.Close()
				t.Error("it opens again")
			}
		})
	}
}

func TestFull(t *testing.T) {
	path := newStore(t, nil)
	s, err := bolt.Open(path, bolt.Options{MaxSize: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	want := map[string]string{}
	value := strings.Repeat("v", 500_000)
	for i := 0; ; i++ {
		key := strings.Repeat("k", i+1)
		err := put(s, key, value)
		if errors.Is(err, storage.ErrFull) {
			break
		}
		if err != nil || i > 32 {
			t.Fatalf("write %d = %v, want room, or ErrFull soon", i, err)
		}
		want[key] = value
	}
	if len(want) == 0 {
		t.Fatal("it was full from the start")
	}
	check := func() {
		t.Helper()
		got, err := records(s)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(want, got) {
			t.Errorf("%d records are there, want the %d that were acknowledged", len(got), len(want))
		}
	}
	check()
	// Pages are free for use a commit or two after their record went.
	for key := "k"; ; key += "k" {
		if len(want) < 3 {
			t.Fatal("there is never room again")
		}
		if err := s.Update(context.Background(), func(tx storage.Tx) error { return tx.Delete([]byte(key)) }); err != nil {
			t.Fatalf("making room = %v", err)
		}
		delete(want, key)
		if err := put(s, "again", value); err == nil {
			break
		} else if !errors.Is(err, storage.ErrFull) {
			t.Fatal(err)
		}
	}
	want["again"] = value
	check()
}

func TestCompact(t *testing.T) {
	path := newStore(t, map[string]string{"a": "1", "b": "2", "empty": ""})
	s := open(t, path)
	const many = 300
	for _, value := range [][]byte{make([]byte, 50_000), nil} { // written, then deleted
		if err := s.Update(context.Background(), func(tx storage.Tx) (err error) {
			for i := range many {
				key := []byte{'x', byte(i >> 8), byte(i)}
				if value == nil {
					err = errors.Join(err, tx.Delete(key))
				} else {
					err = errors.Join(err, tx.Put(key, value))
				}
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	want, err := records(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := bolt.Compact(path); !errors.Is(err, storage.ErrInUse) {
		t.Errorf("Compact of an open store = %v, want ErrInUse", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".compact", []byte("left by a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, after, err := bolt.Compact(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != after || after > 100_000 || before < many*50_000 {
		t.Errorf("Compact says %d and %d bytes; the file: %v, %v", before, after, info.Size(), err)
	}
	if _, err := os.Stat(path + ".compact"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
	s = open(t, path)
	if err := s.Check(context.Background()); err != nil {
		t.Error(err)
	}
	if got, err := records(s); err != nil || !cmp.Equal(want, got) {
		t.Errorf("records after Compact: %v, %v, want %v", got, err, want)
	}
	if err := put(s, "c", "3"); err != nil {
		t.Error(err)
	}
}

// FuzzHead: whatever happens to the two pages that point to everything else, Open
// says so or finds one of the last two commits.
func FuzzHead(f *testing.F) {
	path := newStore(f, map[string]string{"a": "1"})
	s := open(f, path)
	if err := put(s, "b", "2"); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	whole = whole[:min(len(whole), 64<<10)]
	f.Add([]byte{}, uint16(0))
	f.Add([]byte{1}, uint16(16))                        // the magic number of the first
	f.Add([]byte{0xff}, uint16(4096+24))                // the page size in the second
	f.Add([]byte{1, 2, 3, 4, 5}, uint16(60))            // the number of the commit
	f.Add([]byte(strings.Repeat("x", 8192)), uint16(0)) // both
	f.Fuzz(func(t *testing.T, flip []byte, at uint16) {
		data := append([]byte(nil), whole...)
		for i := range flip {
			data[(int(at)+i)%8192] ^= flip[i]
		}
		path := t.TempDir() + "/store"
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := bolt.Open(path, bolt.Options{})
		if err != nil {
			return
		}
		defer s.Close()
		got, err := records(s)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(got, map[string]string{"a": "1", "b": "2"}) && !cmp.Equal(got, map[string]string{"a": "1"}) {
			t.Errorf("a damaged head gives %v", got)
		}
	})
}
