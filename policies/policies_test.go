package policies_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/open-policy-agent/opa/v1/ast"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

const grants = `
grants:
  - {id: shop-api, subject: kubernetes/shop/api, path: "kv/shop/prod/**", can: [read, list]}
  - {id: leaving, subject: kubernetes/shop/old, path: kv/shop/prod/db, can: [read], expires_at: 2023-11-14T22:13:30Z}
  - {id: every-db, subject: group/dba, path: "kv/*/prod/db", can: [read]}
`

func request(key, action, path string) *policies.AccessInput {
	return &policies.AccessInput{
		Subject:  policies.Principal{Type: "workload", ID: key, Keys: []string{key}},
		Action:   policies.Action{Name: action},
		Resource: policies.Resource{Type: "secret", ID: path, Ancestors: policies.Ancestors(path), Properties: policies.ResourceProperties{Environment: "prod"}},
		Context:  policies.Context{Time: 1_700_000_000},
	}
}

func TestAccess(t *testing.T) {
	s := policiestest.Compile(t, "grants.yaml", grants)
	for _, c := range []struct {
		key, action, path string
		allow             bool
		cache             int
	}{
		{"kubernetes/shop/api", "read", "kv/shop/prod/db", true, 10},
		{"kubernetes/shop/api", "write", "kv/shop/prod/db", false, 10},
		{"kubernetes/shop/api", "read", "kv/shop/production", false, 10},
		{"kubernetes/shop/old", "read", "kv/shop/prod/db", true, 10}, // until the grant ends
		{"group/dba", "read", "kv/pay/prod/db", true, 10},
		{"group/dba", "read", "kv/pay/eu/prod/db", false, 10},
		{"nobody", "read", "kv/shop/prod/db", false, 10},
	} {
		d := s.Access(context.Background(), request(c.key, c.action, c.path))
		if d.Err != nil || d.Allow != c.allow || d.CacheSeconds != c.cache {
			t.Errorf("%s may %s %s: %+v, want allow %v for %d s", c.key, c.action, c.path, d, c.allow, c.cache)
		}
	}
}

// TestNeedsATime asks at time zero, when no grant, rule or waiver has expired.
func TestNeedsATime(t *testing.T) {
	s := policiestest.Compile(t, "grants.yaml", grants)
	in := request("kubernetes/shop/api", "read", "kv/shop/prod/db")
	in.Context.Time = 0
	if d := s.Access(context.Background(), in); d.Allow || d.Err == nil {
		t.Errorf("access %+v", d)
	}
	if d := s.Redaction(context.Background(), &policies.RedactionInput{Carrier: "ingress", Hosts: policies.HostScopes(""), Location: policies.Location{Part: "body", Direction: "request"}}); d.Action != "redact" || d.Err == nil {
		t.Errorf("redaction %+v", d)
	}
	if d := s.Gate(context.Background(), &policies.GateInput{}); d.Pass || d.Err == nil {
		t.Errorf("gate %+v", d)
	}
	if d := s.Rotation(context.Background(), &policies.RotationInput{}); len(d.Findings) != 1 || d.Err == nil {
		t.Errorf("rotation %+v", d)
	}
}

// TestPartsOfAConfiguration holds that what a configuration leaves out is not lost.
func TestPartsOfAConfiguration(t *testing.T) {
	s := policiestest.Compile(t, "config/data.yaml", "gate: {waivers: []}\nrotation: {classes: {short: {max_age_days: 1, warn_days: 0, unused_days: 1, max_live_versions: 1}}}\n")
	if d := s.Gate(context.Background(), &policies.GateInput{Now: 1, Findings: []policies.GateFinding{{Fingerprint: "f", Severity: "low"}}}); d.Pass || d.Err != nil {
		t.Errorf("gate %+v", d)
	}
	old := policies.SecretMetadata{ID: "a", Owner: "o", Kind: "dynamic", CreatedAt: 1}
	if d := s.Rotation(context.Background(), &policies.RotationInput{Now: 92 * 86400, Secret: old}); d.Err != nil || !strings.Contains(fmt.Sprint(d.Findings), "overdue") {
		t.Errorf("rotation %+v", d)
	}
}

