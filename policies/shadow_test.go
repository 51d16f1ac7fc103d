package policies_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

// TestShadow has an engine and a shadow of other grants decide from several
// goroutines: the shadow tells each difference once, and nothing else.
func TestShadow(t *testing.T) {
	active, candidate := policiestest.Compile(t, "grants.yaml", grants), policiestest.Compile(t, "grants.yaml", strings.Replace(grants, "[read, list]", "[list, write]", 1))
	differences := map[string]int{}
	shadow := policies.NewShadow(candidate, func(d policies.Difference) {
		in := d.Record.Input.(*policies.AccessInput)
		differences[fmt.Sprintf("%s: %v, then %v", in.Action.Name, d.Record.Decision.(policies.Access).Allow, d.Candidate.(policies.Access).Allow)]++
	})
	engine := policies.NewEngine(active, shadow.Observe)
	var clients sync.WaitGroup
	for range 4 {
		clients.Go(func() {
			for range 10 {
				for _, action := range []string{"read", "list", "write"} {
					engine.Access(context.Background(), request("kubernetes/shop/api", action, "kv/shop/prod/db"))
				}
			}
		})
	}
	clients.Wait()
	shadow.Close()
	shadow.Close()
	shadow.Observe(&policies.Record{})
	if diff := cmp.Diff(policies.ShadowCounts{Compared: 120, Different: 80, Dropped: 1}, shadow.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"read: true, then false": 40, "write: false, then true": 40}, differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
}

// TestShadowNeverBlocks stops the shadow in its first report. Whoever asks goes on,
// and each decision is either compared in the end or counted as dropped.
func TestShadowNeverBlocks(t *testing.T) {
	release := make(chan struct{})
	shadow := policies.NewShadow(policiestest.Compile(t, "grants.yaml", "grants: []\n"), func(policies.Difference) { <-release })
	engine := policies.NewEngine(policiestest.Compile(t, "grants.yaml", grants), shadow.Observe)
	const asked = 3000
	for range asked {
		engine.Access(context.Background(), request("kubernetes/shop/api", "read", "kv/shop/prod/db"))
	}
	close(release)
	shadow.Close()
	got := shadow.Counts()
	if got.Dropped == 0 || got.Compared < 1000 || got.Compared+got.Dropped != asked || got.Different != got.Compared {
		t.Errorf("counts %+v of %d decisions", got, asked)
	}
}

func TestSameDecision(t *testing.T) {
	base := policies.Access{Allow: true, Grants: []string{"a"}, Reasons: []policies.Reason{}, Obligations: []string{}, CacheSeconds: 60}
	for name, c := range map[string]struct {
		change func(*policies.Access)
		same   bool
	}{
		"nothing":        {func(*policies.Access) {}, true},
		"kept shorter":   {func(a *policies.Access) { a.CacheSeconds = 3 }, true},
		"from the cache": {func(a *policies.Access) { a.ID, a.Cached = policies.NewID(), true }, true},
		"denied":         {func(a *policies.Access) { a.Allow = false }, false},
		"another grant":  {func(a *policies.Access) { a.Grants = []string{"b"} }, false},
		"an obligation":  {func(a *policies.Access) { a.Obligations = []string{"notify_owner"} }, false},
		"a failure":      {func(a *policies.Access) { a.Err = errors.New("too slow") }, false},
	} {
		other := base
		c.change(&other)
		if got := policies.SameDecision(base, other); got != c.same {
			t.Errorf("%s changed: same is %v, want %v", name, got, c.same)
		}
	}
	kept := policies.Redaction{Action: "allow", CacheSeconds: 60}
	if !policies.SameDecision(kept, policies.Redaction{Action: "allow"}) || policies.SameDecision(kept, policies.Redaction{Action: "redact", CacheSeconds: 60}) {
		t.Error("a redaction that is kept shorter is another, or another action is not")
	}
}
