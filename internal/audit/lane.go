package audit

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/internal/audit/chain"
	"github.com/stanch-dev/stanch/internal/audit/device"
	"github.com/stanch-dev/stanch/internal/audit/entry"
	"github.com/stanch-dev/stanch/internal/audit/spool"
)

// Bounds of one lane.
const (
	maxQueued      = 4096     // entries that wait
	maxQueuedBytes = 64 << 20 // of their records
	maxBatch       = 512      // entries that share a write and a sync
	maxBatchBytes  = 4 << 20  // of their records, unless one alone is larger
)

var (
	errQueue  = errors.New("its queue is full")
	errClosed = errors.New("it is closed")
	errHangs  = errors.New("it hangs, and its spool takes nothing")
)

// lane is the way of entries to one device. A goroutine of its own, run, takes them from
// the queue in batches, makes them lines of the chain and puts those on a disk.
type lane struct {
	config   Config
	chain    string
	format   entry.Format
	maxLine  int // bytes of a record that fits a line
	dev      device.Device
	spool    *spool.Spool
	pump     *pump
	deadline time.Duration
	every    uint64
	mark     func() // told when a checkpoint is due

	putting  sync.RWMutex // held for writing to close queue
	closed   bool         // guarded by putting
	queue    chan item
	bytes    atomic.Int64  // of records in queue
	refused  atomic.Uint64 // entries that this device does not have
	finished chan struct{} // closed when run returns

	told uint64 // of refused, how many a line tells of; owned by run
	late *late  // owned by run

	mu     sync.Mutex
	state  chain.State // last line on a disk, guarded by mu
	pinned uint64      // number that the last checkpoint has, guarded by mu
	due    uint64      // number with which the next one is due, guarded by mu
	failed error       // of the spool or a hanging device, guarded by mu
}

// item is one entry on its way. done gets one answer and never blocks.
type item struct {
	records [][]byte
	size    int64
	done    chan<- error
}

// late is a write that has not ended in time.
type late struct {
	job     *job
	state   chain.State // after its lines
	spooled bool        // its lines are in the spool as well
}

// put takes an entry, or answers at once that it cannot.
func (l *lane) put(t entry.Type, e *entry.Entry, done chan<- error) {
	record := l.format.Append(nil, t, e)
	it := item{records: l.format.Split(record, l.maxLine, t, e), size: int64(len(record)), done: done}
	l.putting.RLock()
	defer l.putting.RUnlock()
	if l.closed {
		done <- l.named(errClosed)
		return
	}
	if l.bytes.Add(it.size) <= maxQueuedBytes {
		select {
		case l.queue <- it:
			return
		default:
		}
	}
	l.bytes.Add(-it.size)
	l.refused.Add(1)
	done <- l.named(errQueue)
}

func (l *lane) named(err error) error {
	return fmt.Errorf("audit device %s: %w", l.config.name(), err)
}

func (l *lane) run() {
	defer close(l.finished)
	for first := range l.queue {
		batch := l.collect(first)
		err := l.take(batch)
		if err != nil {
			l.refused.Add(uint64(len(batch)))
			err = l.named(err)
		}
		l.fail(err)
		for _, it := range batch {
			it.done <- err
		}
	}
}

// collect adds what else waits.
func (l *lane) collect(first item) []item {
	batch, size := []item{first}, first.size
	for len(batch) < maxBatch && size < maxBatchBytes {
		select {
		case it, ok := <-l.queue:
			if !ok {
				return batch
			}
			batch, size = append(batch, it), size+it.size
			continue
		default:
		}
		break
	}
	l.bytes.Add(-size)
	return batch
}

// take makes a batch lines and returns when they are on a disk.
func (l *lane) take(batch []item) error {
	if !l.settle() {
		return errHangs
	}
	refused := l.refused.Load()
	state := l.last()
	var lines []byte
	if refused > l.told {
		lines, state = chain.Append(lines, l.chain, state, l.gap(refused-l.told))
	}
	for _, it := range batch {
		for _, r := range it.records {
			lines, state = chain.Append(lines, l.chain, state, r)
		}
	}
	if err := l.keep(lines, state); err != nil {
		return err
	}
	l.told = refused
	return nil
}

// gap is the record that says how many entries are not in this log.
func (l *lane) gap(missing uint64) []byte {
	b := append([]byte(l.format.Prefix), `{"time":"`...)
	b = time.Now().UTC().AppendFormat(b, time.RFC3339Nano)
	return append(strconv.AppendUint(append(b, `","type":"gap","missing":`...), missing, 10), '}')
}

// keep puts lines on a disk: the device's, if it has one and nothing waits before them,
// else the spool's.
func (l *lane) keep(lines []byte, state chain.State) error {
	var hangs *job
	var cause error
	if l.dev.Durable() && l.late == nil && l.spool.Waiting() == 0 {
		j := l.pump.start(lines, state)
		select {
		case cause = <-j.done:
			if cause == nil {
				l.commit(state)
				return nil
			}
		case <-time.After(l.deadline):
			hangs, cause = j, fmt.Errorf("it has not written for %v", l.deadline)
		}
	}
	err := l.spool.Append(lines)
	if hangs != nil {
		l.late = &late{job: hangs, state: state, spooled: err == nil}
	}
	if err != nil {
		return errors.Join(cause, err)
	}
	l.commit(state)
	l.pump.wake()
	return nil
}

// settle looks whether a late write has ended, and reports whether lines can be made.
// They cannot while it is not known whether the late ones are in the log.
func (l *lane) settle() bool {
	if l.late == nil {
		return true
	}
	select {
	case err := <-l.late.job.done:
		if err == nil && !l.late.spooled {
			l.commit(l.late.state)
		}
		l.late = nil
		return true
	default:
		return l.late.spooled
	}
}

func (l *lane) commit(state chain.State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = state
	if state.Seq >= l.due {
		l.due = state.Seq + l.every
		l.mark()
	}
}

// last returns the last line that is on a disk.
func (l *lane) last() chain.State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

func (l *lane) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = err
}

func (l *lane) status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := Status{Config: l.config, Chain: l.chain, Lines: l.state.Seq, Queued: len(l.queue),
		Spooled: l.spool.Waiting(), Refused: l.refused.Load(), Err: l.failed}
	s.Behind = s.Spooled > 0 && l.dev.Durable()
	if s.Err == nil {
		s.Err = l.pump.err()
	}
	return s
}
