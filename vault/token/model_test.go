package token_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
	"github.com/stanch-dev/stanch/vault/token"
)

// faulty crashes at some transactions: before one is durable or, worse, right after.
type faulty struct {
	*logicaltest.Memory
	crash func() (before, after bool)
}

var errCrash = errors.New("crash")

func (f *faulty) Update(ctx context.Context, do func(logical.Tx) error) error {
	before, after := f.crash()
	if before {
		return errCrash
	}
	if err := f.Memory.Update(ctx, do); err != nil || !after {
		return err
	}
	return errCrash
}

// modelled is a token as the model knows it.
type modelled struct {
	id      secret.Bytes
	entry   *token.Entry
	parent  int // index, -1 for none
	expires time.Time
	uses    int
	state   state
}

type state int

const (
	lives state = iota
	// doubtful is what a crash has left: the operation may have happened or not. It must
	// not come back to life once it was seen dead.
	doubtful
	dead
)

type model struct {
	t       *rapid.T
	storage *faulty
	store   *token.Store
	now     time.Time
	all     []*modelled
	ended   map[string]int // how often Ended was called, by accessor
}

func newModel(t *rapid.T) *model {
	m := &model{t: t, now: start, ended: map[string]int{}}
	m.storage = &faulty{Memory: &logicaltest.Memory{}}
	m.calm()
	m.reopen()
	return m
}

func (m *model) calm() { m.storage.crash = func() (bool, bool) { return false, false } }

func (m *model) reopen() {
	m.store = token.New(m.storage, token.Options{Ended: func(_ context.Context, _ time.Time, e *token.Entry) error {
		m.ended[e.Accessor]++
		return nil
	}})
}

// do runs an operation that may crash at one of its transactions, and reports whether it
// went through. After a crash the store is opened anew.
func (m *model) do(f func() error) bool {
	at, after := rapid.IntRange(1, 12).Draw(m.t, "crash at"), rapid.Bool().Draw(m.t, "after")
	n := 0
	m.storage.crash = func() (bool, bool) {
		n++
		return n > at || n == at && !after, n == at // what is dead does nothing more
	}
	err := f()
	m.calm()
	if errors.Is(err, errCrash) {
		m.reopen()
		return false
	}
	if err != nil {
		m.t.Fatal(err)
	}
	return true
}

// kill sets the state of a token and those below it.
func (m *model) kill(i int, to state) {
	m.all[i].state = max(m.all[i].state, to)
	for j, child := range m.all {
		if child.parent == i {
			m.kill(j, to)
		}
	}
}

// pick returns one that lives, or false.
func (m *model) pick() (int, bool) {
	var living []int
	for i, x := range m.all {
		if x.state == lives {
			living = append(living, i)
		}
	}
	if len(living) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(living).Draw(m.t, "which"), true
}

func (m *model) create(*rapid.T) {
	e := simple(time.Duration(rapid.IntRange(1, 600).Draw(m.t, "ttl")) * time.Second)
	e.NumUses = rapid.IntRange(0, 2).Draw(m.t, "uses")
	x := &modelled{parent: -1, expires: m.now.Add(e.TTL), uses: e.NumUses}
	if i, ok := m.pick(); ok && rapid.IntRange(0, 3).Draw(m.t, "orphan") > 0 {
		x.parent, e.Parent = i, m.all[i].entry.Key()
	}
	if m.do(func() (err error) { x.id, x.entry, err = m.store.Create(context.Background(), m.now, e); return err }) {
		m.all = append(m.all, x)
	}
}

func (m *model) revoke(*rapid.T) {
	i, ok := m.pick()
	if !ok {
		return
	}
	to := doubtful
	if m.do(func() error { return m.store.Revoke(context.Background(), m.now, m.all[i].entry) }) {
		to = dead
	}
	m.kill(i, to)
}

func (m *model) revokeOrphan(*rapid.T) {
	i, ok := m.pick()
	if !ok {
		return
	}
	if m.do(func() error { return m.store.RevokeOrphan(context.Background(), m.now, m.all[i].entry) }) {
		m.all[i].state = dead
	} else {
		m.kill(i, doubtful) // its children are orphans, or not
	}
	for _, child := range m.all {
		if child.parent == i {
			child.parent = -1
		}
	}
}

func (m *model) use(*rapid.T) {
	i, ok := m.pick()
	if !ok || m.all[i].uses == 0 {
		return
	}
	x := m.all[i]
	e, err := m.store.Lookup(context.Background(), m.now, x.id)
	if err != nil {
		m.t.Fatal(err)
	}
	if !m.do(func() error { return m.store.Use(context.Background(), m.now, e) }) {
		m.kill(i, doubtful)
		return
	}
	if x.uses--; x.uses == 0 {
		if e.NumUses != -1 {
			m.t.Fatal("the last use does not say so")
		}
		x.state = dead
		for j, child := range m.all { // until somebody ends them, they may be found
			if child.parent == i {
				m.kill(j, doubtful)
			}
		}
	}
}

func (m *model) renew(*rapid.T) {
	i, ok := m.pick()
	if !ok {
		return
	}
	terms := lease.Terms{Increment: time.Duration(rapid.IntRange(1, 600).Draw(m.t, "increment")) * time.Second, MountTTL: time.Hour, MountMax: time.Hour}
	x := m.all[i]
	if !m.do(func() error {
		e, _, err := m.store.Renew(context.Background(), m.now, x.entry, terms)
		if err == nil {
			x.expires = e.Expires
		} else if errors.As(err, new(*logical.Error)) { // past the max TTL
			return nil
		}
		return err
	}) {
		m.kill(i, doubtful)
		x.expires = m.now.Add(time.Hour) // at the latest
	}
}

