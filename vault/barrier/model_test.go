package barrier_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/vault/barrier"
	"github.com/stanch-dev/stanch/vault/storage/memory"
)

func list(t testing.TB, b *barrier.Barrier, p barrier.Path, after string, limit int) (names []string) {
	t.Helper()
	if err := b.View(t.Context(), func(tx barrier.Tx) (err error) {
		names, err = tx.List(p, after, limit)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

func TestList(t *testing.T) {
	b, _ := open(t)
	for _, name := range []string{"", "b", "a", "a/x", "a/y/z", "a/y/w", "a b", "a.b", "ab", "deep/er/and/deeper", "ü", "a/\x00\xff"} {
		put(t, b, data(name), name)
	}
	put(t, b, barrier.Path{Kind: barrier.KindMeta, Mount: [16]byte{1}, Name: "of another kind"}, "")
	put(t, b, barrier.Path{Kind: barrier.KindData, Mount: [16]byte{1, 1}, Name: "of another mount"}, "")
	for _, c := range []struct {
		folder, after string
		limit         int
		want          []string
	}{
		{"", "", 0, []string{"a", "a b", "a.b", "a/", "ab", "b", "deep/", "ü"}},
		{"", "a", 2, []string{"a b", "a.b"}},
		{"", "a/", 0, []string{"ab", "b", "deep/", "ü"}},
		{"", "a1", 1, []string{"ab"}},
		{"", "zz", 0, []string{"ü"}},
		{"", "ü", 0, nil},
		{"a", "", 0, []string{"\x00\xff", "x", "y/"}},
		{"a/", "", -1, []string{"\x00\xff", "x", "y/"}},
		{"a/y", "", 0, []string{"w", "z"}},
		{"deep/er/and", "", 0, []string{"deeper"}},
		{"b", "", 0, nil},
		{"nothing", "", 0, nil},
	} {
		if diff := cmp.Diff(c.want, list(t, b, data(c.folder), c.after, c.limit), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("List(%q, %q, %d): %s", c.folder, c.after, c.limit, diff)
		}
	}
	if err := b.View(t.Context(), func(tx barrier.Tx) error { _, err := tx.List(data("a//b"), "", 0); return err }); !errors.Is(err, barrier.ErrPath) {
		t.Errorf("a folder that cannot be: %v", err)
	}
}

func TestListPages(t *testing.T) {
	b, _ := open(t)
	var want []string
	if err := b.Update(t.Context(), func(tx barrier.Tx) error {
		for i := range 500 {
			name := strings.Repeat(string(rune('a'+i%26)), 1+i/26)
			want = append(want, name)
			if err := tx.Put(data("dir/"+name), nil); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	for _, limit := range []int{1, 7, 499, 500, 501} {
		var got []string
		for after := ""; ; {
			page := list(t, b, data("dir"), after, limit)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			after = page[len(page)-1]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("in pages of %d: %s", limit, diff)
		}
	}
}

func TestWalkEndsWhenAsked(t *testing.T) {
	b, _ := open(t)
	for _, name := range []string{"dir", "dir/a", "dir/b/c", "dirt"} {
		put(t, b, data(name), name)
	}
	seen := map[string]string{}
	if err := b.View(t.Context(), func(tx barrier.Tx) error {
		for range tx.Walk(data("dir")) {
			break
		}
		for p, v := range tx.Walk(data("dir/")) {
			seen[p.Name] = string(v)
		}
		return tx.Err()
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"dir": "dir", "dir/a": "dir/a", "dir/b/c": "dir/b/c"}, seen); diff != "" {
		t.Error(diff)
	}
}

// children works out from the model what List must give.
func children(model map[barrier.Path]string, folder barrier.Path) []string {
	names := map[string]bool{}
	for p := range model {
		rest := p.Name
		if folder.Name != "" {
			var below bool
			if rest, below = strings.CutPrefix(rest, folder.Name+"/"); !below {
				continue
			}
		}
		if p.Kind != folder.Kind || p.Mount != folder.Mount || rest == "" {
			continue
		}
		if dir, _, deeper := strings.Cut(rest, "/"); deeper {
			rest = dir + "/"
		}
		names[rest] = true
	}
	return slices.Sorted(maps.Keys(names))
}

func drawPath(t *rapid.T) barrier.Path {
	return barrier.Path{
		Kind:  rapid.SampledFrom([]barrier.Kind{barrier.KindData, barrier.KindMeta}).Draw(t, "kind"),
		Mount: [16]byte{rapid.ByteRange(0, 1).Draw(t, "mount")},
		Name:  strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "a b", "ab"}), 0, 3).Draw(t, "segments"), "/"),
	}
}

// TestAgainstAMap does random things to a barrier and to a plain map.
func TestAgainstAMap(t *testing.T) {
	ctx := t.Context()
	rapid.Check(t, func(t *rapid.T) {
		s := memory.New()
		b := barrier.New(s)
		if err := errors.Join(b.Initialize(ctx, root), b.Unseal(ctx, root)); err != nil {
			t.Fatal(err)
		}
		model := map[barrier.Path]string{}
		pathOf := rapid.Custom(drawPath)
		check := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				p, v := pathOf.Draw(t, "path"), rapid.String().Draw(t, "value")
				check(b.Update(ctx, func(tx barrier.Tx) error { return tx.Put(p, []byte(v)) }))
				model[p] = v
			},
			"delete": func(t *rapid.T) {
				p := pathOf.Draw(t, "path")
				check(b.Update(ctx, func(tx barrier.Tx) error { return tx.Delete(p) }))
				delete(model, p)
			},
			"rotate": func(t *rapid.T) { check(b.Rotate(ctx)) },
			"restart": func(t *rapid.T) {
				b = barrier.New(s)
				check(b.Unseal(ctx, root))
			},
			"": func(t *rapid.T) {
				p := pathOf.Draw(t, "path")
				check(b.View(ctx, func(tx barrier.Tx) error {
					got, err := tx.Get(p)
					if want, there := model[p]; err != nil || there != (got != nil) || string(got) != want {
						t.Fatalf("%s: %q, %v, want %q", p, got, err, want)
					}
					names, err := tx.List(p, "", 0)
					if diff := cmp.Diff(children(model, p), names, cmpopts.EquateEmpty()); diff != "" || err != nil {
						t.Fatalf("below %s: %v %s", p, err, diff)
					}
					all := map[barrier.Path]string{}
					for _, kind := range []barrier.Kind{barrier.KindData, barrier.KindMeta} {
						for mount := range byte(2) {
							for p, v := range tx.Walk(barrier.Path{Kind: kind, Mount: [16]byte{mount}}) {
								all[p] = string(v)
							}
						}
					}
					if diff := cmp.Diff(model, all); diff != "" {
						t.Fatalf("Walk: %s", diff)
					}
					return nil
				}))
			},
		})
	})
}
