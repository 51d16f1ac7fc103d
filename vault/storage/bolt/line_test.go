package bolt

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
)

// TestLineAtTheSameMoment: a turn that comes as its context ends is not lost.
func TestLineAtTheSameMoment(t *testing.T) {
	taken := 0
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			var l line
			if err := l.enter(t.Context()); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			for range 2 {
				wg.Go(func() {
					if l.enter(ctx) == nil {
						taken++
						l.leave()
					}
				})
			}
			synctest.Wait()
			l.leave()
			cancel()
			wg.Wait()
			if l.busy || len(l.waiting) != 0 {
				t.Fatalf("nobody is there, yet busy is %v and %d wait", l.busy, len(l.waiting))
			}
		})
	}
	if taken == 0 {
		t.Error("nobody ever got the turn")
	}
}

// TestLineIsFair: first come, first served.
func TestLineIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l line
		if err := l.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		if l.next() {
			t.Error("next found somebody where nobody waits")
		}
		var order []int
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				if err := l.enter(t.Context()); err != nil {
					t.Error(err)
				}
				order = append(order, i)
				if !l.next() {
					l.leave()
				}
			})
			synctest.Wait()
		}
		l.leave()
		wg.Wait()
		for i, got := range order {
			if got != i {
				t.Fatalf("the turns went in the order %v", order)
			}
		}
		if len(order) != 5 || l.busy {
			t.Errorf("%d turns, busy %v, want 5 and a free line", len(order), l.busy)
		}
	})
}
