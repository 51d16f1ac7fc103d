package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/storage"
)

// model is what a store should have.
type model map[string]string

// between returns the pairs that a Scan should yield.
func (m model) between(from string, to *string) []string {
	pairs := []string{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if from <= k && (to == nil || k < *to) {
			pairs = append(pairs, k, m[k])
		}
	}
	return pairs
}

// testModel runs random transactions on the store and on a map.
func testModel(t *testing.T, d Driver) {
	dir := t.TempDir()
	s, err := d.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { s.Close() }()
	rapid.Check(t, func(t *rapid.T) {
		update(t, s, func(tx storage.Tx) error {
			for k := range tx.Scan(nil, nil) {
				if err := tx.Delete(k); err != nil {
					return err
				}
			}
			return nil
		})
		m := model{}
		for range rapid.IntRange(1, 6).Draw(t, "transactions") {
			m = transaction(t, s, m)
			if diff := cmp.Diff(m.between("", nil), all(t, s)); diff != "" {
				t.Fatalf("after a transaction (-want +got):\n%s", diff)
			}
		}
		if d.Persistent && rapid.IntRange(0, 9).Draw(t, "reopen") == 0 {
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if s, err = d.Open(dir); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(m.between("", nil), all(t, s)); diff != "" {
				t.Fatalf("opened again (-want +got):\n%s", diff)
			}
		}
	})
}

// keys are few and alike, so that operations meet.
func keys() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("ab/\x00")), 1, 4, -1),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(rapid.Byte(), 1, 3).Draw(t, "bytes")) }),
		rapid.Custom(func(t *rapid.T) string {
			return fmt.Sprintf("long/%0*d", rapid.IntRange(1, 2000).Draw(t, "width"), rapid.IntRange(0, 3).Draw(t, "n"))
		}),
	)
}

// transaction runs a random Update and returns the model after it, which is m if it
// was made to fail.
func transaction(t *rapid.T, s storage.Store, m model) model {
	fails := rapid.IntRange(0, 3).Draw(t, "fails") == 0
	var after model
	err := s.Update(context.Background(), func(tx storage.Tx) error {
		after = maps.Clone(m)
		for range rapid.IntRange(0, 25).Draw(t, "operations") {
			if err := operation(t, tx, after); err != nil {
				return err
			}
		}
		if fails {
			return errOwn
		}
		return nil
	})
	if fails && errors.Is(err, errOwn) {
		return m
	}
	if fails || err != nil {
		t.Fatalf("Update = %v", err)
	}
	return after
}

func operation(t *rapid.T, tx storage.Tx, m model) error {
	key := keys().Draw(t, "key")
	switch rapid.IntRange(0, 5).Draw(t, "operation") {
	case 0:
		delete(m, key)
		return tx.Delete([]byte(key))
	case 1:
		got, err := tx.Get([]byte(key))
		if want, ok := m[key]; err != nil || string(got) != want || ok != (got != nil) {
			t.Fatalf("Get(%q) = %#v, %v, want %q, %v", key, got, err, want, ok)
		}
	case 2:
		var to *string
		var end []byte
		if other := keys().Draw(t, "to"); rapid.Bool().Draw(t, "ends") {
			to, end = &other, []byte(other)
		}
		if diff := cmp.Diff(m.between(key, to), scan(tx, []byte(key), end)); diff != "" {
			t.Fatalf("Scan(%q, %q) (-want +got):\n%s", key, end, diff)
		}
	default:
		value := string(make([]byte, rapid.IntRange(0, 3000).Draw(t, "length"))) + key
		m[key] = value
		return tx.Put([]byte(key), []byte(value))
	}
	return nil
}
