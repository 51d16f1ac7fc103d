package memory_test

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/memory"
	"github.com/stanch-dev/stanch/vault/storage/storagetest"
)

func TestMemory(t *testing.T) {
	storagetest.Run(t, storagetest.Driver{
		Open: func(string) (storage.Store, error) { return memory.New(), nil },
	})
}

func BenchmarkGet(b *testing.B) {
	const records = 100_000
	s, ctx, key := memory.New(), context.Background(), make([]byte, 8)
	if err := s.Update(ctx, func(tx storage.Tx) error {
		for i := range uint64(records) {
			if err := tx.Put(binary.BigEndian.AppendUint64(nil, i), make([]byte, 1000)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		binary.BigEndian.PutUint64(key, i*7919%records)
		if err := s.View(ctx, func(tx storage.Tx) error { _, err := tx.Get(key); return err }); err != nil {
			b.Fatal(err)
		}
	}
}
