package token_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
	"github.com/stanch-dev/stanch/vault/token"
)

var start = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func create(t testing.TB, s *token.Store, now time.Time, e token.Entry) (secret.Bytes, *token.Entry) {
	t.Helper()
	id, made, err := s.Create(t.Context(), now, e)
	if err != nil {
		t.Fatal(err)
	}
	return id, made
}

func simple(ttl time.Duration) token.Entry {
	return token.Entry{Policies: []string{"Default", " app", "app"}, Path: "auth/token/create", TTL: ttl, Renewable: true}
}

// dump is all that lies in a storage, as text, but for the store's keys and the decoy.
func dump(t testing.TB, s logical.Storage) string {
	t.Helper()
	var all strings.Builder
	var walk func(tx logical.Tx, folder string) error
	walk = func(tx logical.Tx, folder string) error {
		names, err := tx.List(folder, "", 0)
		for _, name := range names {
			if strings.HasSuffix(name, "/") {
				if err := walk(tx, folder+name); err != nil {
					return err
				}
				continue
			}
			if folder == "" && (name == "keys" || name == "decoy") {
				continue
			}
			var v json.RawMessage
			if _, err := tx.Get(folder+name, &v); err != nil {
				return err
			}
			fmt.Fprintf(&all, "%s%s %s\n", folder, name, v)
		}
		return err
	}
	if err := s.View(context.Background(), func(tx logical.Tx) error { return walk(tx, "") }); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func found(t testing.TB, s *token.Store, now time.Time, id secret.Bytes) bool {
	t.Helper()
	_, err := s.Lookup(context.Background(), now, id)
	if err != nil && !errors.Is(err, logical.ErrDenied) {
		t.Fatal(err)
	}
	return err == nil
}

func TestCreateAndLookup(t *testing.T) {
	m := &logicaltest.Memory{}
	s := token.New(m, token.Options{})
	want := token.Entry{
		Policies: []string{"default", "app"}, Path: "auth/userpass/login/x", Name: "x", EntityID: "e", Meta: map[string]string{"a": "b"},
		BoundCIDRs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, TTL: time.Hour, Period: time.Hour, ExplicitMax: time.Hour, MaxTTL: time.Hour,
		Renewable: true, Role: "r", Internal: map[string]any{"k": "v"},
	}
	id, made := create(t, s, start, want)
	text := string(id.Reveal())
	if !strings.HasPrefix(text, "hvs.") || len(text) != 28 || len(made.Accessor) != 24 || len(made.Cubbyhole) != 24 || len(made.Key()) != 43 {
		t.Errorf("%d %+v", len(text), made)
	}
	if strings.Contains(dump(t, m), text[4:]) {
		t.Error("the id is in the storage")
	}
	again := token.New(m, token.Options{}) // the key is in the storage
	got, err := again.Lookup(t.Context(), start.Add(59*time.Minute), id)
	if err != nil {
		t.Fatal(err)
	}
	want.Type, want.Policies, want.Accessor, want.Cubbyhole = token.Service, []string{"app", "default"}, made.Accessor, made.Cubbyhole
	want.Created, want.Expires = start, start.Add(time.Hour)
	public := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".key" }, cmp.Ignore())
	if diff := cmp.Diff(want, *got, public, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if byAccessor, err := s.LookupAccessor(t.Context(), start, made.Accessor); err != nil || byAccessor.Key() != made.Key() {
		t.Error(err)
	}
	if found(t, s, start.Add(time.Hour), id) {
		t.Error("an expired token was found")
	}
}

