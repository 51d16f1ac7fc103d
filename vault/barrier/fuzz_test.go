package barrier_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stanch-dev/stanch/vault/barrier"
	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/memory"
)

// FuzzRecord puts a record into the store that the barrier did not write, under any
// key and in the keyring's place: all that may come of it is an error.
func FuzzRecord(f *testing.F) {
	b, s := open(f)
	put(f, b, data("dir/name"), "value")
	for _, r := range raw(f, s) {
		f.Add(r.key, r.value)
	}
	own := lastOf(f, s, barrier.KindData)
	f.Add(own.key[:30], own.value)
	f.Add(append(bytes.Clone(own.key), 0xff, 0xff), own.value)
	f.Add(own.key, own.value[:barrier.Overhead])
	f.Fuzz(func(t *testing.T, key, value []byte) {
		if len(key) == 0 || len(key) > storage.MaxKey || bytes.Equal(value, own.value) && bytes.Equal(key, own.key) {
			return
		}
		copied := memory.New()
		for _, r := range raw(t, s) {
			putRaw(t, copied, r.key, r.value)
		}
		putRaw(t, copied, key, value)
		again := barrier.New(copied)
		if err := again.Unseal(t.Context(), root); err != nil {
			if key[0] != 'K' && key[0] != 'C' {
				t.Fatalf("Unseal after a record of kind %q: %v", key[0], err)
			}
			return
		}
		err := again.View(t.Context(), func(tx barrier.Tx) error {
			for p, v := range tx.Walk(data("")) {
				if p.Name != "dir/name" || string(v) != "value" {
					t.Errorf("a record nobody wrote is read: %s", p)
				}
			}
			if _, err := tx.List(data("dir"), "", 0); err != nil && !errors.Is(err, barrier.ErrDamaged) {
				t.Error(err)
			}
			return nil
		})
		if err != nil && !errors.Is(err, barrier.ErrDamaged) {
			t.Error(err)
		}
	})
}

func benchmarked(b *testing.B) (*barrier.Barrier, []byte) {
	bar, _ := open(b)
	value := make([]byte, 1000)
	put(b, bar, data("team/app/database/password"), string(value))
	b.ReportAllocs()
	return bar, value
}

func BenchmarkGet1k(b *testing.B) {
	bar, _ := benchmarked(b)
	for b.Loop() {
		if err := bar.View(b.Context(), func(tx barrier.Tx) error { _, err := tx.Get(data("team/app/database/password")); return err }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPut1k(b *testing.B) {
	bar, value := benchmarked(b)
	for b.Loop() {
		if err := bar.Update(b.Context(), func(tx barrier.Tx) error { return tx.Put(data("team/app/database/password"), value) }); err != nil {
			b.Fatal(err)
		}
	}
}
