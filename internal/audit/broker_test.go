package audit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
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

func TestRecordsOverSeveralLives(t *testing.T) {
	h := newHouse(t, func(o *audit.Options) { o.Every = 4 })
	b := h.broker()
	h.enableFile(b)
	mustRecord(t, b, 1, 10)
	if err := b.Response(context.Background(), ask("11")); err != nil {
		t.Fatal(err)
	}
	h.close(b)
	if err := os.Rename(h.path("audit.log"), h.path("audit.log.1")); err != nil {
		t.Fatal(err)
	}
	b = h.broker()
	h.enableFile(b)
	mustRecord(t, b, 12, 15)
	s := b.Devices()[0]
	if s.Lines != 15 || s.Err != nil || s.Behind || s.Refused != 0 || s.Config.Salt.Len() != 0 || s.Chain != "node1/file" {
		t.Errorf("status %+v", s)
	}
	h.close(b)
	h.verify(15, h.path("audit.log"), h.path("audit.log.1"))
	last := h.last("node1/file")
	if last.Seq != 15 || last.Reason != chain.Closed {
		t.Errorf("last checkpoint %+v", last)
	}
	text, err := os.ReadFile(h.path("audit.log"))
	if err != nil || strings.Contains(string(text), "canary") {
		t.Errorf("%v, or a token is readable: %s", err, text)
	}
	// What the log has lost since the checkpoint is not numbered again.
	if err := os.Truncate(h.path("audit.log"), 0); err != nil {
		t.Fatal(err)
	}
	b = h.broker()
	h.enableFile(b)
	mustRecord(t, b, 16, 16)
	h.close(b)
	r := chain.Verify([]string{h.path("audit.log.1"), h.path("audit.log")}, h.checkpoints(), pub)
	if len(r.Problems) != 1 || r.Problems[0].Kind != chain.MissingFile || r.Problems[0].First != 12 || r.Problems[0].Last != 15 {
		t.Errorf("%v", r.Problems)
	}
}

func TestManyAtOnceShareSyncs(t *testing.T) {
	h := newHouse(t, nil)
	b := h.broker()
	h.enableFile(b)
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for j := range 20 {
				if err := b.Request(context.Background(), ask(fmt.Sprintf("%d-%d", i, j))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	h.close(b)
	h.verify(640, h.path("audit.log"))
	for id, n := range ids(t, h.path("audit.log")) {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
}

func TestFailsClosed(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, func(o *audit.Options) { o.SpoolMax = 1 })
	b := h.broker()
	if err := b.Request(ctx, ask("0")); err != nil {
		t.Errorf("without devices: %v", err)
	}
	dead := &fake{durable: true, fails: errors.New("disk full")}
	if err := b.EnableDevice(ctx, h.config("dead", "file", nil), dead); err != nil {
		t.Fatal(err)
	}
	err := b.Request(ctx, ask("1"))
	if !errors.Is(err, audit.ErrNotRecorded) || !strings.Contains(err.Error(), "audit device dead: disk full") {
		t.Errorf("device and spool full: %v", err)
	}
	if strings.Contains(fmt.Sprint(err), "canary") {
		t.Errorf("the error tells a secret: %v", err)
	}
	// Another device is enough, and the one that failed says what it does not have.
	h.enableFile(b)
	mustRecord(t, b, 2, 3)
	until(t, "the dead device refuses", func() bool { return b.Devices()[0].Refused == 3 })
	dead.set(nil, nil)
	mustRecord(t, b, 4, 4)
	until(t, "the dead device works", func() bool { return strings.Contains(string(content(dead)), `"id":"4"`) })
	if got := string(content(dead)); !strings.Contains(got, `"type":"gap","missing":3,"chain":{"id":"node1/dead","seq":1,`) {
		t.Errorf("no line about the gap: %s", got)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := b.Request(cancelled, ask("5")); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that was given up: %v", err)
	}
	if err := b.Response(cancelled, ask("6")); err != nil {
		t.Errorf("an answer to one: %v", err)
	}
	h.close(b)
	if got := ids(t, h.path("audit.log")); len(got) != 4 || got["6"] != 1 {
		t.Errorf("the file has %v", got)
	}
	if err := b.Request(ctx, ask("7")); !errors.Is(err, audit.ErrNotRecorded) {
		t.Errorf("after Close: %v", err)
	}
}

func content(f *fake) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lines
}

func TestRequired(t *testing.T) {
	b := newHouse(t, func(o *audit.Options) { o.Required = true }).broker()
	if err := b.Request(context.Background(), ask("1")); !errors.Is(err, audit.ErrNoDevice) || !errors.Is(err, audit.ErrNotRecorded) {
		t.Errorf("without devices: %v", err)
	}
}

// TestAHangingDeviceFreezesNothing has a durable device hang, then end its write well or
// badly: each line is in the log once, in order.
func TestAHangingDeviceFreezesNothing(t *testing.T) {
	for name, end := range map[string]error{"ends well": nil, "ends badly": errors.New("gone")} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(o *audit.Options) { o.Deadline = 20 * time.Millisecond })
			b, dev := h.broker(), &fake{durable: true}
			if err := b.EnableDevice(context.Background(), h.config("dev", "file", nil), dev); err != nil {
				t.Fatal(err)
			}
			mustRecord(t, b, 1, 2)
			hangs := make(chan struct{})
			dev.set(end, hangs)
			mustRecord(t, b, 3, 8)
			if s := b.Devices()[0]; !s.Behind || s.Lines < 8 {
				t.Errorf("while it hangs: %+v", s)
			}
			close(hangs)
			if end != nil {
				until(t, "the write fails", func() bool { return b.Devices()[0].Err != nil })
			}
			dev.set(nil, nil)
			until(t, "the spool is empty", func() bool { return b.Devices()[0].Spooled == 0 })
			mustRecord(t, b, 9, 10)
			h.close(b)
			h.verify(10, dev.file(h))
		})
	}
}

