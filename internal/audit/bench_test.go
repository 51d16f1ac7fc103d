package audit_test

import (
	"context"
	"testing"
)

// BenchmarkRequest has 16 writers for each core: what counts is how many share a sync.
func BenchmarkRequest(b *testing.B) {
	for name, path := range map[string]string{"file": "", "spool": "discard"} {
		b.Run(name, func(b *testing.B) {
			h := newHouse(b, nil)
			if path == "" {
				path = h.path("audit.log")
			}
			broker := h.broker()
			h.enable(broker, "file", "file", map[string]string{"file_path": path})
			e := ask("0")
			e.Request.Data = map[string]any{"password": "value", "user": "value", "ttl": 5}
			b.ReportAllocs()
			b.SetParallelism(16)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := broker.Request(context.Background(), e); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
