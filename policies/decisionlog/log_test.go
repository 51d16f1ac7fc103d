package decisionlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

const grants = "grants:\n  - {id: shop-api, subject: kubernetes/shop/api, path: \"kv/shop/**\", can: [read]}\n"

// snapshot compiles a policy directory of files: pairs of path and text.
func snapshot(t testing.TB, files ...string) *policies.Snapshot {
	t.Helper()
	return policiestest.Compile(t, append([]string{"grants.yaml", grants}, files...)...)
}

func access(action string) *policies.AccessInput {
	return &policies.AccessInput{
		Subject:  policies.Principal{Type: "workload", ID: "shop/api", Keys: []string{"kubernetes/shop/api"}},
		Action:   policies.Action{Name: action},
		Resource: policies.Resource{Type: "secret", ID: "kv/shop/db", Ancestors: policies.Ancestors("kv/shop/db")},
		Context:  policies.Context{Time: 1_700_000_000, SourceIP: "10.0.0.1", BreakGlass: &policies.BreakGlass{Reason: "see https://ops:x@wiki/?page=1", Ticket: "INC-1"}},
	}
}

func redaction(route, name string) *policies.RedactionInput {
	return &policies.RedactionInput{
		Now: 1_700_000_000, Carrier: "egress", Host: "api.example.com", Hosts: policies.HostScopes("api.example.com"), Route: route,
		Location: policies.Location{Part: "header", Direction: "request", Name: name},
		Finding:  policies.Finding{Rule: "r", Severity: "high", Known: &policies.Known{ID: "kv/a", Version: 1, Use: "allowed"}},
	}
}

// problems collects what a log reports.
type problems struct {
	mu   sync.Mutex
	list []string
}

func (p *problems) report(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.list = append(p.list, err.Error())
}

func (p *problems) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.list, "\n")
}

// logged returns the events of the decisions about inputs, and the log.
func logged(t testing.TB, s *policies.Snapshot, options decisionlog.Options, inputs ...policies.Input) ([]*decisionlog.Entry, *decisionlog.Log) {
	t.Helper()
	var out bytes.Buffer
	log := decisionlog.New([]decisionlog.Sink{decisionlog.NewLines(&out)}, options)
	engine := policies.NewEngine(s, log.Record)
	for _, in := range inputs {
		decide(engine, in)
	}
	return readAll(t, &out), log
}

func decide(engine *policies.Engine, in policies.Input) policies.Decision {
	switch in := in.(type) {
	case *policies.AccessInput:
		return engine.Access(context.Background(), in)
	case *policies.RedactionInput:
		return engine.Redaction(context.Background(), in)
	case *policies.RotationInput:
		return engine.Rotation(context.Background(), in)
	case *policies.GateInput:
		return engine.Gate(context.Background(), in)
	}
	panic("no such input")
}

// eventV1 are the fields of OPA's EventV1 (v1/plugins/logs/plugin.go, v1.22.2) and
// what kind of JSON each is. That package is not imported: it brings OPA's server.
var eventV1 = map[string]string{
	"labels": "object", "decision_id": "string", "batch_decision_id": "string", "trace_id": "string", "span_id": "string",
	"revision": "string", "bundles": "object", "path": "string", "query": "string", "input": "any", "result": "any",
	"intermediate_results": "object", "mapped_result": "any", "nd_builtin_cache": "any", "erased": "array", "masked": "array",
	"error": "object", "requested_by": "string", "timestamp": "string", "metrics": "object", "req_id": "number",
	"rule_labels": "array", "request_context": "object", "custom": "object",
}

func TestEventHasOPAsForm(t *testing.T) {
	s := snapshot(t, "gate/gate.rego", "package stanch.gate\ndecision := {\"pass\": true} if to_number(input.findings[0].rule) > 3\n",
		"log.rego", "package system.log\nmask := {\"/input/context/source_ip\", {\"op\": \"upsert\", \"path\": \"/input/action/name\", \"value\": \"x\"}}\n")
	var out bytes.Buffer
	log := decisionlog.New([]decisionlog.Sink{decisionlog.NewLines(&out)}, decisionlog.Options{Labels: map[string]string{"version": "1.2.3"}})
	engine := policies.NewEngine(s, log.Record)
	engine.Access(context.Background(), access("read"))
	engine.Gate(context.Background(), &policies.GateInput{Findings: []policies.GateFinding{{Rule: "x"}}})

	seen := map[string]bool{}
	for line := range bytes.Lines(out.Bytes()) {
		var event map[string]any
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatal(err)
		}
		for name, value := range event {
			seen[name] = true
			kind := strings.NewReplacer("map[string]interface {}", "object", "[]interface {}", "array", "float64", "number").Replace(fmt.Sprintf("%T", value))
			if want, ok := eventV1[name]; !ok || want != "any" && want != kind {
				t.Errorf("%q is %s; EventV1 has %q", name, kind, want)
			}
		}
	}
	for _, name := range []string{"labels", "decision_id", "bundles", "path", "input", "result", "erased", "masked", "error", "timestamp", "metrics", "custom"} {
		if !seen[name] {
			t.Errorf("no event has %q", name)
		}
	}

	line, _, _ := strings.Cut(out.String(), "\n")
	var event decisionlog.Event
	if err := json.Unmarshal([]byte(line), &event); err != nil {
		t.Fatal(err)
	}
	if event.Labels["version"] != "1.2.3" || event.Labels["app"] != "stanch" || event.Labels["id"] == "" {
		t.Errorf("labels %v", event.Labels)
	}
	if event.Path != "stanch/access/decision" || event.Bundles["policies"].Revision != s.Revision() || event.Metrics["timer_rego_query_eval_ns"] <= 0 {
		t.Errorf("event %+v", event)
	}
	if event.Custom["stanch.cached"] != false {
		t.Errorf("custom %v", event.Custom)
	}
}