// TestAHangingDeviceWithoutSpool is the case in which it is not known whether lines are
// in the log: nothing is taken until it is.
func TestAHangingDeviceWithoutSpool(t *testing.T) {
	h := newHouse(t, func(o *audit.Options) { o.Deadline, o.SpoolMax = 300*time.Millisecond, 1 })
	b, dev := h.broker(), &fake{durable: true}
	if err := b.EnableDevice(context.Background(), h.config("dev", "file", nil), dev); err != nil {
		t.Fatal(err)
	}
	mustRecord(t, b, 1, 2)
	hangs := make(chan struct{})
	dev.set(nil, hangs)
	for i := range 3 {
		if err := b.Request(context.Background(), ask(fmt.Sprint("refused", i))); !errors.Is(err, audit.ErrNotRecorded) {
			t.Errorf("taken by nothing: %v", err)
		}
	}
	dev.set(nil, nil)
	close(hangs)
	until(t, "it takes something", func() bool { return b.Request(context.Background(), ask("3")) == nil })
	h.close(b)
	text := content(dev)
	h.verify(strings.Count(string(text), "\n"), dev.file(h))
	if !strings.Contains(string(text), `"refused0"`) || !strings.Contains(string(text), `"type":"gap"`) {
		t.Errorf("the late line or the gap is not there: %s", text)
	}
}

func TestQueueIsBounded(t *testing.T) {
	h := newHouse(t, func(o *audit.Options) { o.Deadline = time.Hour })
	b, dev := h.broker(), &fake{durable: true}
	hangs := make(chan struct{})
	dev.set(nil, hangs)
	if err := b.EnableDevice(context.Background(), h.config("dev", "file", nil), dev); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	waiting := func() int { return b.Devices()[0].Queued }
	wg.Go(func() { mustRecord(t, b, 0, 0) })
	until(t, "the device hangs", func() bool { return b.Devices()[0].Lines == 0 && waiting() == 0 })
	refused := make(chan error, 2*audit.MaxQueued)
	for i := range 2 * audit.MaxQueued {
		wg.Go(func() { refused <- b.Request(context.Background(), ask(fmt.Sprint(i))) })
	}
	err := <-refused // nothing else can end before the device does
	if err == nil || !strings.Contains(err.Error(), "queue is full") {
		t.Errorf("beyond the queue: %v", err)
	}
	dev.set(nil, nil)
	close(hangs)
	wg.Wait()
	h.close(b)
}

// TestSocketIsCaughtUp has no other device: what counts is on the spool's disk.
func TestSocketIsCaughtUp(t *testing.T) {
	h := newHouse(t, nil)
	path := h.path("s")
	options := map[string]string{"address": path, "socket_type": "unix"}
	b := h.broker()
	probe := h.config("net", "socket", options)
	probe.Probe = true
	if err := b.Enable(context.Background(), probe); err == nil {
		t.Error("a socket that does not answer was enabled with a probe")
	}
	h.enable(b, "net", "socket", options)
	mustRecord(t, b, 1, 5)
	if s := b.Devices()[0]; s.Spooled == 0 || s.Behind {
		t.Errorf("%+v", s)
	}
	h.close(b)
	spooled, err := filepath.Glob(filepath.Join(b.SpoolDir("net"), "*"))
	if err != nil {
		t.Fatal(err)
	}
	h.verify(5, spooled...)

	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b = h.broker()
	h.enable(b, "net", "socket", options)
	mustRecord(t, b, 6, 8)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var all string
	for r := bufio.NewReader(c); !strings.Contains(all, `"id":"8"`); {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		all += line
	}
	if err := os.WriteFile(h.path("received"), []byte(all), 0o600); err != nil {
		t.Fatal(err)
	}
	h.verify(8, h.path("received"))
	until(t, "the spool is empty", func() bool { return b.Devices()[0].Spooled == 0 })
}

