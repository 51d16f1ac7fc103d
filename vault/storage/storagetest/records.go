package storagetest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/storage"
)

func testRecords(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	if s.Kind() == "" {
		t.Error("Kind is empty")
	}
	if got := all(t, s); len(got) != 0 {
		t.Fatalf("a new store has records: %q", got)
	}
	put(t, s, "b", "1", "a", "2", "c", "3")
	put(t, s, "b", "4", "empty", "")
	update(t, s, func(tx storage.Tx) error {
		return errors.Join(tx.Delete([]byte("c")), tx.Delete([]byte("nothing")))
	})
	if diff := cmp.Diff([]string{"a", "2", "b", "4", "empty", ""}, all(t, s)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	err := s.View(context.Background(), func(tx storage.Tx) error {
		for _, c := range []struct {
			key  string
			want []byte
		}{{"a", []byte("2")}, {"b", []byte("4")}, {"empty", []byte{}}, {"c", nil}, {"aa", nil}, {"", nil}} {
			got, err := tx.Get([]byte(c.key))
			if err != nil || !bytes.Equal(got, c.want) || (got == nil) != (c.want == nil) {
				t.Errorf("Get(%q) = %#v, %v, want %#v", c.key, got, err, c.want)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func testLimits(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	key, value := bytes.Repeat([]byte{0xff}, storage.MaxKey+1), make([]byte, storage.MaxValue+1)
	for i := range value {
		value[i] = byte(i * i >> 7)
	}
	for _, c := range []struct {
		name       string
		key, value []byte
		want       error
	}{
		{"largest", key[:storage.MaxKey], value[:storage.MaxValue], nil},
		{"nil value", []byte("nil"), nil, nil},
		{"no key", nil, []byte("v"), storage.ErrKey},
		{"key too long", key, []byte("v"), storage.ErrKey},
		{"value too long", []byte("k"), value, storage.ErrValue},
	} {
		err := s.Update(context.Background(), func(tx storage.Tx) error { return tx.Put(c.key, c.value) })
		if !errors.Is(err, c.want) {
			t.Errorf("%s: Put = %v, want %v", c.name, err, c.want)
		}
	}
	err := s.View(context.Background(), func(tx storage.Tx) error {
		if got, err := tx.Get(key[:storage.MaxKey]); err != nil || !bytes.Equal(got, value[:storage.MaxValue]) {
			t.Errorf("the largest record came back with %d bytes, %v", len(got), err)
		}
		if got, err := tx.Get([]byte("nil")); err != nil || got == nil {
			t.Errorf("a nil value came back as %#v, %v, want an empty one", got, err)
		}
		if n := len(scan(tx, nil, nil)) / 2; n != 2 {
			t.Errorf("%d records are there, want 2", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// testCallersMemory: what Put is given is the caller's again when it returns.
func testCallersMemory(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	update(t, s, func(tx storage.Tx) error {
		key, value := []byte("key1"), []byte("value1")
		if err := tx.Put(key, value); err != nil {
			return err
		}
		copy(key, "XXXX")
		copy(value, "XXXXXX")
		key, value = append(key[:0], "key2"...), append(value[:0], "value2"...)
		if err := tx.Put(key, value); err != nil {
			return err
		}
		clear(key)
		clear(value)
		return nil
	})
	if diff := cmp.Diff([]string{"key1", "value1", "key2", "value2"}, all(t, s)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func testRanges(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	keys := []string{"\x00", "\x00\x00", "\x00\xff", "a", "a\x00", "a/", "a/b", "a0", "b", "\x7f", "\x80", "\xff", "\xff\xff"}
	for _, i := range []int{7, 2, 11, 0, 5, 12, 9, 4, 1, 8, 3, 10, 6} { // in no order
		put(t, s, keys[i], "v")
	}
	bounds := append([]string{"", "a/\xff", "\xff\xff\xff", "c"}, keys...)
	err := s.View(context.Background(), func(tx storage.Tx) error {
		for _, from := range bounds {
			for _, to := range append([]string{"no end"}, bounds...) {
				want := []string{}
				for _, k := range keys {
					if from <= k && (to == "no end" || k < to) {
						want = append(want, k)
					}
				}
				end := []byte(to)
				if to == "no end" {
					end = nil
				}
				got := slices.Collect(func(yield func(string) bool) {
					for k := range tx.Scan([]byte(from), end) {
						if !yield(string(k)) {
							return
						}
					}
				})
				if !slices.Equal(want, got) {
					t.Errorf("Scan(%q, %q) = %q, want %q", from, to, got, want)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func testOwnWrites(t *testing.T, d Driver) {
	s := open(t, d, t.TempDir())
	put(t, s, "a", "1", "b", "1", "c", "1")
	update(t, s, func(tx storage.Tx) error {
		if err := errors.Join(tx.Put([]byte("b"), []byte("2")), tx.Put([]byte("bb"), []byte("2")), tx.Delete([]byte("a"))); err != nil {
			return err
		}
		if diff := cmp.Diff([]string{"b", "2", "bb", "2", "c", "1"}, scan(tx, nil, nil)); diff != "" {
			t.Errorf("own writes (-want +got):\n%s", diff)
		}
		if a, err := tx.Get([]byte("a")); a != nil || err != nil {
			t.Errorf("Get of what was deleted = %q, %v", a, err)
		}
		if err := errors.Join(tx.Delete([]byte("bb")), tx.Put([]byte("a"), []byte("3"))); err != nil {
			return err
		}
		if bb, err := tx.Get([]byte("bb")); bb != nil || err != nil {
			t.Errorf("Get of what was put and deleted = %q, %v", bb, err)
		}
		if diff := cmp.Diff([]string{"a", "3", "b", "2"}, scan(tx, nil, []byte("c"))); diff != "" {
			t.Errorf("own writes (-want +got):\n%s", diff)
		}
		return nil
	})
	if diff := cmp.Diff([]string{"a", "3", "b", "2", "c", "1"}, all(t, s)); diff != "" {
		t.Errorf("committed (-want +got):\n%s", diff)
	}
}

// testChangeWhileScanning: deleting and rewriting what a Scan yields is the usual
// way to walk a folder, so it must meet every record once. It does so among records
// of others and, rewritten first, among the transaction's own.
func testChangeWhileScanning(t *testing.T, d Driver) {
	const records = 500
	key := func(i int) []byte { return []byte{'k', byte(i >> 8), byte(i)} }
	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 100) }
	write := func(tx storage.Tx) (err error) {
		for i := range records {
			err = errors.Join(err, tx.Put(key(i), value(i)))
		}
		return err
	}
	for name, first := range map[string]func(storage.Tx) error{
		"others": func(storage.Tx) error { return nil }, "own": write,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, d, t.TempDir())
			update(t, s, write)
			update(t, s, func(tx storage.Tx) error {
				if err := first(tx); err != nil {
					return err
				}
				i := 0
				for k, v := range tx.Scan([]byte("k"), []byte("l")) {
					if !bytes.Equal(k, key(i)) || !bytes.Equal(v, value(i)) {
						t.Fatalf("record %d came as %q", i, k)
					}
					if err := changeScanned(tx, i, k, v); err != nil {
						return err
					}
					for inner := range tx.Scan(nil, []byte("k")) { // one in the other
						if string(inner) != "behind" {
							t.Fatalf("the inner Scan yields %q", inner)
						}
					}
					i++
				}
				if i != records {
					t.Errorf("the Scan met %d records, want %d", i, records)
				}
				return nil
			})
			if got, want := len(all(t, s))/2, 1+records-(records+2)/3; got != want {
				t.Errorf("%d records are left, want %d", got, want)
			}
		})
	}
}

// changeScanned deletes or rewrites the record a Scan is at, or writes behind it.
func changeScanned(tx storage.Tx, i int, key, value []byte) error {
	switch i % 3 {
	case 0:
		return tx.Delete(key)
	case 1:
		return tx.Put(key, []byte("rewritten"))
	}
	return tx.Put([]byte("behind"), value)
}