func TestCreateRefuses(t *testing.T) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	_, parent := create(t, s, start, simple(time.Hour))
	if err := s.Revoke(t.Context(), start, parent); err != nil {
		t.Fatal(err)
	}
	batch := func(set func(*token.Entry)) token.Entry {
		e := simple(time.Hour)
		e.Type = token.Batch
		set(&e)
		return e
	}
	for want, e := range map[string]token.Entry{
		"a token needs a time to live":              simple(0),
		`cannot assign policy "response-wrapping"`:  {Policies: []string{"a", "Response-Wrapping"}, TTL: time.Hour},
		"number of uses cannot be negative":         {TTL: time.Hour, NumUses: -1},
		"permission denied":                         {TTL: time.Hour, Parent: parent.Key()},
		"batch tokens cannot be root tokens":        batch(func(e *token.Entry) { e.Policies = []string{"root"} }),
		"batch tokens cannot have a number of uses": batch(func(e *token.Entry) { e.NumUses = 1 }),
		"at most 4096 bytes as JSON":                batch(func(e *token.Entry) { e.Name = strings.Repeat("x", 4096) }),
		"at most 65536 bytes as JSON":               {TTL: time.Hour, Name: strings.Repeat("x", 65536)},
		"denied":                                    batch(func(e *token.Entry) { e.Parent = parent.Key() }),
	} {
		if _, _, err := s.Create(t.Context(), start, e); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for id, want := range map[string]string{
		"hvs.x": "custom token ID cannot have the 'hvs.' prefix", "s.x": "custom token ID cannot have the 's.' prefix",
		"a.b": "custom token ID cannot have a '.' in the value", "": "custom token ID must have", "taken": "",
	} {
		_, err := s.CreateAs(t.Context(), start, secret.Of([]byte(id)), simple(time.Hour))
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", id, err)
		}
	}
	if _, err := s.CreateAs(t.Context(), start, secret.Of([]byte("taken")), simple(time.Hour)); err == nil || err.Error() != "cannot create a token with a duplicate ID" {
		t.Error(err)
	}
}

func TestBatch(t *testing.T) {
	m := &logicaltest.Memory{}
	s := token.New(m, token.Options{})
	_, parent := create(t, s, start, simple(time.Hour))
	before := dump(t, m)
	e := simple(time.Minute)
	e.Type, e.Parent = token.Batch, parent.Key()
	id, made := create(t, s, start, e)
	if dump(t, m) != before || made.Accessor != "" || made.Cubbyhole != "" || made.Renewable {
		t.Error("a batch token left something behind, or has what it cannot have")
	}
	got, err := s.Lookup(t.Context(), start, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made.Policies, got.Policies); diff != "" || got.Type != token.Batch || got.Parent != parent.Key() {
		t.Error(diff, got)
	}
	if err := s.Revoke(t.Context(), start, got); err == nil || err.Error() != "batch tokens cannot be revoked" {
		t.Error(err)
	}
	if _, _, err := s.Renew(t.Context(), start, got, lease.Terms{}); err == nil || err.Error() != "batch tokens cannot be renewed" {
		t.Error(err)
	}
	if found(t, s, start.Add(time.Minute), id) {
		t.Error("an expired one was found")
	}
	text := id.Reveal()
	for i := range text {
		other := slices.Clone(text)
		other[i] ^= 1
		if found(t, s, start, secret.Of(other)) {
			t.Fatalf("found with another byte at %d", i)
		}
	}
	if err := s.Revoke(t.Context(), start, parent); err != nil {
		t.Fatal(err)
	}
	if found(t, s, start, id) {
		t.Error("it outlives its parent")
	}
}

// counting counts what is read.
type counting struct {
	logical.Storage
	mu    sync.Mutex
	found int // guarded by mu
}

type countingTx struct {
	logical.Tx
	c *counting
}

func (c *counting) View(ctx context.Context, f func(logical.Tx) error) error {
	return c.Storage.View(ctx, func(tx logical.Tx) error { return f(countingTx{tx, c}) })
}

func (t countingTx) Get(name string, v any) (bool, error) {
	ok, err := t.Tx.Get(name, v)
	if ok {
		t.c.mu.Lock()
		t.c.found++
		t.c.mu.Unlock()
	}
	return ok, err
}

