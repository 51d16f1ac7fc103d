package passphrase

import (
	"fmt"
	"runtime"
	"time"
)

// Params are the costs of argon2id, RFC 9106. They are stored with each blob.
type Params struct {
	Time    uint32 // passes over the memory
	Memory  uint32 // KiB
	Threads uint8
}

// Limits of [Params]. A blob that asks for more is refused before any work is done
// for it: it lies in the clear, and whoever can write there must not be able to
// exhaust the machine.
const (
	MaxMemory  = 256 << 10 // KiB
	MaxTime    = 64
	MaxThreads = 16
)

func (p Params) check() error {
	if p.Time < 1 || p.Time > MaxTime || p.Threads < 1 || p.Threads > MaxThreads ||
		p.Memory < 8*uint32(p.Threads) || p.Memory > MaxMemory {
		return fmt.Errorf("passphrase seal: argon2id with time %d, memory %d KiB, threads %d is outside 1 to %d, 8 per thread to %d, 1 to %d",
			p.Time, p.Memory, p.Threads, MaxTime, MaxMemory, MaxThreads)
	}
	return nil
}

// Least is the time that one guess of the passphrase should take on the machine
// that [Calibrate] runs on.
const Least = 250 * time.Millisecond

// Calibrate returns the params that make one derivation take [Least] or more on this
// machine in at most memory KiB, 0 for [MaxMemory]: give less where the process may not
// have that much. It takes about a second, and the memory it settles on.
func Calibrate(memory uint32) Params {
	if memory == 0 || memory > MaxMemory {
		memory = MaxMemory
	}
	return calibrate(memory, func(p Params) time.Duration {
		start := time.Now()
		clear(p.derive([]byte("calibration"), make([]byte, saltSize)))
		return time.Since(start)
	})
}

// calibrate prefers memory, which is what makes guessing costly for special
// hardware, and adds passes only when all the memory allowed is taken.
func calibrate(memory uint32, cost func(Params) time.Duration) Params {
	p := Params{Time: 1, Threads: uint8(min(runtime.GOMAXPROCS(0), 4))}
	memory = max(memory, 8*uint32(p.Threads)) // argon2 cannot do with less
	p.Memory = min(64<<10, memory)
	took := cost(p)
	for took < Least && p.Memory < memory {
		p.Memory = min(2*p.Memory, memory)
		took = cost(p)
	}
	for took < Least && p.Time < MaxTime {
		p.Time++
		took = cost(p)
	}
	return p
}
