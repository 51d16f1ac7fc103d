package replay_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/replay"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

// BenchmarkRun replays 100,000 decisions about access, made over ten weeks for 500
// principals and 5,000 grants. It also reports the bytes of the heap at its largest,
// above what the candidate itself takes.
func BenchmarkRun(b *testing.B) {
	var grants strings.Builder
	grants.WriteString("grants:\n")
	for i := range 5000 {
		fmt.Fprintf(&grants, "  - {id: g-%d, subject: team-%d/api, path: \"kv/team-%d/%d/**\", can: [read]}\n", i, i%500, i%500, i/500)
	}
	candidate := policiestest.Compile(b, "grants.yaml", grants.String())
	const events = 100_000
	log, err := os.Create(filepath.Join(b.TempDir(), "log"))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	var inputs [1000]policies.Input
	for n := 0; n < events; n += len(inputs) {
		for i := range inputs {
			in := access(fmt.Sprintf("team-%d/api", (n+i)%500), []string{"read", "read", "read", "write"}[i%4], fmt.Sprintf("kv/team-%d/%d/prod/db", (n+i)%500, i%12))
			in.Context.Time += int64(n+i) * 60
			inputs[i] = in
		}
		record(b, log, candidate, inputs[:]...)
	}
	peak, base := uint64(0), heap()
	for b.Loop() {
		if _, err := log.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		r, err := replay.Run(context.Background(), candidate, []replay.Log{{Name: "log", Reader: log}}, replay.Options{Progress: func(n int) {
			if n%6400 == 0 {
				peak = max(peak, heap())
			}
		}})
		if err != nil || r.Replayed != events || r.Incomplete {
			b.Fatalf("%d replayed, %v", r.Replayed, err)
		}
	}
	if info, err := log.Stat(); err == nil {
		b.SetBytes(info.Size())
	}
	b.ReportMetric(float64(max(peak, base)-base), "peak-B")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/events, "µs/event")
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
