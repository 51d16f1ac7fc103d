package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/bench"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

// reading are inputs to read, of n principals.
func reading(n int) (all []policies.Input) {
	for i := range n {
		key := fmt.Sprint("team/", i)
		all = append(all, &policies.AccessInput{
			Subject:  policies.Principal{Type: "workload", ID: key, Keys: []string{key}},
			Action:   policies.Action{Name: "read"},
			Resource: policies.Resource{ID: "kv/a", Ancestors: policies.Ancestors("kv/a")},
			Context:  policies.Context{Time: 1_700_000_000},
		})
	}
	return all
}

var quick = bench.Options{Time: 20 * time.Millisecond}

func TestRun(t *testing.T) {
	s := policiestest.Compile(t, "grants.yaml", "grants:\n  - {id: a, subject: team/1, path: kv/a, can: [read]}\n")
	inputs := append(reading(20), &policies.RedactionInput{Now: 1, Carrier: "logs", Hosts: []string{"*"}}, &policies.RotationInput{Now: 1}, &policies.GateInput{Now: 1})
	r, err := bench.Run(context.Background(), s, inputs, quick)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 4 || !(r.Floor.Micros > 0) || !(r.Floor.Allocations > 10) {
		t.Fatalf("report %+v", r)
	}
	for _, e := range r.Results {
		cached := e.Entrypoint == policies.EntryAccess || e.Entrypoint == policies.EntryRedaction
		share := 0.0
		for _, x := range e.Expressions {
			share += x.Share
			if x.File == "" || x.Line == 0 || x.Text == "" || !(x.Evaluations > 0) {
				t.Errorf("%s: expression %+v", e.Entrypoint, x)
			}
		}
		switch {
		case e.Failed != 0 || e.Measured < 1 || e.Measured > e.Given:
			t.Errorf("%s: %d of %d measured, %d failed: %s", e.Entrypoint, e.Measured, e.Given, e.Failed, e.Failure)
		case !(e.Evaluated.Allocations > r.Floor.Allocations) || math.Abs(e.Ratio-e.Evaluated.Micros/r.Floor.Micros) > 1e-9:
			t.Errorf("%s: cost %s, floor %s, ratio %g", e.Entrypoint, e.Evaluated, r.Floor, e.Ratio)
		case cached != (e.Cached != nil) || cached && e.Cached.Allocations > e.Evaluated.Allocations/4:
			t.Errorf("%s: from the cache %v", e.Entrypoint, e.Cached)
		case len(e.Expressions) == 0 || len(e.Expressions) > 10 || !(share > 0) || share > 1.001:
			t.Errorf("%s: %d expressions with a share of %g", e.Entrypoint, len(e.Expressions), share)
		}
	}
	var text bytes.Buffer
	if err := r.Write(&text); err != nil || !strings.Contains(text.String(), "of 20 inputs") || !strings.Contains(text.String(), "times the smallest (") {
		t.Errorf("%v\n%s", err, text.String())
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

// TestLinear tells rules that the index finds from those that are tried one by one.
func TestLinear(t *testing.T) {
	s := policiestest.Compile(t, "access/access.rego", `package stanch.access

default allow := false

allow if input.subject.id == "team/0"

allow if input.subject.id == "team/1"

grants contains "a" if contains(input.resource.id, "a")

grants contains "b" if contains(input.resource.id, "b")

grants contains "c" if contains(input.resource.id, "c")

frozen if data.config.access.reveal_needs_mfa == false

frozen if input.action.name == "list"

word(x) := "one" if startswith(x, "1")

word(x) := "two" if startswith(x, "2")

decision := {"allow": allow, "grants": grants, "reasons": [{"code": x, "message": x} | frozen; x := word("1")]}
`)
	r, err := bench.Run(context.Background(), s, reading(3), quick)
	if err != nil {
		t.Fatal(err)
	}
	want := []bench.Linear{{Rule: "data.stanch.access.grants", File: "policies/access/access.rego", Line: 9, Definitions: 3}}
	if diff := cmp.Diff(want, r.Results[0].Linear); diff != "" {
		t.Errorf("linear (-want +got):\n%s", diff)
	}
}

// TestDear gives most of the time to the line that takes it, and says what fails.
func TestDear(t *testing.T) {
	s := policiestest.Compile(t, "access/access.rego", `package stanch.access

decision := {"allow": dear} if input.subject.id != "team/0"

dear if {
	some i in numbers.range(1, 3000)
	i == 2999
}
`)
	r, err := bench.Run(context.Background(), s, reading(4), quick)
	if err != nil {
		t.Fatal(err)
	}
	e := r.Results[0]
	if e.Failed < 1 || !strings.Contains(e.Failure, "is undefined") {
		t.Errorf("%d failed: %s", e.Failed, e.Failure)
	}
	if x := e.Expressions[0]; x.File != "policies/access/access.rego" || x.Line < 6 || x.Line > 7 || x.Share < 0.2 {
		t.Errorf("the dearest expression is %+v", x)
	}
}

func TestRefuses(t *testing.T) {
	s := policiestest.Compile(t, "grants.yaml", "grants: []\n")
	if _, err := bench.Run(context.Background(), s, nil, quick); err == nil || !strings.Contains(err.Error(), "no inputs") {
		t.Errorf("without inputs: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := bench.Run(ctx, s, reading(1), quick); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("cancelled: %v", err)
	}
}