// TestFailsClosed asks policies that cannot decide.
func TestFailsClosed(t *testing.T) {
	for name, c := range map[string]struct{ access, want string }{
		"undefined":       {`decision := {"allow": true} if input.action.name == "never"`, "is undefined"},
		"error":           {`decision := {"allow": true} if to_number(input.subject.id) > 3`, "access.rego:2: to_number"},
		"error in a deny": {"decision := {\"allow\": count(deny) == 0}\ndeny contains 1 if to_number(input.subject.id) > 3", "access.rego:3: to_number"},
		"conflict":        {"decision := {\"allow\": true} if input.action.name\ndecision := {\"allow\": false} if input.action.name", "access.rego:3: rule data.stanch.access.decision produced conflicting values"},
		"not an object":   {`decision := true`, "a boolean where an object was expected"},
		"no allow":        {`decision := {"grants": ["x"]}`, `no "allow"`},
		"allow a text":    {`decision := {"allow": "yes"}`, `"allow" of the result is a string`},
		"unknown key":     {`decision := {"allow": true, "obligation": ["notify_owner"]}`, "keys that mean nothing"},
		"grants no texts": {`decision := {"allow": true, "grants": [1]}`, `"grants" of the result is a number`},
		"too slow":        {"decision := {\"allow\": true} if count([1 | some i in numbers.range(1, 5000); some j in numbers.range(1, 5000); i == j]) > 0", "took longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			s := policiestest.Compile(t, "access/access.rego", "package stanch.access\n"+c.access+"\n")
			start := time.Now()
			d := s.Access(context.Background(), request("x", "read", "kv/a"))
			if d.Allow || d.Err == nil || !strings.Contains(d.Err.Error(), c.want) || len(d.Reasons) != 1 || d.Reasons[0].Code != policies.CodeFailed {
				t.Errorf("decision %+v, want it closed because %q", d, c.want)
			}
			if took := time.Since(start); took > 20*policies.Deadline {
				t.Errorf("took %v", took)
			}
		})
	}
	for entry, fail := range map[string]func(*policies.Snapshot) (closed bool, err error){
		"redaction/redaction.rego": func(s *policies.Snapshot) (bool, error) {
			d := s.Redaction(context.Background(), &policies.RedactionInput{Now: 1})
			return d.Action == "redact" && d.Style == "placeholder", d.Err
		},
		"rotation/rotation.rego": func(s *policies.Snapshot) (bool, error) {
			d := s.Rotation(context.Background(), &policies.RotationInput{Now: 1})
			return len(d.Findings) == 1 && d.Findings[0].Code == policies.CodeFailed, d.Err
		},
		"gate/gate.rego": func(s *policies.Snapshot) (bool, error) {
			d := s.Gate(context.Background(), &policies.GateInput{Now: 1})
			return !d.Pass && len(d.Failures) == 1 && d.Failures[0].Code == policies.CodeFailed, d.Err
		},
	} {
		name, _, _ := strings.Cut(entry, "/")
		s := policiestest.Compile(t, entry, "package stanch."+name+"\ndecision := 1\nfindings := 1\n")
		if closed, err := fail(s); !closed || err == nil {
			t.Errorf("%s with a result of the wrong type: closed %v, error %v", name, closed, err)
		}
	}
}

func TestSchemasAreAlwaysChecked(t *testing.T) {
	_, err := policies.Compile(policiestest.Documents(t, "access/access.rego", "package stanch.access\n\ndecision := {\"allow\": true} if input.context.mfaa\n"))
	if err == nil || !strings.Contains(err.Error(), "policies/access/access.rego:3: undefined ref: input.context.mfaa: there are break_glass, mfa, source_ip, time") {
		t.Errorf("error %v", err)
	}
}

// TestInputsAreTheirJSON holds that policies see what a decision log shows.
func TestInputsAreTheirJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := anyInput(t)
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		again, err := policies.ParseInput(in.Entrypoint(), text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(in, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("read again (-was +is):\n%s", diff)
		}
		var plain any
		if err := json.Unmarshal(text, &plain); err != nil {
			t.Fatal(err)
		}
		want, err := ast.InterfaceToValue(plain)
		if err != nil {
			t.Fatal(err)
		}
		if got := policies.Term(in); got.Value.Compare(want) != 0 {
			t.Fatalf("policies see %v, JSON is %v", got, want)
		}
	})
}

