package kv_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stanch-dev/stanch/vault/engine/kv"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

// answer is what one who waits got, and after how long.
type answer struct {
	status int
	text   string
	after  time.Duration
}

// watch does a request in the background; its answer comes later.
func watch(t *testing.T, h *logicaltest.Harness, request string) <-chan answer {
	got := make(chan answer, 1)
	began := time.Now()
	go func() {
		status, text := do(t, h, request, "")
		got <- answer{status, text, time.Since(began)}
	}()
	synctest.Wait()
	return got
}

func TestWatchAtOnce(t *testing.T) {
	h := logicaltest.New(kv.NewV2())
	run(t, h, []step{
		{"GET data/a?watch=0&timeout=0", ``, 304, ``},
		{"GET data/a?watch=3", ``, 404, ``}, // it is gone
		{"POST data/a", `{"data":{"k":1}}`, 200, version(1)},
		{"GET data/a?watch=0", ``, 200, read("data", `{"k":1}`, version(1))},
		{"GET data/a?watch=7", ``, 200, read("data", `{"k":1}`, version(1))},
		{"GET data/a?watch=1&timeout=0", ``, 304, ``},
		{"POST data/a", `{"data":{},"options":{"stage":"pending"}}`, 200, version(2)},
		{"GET data/a?watch=1&timeout=0", ``, 304, ``},
		{"DELETE data/a", ``, 204, ``},
		{"GET data/a?watch=0", ``, 404, read("data", `null`, version(1, deleted...))},
		{"GET data/a?watch=1&timeout=0", ``, 404, read("data", `null`, version(1, deleted...))},
		{"GET data/a?watch=-1", ``, 400, `watch is the number of the version you have, 0 for none, and goes without version and stage`},
		{"GET data/a?watch=1&version=1", ``, 400, `watch is the number of the version you have, 0 for none, and goes without version and stage`},
		{"GET data/a?watch=1&stage=current", ``, 400, `watch is the number of the version you have, 0 for none, and goes without version and stage`},
		{"GET data/a?watch=x", ``, 400, `error converting input for field "watch": expected a whole number`},
		{"GET data/a?watch=1&timeout=x", ``, 400, `error converting input for field "timeout": expected a duration such as 90s, 1h30m or 2d`},
	})
}

func TestWatchWakes(t *testing.T) {
	for name, tc := range map[string]struct {
		do     string
		body   string
		status int
		want   string
	}{
		"a write":         {"POST data/a", `{"data":{"k":4}}`, 200, read("data", `{"k":4}`, version(4))},
		"a patch":         {"PATCH data/a", `{"data":{"k":4}}`, 200, read("data", `{"k":4}`, version(4))},
		"a promotion":     {"POST stages/a", `{"current":3}`, 200, read("data", `{"k":3}`, version(3))},
		"the way back":    {"POST stages/a", `{"current":1}`, 200, read("data", `{"k":1}`, version(1))},
		"no more secret":  {"DELETE metadata/a", ``, 404, ``},
		"not what is new": {"POST metadata/a", `{"max_versions":2}`, 304, ``},
		"nor others":      {"POST data/b", `{"data":{}}`, 304, ``},
		"nor a delete":    {"DELETE data/a", ``, 404, read("data", `null`, version(2, deleted...))},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := logicaltest.New(kv.NewV2())
				for _, body := range []string{`{"data":{"k":1}}`, `{"data":{"k":2}}`, `{"data":{"k":3},"options":{"stage":"pending"}}`} {
					do(t, h, "POST data/a", body)
				}
				got := watch(t, h, "GET data/a?watch=2&timeout=40s")
				time.Sleep(10 * time.Second)
				do(t, h, tc.do, tc.body)
				want := answer{tc.status, tc.want, 10 * time.Second}
				if name[:3] == "not" || name[:3] == "nor" {
					want.after = 40 * time.Second
				}
				if a := <-got; a.status != want.status || !same(a.text, want.text) || a.after != want.after {
					t.Errorf("got %+v, want %+v", a, want)
				}
			})
		})
	}
}