// TestSameWork reads one record whatever the id is.
func TestSameWork(t *testing.T) {
	c := &counting{Storage: &logicaltest.Memory{}}
	s := token.New(c, token.Options{})
	valid, _ := create(t, s, start, simple(time.Hour))
	expired, _ := create(t, s, start.Add(-time.Hour), simple(time.Minute))
	for name, id := range map[string]secret.Bytes{"valid": valid, "expired": expired, "unknown": secret.Of([]byte("hvs.x")), "empty": secret.Of(nil)} {
		c.found = 0
		_, err := s.Lookup(t.Context(), start, id)
		if (name == "valid") != (err == nil) || err != nil && err != error(logical.ErrDenied) || c.found != 1 {
			t.Errorf("%s: %v after %d records", name, err, c.found)
		}
	}
}

func TestUses(t *testing.T) {
	m := &logicaltest.Memory{}
	s := token.New(m, token.Options{})
	e := simple(time.Hour)
	e.NumUses = 3
	id, _ := create(t, s, start, e)
	shown, err := s.Lookup(t.Context(), start, id)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	left := []int{}
	for range 10 {
		group.Go(func() {
			mine := *shown
			if err := s.Use(context.Background(), start, &mine); err == nil {
				mu.Lock()
				defer mu.Unlock()
				left = append(left, mine.NumUses)
			}
		})
	}
	group.Wait()
	slices.Sort(left)
	if diff := cmp.Diff([]int{-1, 1, 2}, left); diff != "" || found(t, s, start, id) {
		t.Error(diff)
	}
	if _, err := s.Queue().Run(t.Context(), start.Add(2*time.Minute), func(ctx context.Context, i lease.Item) error { return s.End(ctx, start.Add(2*time.Minute), i) }); err != nil {
		t.Fatal(err)
	}
	if left := dump(t, m); left != "" {
		t.Error(left)
	}
}

func TestAllowedFrom(t *testing.T) {
	e := token.Entry{BoundCIDRs: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}}
	for remote, want := range map[string]bool{
		"192.0.2.9": true, "::ffff:192.0.2.9": true, "192.0.3.1": false, "2001:db8::1": true, "2001:db8::1%eth0": true, "2001:db9::1": false, "": false, "pipe": false,
	} {
		if got := e.AllowedFrom(remote); got != want {
			t.Errorf("%q: %v", remote, got)
		}
	}
	if free := (&token.Entry{}); !free.AllowedFrom("pipe") {
		t.Error("without networks all is allowed")
	}
}

// TestRenew is what only the store knows of it; the terms are tested where they are.
func TestRenew(t *testing.T) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	terms := lease.Terms{Increment: 2 * time.Hour, MountTTL: time.Hour, MountMax: 5 * time.Hour}
	id, e := create(t, s, start, simple(time.Hour))
	now := start.Add(30 * time.Minute)
	renewed, warnings, err := s.Renew(t.Context(), now, e, terms)
	if err != nil || len(warnings) != 0 || renewed.Left(now) != 2*time.Hour || !renewed.Renewed.Equal(now) {
		t.Fatal(renewed, warnings, err)
	}
	over := start.Add(time.Hour)
	done, err := s.Queue().Run(t.Context(), over, func(ctx context.Context, i lease.Item) error { return s.End(ctx, over, i) })
	if err != nil || done.Ended != 0 || !found(t, s, over, id) || !done.Next.Equal(start.Add(150*time.Minute)) {
		t.Error("it ended when it was to end first", done, err)
	}
	fixed := simple(time.Hour)
	fixed.Renewable = false
	_, e = create(t, s, start, fixed)
	if _, _, err := s.Renew(t.Context(), now, e, terms); err == nil || err.Error() != "lease is not renewable" {
		t.Error(err)
	}
	_, e = create(t, s, start, token.Entry{Policies: []string{"root"}, Renewable: true})
	if _, _, err := s.Renew(t.Context(), now, e, terms); err == nil || err.Error() != "lease is not renewable" {
		t.Error(err)
	}
	if _, _, err := s.Renew(t.Context(), start.Add(5*time.Hour), renewed, terms); !errors.Is(err, logical.ErrDenied) {
		t.Error("an expired token was renewed", err)
	}
}