// run lets time pass and the queue work, with a crash perhaps.
func (m *model) run(*rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(0, 300).Draw(m.t, "pass")) * time.Second)
	whole := m.do(func() error { return m.drain() })
	for i, x := range m.all {
		if x.expires.After(m.now) {
			continue
		}
		if x.state == lives {
			x.state = dead
		}
		to := doubtful
		if whole {
			to = dead
		}
		m.kill(i, to)
	}
}

// drain runs the queue for what is due now. Items in it end one after the other, so that
// the transaction that crashes is the one rapid has chosen.
func (m *model) drain() error {
	for {
		gate := make(chan struct{}, 1)
		done, err := m.store.Queue().Run(context.Background(), m.now, func(ctx context.Context, item lease.Item) error {
			gate <- struct{}{}
			defer func() { <-gate }()
			return m.store.End(ctx, m.now, item)
		})
		if err != nil || done.Next.IsZero() || done.Next.After(m.now) {
			return err
		}
	}
}

func (m *model) check(*rapid.T) {
	for i, x := range m.all {
		is := found(m.t2(), m.store, m.now, x.id)
		switch {
		case !is && x.state == doubtful, !is && !x.expires.After(m.now):
			x.state = dead
		case is != (x.state == lives) && x.state != doubtful:
			m.t.Fatalf("token %d: found %v in state %d", i, is, x.state)
		}
	}
}

// t2 is for helpers that are shared with other tests.
func (m *model) t2() testing.TB { return fatal{TB: nil, t: m.t} }

type fatal struct {
	testing.TB
	t *rapid.T
}

func (f fatal) Helper()           {}
func (f fatal) Fatal(args ...any) { f.t.Fatal(args...) }

// TestModel grows a forest of tokens and cuts it, with crashes in between. In the end,
// when all time is over, nothing may be left, and all that had a life was ended.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		t.Repeat(map[string]func(*rapid.T){
			"create": m.create, "create too": m.create, "create three": m.create, "revoke": m.revoke, "revoke orphan": m.revokeOrphan,
			"use": m.use, "renew": m.renew, "run": m.run, "": m.check,
		})
		for range 20 {
			m.now = m.now.Add(24 * time.Hour)
			if err := m.drain(); err != nil {
				t.Fatal(err)
			}
		}
		if left := dump(m.t2(), m.storage); left != "" {
			t.Fatalf("left:\n%s", left)
		}
		var accessors []string
		for _, x := range m.all {
			accessors = append(accessors, x.entry.Accessor)
		}
		for _, a := range slices.Sorted(slices.Values(accessors)) {
			if m.ended[a] == 0 {
				t.Fatalf("%s was never ended; of %v", a, slices.Collect(maps.Keys(m.ended)))
			}
		}
	})
}

// TestFamily ends a family that is larger than a batch and deeper than one generation.
func TestFamily(t *testing.T) {
	for name, end := range map[string]func(*token.Store, *token.Entry) error{
		"tree":   func(s *token.Store, e *token.Entry) error { return s.Revoke(t.Context(), start, e) },
		"orphan": func(s *token.Store, e *token.Entry) error { return s.RevokeOrphan(t.Context(), start, e) },
	} {
		t.Run(name, func(t *testing.T) {
			storage := &logicaltest.Memory{}
			s := token.New(storage, token.Options{})
			rootID, root := create(t, s, start, simple(time.Hour))
			var ids []secret.Bytes
			for i := range 300 {
				e := simple(time.Hour)
				e.Parent = root.Key()
				id, child := create(t, s, start, e)
				ids = append(ids, id)
				if i%50 == 0 {
					e.Parent = child.Key()
					id, _ := create(t, s, start, e)
					ids = append(ids, id)
				}
			}
			if err := end(s, root); err != nil {
				t.Fatal(err)
			}
			for i, id := range ids {
				e, err := s.Lookup(t.Context(), start, id)
				if (err == nil) != (name == "orphan") {
					t.Fatal(i, err)
				}
				if err == nil && e.Parent == root.Key() {
					t.Fatal("still a child")
				}
			}
			if found(t, s, start, rootID) {
				t.Error("the parent is still there")
			}
			if left := dump(t, storage); name == "tree" && left != "" {
				t.Error(left)
			}
		})
	}
}

// TestEndedFails keeps a token that never expires for as long as what belongs to it
// cannot be cleared away.
func TestEndedFails(t *testing.T) {
	storage := &logicaltest.Memory{}
	fails := true
	s := token.New(storage, token.Options{Ended: func(context.Context, time.Time, *token.Entry) error {
		if fails {
			return errCrash
		}
		return nil
	}})
	id, root := create(t, s, start, token.Entry{Policies: []string{"root"}})
	if err := s.Revoke(t.Context(), start, root); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	now := start
	run := func() (lease.Done, error) {
		return s.Queue().Run(t.Context(), now, func(ctx context.Context, i lease.Item) error { return s.End(ctx, now, i) })
	}
	for range 3 {
		done, err := run()
		if done.Failed != 1 || !errors.Is(err, errCrash) || found(t, s, now, id) || dump(t, storage) == "" {
			t.Fatal(done, err)
		}
		now = done.Next
	}
	fails = false
	if done, err := run(); done.Ended != 1 || err != nil || dump(t, storage) != "" {
		t.Fatal(done, err)
	}
}
