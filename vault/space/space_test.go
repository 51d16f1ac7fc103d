package space_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/barrier"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
	"github.com/stanch-dev/stanch/vault/space"
	"github.com/stanch-dev/stanch/vault/storage/memory"
)

func open(tb testing.TB) *barrier.Barrier {
	tb.Helper()
	b := barrier.New(memory.New())
	root := make([]byte, barrier.RootSize)
	if err := errors.Join(b.Initialize(tb.Context(), root), b.Unseal(tb.Context(), root)); err != nil {
		tb.Fatal(err)
	}
	return b
}

// step is one thing done to a storage.
type step struct {
	do           string
	name, folder string
	value        int
}

func (s step) run(ctx context.Context, in logical.Storage) (out string, err error) {
	err = in.Update(ctx, func(t logical.Tx) error {
		switch s.do {
		case "put":
			return t.Put(s.name, map[string]any{"v": s.value, "html": "<&>"})
		case "delete":
			return t.Delete(s.name)
		case "delete all":
			return t.DeleteAll(s.folder)
		case "list":
			names, err := t.List(s.folder, "", s.value)
			out = fmt.Sprint(names)
			return err
		}
		var v map[string]any
		ok, err := t.Get(s.name, &v)
		out = fmt.Sprint(ok, v)
		return err
	})
	return out, err
}

// TestLikeMemory holds that a space is what logicaltest's storage is, so that what is
// tested on that holds on the store.
func TestLikeMemory(t *testing.T) {
	b := open(t)
	var mount [16]byte
	rapid.Check(t, func(rt *rapid.T) {
		mount[0]++
		mount[1] += mount[0] / 255
		kept, model := space.New(b, barrier.KindData, mount), &logicaltest.Memory{}
		name := rapid.StringMatching(`[ab](/[ab]){0,2}`)
		folder := rapid.StringMatching(`([ab]/){0,2}`)
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			s := step{
				do:   rapid.SampledFrom([]string{"put", "put", "get", "list", "delete", "delete all"}).Draw(rt, "do"),
				name: name.Draw(rt, "name"), folder: folder.Draw(rt, "folder"), value: rapid.IntRange(0, 3).Draw(rt, "value"),
			}
			got, err := s.run(t.Context(), kept)
			want, err2 := s.run(t.Context(), model)
			if err != nil || err2 != nil || got != want {
				rt.Fatalf("%+v: %s, %v; want %s, %v", s, got, err, want, err2)
			}
		}
		if err := kept.Clear(t.Context(), 2); err != nil {
			rt.Fatal(err)
		}
	})
}

// TestApart holds that mounts and kinds do not see each other, and that one that is
// cleared is empty.
func TestApart(t *testing.T) {
	b := open(t)
	spaces := []*space.Space{
		space.New(b, barrier.KindData, [16]byte{1}), space.New(b, barrier.KindData, [16]byte{2}), space.New(b, barrier.KindMeta, [16]byte{1}),
	}
	names := func(s *space.Space) (all []string) {
		if err := s.View(t.Context(), func(tx logical.Tx) (err error) {
			all, err = tx.List("", "", 0)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	for i, s := range spaces {
		for n := range 5 {
			if _, err := (step{do: "put", name: fmt.Sprintf("%d/%d", i, n)}).run(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := spaces[0].Clear(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{nil, {"1/"}, {"2/"}} {
		if got := names(spaces[i]); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("space %d: %v", i, got)
		}
	}
}

// TestErrors holds that names that are none are refused, and that no error tells of a
// value.
func TestErrors(t *testing.T) {
	s := space.New(open(t), barrier.KindData, [16]byte{1})
	for _, do := range []string{"put", "get", "delete"} {
		if _, err := (step{do: do}).run(t.Context(), s); err == nil {
			t.Errorf("%s of the empty name: no error", do)
		}
	}
	err := s.Update(t.Context(), func(tx logical.Tx) error {
		if err := tx.Put("a", "plain value"); err != nil {
			return err
		}
		var n int
		_, err := tx.Get("a", &n)
		return err
	})
	if err == nil || strings.Contains(err.Error(), "plain") {
		t.Errorf("a record of another type: %v", err)
	}
	if s.View(t.Context(), func(tx logical.Tx) error { return tx.Put("a", 1) }) == nil {
		t.Error("a View has written")
	}
}
