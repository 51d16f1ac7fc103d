package barrier_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/barrier"
	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/memory"
)

var root = bytes.Repeat([]byte{0x52}, barrier.RootSize)

// open returns an open barrier over a new store.
func open(t testing.TB) (*barrier.Barrier, storage.Store) {
	t.Helper()
	s := memory.New()
	b := barrier.New(s)
	if err := errors.Join(b.Initialize(t.Context(), root), b.Unseal(t.Context(), root)); err != nil {
		t.Fatal(err)
	}
	return b, s
}

func data(name string) barrier.Path {
	return barrier.Path{Kind: barrier.KindData, Mount: [16]byte{1}, Name: name}
}

func put(t testing.TB, b *barrier.Barrier, p barrier.Path, value string) {
	t.Helper()
	if err := b.Update(t.Context(), func(tx barrier.Tx) error { return tx.Put(p, []byte(value)) }); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, b *barrier.Barrier, p barrier.Path) (value []byte, err error) {
	t.Helper()
	err = b.View(t.Context(), func(tx barrier.Tx) error {
		value, err = tx.Get(p)
		return err
	})
	return value, err
}

// raw is everything that lies in a store.
type rawRecord struct{ key, value []byte }

func raw(t testing.TB, s storage.Store) (all []rawRecord) {
	t.Helper()
	if err := s.View(t.Context(), func(tx storage.Tx) error {
		for k, v := range tx.Scan(nil, nil) {
			all = append(all, rawRecord{bytes.Clone(k), bytes.Clone(v)})
		}
		return tx.Err()
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func putRaw(t testing.TB, s storage.Store, key, value []byte) {
	t.Helper()
	if err := s.Update(t.Context(), func(tx storage.Tx) error { return tx.Put(key, value) }); err != nil {
		t.Fatal(err)
	}
}

// lastOf returns the record whose kind is k and which is the last in the store.
func lastOf(t testing.TB, s storage.Store, k barrier.Kind) (found rawRecord) {
	t.Helper()
	for _, r := range raw(t, s) {
		if r.key[0] == byte(k) {
			found = r
		}
	}
	if found.key == nil {
		t.Fatalf("no record of %s", k)
	}
	return found
}

func TestNothingReadableInTheStore(t *testing.T) {
	b, s := open(t)
	const canary = "canary-in-a-value"
	for _, info := range barrier.Kinds() {
		p := barrier.Path{Kind: info.Kind, Mount: [16]byte{9}, Name: "finance/payroll-db/" + info.Name}
		put(t, b, p, canary)
		put(t, b, p, canary+" again")
	}
	if err := b.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, b, data("finance/"+strings.Repeat("long-segment", 20)), canary)
	records := raw(t, s)
	if len(records) < len(barrier.Kinds())+2 {
		t.Fatalf("only %d records", len(records))
	}
	for _, r := range records {
		for _, plain := range []string{canary, canary[:8], "finance", "payroll", "long-seg", string(root[:8])} {
			if bytes.Contains(r.key, []byte(plain)) || bytes.Contains(r.value, []byte(plain)) {
				t.Errorf("%q lies readable under %x", plain, r.key)
			}
		}
	}
}

func TestEqualNamesLookDifferentElsewhere(t *testing.T) {
	b, s := open(t)
	for _, p := range []barrier.Path{
		data("same"), data("same/same"), data("other/same"),
		{Kind: barrier.KindMeta, Mount: [16]byte{1}, Name: "same"},
		{Kind: barrier.KindData, Mount: [16]byte{2}, Name: "same"},
	} {
		put(t, b, p, "")
	}
	seen := map[string]bool{}
	for _, r := range raw(t, s) {
		if len(r.key) < 17+22 {
			continue // the barrier's own
		}
		last := string(r.key[len(r.key)-20:])
		if seen[last] {
			t.Errorf("the same ciphertext of a segment twice: %x", r.key)
		}
		seen[last] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d names, want 5", len(seen))
	}
}

// TestMovedRecordIsRefused puts the record of each path under the key of each other.
func TestMovedRecordIsRefused(t *testing.T) {
	b, s := open(t)
	paths := []barrier.Path{
		data("a"), data("b"), data("dir/a"), data(""),
		{Kind: barrier.KindMeta, Mount: [16]byte{1}, Name: "a"},
		{Kind: barrier.KindData, Mount: [16]byte{2}, Name: "a"},
	}
	records := map[barrier.Path]rawRecord{}
	for i, p := range paths {
		before := map[string]bool{}
		for _, r := range raw(t, s) {
			before[string(r.key)] = true
		}
		put(t, b, p, fmt.Sprint("value ", i))
		for _, r := range raw(t, s) {
			if !before[string(r.key)] {
				records[p] = r
			}
		}
	}
	for to := range records {
		for from := range records {
			putRaw(t, s, records[to].key, records[from].value)
			_, err := get(t, b, to)
			if moved := from != to; moved != errors.Is(err, barrier.ErrDamaged) {
				t.Errorf("record of %s at %s: %v", from, to, err)
			}
		}
		putRaw(t, s, records[to].key, records[to].value)
	}
}

// TestOlderRecordIsTaken states what is not prevented: who can write to the store
// can put an older value of the same record back. The audit chain shows it.
func TestOlderRecordIsTaken(t *testing.T) {
	b, s := open(t)
	put(t, b, data("a"), "first")
	old := lastOf(t, s, barrier.KindData)
	put(t, b, data("a"), "second")
	putRaw(t, s, old.key, old.value)
	if got, err := get(t, b, data("a")); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAlteredRecordIsRefused(t *testing.T) {
	b, s := open(t)
	put(t, b, data("dir/a"), "value")
	if err := b.Rotate(t.Context()); err != nil { // so that another term exists
		t.Fatal(err)
	}
	r := lastOf(t, s, barrier.KindData)
	for i := range r.value {
		altered := bytes.Clone(r.value)
		altered[i] ^= 3
		putRaw(t, s, r.key, altered)
		if _, err := get(t, b, data("dir/a")); !errors.Is(err, barrier.ErrDamaged) {
			t.Errorf("byte %d altered: %v", i, err)
		} else if strings.Contains(err.Error(), "value") {
			t.Errorf("the error tells the value: %v", err)
		}
		putRaw(t, s, r.key, r.value[:i])
		if _, err := get(t, b, data("dir/a")); !errors.Is(err, barrier.ErrDamaged) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
	putRaw(t, s, r.key, r.value)
	for i := 17; i < len(r.key); i++ {
		altered := bytes.Clone(r.key)
		altered[i] ^= 1
		putRaw(t, s, altered, r.value)
		err := b.View(t.Context(), func(tx barrier.Tx) error {
			for range tx.Walk(data("")) {
			}
			return nil // an error nobody looked at fails the transaction all the same
		})
		if !errors.Is(err, barrier.ErrDamaged) {
			t.Errorf("byte %d of a key altered: Walk: %v", i, err)
		}
		if err := s.Update(t.Context(), func(tx storage.Tx) error { return tx.Delete(altered) }); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := get(t, b, data("dir/a")); err != nil || string(got) != "value" {
		t.Errorf("at the end: %q, %v", got, err)
	}
}

func TestSealedAnswersNothing(t *testing.T) {
	ctx := t.Context()
	s := memory.New()
	b := barrier.New(s)
	nothing := func(barrier.Tx) error { t.Error("the function ran"); return nil }
	uses := func() map[string]error {
		return map[string]error{
			"View": b.View(ctx, nothing), "Update": b.Update(ctx, nothing),
			"Rotate": b.Rotate(ctx), "Rekey": b.Rekey(ctx, root),
		}
	}
	if err := b.Unseal(ctx, root); !errors.Is(err, barrier.ErrUninitialized) {
		t.Errorf("Unseal of an empty store: %v", err)
	}
	for _, short := range [][]byte{nil, root[:31], append([]byte{1}, root...)} {
		if b.Initialize(ctx, short) == nil || b.Unseal(ctx, short) == nil {
			t.Errorf("a root key of %d bytes is taken", len(short))
		}
	}
	if err := b.Initialize(ctx, root); err != nil {
		t.Fatal(err)
	}
	if err := b.Initialize(ctx, root); !errors.Is(err, barrier.ErrInitialized) {
		t.Errorf("a second Initialize: %v", err)
	}
	wrong := bytes.Clone(root)
	wrong[0] ^= 1
	if err := b.Unseal(ctx, wrong); !errors.Is(err, barrier.ErrWrongRoot) || !b.Status().Sealed {
		t.Errorf("Unseal with a wrong root key: %v", err)
	}
	for name, err := range uses() {
		if !errors.Is(err, barrier.ErrSealed) {
			t.Errorf("%s while sealed: %v", name, err)
		}
	}
	if err := b.Unseal(ctx, root); err != nil || b.Status().Sealed || b.Status().Term != 1 || b.Status().Installed.IsZero() {
		t.Fatalf("Unseal: %v, %+v", err, b.Status())
	}
	put(t, b, data("a"), "value")
	if got := b.Status().Encryptions; got != 1 {
		t.Errorf("%d encryptions, want 1", got)
	}
	if err := b.Unseal(ctx, wrong); !errors.Is(err, barrier.ErrWrongRoot) || b.Status().Sealed {
		t.Errorf("a wrong root key on an open barrier: %v", err)
	}
	b.Seal()
	b.Seal()
	for name, err := range uses() {
		if !errors.Is(err, barrier.ErrSealed) {
			t.Errorf("%s after Seal: %v", name, err)
		}
	}
	if diff := cmp.Diff(barrier.Status{Sealed: true}, b.Status()); diff != "" {
		t.Error(diff)
	}
}

// TestSealEndsTransactions seals in the middle of one, which must neither read nor
// write any more, least of all under keys that were written over with zeros.
func TestSealEndsTransactions(t *testing.T) {
	b, s := open(t)
	put(t, b, data("a"), "value")
	before := raw(t, s)
	err := b.Update(t.Context(), func(tx barrier.Tx) error {
		if err := tx.Put(data("b"), []byte("before")); err != nil {
			t.Error(err)
		}
		b.Seal()
		if _, err := tx.Get(data("a")); !errors.Is(err, barrier.ErrSealed) {
			t.Errorf("Get: %v", err)
		}
		if err := tx.Put(data("c"), nil); !errors.Is(err, barrier.ErrSealed) {
			t.Errorf("Put: %v", err)
		}
		if _, err := tx.List(data(""), "", 0); !errors.Is(err, barrier.ErrSealed) {
			t.Errorf("List: %v", err)
		}
		return nil
	})
	if !errors.Is(err, barrier.ErrSealed) {
		t.Errorf("Update: %v", err)
	}
	if diff := cmp.Diff(before, raw(t, s), cmp.AllowUnexported(rawRecord{})); diff != "" {
		t.Errorf("the store changed: %s", diff)
	}
}

func TestTransactions(t *testing.T) {
	b, _ := open(t)
	failure := errors.New("the function's own")
	if err := b.Update(t.Context(), func(tx barrier.Tx) error {
		return errors.Join(tx.Put(data("a"), nil), failure)
	}); !errors.Is(err, failure) {
		t.Error(err)
	}
	if got, err := get(t, b, data("a")); got != nil || err != nil {
		t.Errorf("a failed Update left %q, %v", got, err)
	}
	if err := b.Update(t.Context(), func(tx barrier.Tx) error {
		tx.Put(data("a"), nil)
		tx.Put(data("not//a/path"), nil) // not looked at
		return nil
	}); !errors.Is(err, barrier.ErrPath) {
		t.Errorf("an error nobody looked at: %v", err)
	}
	if err := b.View(t.Context(), func(tx barrier.Tx) error { return tx.Put(data("a"), nil) }); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("Put in a View: %v", err)
	}
	if err := b.Update(t.Context(), func(tx barrier.Tx) error {
		return errors.Join(tx.Put(data("a"), []byte{}), tx.Delete(data("nothing")))
	}); err != nil {
		t.Error(err)
	}
	if got, err := get(t, b, data("a")); got == nil || len(got) != 0 || err != nil {
		t.Errorf("an empty value reads as %v, %v", got, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.View(ended, func(barrier.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestPathsThatCannotBe(t *testing.T) {
	b, s := open(t)
	before := len(raw(t, s))
	for _, p := range []barrier.Path{
		data("/"), data("/a"), data("a/"), data("a//b"),
		{Kind: 'K'}, {Kind: 'S', Name: "config"}, {Kind: 0, Name: "a"}, {Kind: 0xff, Name: "a"},
		data(strings.Repeat("a", storage.MaxKey)), data(strings.Repeat("a/", 600) + "a"),
	} {
		err := b.Update(t.Context(), func(tx barrier.Tx) error { return tx.Put(p, []byte("value")) })
		if !errors.Is(err, barrier.ErrPath) {
			t.Errorf("%s: %v", p, err)
		}
	}
	if after := len(raw(t, s)); after != before {
		t.Errorf("%d records more", after-before)
	}
	longest := data(strings.Repeat("a", storage.MaxKey-17-2-16))
	put(t, b, longest, "fits")
	if got, err := get(t, b, longest); err != nil || string(got) != "fits" {
		t.Errorf("the longest name: %v", err)
	}
}

func TestClearKeyLiesOutside(t *testing.T) {
	s := memory.New()
	b := barrier.New(s)
	key := barrier.ClearKey("seal/config")
	also := func(tx storage.Tx) error { return tx.Put(key, []byte("shamir 5 3")) }
	if err := b.Initialize(t.Context(), root, also); err != nil {
		t.Fatal(err)
	}
	if err := b.Unseal(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range raw(t, s) {
		found = found || bytes.Equal(r.key, key) && string(r.value) == "shamir 5 3"
	}
	if !found {
		t.Error("the record in the clear is not there")
	}
	if err := barrier.New(s).Initialize(t.Context(), root, also); !errors.Is(err, barrier.ErrInitialized) {
		t.Error(err)
	}
	failing := memory.New()
	failure := errors.New("no")
	if err := barrier.New(failing).Initialize(t.Context(), root, func(storage.Tx) error { return failure }); !errors.Is(err, failure) {
		t.Errorf("a function that fails: %v", err)
	}
	if there, err := barrier.New(failing).Initialized(t.Context()); there || err != nil {
		t.Errorf("it is initialized all the same: %v", err)
	}
}
