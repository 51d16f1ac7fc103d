package bolt_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stanch-dev/stanch/vault/storage"
)

// BenchmarkUpdate writes records of 1 kB, each in an Update of its own.
func BenchmarkUpdate(b *testing.B) {
	for _, writers := range []int{1, 4, 16, 64} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "store")
			s := open(b, path)
			value := make([]byte, 1000)
			var n atomic.Uint64
			b.ReportAllocs()
			b.SetParallelism(max(1, writers/runtime.GOMAXPROCS(0)))
			if writers == 1 {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			}
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := binary.BigEndian.AppendUint64(nil, n.Add(1)*7919%100_000)
					if err := s.Update(context.Background(), func(tx storage.Tx) error { return tx.Put(key, value) }); err != nil {
						b.Error(err)
					}
				}
			})
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/float64(commits(b, path)), "updates/commit")
		})
	}
}

// BenchmarkGet reads one of 100,000 records of 1 kB, each in a View of its own.
func BenchmarkGet(b *testing.B) {
	const records = 100_000
	s := open(b, filepath.Join(b.TempDir(), "store"))
	if err := s.Update(context.Background(), func(tx storage.Tx) error {
		for i := range uint64(records) {
			if err := tx.Put(binary.BigEndian.AppendUint64(nil, i), make([]byte, 1000)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	key := make([]byte, 8)
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		binary.BigEndian.PutUint64(key, i*7919%records)
		if err := s.View(context.Background(), func(tx storage.Tx) error { _, err := tx.Get(key); return err }); err != nil {
			b.Fatal(err)
		}
	}
}
