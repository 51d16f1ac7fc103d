package policies_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

// manyGrants returns a grants.yaml of n grants, for teams of five each.
func manyGrants(n int) string {
	var b strings.Builder
	b.WriteString("grants:\n")
	for i := range n {
		team := fmt.Sprintf("team-%04d", i/5)
		grant := [...]string{
			"subject: kubernetes/TEAM/api, path: kv/TEAM/prod/**, can: [read, list]",
			"subject: kubernetes/TEAM/api, path: database/TEAM/creds/**, can: [read]",
			"subject: kubernetes/TEAM/worker, paths: [kv/TEAM/prod/queue/**, kv/TEAM/staging/**], can: [read, list]",
			"subject: spiffe/prod.example/ns/TEAM/sa/ci, path: kv/TEAM/staging/**, can: [read, write, rotate]",
			"subject: group/TEAM, path: kv/TEAM/prod/payments, can: [read, reveal], expires_at: 2033-05-18T03:33:20Z",
		}[i%5]
		fmt.Fprintf(&b, "  - {id: g-%d, %s}\n", i, strings.ReplaceAll(grant, "TEAM", team))
	}
	return b.String()
}

// floor is the smallest evaluation OPA can do: one trivial rule.
func floor(b testing.TB) func() {
	query, err := rego.New(rego.Query("data.floor.allow"), rego.Module("floor.rego", "package floor\n\ndefault allow := false\n\nallow if input.action.name == \"read\"\n")).PrepareForEval(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	input := policies.Term(request("kubernetes/team-0000/api", "read", "kv/team-0000/prod/db")).Value
	return func() {
		if _, err := query.Eval(context.Background(), rego.EvalParsedInput(input)); err != nil {
			b.Fatal(err)
		}
	}
}

// decisions are what is measured, by name, on a snapshot of grants.
func decisions(b testing.TB, s *policies.Snapshot) map[string]func() {
	hit, miss := request("kubernetes/team-0000/api", "read", "kv/team-0000/prod/db"), request("kubernetes/team-0000/api", "write", "kv/team-0000/prod/db")
	ask := func(in *policies.AccessInput, allow bool, step int64) func() {
		return func() {
			in.Context.Time += step // beyond what a decision is kept for
			if d := s.Access(context.Background(), in); d.Err != nil || d.Allow != allow || d.Cached != (step == 0) {
				b.Fatalf("decision %+v", d)
			}
		}
	}
	allow, err := rego.New(rego.Query("data.stanch.access.allow"), rego.Compiler(s.Compiler()), rego.Store(s.Store()), rego.StrictBuiltinErrors(true)).PrepareForEval(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	input := policies.Term(hit).Value
	cached := request("kubernetes/team-0000/api", "read", "kv/team-0000/prod/other")
	s.Access(context.Background(), cached)
	return map[string]func(){
		"cached":  ask(cached, true, 0),
		"allowed": ask(hit, true, 1000),
		"denied":  ask(miss, false, 1000),
		"boolean": func() {
			if rs, err := allow.Eval(context.Background(), rego.EvalParsedInput(input)); err != nil || !rs.Allowed() {
				b.Fatal(rs, err)
			}
		},
	}
}

func BenchmarkAccess(b *testing.B) {
	for _, n := range []int{50, 5000} {
		s := policiestest.Compile(b, "grants.yaml", manyGrants(n))
		for _, name := range []string{"cached", "boolean", "allowed", "denied"} {
			f := decisions(b, s)[name]
			b.Run(fmt.Sprintf("%s/grants=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
	}
}

func BenchmarkFloor(b *testing.B) {
	f := floor(b)
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}

// BenchmarkRatios measures in turns, so that what else the machine does hits all
// alike, and reports how many smallest OPA evaluations each decision takes.
// Budgets: cached 0.05, boolean 4, document 8, 5,000 grants 1.2 times 50.
func BenchmarkRatios(b *testing.B) {
	few, many := policiestest.Compile(b, "grants.yaml", manyGrants(50)), policiestest.Compile(b, "grants.yaml", manyGrants(5000))
	funcs := map[string]func(){"floor": floor(b)}
	for name, f := range decisions(b, few) {
		funcs[name+"-50"] = f
	}
	for name, f := range decisions(b, many) {
		funcs[name] = f
	}
	best := map[string]float64{}
	for b.Loop() {
		for name, f := range funcs {
			const batch = 20
			start := time.Now()
			for range batch {
				f()
			}
			took := float64(time.Since(start)) / batch
			if least, ok := best[name]; !ok || took < least {
				best[name] = took
			}
		}
	}
	for _, name := range []string{"cached", "boolean", "allowed", "denied"} {
		b.ReportMetric(best[name]/best["floor"], name+"/floor")
	}
	b.ReportMetric(math.Max(best["allowed"]/best["allowed-50"], best["denied"]/best["denied-50"]), "5000/50-grants")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkCompile(b *testing.B) {
	docs := policiestest.Documents(b, "grants.yaml", manyGrants(5000))
	for b.Loop() {
		if _, err := policies.Compile(docs); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCacheHitAllocatesNothing holds the cheapest path cheap.
func TestCacheHitAllocatesNothing(t *testing.T) {
	s := policiestest.Compile(t, "grants.yaml", grants)
	access := request("kubernetes/shop/api", "read", "kv/shop/prod/db")
	redaction := &policies.RedactionInput{Now: 1_700_000_000, Carrier: "logs", Hosts: policies.HostScopes(""), Finding: policies.Finding{Rule: "github-pat", Severity: "high"}}
	ask := func() {
		s.Access(context.Background(), access)
		s.Redaction(context.Background(), redaction)
	}
	ask()
	if !s.Access(context.Background(), access).Cached || !s.Redaction(context.Background(), redaction).Cached {
		t.Fatal("not cached")
	}
	if n := testing.AllocsPerRun(100, ask); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkRedaction asks the embedded policies: what was decided a moment ago, and
// anew for each minute.
func BenchmarkRedaction(b *testing.B) {
	s := policiestest.Compile(b, "grants.yaml", "grants: []\n")
	for name, step := range map[string]int64{"cached": 0, "evaluated": policies.MaxCacheSeconds} {
		in := presented("body", nil)
		s.Redaction(context.Background(), in)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				in.Now += step
				if d := s.Redaction(context.Background(), in); d.Action != "allow" || d.Cached != (step == 0) {
					b.Fatalf("decision %+v", d)
				}
			}
		})
	}
}
