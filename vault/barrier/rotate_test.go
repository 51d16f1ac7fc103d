package barrier_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stanch-dev/stanch/vault/barrier"
	"github.com/stanch-dev/stanch/vault/storage"
	"github.com/stanch-dev/stanch/vault/storage/memory"
)

func termOf(r rawRecord) uint32 { return binary.BigEndian.Uint32(r.value) }

func TestRotate(t *testing.T) {
	b, s := open(t)
	put(t, b, data("old"), "one")
	oldTerm := termOf(lastOf(t, s, barrier.KindData))
	if err := b.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if st := b.Status(); st.Term != 2 || st.Encryptions != 0 {
		t.Errorf("%+v", st)
	}
	put(t, b, barrier.Path{Kind: barrier.KindMeta, Name: "new"}, "two")
	if newTerm := termOf(lastOf(t, s, barrier.KindMeta)); oldTerm != 1 || newTerm != 2 {
		t.Errorf("terms %d and %d, want 1 and 2", oldTerm, newTerm)
	}
	again := barrier.New(s)
	if err := again.Unseal(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if got, err := get(t, again, data("old")); err != nil || string(got) != "one" {
		t.Errorf("what was written before: %q, %v", got, err)
	}
	if again.Status().Term != 2 {
		t.Errorf("%+v", again.Status())
	}
	// b does not know of this one, and must not write its keyring over it.
	if err := again.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Rotate(t.Context()); !errors.Is(err, barrier.ErrChanged) {
		t.Errorf("Rotate with a keyring that is not the store's: %v", err)
	}
	if err := errors.Join(b.Unseal(t.Context(), root), b.Rotate(t.Context())); err != nil || b.Status().Term != 4 {
		t.Errorf("after reading it anew: %v, %+v", err, b.Status())
	}
}

func TestRotateUnderLoad(t *testing.T) {
	b, s := open(t)
	const writers, each, rotations = 4, 150, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				p := data(fmt.Sprintf("%d/%d", w, i))
				put(t, b, p, p.Name)
				if got, err := get(t, b, p); err != nil || string(got) != p.Name {
					t.Errorf("%s: %q, %v", p, got, err)
					return
				}
			}
		})
	}
	for range rotations {
		if err := b.Rotate(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	again := barrier.New(s)
	if err := again.Unseal(t.Context(), root); err != nil || again.Status().Term != rotations+1 {
		t.Fatalf("%v, %+v", err, again.Status())
	}
	count := 0
	if err := again.View(t.Context(), func(tx barrier.Tx) error {
		for p, value := range tx.Walk(data("")) {
			if string(value) != p.Name {
				t.Errorf("%s holds %q", p, value)
			}
			count++
		}
		return tx.Err()
	}); err != nil || count != writers*each {
		t.Errorf("%d records, want %d: %v", count, writers*each, err)
	}
}

// TestSealAndUnsealUnderLoad is for the race detector, and for keys in use while
// they are written over: what is there must always be readable.
func TestSealAndUnsealUnderLoad(t *testing.T) {
	b, s := open(t)
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				p := data(fmt.Sprintf("%d/%d", w, i%50))
				err := b.Update(t.Context(), func(tx barrier.Tx) error { return tx.Put(p, []byte(p.Name)) })
				if err != nil && !errors.Is(err, barrier.ErrSealed) {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		b.Seal()
		if err := b.Unseal(t.Context(), root); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
	again := barrier.New(s)
	if err := again.Unseal(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if err := again.View(t.Context(), func(tx barrier.Tx) error {
		for p, value := range tx.Walk(data("")) {
			if string(value) != p.Name {
				t.Errorf("%s holds %q", p, value)
			}
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestEncryptionsAreCountedOverARestart(t *testing.T) {
	b, s := open(t)
	const writes = 5000 // more than are counted before the number is written down
	if err := b.Update(t.Context(), func(tx barrier.Tx) error {
		for range writes {
			if err := tx.Put(data("a"), nil); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	before := b.Status().Encryptions
	again := barrier.New(s)
	if err := again.Unseal(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if after := again.Status().Encryptions; before < writes || after > before || after < writes {
		t.Errorf("%d before and %d after, of %d writes", before, after, writes)
	}
}

var errCrash = errors.New("crash")

// crashing is a store that stops at one Update: before it, or after it without
// saying that it succeeded.
type crashing struct {
	storage.Store
	at    int // Updates until the one, counted down
	after bool
}

func (c *crashing) Update(ctx context.Context, f func(storage.Tx) error) error {
	c.at--
	if c.at < 0 || c.at == 0 && !c.after {
		return errCrash
	}
	err := c.Store.Update(ctx, f)
	if c.at == 0 && err == nil {
		err = errCrash
	}
	return err
}

func (c *crashing) View(ctx context.Context, f func(storage.Tx) error) error {
	if c.at <= 0 {
		return errCrash
	}
	return c.Store.View(ctx, f)
}

// TestRekeyCrash stops a Rekey at each of its steps. Of the two root keys just one
// must open the store then, and the record of the seal must be that one's.
func TestRekeyCrash(t *testing.T) {
	newRoot := bytes.Repeat([]byte{0x99}, barrier.RootSize)
	sealKey := barrier.ClearKey("seal")
	sealOf := func(name string) func(storage.Tx) error {
		return func(tx storage.Tx) error { return tx.Put(sealKey, []byte(name)) }
	}
	outcomes := map[string]int{}
	for step := 1; step <= 5; step++ {
		for _, after := range []bool{false, true} {
			ctx, s := t.Context(), memory.New()
			c := &crashing{Store: s, at: 1 << 30}
			b := barrier.New(c)
			if err := errors.Join(b.Initialize(ctx, root, sealOf("old")), b.Unseal(ctx, root)); err != nil {
				t.Fatal(err)
			}
			put(t, b, data("a"), "value")
			c.at, c.after = step, after
			err := b.Rekey(ctx, newRoot, sealOf("new"))
			if err != nil && !errors.Is(err, errCrash) {
				t.Fatal(err)
			}

			opened := ""
			for name, key := range map[string][]byte{"old": root, "new": newRoot} {
				again := barrier.New(s)
				switch uerr := again.Unseal(ctx, key); {
				case uerr == nil:
					opened += name
					if got, err := get(t, again, data("a")); err != nil || string(got) != "value" {
						t.Errorf("step %d, after %v: %q, %v", step, after, got, err)
					}
				case !errors.Is(uerr, barrier.ErrWrongRoot):
					t.Error(uerr)
				}
			}
			var seal string
			s.View(ctx, func(tx storage.Tx) error { v, err := tx.Get(sealKey); seal = string(v); return err })
			if opened != seal || opened != "old" && opened != "new" || err == nil && opened != "new" {
				t.Errorf("step %d, after %v: Rekey says %v, opened by %q, seal of %q", step, after, err, opened, seal)
			}
			outcomes[fmt.Sprint(opened, err == nil)]++
			for _, r := range raw(t, s) {
				if r.key[0] == 'P' {
					t.Errorf("step %d, after %v: a pending keyring is left after Unseal", step, after)
				}
			}
		}
	}
	if outcomes["oldfalse"] == 0 || outcomes["newfalse"] == 0 || outcomes["newtrue"] == 0 {
		t.Errorf("the crashes did not lead to all outcomes: %v", outcomes)
	}
}

// lying is a store that loses what is written to the keyring's place.
type lying struct{ storage.Store }

func (l lying) View(ctx context.Context, f func(storage.Tx) error) error {
	return l.Store.View(ctx, func(tx storage.Tx) error { return f(lyingTx{tx}) })
}

type lyingTx struct{ storage.Tx }

func (l lyingTx) Get(key []byte) ([]byte, error) {
	v, err := l.Tx.Get(key)
	if len(v) > 40 && (key[0] == 'K' || key[0] == 'P') {
		v = bytes.Clone(v)
		v[40] ^= 1
	}
	return v, err
}

func TestReadBackIsCompared(t *testing.T) {
	b := barrier.New(lying{memory.New()})
	if err := b.Initialize(t.Context(), root); err == nil {
		t.Error("Initialize trusts a store that gives another keyring back")
	}
}

func TestRekeyThenUse(t *testing.T) {
	b, s := open(t)
	put(t, b, data("a"), "value")
	newRoot := bytes.Repeat([]byte{0x99}, barrier.RootSize)
	if err := b.Rekey(t.Context(), newRoot[:31]); err == nil {
		t.Error("a short root key is taken")
	}
	encryptions := b.Status().Encryptions
	if err := b.Rekey(t.Context(), newRoot); err != nil {
		t.Fatal(err)
	}
	if st := b.Status(); st.Term != 1 || st.Encryptions != encryptions {
		t.Errorf("%+v", st)
	}
	put(t, b, data("b"), "more")
	if err := errors.Join(b.Rotate(t.Context()), b.Rekey(t.Context(), root), b.Rekey(t.Context(), newRoot)); err != nil {
		t.Fatal(err)
	}
	again := barrier.New(s)
	if err := again.Unseal(t.Context(), root); !errors.Is(err, barrier.ErrWrongRoot) {
		t.Errorf("the old root key: %v", err)
	}
	if err := again.Unseal(t.Context(), newRoot); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "value", "b": "more"} {
		if got, err := get(t, again, data(name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
