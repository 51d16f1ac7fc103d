package lease_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func update(t testing.TB, s logical.Storage, f func(logical.Tx) error) {
	t.Helper()
	if err := s.Update(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// TestOrder adds items over a wide range of times and runs until none is left.
func TestOrder(t *testing.T) {
	s := &logicaltest.Memory{}
	q := lease.New(s, "q/")
	waits := []time.Duration{0, time.Nanosecond, 999 * time.Millisecond, time.Second, 255 * time.Second, 256 * time.Second, time.Hour, 19 * time.Hour, 768 * time.Hour, 100 * 8760 * time.Hour}
	update(t, s, func(tx logical.Tx) error {
		for i, d := range slices.Backward(waits) {
			if err := q.Add(tx, lease.Item{At: start.Add(d), Kind: "k", ID: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	var got []string
	for now, steps := start, 0; ; steps++ {
		done, err := q.Run(t.Context(), now, func(_ context.Context, item lease.Item) error {
			mu.Lock()
			defer mu.Unlock()
			if item.At.After(now) {
				t.Errorf("item %s is early", item.ID)
			}
			got = append(got, item.ID)
			return nil
		})
		if err != nil || steps > 100 {
			t.Fatal(err, steps)
		}
		if done.Next.IsZero() {
			break
		}
		now = done.Next
	}
	slices.Sort(got[1:min(4, len(got))]) // they are due in the same second
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestSteps has more items due than one Run may do.
func TestSteps(t *testing.T) {
	s := &logicaltest.Memory{}
	q := lease.New(s, "q/")
	update(t, s, func(tx logical.Tx) error {
		for i := range 1000 {
			if err := q.Add(tx, lease.Item{At: start.Add(time.Duration(i%3) * time.Second), Kind: "k", ID: fmt.Sprint(i)}); err != nil {
				return err
			}
		}
		return nil
	})
	var mu sync.Mutex
	seen := map[string]int{}
	now := start.Add(time.Hour)
	for _, want := range []int{256, 256, 256, 232, 0} {
		done, err := q.Run(t.Context(), now, func(_ context.Context, item lease.Item) error {
			mu.Lock()
			defer mu.Unlock()
			seen[item.ID]++
			return nil
		})
		if err != nil || done.Ended != want || done.Next.IsZero() != (want <= 232) || done.Next.After(now) {
			t.Fatal(done, err, want)
		}
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was ended %d times", id, n)
		}
	}
	if len(seen) != 1000 {
		t.Error(len(seen))
	}
}

// TestPauses fails an item again and again, and others beside it not.
func TestPauses(t *testing.T) {
	s := &logicaltest.Memory{}
	q := lease.New(s, "q/")
	update(t, s, func(tx logical.Tx) error {
		return errors.Join(q.Add(tx, lease.Item{At: start, Kind: "k", ID: "bad"}), q.Add(tx, lease.Item{At: start, Kind: "k", ID: "good"}))
	})
	now := start
	var pauses []time.Duration
	for i := range 17 {
		var got []string
		var mu sync.Mutex
		done, err := q.Run(t.Context(), now, func(_ context.Context, item lease.Item) error {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, item.ID)
			if item.ID == "good" {
				return nil
			}
			if item.Attempts != i {
				t.Errorf("attempt %d says %d", i, item.Attempts)
			}
			return errors.New("no")
		})
		slices.Sort(got)
		want := []string{"bad"}
		if i == 0 {
			want = []string{"bad", "good"}
		}
		if err == nil || done.Failed != 1 || !slices.Equal(got, want) {
			t.Fatal(i, done, err, got)
		}
		pauses = append(pauses, done.Next.Sub(now))
		now = done.Next
	}
	if pauses[0] != 10*time.Second || pauses[3] != 80*time.Second || pauses[16] != 24*time.Hour || !slices.IsSorted(pauses) {
		t.Error(pauses)
	}
}

func TestRefused(t *testing.T) {
	s := &logicaltest.Memory{}
	q := lease.New(s, "q/")
	for _, item := range []lease.Item{
		{At: start, Kind: "k"}, {At: start, Kind: "k", ID: "a/b"}, {At: start, ID: "a"}, {At: start, Kind: "a.b", ID: "a"},
		{At: start.AddDate(40000, 0, 0), Kind: "k", ID: "a"},
	} {
		err := s.Update(t.Context(), func(tx logical.Tx) error { return q.Add(tx, item) })
		if err == nil {
			t.Errorf("%+v was taken", item)
		}
	}
}

// faulty fails some transactions, before they are durable or, worse, after.
type faulty struct {
	*logicaltest.Memory
	fail func() (before, after bool)
}

var errCrash = errors.New("crash")

func (f *faulty) Update(ctx context.Context, do func(logical.Tx) error) error {
	before, after := f.fail()
	if before {
		return errCrash
	}
	if err := f.Memory.Update(ctx, do); err != nil || !after {
		return err
	}
	return errCrash
}

// model is what a queue should hold.
type model struct {
	t       *rapid.T
	s       *faulty
	q       *lease.Queue
	now     time.Time
	mu      sync.Mutex
	waiting map[string]lease.Item // guarded by mu
	ended   map[string]bool       // guarded by mu
}

// due is what the owner of the items does.
func (m *model) due(_ context.Context, item lease.Item) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	own, ok := m.waiting[item.ID]
	if item.At.After(m.now) || !ok && !m.ended[item.ID] {
		return fmt.Errorf("%s was handed out", item.ID)
	}
	if ok && !own.At.After(m.now) {
		delete(m.waiting, item.ID)
		m.ended[item.ID] = true
	}
	return nil
}

func (m *model) update(f func(logical.Tx) error) {
	if err := m.s.Update(context.Background(), f); err != nil {
		m.t.Fatal(err)
	}
}

// step does one thing that rapid chooses.
func (m *model) step(id string) {
	at := m.now.Add(time.Duration(rapid.IntRange(1, 600_000).Draw(m.t, "wait")) * time.Millisecond)
	what := rapid.SampledFrom([]string{"add", "add", "move", "remove", "run"}).Draw(m.t, "what")
	if what == "run" {
		m.now = at
		m.run()
		return
	}
	item := lease.Item{At: at, Kind: "k", ID: id}
	if what == "add" || len(m.waiting) == 0 {
		m.update(func(tx logical.Tx) error { return m.q.Add(tx, item) })
		m.waiting[id] = item
		return
	}
	item = m.waiting[rapid.SampledFrom(slices.Sorted(maps.Keys(m.waiting))).Draw(m.t, "which")]
	if what == "remove" {
		m.update(func(tx logical.Tx) error { return m.q.Remove(tx, item) })
		delete(m.waiting, item.ID)
		return
	}
	m.update(func(tx logical.Tx) error { return m.q.Move(tx, item, at) })
	item.At = at
	m.waiting[item.ID] = item
}

// run does so with a crash, perhaps.
func (m *model) run() {
	chance := func() bool { return rapid.IntRange(0, 3).Draw(m.t, "crash") == 0 }
	m.s.fail = func() (bool, bool) { return chance(), chance() }
	if _, err := m.q.Run(context.Background(), m.now, m.due); err != nil && !errors.Is(err, errCrash) {
		m.t.Fatal(err)
	}
	m.s.fail = never
}

func never() (bool, bool) { return false, false }

// TestModel adds, moves, removes and runs, with crashes of any Run, and says what has to
// hold: nothing is early, nothing is lost, nothing comes after it was removed.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{t: t, s: &faulty{&logicaltest.Memory{}, never}, now: start, waiting: map[string]lease.Item{}, ended: map[string]bool{}}
		m.q = lease.New(m.s, "q/")
		for i := range rapid.IntRange(1, 30).Draw(t, "steps") {
			m.step(fmt.Sprint(i))
		}
		for range 100 {
			done, err := m.q.Run(context.Background(), m.now, m.due)
			if err != nil {
				t.Fatal(err)
			}
			if done.Next.IsZero() {
				break
			}
			m.now = done.Next
		}
		if len(m.waiting) > 0 {
			t.Fatalf("lost: %v", m.waiting)
		}
		err := m.s.View(context.Background(), func(tx logical.Tx) error {
			names, err := tx.List("", "", 0)
			if len(names) > 0 {
				return errors.New("left: " + strings.Join(names, " "))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// TestTerms holds Vault's rules and texts.
func TestTerms(t *testing.T) {
	const h = time.Hour
	mount := lease.Terms{MountTTL: 768 * h, MountMax: 1000 * h}
	for _, c := range []struct {
		name  string
		set   func(*lease.Terms)
		age   time.Duration
		want  time.Duration
		warns string
	}{
		{"the mount's", func(*lease.Terms) {}, 0, 768 * h, ""},
		{"wanted", func(x *lease.Terms) { x.Wanted = h }, 0, h, ""},
		{"increment before wanted", func(x *lease.Terms) { x.Wanted, x.Increment = h, 2*h }, 0, 2 * h, ""},
		{"capped by the mount", func(x *lease.Terms) { x.Wanted = 2000 * h }, 0, 1000 * h, `TTL of "2000h0m0s" exceeded the effective max_ttl of "1000h0m0s"; TTL value is capped accordingly`},
		{"capped by max", func(x *lease.Terms) { x.Wanted, x.Max = 2*h, h }, 0, h, `TTL of "2h0m0s" exceeded the effective max_ttl of "1h0m0s"; TTL value is capped accordingly`},
		{"max, later", func(x *lease.Terms) { x.Wanted, x.Max = 2*h, 3*h }, 2 * h, h, `TTL of "2h0m0s" exceeded the effective max_ttl of "1h0m0s"; TTL value is capped accordingly`},
		{"explicit", func(x *lease.Terms) { x.Wanted, x.ExplicitMax = 30*time.Minute, 5*time.Minute }, 0, 5 * time.Minute, `TTL of "30m0s" exceeded the effective max_ttl of "5m0s"; TTL value is capped accordingly`},
		{"over", func(x *lease.Terms) { x.Max = h }, h, 0, "past the max TTL, cannot renew"},
		{"period", func(x *lease.Terms) { x.Period, x.Increment = h, 5*h }, 5000 * h, h, ""},
		{"period capped", func(x *lease.Terms) { x.Period = 2000 * h }, 0, 1000 * h, `period of "2000h0m0s" exceeded the effective max_ttl of "1000h0m0s"; period value is capped accordingly`},
		{"period and explicit", func(x *lease.Terms) { x.Period, x.ExplicitMax = h, 3*h }, 2*h + 30*time.Minute, 30 * time.Minute, `TTL of "1h0m0s" exceeded the effective max_ttl of "30m0s"; TTL value is capped accordingly`},
		{"period, explicit over", func(x *lease.Terms) { x.Period, x.ExplicitMax = h, 3*h }, 3 * h, 0, "past the max TTL, cannot renew"},
	} {
		terms := mount
		c.set(&terms)
		got, warnings, err := terms.TTL(start, start.Add(c.age))
		text := strings.Join(warnings, "\n")
		if err != nil {
			text = err.Error()
		}
		if got != c.want || text != c.warns {
			t.Errorf("%s: %v %q", c.name, got, text)
		}
	}
}
