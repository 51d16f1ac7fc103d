package cli

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/internal/known"
)

// otherFiles is how many files a proxy has open beside its connections: its own, those
// it watches and logs to, and the runtime's.
const otherFiles = 64

// limits compares what the settings ask for with what the system gives.
func (d *doctor) limits(in *config.Ingress, set *known.Set) {
	files, locked, known := systemLimits()
	if !known {
		return
	}
	need := uint64(in.Limits.Connections + in.Limits.Upstream + otherFiles)
	if files < need {
		d.warn("open files", "at most %d, and %d connections need %d: raise the limit (ulimit -n, LimitNOFILE=), or lower limits.connections", files, in.Limits.Connections, need)
	} else {
		d.ok("open files", "%d of %s", need, amount(files))
	}
	if set == nil || set.Stats().Index {
		return
	}
	if memory := uint64(set.Stats().Memory); locked < memory {
		d.warn("locked memory", "at most %d bytes, and the known secrets need %d, so they may be written to the swap device: raise the limit (ulimit -l, LimitMEMLOCK=), or make an index with 'stanch known build'", locked, memory)
	} else {
		d.ok("locked memory", "%d bytes of %s", memory, amount(locked))
	}
}

// amount writes a limit.
func amount(limit uint64) string {
	if limit == ^uint64(0) {
		return "any number"
	}
	return fmt.Sprint(limit)
}

// clock looks whether it is earlier than when this binary's source was written.
func (d *doctor) clock() {
	now := time.Now()
	if written := sourceTime(); now.Before(written) {
		d.fail("clock", fmt.Errorf("it says %s, and this binary is of %s: certificates and rules that expire cannot work", now.UTC().Format(time.RFC3339), written.UTC().Format(time.RFC3339)))
		return
	}
	d.ok("clock", "%s", now.UTC().Format(time.RFC3339))
}

// sourceTime returns when the source of this binary was committed, the zero time if it
// does not say.
func sourceTime() time.Time {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if t, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
				return t
			}
		}
	}
	return time.Time{}
}