// A version that ends by itself while a client waits is told as deleted.
func TestWatchTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := logicaltest.New(kv.NewV2())
		do(t, h, "POST config", `{"delete_version_after":"1m"}`)
		do(t, h, "POST data/a", `{"data":{}}`)
		for query, want := range map[string]answer{
			"watch=1":            {304, "", 30 * time.Second},
			"watch=1&timeout=7s": {304, "", 7 * time.Second},
			"watch=1&timeout=1h": {404, read("data", "null", version(1, `"deletion_time":""`, `"deletion_time":"2026-11-24T10:01:00Z"`)), 5 * time.Minute},
		} {
			if a := <-watch(t, h, "GET data/a?"+query); a.status != want.status || !same(a.text, want.text) || a.after != want.after {
				t.Errorf("%s: %+v, want %+v", query, a, want)
			}
		}
	})
}

func TestWatchContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := logicaltest.New(kv.NewV2())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := h.Do(ctx, logical.Read, "data/a", map[string]any{"watch": 0})
		if r != nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestWatchThousand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients, writes = 1000, 5
		h := logicaltest.New(kv.NewV2())
		do(t, h, "POST data/a", `{"data":{"n":1}}`)
		var group sync.WaitGroup
		for client := range clients {
			group.Go(func() {
				// Every client sees the last version, whatever it misses on the way.
				for known := 1; known <= writes; {
					status, text := do(t, h, fmt.Sprintf("GET data/a?watch=%d", known), "")
					m, ok := decode(text).(map[string]any)
					if status != http.StatusOK || !ok {
						t.Errorf("client %d: %d %s", client, status, text)
						return
					}
					seen := fmt.Sprint(m["data"].(map[string]any)["n"])
					if _, err := fmt.Sscan(seen, &known); err != nil {
						t.Error(err)
					}
				}
			})
		}
		synctest.Wait() // all wait
		for n := 2; n <= writes+1; n++ {
			do(t, h, "POST data/a", fmt.Sprintf(`{"data":{"n":%d}}`, n))
		}
		began := time.Now()
		group.Wait()
		if waited := time.Since(began); waited != 0 {
			t.Errorf("somebody was woken by the timeout only, %v later", waited)
		}
	})
}

func TestWatcherBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w kv.Watcher
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		ended := make(chan error, kv.MaxWaiting)
		for i := range kv.MaxWaiting {
			group.Go(func() {
				ended <- w.Wait(ctx, fmt.Sprint(i%7), func() (bool, error) { return false, nil })
			})
		}
		synctest.Wait()
		for range 3 {
			w.Changed("0") // who waits on keeps the place
			synctest.Wait()
		}
		status, _ := logical.Status(w.Wait(ctx, "x", func() (bool, error) { return true, nil }))
		if status != http.StatusTooManyRequests {
			t.Errorf("one too many: %d", status)
		}
		cancel()
		group.Wait()
		close(ended)
		for err := range ended {
			if !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
		}
		asked := 0
		if err := w.Wait(t.Context(), "x", func() (bool, error) { asked++; return true, nil }); err != nil || asked != 1 {
			t.Errorf("after all have left: %v, asked %d times", err, asked)
		}
		broken := errors.New("sealed")
		if err := w.Wait(t.Context(), "x", func() (bool, error) { return true, broken }); !errors.Is(err, broken) {
			t.Errorf("an error of ready: %v", err)
		}
	})
}

// A change between the question and the wait is not missed.
func TestWatcherRace(t *testing.T) {
	var w kv.Watcher
	asked := 0
	err := w.Wait(t.Context(), "a", func() (bool, error) {
		if asked++; asked == 1 {
			w.Changed("a")
		}
		return asked == 2, nil
	})
	if err != nil || asked != 2 {
		t.Errorf("%v, asked %d times", err, asked)
	}
}