func TestAccessors(t *testing.T) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	var want []string
	for range 200 {
		_, e := create(t, s, start, simple(time.Hour))
		want = append(want, e.Accessor)
	}
	slices.Sort(want)
	var got []string
	for after := ""; ; after = got[len(got)-1] {
		some, err := s.Accessors(t.Context(), after, 7)
		if err != nil || len(some) > 7 {
			t.Fatal(err, len(some))
		}
		if len(some) == 0 {
			break
		}
		got = append(got, some...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if all, err := s.Accessors(t.Context(), "", 0); err != nil || !slices.Equal(all, want) {
		t.Error(err)
	}
	for _, bad := range []string{"", "x", "a/b", "../keys", strings.Repeat("x", 24), strings.Repeat("/", 24)} {
		if _, err := s.LookupAccessor(t.Context(), start, bad); err != error(token.ErrAccessor) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if err := s.RevokeAccessor(t.Context(), start, want[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.LookupAccessor(t.Context(), start, want[0]); err != error(token.ErrAccessor) {
		t.Error(err)
	}
}

func TestClose(t *testing.T) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	id, _ := create(t, s, start, simple(time.Hour))
	s.Close()
	if _, err := s.Lookup(t.Context(), start, id); err == nil || errors.Is(err, logical.ErrDenied) {
		t.Error(err)
	}
}

// TestTidy damages the storage as no transaction of the store would.
func TestTidy(t *testing.T) {
	m := &logicaltest.Memory{}
	s := token.New(m, token.Options{})
	_, keep := create(t, s, start, simple(time.Hour))
	child := simple(time.Hour)
	child.Parent = keep.Key()
	childID, lost := create(t, s, start, child)
	expired, _ := create(t, s, start.Add(-time.Hour), simple(time.Minute))
	if _, err := s.Wrap(t.Context(), start, token.Answer{TTL: time.Hour, Payload: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Tidy(t.Context(), start)
	if diff := cmp.Diff(token.Tidied{Tokens: 4, Ended: 1}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if found(t, s, start.Add(-time.Hour), expired) {
		t.Error("the expired token is still there")
	}
	err = m.Update(t.Context(), func(tx logical.Tx) error {
		key, accessor := keep.Key(), keep.Accessor
		return errors.Join(tx.Delete("id/"+key[:2]+"/"+key[2:]), tx.Put("wrap/xx/x", "stray"), tx.Delete("accessor/"+lost.Accessor[:2]+"/"+lost.Accessor[2:]),
			tx.DeleteAll("expiry/"), tx.Put("accessor/zz/z", map[string]string{"key": accessor}))
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err = s.Tidy(t.Context(), start)
	if diff := cmp.Diff(token.Tidied{Tokens: 2, Ended: 1, Repaired: 1, Strays: 3}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if found(t, s, start, childID) {
		t.Error("the child of a lost token is still there")
	}
	got, err = s.Tidy(t.Context(), start)
	if diff := cmp.Diff(token.Tidied{Tokens: 1}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func FuzzLookup(f *testing.F) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	e := simple(time.Hour)
	e.Type = token.Batch
	batch, _ := create(f, s, start, e)
	real := string(batch.Reveal())
	for _, seed := range []string{"", "hvs.", "hvb.", "hvb.AAAA", real, real[:len(real)-1], real + "=", real + "\n", "hvb." + strings.Repeat("A", 200)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, id []byte) {
		if found(t, s, start, secret.Of(id)) != (string(id) == real) {
			t.Errorf("%q", id)
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	s := token.New(&logicaltest.Memory{}, token.Options{})
	id, _ := create(b, s, start, simple(time.Hour))
	e := simple(time.Hour)
	e.Type = token.Batch
	batch, _ := create(b, s, start, e)
	for name, id := range map[string]secret.Bytes{"service": id, "batch": batch, "unknown": secret.Of([]byte("hvs.unknown"))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Lookup(b.Context(), start, id)
			}
		})
	}
}