// TestClass holds that inputs a policy can tell apart have different classes: the
// policy reads all of the input.
func TestClass(t *testing.T) {
	s := policiestest.Compile(t, "access/access.rego", "package stanch.access\ndecision := {\"allow\": count(input) > 0}\n",
		"redaction/redaction.rego", "package stanch.redaction\ndecision := {\"action\": \"redact\", \"rules\": [x]} if x := json.marshal(input)\n")
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyAccess(t), anyAccess(t)
		b.Context.Time = a.Context.Time
		same := policies.Term(a).Equal(policies.Term(b))
		if (s.Class(a) == s.Class(b)) != same {
			t.Fatalf("classes equal: %v; %+v and %+v", !same, a, b)
		}
		x, y := anyRedaction(t), anyRedaction(t)
		y.Now = x.Now
		if same := policies.Term(x).Equal(policies.Term(y)); (s.Class(x) == s.Class(y)) != same {
			t.Fatalf("classes equal: %v; %+v and %+v", !same, x, y)
		}
	})
}

// TestCacheIsTransparent asks one snapshot the same questions many times, at times
// that go back and forth, and compares with snapshots that know nothing yet.
func TestCacheIsTransparent(t *testing.T) {
	docs := policiestest.Documents(t, "grants.yaml", grants)
	warm := policiestest.Compile(t, "grants.yaml", grants)
	cached := 0
	for i := range 400 {
		in := request([]string{"kubernetes/shop/api", "kubernetes/shop/old"}[i%2], "read", "kv/shop/prod/db")
		in.Context.Time += int64(i%8)*5 - 10
		got := warm.Access(context.Background(), in)
		if got.Cached {
			cached++
		}
		if i < 32 {
			cold, err := policies.Compile(docs)
			if err != nil {
				t.Fatal(err)
			}
			want := cold.Access(context.Background(), in)
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(policies.Access{}, "Cached", "CacheSeconds")); diff != "" {
				t.Fatalf("at %d (-cold +warm):\n%s", in.Context.Time, diff)
			}
		}
	}
	if cached == 0 {
		t.Error("nothing came from the cache")
	}
}

// TestSwap swaps snapshots under load: each decision is of one generation, and none
// waits for a reload. It means most under the race detector.
func TestSwap(t *testing.T) {
	yes := policiestest.Compile(t, "access/access.rego", "package stanch.access\ndecision := {\"allow\": true, \"grants\": [\"yes\"], \"cache_seconds\": 60}\n")
	no := policiestest.Compile(t, "access/access.rego", "package stanch.access\ndecision := {\"allow\": false, \"grants\": [\"no\"], \"cache_seconds\": 60}\n")
	var logged sync.Map
	e := policies.NewEngine(yes, func(r *policies.Record) { logged.Store(r.ID, r) })
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				d := e.Access(context.Background(), request("x", "read", "kv/a"))
				if d.Err != nil || len(d.Grants) != 1 || d.Allow != (d.Grants[0] == "yes") {
					t.Errorf("decision %+v is of no generation", d)
				}
				if r, ok := logged.Load(d.ID); !ok || r.(*policies.Record).Decision.(policies.Access).Allow != d.Allow {
					t.Errorf("decision %v is not in the log as it was made", d.ID)
				}
			}
		})
	}
	for range 200 {
		e.Swap(no)
		e.Swap(yes)
	}
	close(stop)
	readers.Wait()
}

func TestAncestorsAndScopes(t *testing.T) {
	for path, want := range map[string]string{"": "", "kv": "|kv", "kv/": "|kv/", "kv/a/b": "|kv/|kv/a/|kv/a/b", "kv/a/": "|kv/|kv/a/"} {
		if got := strings.Join(policies.Ancestors(path), "|"); got != want {
			t.Errorf("ancestors of %q are %q, want %q", path, got, want)
		}
	}
	for host, want := range map[string]string{
		"": "*", "*": "*", "localhost": "localhost|*", "API.example.com:443": "api.example.com|*.example.com|*.com|*",
		"a.b.": "a.b|*.b|*", "[2001:db8::1]:443": "[2001:db8::1]|*", "[2001:db8::1]": "[2001:db8::1]|*",
	} {
		if got := strings.Join(policies.HostScopes(host), "|"); got != want {
			t.Errorf("scopes of %q are %q, want %q", host, got, want)
		}
	}
}