func TestLongEntriesAreSplit(t *testing.T) {
	h := newHouse(t, nil)
	b := h.broker()
	h.enable(b, "f", "file", map[string]string{"file_path": h.path("audit.log"), "max_line": "1024"})
	e := ask("long")
	e.Request.Data = map[string]any{}
	for i := range 200 {
		e.Request.Data[fmt.Sprint("field", i)] = "value"
	}
	if err := b.Request(context.Background(), e); err != nil {
		t.Fatal(err)
	}
	h.close(b)
	text, err := os.ReadFile(h.path("audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		if n++; len(line) > 1024 || !strings.HasPrefix(line, fmt.Sprintf(`{"type":"part","part":{"id":"long","type":"request","number":%d,"count":`, n)) {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
	if n < 15 {
		t.Errorf("%d parts", n)
	}
	h.verify(n, h.path("audit.log"))
}

func TestEnableAndDisable(t *testing.T) {
	ctx := context.Background()
	h := newHouse(t, nil)
	b := h.broker()
	h.enableFile(b)
	again := h.config("/file", "stdout", nil)
	if err := b.Enable(ctx, again); !errors.Is(err, audit.ErrExists) {
		t.Errorf("enabled twice: %v", err)
	}
	second := h.config("second", "file", map[string]string{"file_path": h.path("audit.log")})
	if err := b.Enable(ctx, second); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("one file for two devices: %v", err)
	}
	for _, c := range []audit.Config{
		h.config("a b", "stdout", nil), h.config("/", "stdout", nil), h.config("x", "nothing", nil),
		{Path: "x", Type: "stdout", Salt: secret.Of([]byte("short"))},
	} {
		if b.Enable(ctx, c) == nil || b.Check(c) == nil {
			t.Errorf("enabled: %+v", c)
		}
	}
	wrong := h.config("x", "stdout", nil)
	forged := chain.Sign(key, "node1/y", chain.State{Seq: 9}, time.Now(), chain.Running)
	wrong.Last = &forged
	if err := b.Enable(ctx, wrong); err == nil || !strings.Contains(err.Error(), "last checkpoint") {
		t.Errorf("the checkpoint of another chain: %v", err)
	}
	salt := entry.NewHasher(h.config("file/", "", nil).Salt)
	if got, err := b.Hash("file", "x"); err != nil || got != salt.Hash([]byte("x")) {
		t.Errorf("%s, %v", got, err)
	}
	mustRecord(t, b, 1, 3)
	if err := b.Disable(ctx, "file"); err != nil {
		t.Fatal(err)
	}
	if err := b.Disable(ctx, "file"); !errors.Is(err, audit.ErrUnknown) {
		t.Errorf("disabled twice: %v", err)
	}
	if _, err := b.Hash("file", "x"); !errors.Is(err, audit.ErrUnknown) {
		t.Errorf("hash of a device that is gone: %v", err)
	}
	h.enableFile(b)
	mustRecord(t, b, 4, 4)
	b.Reopen()
	mustRecord(t, b, 5, 5)
	h.close(b)
	h.verify(5, h.path("audit.log"))
}

func TestCheckpointsGoOnAfterAnError(t *testing.T) {
	var h *house
	fails := make(chan struct{}, 1)
	fails <- struct{}{}
	h = newHouse(t, func(o *audit.Options) {
		o.Every, o.Interval = 3, time.Hour
		o.Checkpoints = func(ctx context.Context, c chain.Checkpoint) error {
			select {
			case <-fails:
				return errors.New("storage is busy")
			default:
				return h.keep(ctx, c)
			}
		}
	})
	b := h.broker()
	h.enableFile(b)
	mustRecord(t, b, 1, 3)
	until(t, "the first fails", func() bool { return len(fails) == 0 })
	mustRecord(t, b, 4, 6)
	until(t, "the second is kept", func() bool { return len(h.checkpoints()) == 1 })
	h.close(b)
	h.verify(6, h.path("audit.log"))
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := audit.New(audit.Options{Node: "a/b"})
	for _, want := range []string{"node name", "Ed25519", "checkpoints", "spool"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}