func TestRecord(t *testing.T) {
	s := snapshot(t)
	engine := policies.NewEngine(s, nil)
	in, emergency := access("read"), access("read")
	in.Context.BreakGlass = nil
	entries, _ := logged(t, s, decisionlog.Options{}, in, in, emergency, &policies.RotationInput{Now: 1, Secret: policies.SecretMetadata{ID: "kv/a"}})
	if len(entries) != 4 {
		t.Fatalf("%d events", len(entries))
	}
	for i, e := range entries[:2] {
		want, _ := json.Marshal(engine.Access(context.Background(), in))
		if diff := cmp.Diff(string(want), string(e.Result)); diff != "" {
			t.Errorf("result (-decided +logged):\n%s", diff)
		}
		if e.Cached != (i == 1) || e.Replayable() != nil {
			t.Errorf("event %d: cached %v, replayable: %v, %s", i, e.Cached, e.Replayable(), e.Result)
		}
	}
	if entries[0].ID == entries[1].ID {
		t.Error("two decisions with one id")
	}
	if r := string(entries[3].Result); !strings.HasPrefix(r, "[") {
		t.Errorf("the result of data.stanch.rotation.findings is %s, not a list", r)
	}
	if r := entries[2].Input.(*policies.AccessInput).Context.BreakGlass.Reason; r != emergency.Context.BreakGlass.Reason {
		t.Errorf("break glass reason %q", r)
	}
}

func TestSampling(t *testing.T) {
	s := snapshot(t, "redaction/redaction.rego", `package stanch.redaction
decision := {"action": input.carrier, "alert": input.route == "alert"}
`)
	in := func(action, route string) policies.Input {
		return &policies.RedactionInput{Now: 1, Carrier: action, Route: route}
	}
	var inputs []policies.Input
	for range 10 {
		inputs = append(inputs, in("allow", ""), in("allow", "alert"), in("redact", ""), in("block", ""), in("no such action", ""), access("read"), access("delete"))
	}
	entries, log := logged(t, s, decisionlog.Options{SampleAllows: 5}, inputs...)
	if got, want := log.Stats(), (decisionlog.Stats{Written: 62, Sampled: 8}); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if len(entries) != 62 {
		t.Errorf("%d events", len(entries))
	}
}

// A broken writer fails once, half way; then it works again.
type broken struct {
	bytes.Buffer
	fail bool
}

func (b *broken) Write(p []byte) (int, error) {
	if b.fail {
		b.fail = false
		n, _ := b.Buffer.Write(p[:len(p)/2])
		return n, errors.New("disk full")
	}
	return b.Buffer.Write(p)
}

func TestWriterFails(t *testing.T) {
	var out broken
	var p problems
	log := decisionlog.New([]decisionlog.Sink{decisionlog.NewLines(&out)}, decisionlog.Options{Report: p.report})
	engine := policies.NewEngine(snapshot(t), log.Record)
	for i := range 3 {
		out.fail = i == 1
		engine.Access(context.Background(), access("read"))
	}
	if got := log.Stats(); got.SinkFailures != 1 || got.Written != 3 {
		t.Errorf("stats %+v", got)
	}
	if !strings.Contains(p.String(), "disk full") {
		t.Errorf("reported: %s", &p)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if valid := []bool{json.Valid([]byte(lines[0])), json.Valid([]byte(lines[1])), json.Valid([]byte(lines[2]))}; !slices.Equal(valid, []bool{true, false, true}) {
		t.Errorf("valid lines: %v", valid)
	}
}

func TestLinesDoNotMix(t *testing.T) {
	var out bytes.Buffer
	log := decisionlog.New([]decisionlog.Sink{decisionlog.NewLines(&out)}, decisionlog.Options{})
	engine := policies.NewEngine(snapshot(t), log.Record)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				engine.Access(context.Background(), access("read"))
			}
		})
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, e := range readAll(t, &out) {
		ids[e.ID] = true
	}
	if len(ids) != 400 {
		t.Errorf("%d decisions", len(ids))
	}
}

func BenchmarkRecord(b *testing.B) {
	for name, files := range map[string][]string{
		"plain":  nil,
		"masked": {"log.rego", "package system.log\nmask contains \"/input/context/source_ip\"\n"},
	} {
		b.Run(name, func(b *testing.B) {
			s := snapshot(b, files...)
			in := access("read")
			r := &policies.Record{ID: policies.NewID(), Time: time.Now(), Snapshot: s, Input: in, Decision: s.Access(context.Background(), in)}
			log := decisionlog.New([]decisionlog.Sink{decisionlog.NewLines(discard{})}, decisionlog.Options{})
			b.ReportAllocs()
			for b.Loop() {
				log.Record(r)
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
