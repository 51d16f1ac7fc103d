package audit_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/internal/audit"
	"github.com/stanch-dev/stanch/internal/audit/chain"
	"github.com/stanch-dev/stanch/internal/audit/entry"
	"github.com/stanch-dev/stanch/internal/secret"
)

var (
	seed = sha256.Sum256([]byte("a key for tests"))
	key  = ed25519.NewKeyFromSeed(seed[:])
	pub  = key.Public().(ed25519.PublicKey)
)

// house is a folder with the logs, the spool and the checkpoints of a node, over several
// lives of its broker.
type house struct {
	t      testing.TB
	dir    string
	change func(*audit.Options)

	mu   sync.Mutex
	pins []chain.Checkpoint
}

func newHouse(t testing.TB, change func(*audit.Options)) *house {
	return &house{t: t, dir: t.TempDir(), change: change}
}

func (h *house) broker() *audit.Broker {
	h.t.Helper()
	o := audit.Options{Node: "node1", Key: key, SpoolDir: filepath.Join(h.dir, "spool"), Checkpoints: h.keep,
		RefuseAfter: time.Minute} // disks of test machines stall for seconds
	if h.change != nil {
		h.change(&o)
	}
	b, err := audit.New(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = b.Close(ctx)
	})
	return b
}

func (h *house) keep(_ context.Context, c chain.Checkpoint) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pins = append(h.pins, c)
	return nil
}

// checkpoints are what was kept, as storage would give it back.
func (h *house) checkpoints() (all []chain.Checkpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text, err := json.Marshal(h.pins)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// last is the last checkpoint of a chain.
func (h *house) last(name string) (last *chain.Checkpoint) {
	for _, c := range h.checkpoints() {
		if c.Chain == name {
			last = &c
		}
	}
	return last
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) config(path, kind string, options map[string]string) audit.Config {
	return audit.Config{Path: path, Type: kind, Options: options, Salt: secret.Of([]byte("salt of " + path + ", long enough"))}
}

// enable adds a device that goes on from its last checkpoint.
func (h *house) enable(b *audit.Broker, path, kind string, options map[string]string) {
	h.t.Helper()
	c := h.config(path, kind, options)
	c.Last = h.last(b.Chain(path))
	if err := b.Enable(context.Background(), c); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) enableFile(b *audit.Broker) {
	h.t.Helper()
	h.enable(b, "file/", "file", map[string]string{"file_path": h.path("audit.log")})
}

func (h *house) close(b *audit.Broker) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		h.t.Fatal(err)
	}
}

// verify expects that files are sound and have this many lines of one chain.
func (h *house) verify(lines int, files ...string) {
	h.t.Helper()
	r := chain.Verify(files, h.checkpoints(), pub)
	for _, p := range r.Problems {
		h.t.Error(p)
	}
	if len(r.Chains) != 1 || r.Chains[0].Lines != uint64(lines) {
		h.t.Errorf("%+v, want %d lines of one chain", r.Chains, lines)
	}
}

// ids reads the ids of the requests in files. A kill may tear the last line in the middle
// of its write; it was not acknowledged and does not count.
func ids(t testing.TB, files ...string) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text[:bytes.LastIndexByte(text, '\n')+1])) {
			var e struct{ Request struct{ ID string } }
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatalf("%v: %q", err, line)
			}
			all[e.Request.ID]++
		}
	}
	return all
}

func ask(id string) *entry.Entry {
	return &entry.Entry{Request: entry.Request{ID: id, Operation: "read", Path: "secret/a", ClientToken: secret.Of([]byte("s.canary"))}}
}

func mustRecord(t testing.TB, b *audit.Broker, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		if err := b.Request(context.Background(), ask(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
}

// until waits for what another goroutine is about to do.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// fake is a device that does as it is told.
type fake struct {
	durable bool

	mu    sync.Mutex
	fails error
	hangs chan struct{} // a write waits until it is closed
	lines []byte
}

func (f *fake) Write(lines []byte) error {
	f.mu.Lock()
	hangs := f.hangs
	f.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fails == nil {
		f.lines = append(f.lines, lines...)
	}
	return f.fails
}

func (f *fake) set(fails error, hangs chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails, f.hangs = fails, hangs
}

// file writes what the device has to a file and returns its name.
func (f *fake) file(h *house) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := h.path("fake.log")
	if err := os.WriteFile(name, f.lines, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return name
}

func (f *fake) Durable() bool         { return f.durable }
func (f *fake) Last() ([]byte, error) { return nil, nil }
func (f *fake) Reopen()               {}
func (f *fake) Close() error          { return nil }
