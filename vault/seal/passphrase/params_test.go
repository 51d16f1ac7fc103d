package passphrase

import (
	"testing"
	"time"
)

// TestCalibrate goes by a clock that is worked out from the params, no real one.
func TestCalibrate(t *testing.T) {
	for _, c := range []struct {
		name       string
		memory     uint32 // KiB
		perMiB     time.Duration
		wantMemory uint32
		wantTime   uint32
	}{
		{"a slow machine stays at 64 MiB", MaxMemory, 5 * time.Millisecond, 64 << 10, 1},
		{"a middling one takes more memory", MaxMemory, 2 * time.Millisecond, 128 << 10, 1},
		{"a fast one takes passes too", MaxMemory, 250 * time.Microsecond, MaxMemory, 4},
		{"little memory means many passes", 32 << 10, 2 * time.Millisecond, 32 << 10, 4},
		{"a limit that is no power of two", 100 << 10, 2 * time.Millisecond, 100 << 10, 2},
		{"an instant one ends at the limit", MaxMemory, 0, MaxMemory, MaxTime},
	} {
		got := calibrate(c.memory, func(p Params) time.Duration {
			if err := p.check(); err != nil {
				t.Fatal(err)
			}
			return time.Duration(p.Time) * time.Duration(p.Memory>>10) * c.perMiB
		})
		if got.Memory != c.wantMemory || got.Time != c.wantTime {
			t.Errorf("%s: %d KiB and %d passes, want %d and %d", c.name, got.Memory, got.Time, c.wantMemory, c.wantTime)
		}
	}
}
