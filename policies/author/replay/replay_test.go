package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/replay"
	"github.com/stanch-dev/stanch/policies/decisionlog"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

// record writes what s decides of inputs as a decision log, with ids and times that
// count from zero.
func record(t testing.TB, w io.Writer, s *policies.Snapshot, inputs ...policies.Input) {
	t.Helper()
	log := decisionlog.New([]decisionlog.Sink{decisionlog.NewLines(w)}, decisionlog.Options{Report: func(err error) { t.Error(err) }})
	for i, in := range inputs {
		r := &policies.Record{Time: start.Add(time.Duration(i) * time.Minute), Snapshot: s, Input: in, Decision: s.Decide(context.Background(), in)}
		r.ID[14], r.ID[15] = byte(i>>8), byte(i)
		log.Record(r)
	}
	if got := log.Stats().Written; got != uint64(len(inputs)) {
		t.Fatalf("logged %d of %d", got, len(inputs))
	}
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func access(key, action, path string) *policies.AccessInput {
	return &policies.AccessInput{
		Subject:  policies.Principal{Type: "workload", ID: key, Keys: []string{key}},
		Action:   policies.Action{Name: action},
		Resource: policies.Resource{Type: "secret", ID: path, Ancestors: policies.Ancestors(path), Properties: policies.ResourceProperties{Environment: "prod"}},
		Context:  policies.Context{Time: start.Unix(), SourceIP: "192.0.2.1"},
	}
}

func replayed(t testing.TB, s *policies.Snapshot, o replay.Options, logs ...string) replay.Report {
	t.Helper()
	var all []replay.Log
	for i, text := range logs {
		all = append(all, replay.Log{Name: fmt.Sprint("log", i+1), Reader: strings.NewReader(text)})
	}
	r, err := replay.Run(context.Background(), s, all, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func equal(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const grants = `grants:
  - {id: api, subject: shop/api, path: "kv/shop/**", can: [read]}
  - {id: old, subject: shop/old, path: "kv/shop/**", can: [read]}
`

// TestRun replays a log of all entrypoints: by what wrote it, nothing changes; by
// another policy, the report says what.
func TestRun(t *testing.T) {
	active := policiestest.Compile(t, "grants.yaml", grants)
	gate := &policies.GateInput{Now: start.Unix(), Findings: []policies.GateFinding{{Fingerprint: "f1", Rule: "r", Severity: "low"}}}
	var log bytes.Buffer
	record(t, &log, active,
		access("shop/api", "read", "kv/shop/db"), access("shop/api", "write", "kv/shop/db"), access("shop/new", "read", "kv/shop/db"), access("shop/old", "list", "kv/shop/db"),
		access("shop/new", "read", "kv/shop/\x1b[2Jdb"),
		&policies.RedactionInput{Now: start.Unix(), Carrier: "logs", Host: "api.example.com", Hosts: policies.HostScopes("api.example.com"), Finding: policies.Finding{Rule: "aws"}},
		&policies.RotationInput{Now: start.Unix(), Secret: policies.SecretMetadata{ID: "kv/a", Owner: "shop", CreatedAt: start.Unix() - 100*86400, LastReadAt: start.Unix(), RotatedAt: start.Unix() - 100*86400}},
		gate, gate)
	if r := replayed(t, active, replay.Options{}, log.String()); r.Changed != 0 || r.Replayed != 9 || r.Incomplete {
		t.Fatalf("by what wrote it: %+v", r)
	}
	candidate := policiestest.Compile(t,
		"grants.yaml", grants+`  - {id: new, subject: shop/new, path: "kv/shop/**", can: [read], owner: shop}`+"\n",
		"config/data.yaml", `
redaction: {rules: {"*": [{id: aws-in-logs, when: {rule: aws}, action: allow}]}}
rotation: {classes: {default: {max_age_days: 300, warn_days: 1, unused_days: 60, max_live_versions: 3}}, dynamic_systems: []}
gate: {fail_on: [high], waivers: []}
`)
	r := replayed(t, candidate, replay.Options{}, log.String())
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	equal(t, "report", want, text.String())
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
}

const want = `6 of 9 decisions would change (2026-01-01T00:00:00Z to 2026-01-01T00:08:00Z)

access: 2: denied before, allowed now
  for
          2  shop/new
  because of
          2  +grant new
          2  -reason no_grant
  as
    log1:3: 00000000-0000-0000-0000-000000000002: shop/new read kv/shop/db
      was deny: reason no_grant
      now allow: grant new
    log1:5: 00000000-0000-0000-0000-000000000004: shop/new read kv/shop/` + "\uFFFD" + `[2Jdb
      was deny: reason no_grant
      now allow: grant new

redaction: 1: less is held back
  because of
          1  +rule aws-in-logs
  as
    log1:6: 00000000-0000-0000-0000-000000000005: logs api.example.com rule aws
      was redact: effect style placeholder
      now allow: effect style placeholder, rule aws-in-logs

rotation: 1: findings are gone
  for
          1  shop
  because of
          1  -finding overdue (high)
  as
    log1:7: 00000000-0000-0000-0000-000000000006: shop kv/a
      was flagged: finding overdue (high)
      now no findings

gate: 2: failed before, passes now
  because of
          2  -failure new_finding f1
  as
    log1:8: 00000000-0000-0000-0000-000000000007: a scan with 1 findings
      was fail: failure new_finding f1
      now pass
    log1:9: 00000000-0000-0000-0000-000000000008: a scan with 1 findings
      was fail: failure new_finding f1
      now pass

grants that allowed none of the 5 requests for access: 1
  policies/grants.yaml:3: grant old
`

// fixed decides by the name of the action, the rule or the secret only, so that a
// table can have any decision.
var fixed = []string{
	"access/access.rego", `package stanch.access

decision := {"allow": input.action.name == "read", "grants": ["g"], "obligations": ["o"]} if input.action.name != "admin"
`,
	"redaction/redaction.rego", `package stanch.redaction

decision := {"action": input.finding.rule, "style": "fixed", "rules": ["r"]} if input.finding.rule != "x"
`,
	"rotation/rotation.rego", `package stanch.rotation

findings contains {"code": "overdue", "severity": "high", "message": "m"} if input.secret.id != "x"
`,
	"gate/gate.rego", `package stanch.gate

decision := {"pass": count(input.findings) == 0, "failures": [{"code": "new_finding", "fingerprint": "f", "message": "m"} | some _ in input.findings]} if count(input.baseline) == 0
`,
}

func TestKinds(t *testing.T) {
	candidate := policiestest.Compile(t, fixed...)
	for _, c := range []struct {
		entry         policies.Entrypoint
		input, result string
		want          replay.Kind // empty: no change
	}{
		{policies.EntryAccess, `{"action":{"name":"read"}}`, `{"allow":true,"grants":["g"],"obligations":["o"],"cache_seconds":7}`, ""},
		{policies.EntryAccess, `{"action":{"name":"read"}}`, `{"allow":false,"grants":["g"],"obligations":["o"]}`, replay.Widened},
		{policies.EntryAccess, `{"action":{"name":"list"}}`, `{"allow":true,"grants":["g"],"obligations":["o"]}`, replay.Narrowed},
		{policies.EntryAccess, `{"action":{"name":"read"}}`, `{"allow":true,"grants":["h"],"obligations":[]}`, replay.Obligations},
		{policies.EntryAccess, `{"action":{"name":"read"}}`, `{"allow":true,"grants":["h"],"obligations":["o"]}`, replay.Grants},
		{policies.EntryAccess, `{"action":{"name":"list"}}`, `{"allow":false,"grants":["g"],"obligations":["o"],"reasons":[{"code":"c","message":"m"}]}`, replay.Reasons},
		{policies.EntryAccess, `{"action":{"name":"admin"}}`, `{"allow":true}`, replay.Failed},
		{policies.EntryAccess, `{"action":{"name":"read"}}`, `{"allow":false},"error":{"code":"policy_failed","message":"too slow"}`, replay.Recovered},
		{policies.EntryAccess, `{"action":{"name":"admin"}}`, `{"allow":false},"error":{"code":"policy_failed","message":"too slow"}`, replay.Failed},
		{policies.EntryRedaction, `{"finding":{"rule":"allow"}}`, `{"action":"redact","style":"fixed","rules":["r"]}`, replay.Weaker},
		{policies.EntryRedaction, `{"finding":{"rule":"redact"}}`, `{"action":"block","style":"fixed","rules":["r"]}`, replay.Weaker},
		{policies.EntryRedaction, `{"finding":{"rule":"block"}}`, `{"action":"redact","style":"fixed","rules":["r"]}`, replay.Stricter},
		{policies.EntryRedaction, `{"finding":{"rule":"redact"}}`, `{"action":"redact","style":"fixed","alert":true,"rules":["s"]}`, replay.Effects},
		{policies.EntryRedaction, `{"finding":{"rule":"redact"}}`, `{"action":"redact","style":"fixed","rules":["s"]}`, replay.Rules},
		{policies.EntryRedaction, `{"finding":{"rule":"redact"}}`, `{"action":"redact","style":"fixed","rules":["r"]}`, ""},
		{policies.EntryRedaction, `{"finding":{"rule":"x"}}`, `{"action":"block"}`, replay.Weaker}, // failed, but less is held back
		{policies.EntryRedaction, `{"finding":{"rule":"x"}}`, `{"action":"allow"}`, replay.Failed},
		{policies.EntryRotation, `{"secret":{}}`, `[{"code":"overdue","severity":"high","message":"m"}]`, ""},
		{policies.EntryRotation, `{"secret":{}}`, `[{"code":"overdue","severity":"high","message":"n"}]`, replay.Messages},
		{policies.EntryRotation, `{"secret":{}}`, `[{"code":"overdue","severity":"critical","message":"m"}]`, replay.Gone},
		{policies.EntryRotation, `{"secret":{}}`, `[]`, replay.New},
		{policies.EntryGate, `{"findings":[]}`, `{"pass":false}`, replay.Passes},
		{policies.EntryGate, `{"findings":[{}]}`, `{"pass":true}`, replay.Fails},
		{policies.EntryGate, `{"findings":[{}]}`, `{"pass":false,"failures":[{"code":"new_finding","fingerprint":"e","message":"m"}]}`, replay.Findings},
		{policies.EntryGate, `{"baseline":["b"]}`, `{"pass":false}`, replay.Failed},
	} {
		r := replayed(t, candidate, replay.Options{}, event(c.entry, c.input, c.result, ""))
		var got replay.Kind
		if len(r.Groups) > 0 {
			got = r.Groups[0].Kind
		}
		if got != c.want || r.Replayed != 1 || r.Incomplete || len(r.Groups) > 1 {
			t.Errorf("%s %s, recorded %s: kind %q, want %q; %+v", c.entry, c.input, c.result, got, c.want, r)
		}
	}
}

// event is a line of a decision log. More is further fields, each with a comma.
func event(e policies.Entrypoint, input, result, more string) string {
	// Nothing is decided about an input without a time.
	if rest, ok := strings.CutPrefix(input, "{"); ok && !strings.Contains(input, `"context"`) && !strings.Contains(input, `"now"`) {
		time := `{"now":1,`
		if e == policies.EntryAccess {
			time = `{"context":{"time":1},`
		}
		input = strings.Replace(time+rest, ",}", "}", 1)
	}
	return fmt.Sprintf(`{"decision_id":"d","timestamp":"2026-01-01T00:00:00Z","path":%q,"input":%s,"result":%s%s}`+"\n", e.Path(), input, result, more)
}

// TestCannotReplay masks parts of events: what the candidate does not read may be
// missing.
func TestCannotReplay(t *testing.T) {
	candidate := policiestest.Compile(t, fixed...)
	for _, c := range []struct{ entry, input, result, more, want string }{
		{"access", `{"action":{"name":"read"},"context":{"time":1}}`, `{"allow":true,"grants":["g"],"obligations":["o"]}`, `,"erased":["/input/context/source_ip"]`, ""},
		{"access", `{"action":{"name":"read"},"subject":{"properties":{}}}`, `{"allow":true,"grants":["g"],"obligations":["o"]}`, `,"masked":["/input/subject/properties/claims/mail"]`, ""},
		{"access", `{"action":{}}`, `{"allow":true}`, `,"erased":["/input/action/name"]`, "access: action of the input is erased"},
		{"access", `{"action":{"name":"***"}}`, `{"allow":true}`, `,"masked":["/input/action"]`, "access: action of the input is masked"},
		{"access", `null`, `{"allow":true}`, `,"erased":["/input"]`, "access: the input is erased"},
		{"access", `null`, `null`, `,"erased":["/"]`, "access: the result is erased"},
		{"access", `{}`, `{"allow":true}`, `,"erased":["/result/reasons"]`, "access: the result is erased"},
		{"access", `{}`, `null`, ``, "access: the result is missing"},
		{"access", `null`, `{"allow":true}`, ``, "access: the input is missing, or a mask made another of it"},
		{"access", `{"context":{"source_ip":7}}`, `{"allow":true}`, `,"masked":["/input/context/source_ip"]`, "access: the input is missing, or a mask made another of it"},
		{"redaction", `{"carrier":"logs","now":0}`, `{"action":"redact"}`, ``, "redaction: the input has no time; it was decided before rules could expire"},
		{"rotation", `{"secret":{}}`, `[]`, `,"erased":["/input/secret/owner"]`, "rotation: secret of the input is erased"},
	} {
		r := replayed(t, candidate, replay.Options{}, event(policies.Entrypoint(c.entry), c.input, c.result, c.more))
		want := []replay.Count{{Name: c.want, Count: 1}}
		if c.want == "" {
			want = []replay.Count{}
		}
		equal(t, c.input+c.more, want, r.CannotReplay)
		if r.Replayed+len(want) != 1 || r.Incomplete || r.Changed != 0 {
			t.Errorf("%s%s: %+v", c.input, c.more, r)
		}
	}
}

func TestUnreadable(t *testing.T) {
	good := event("access", `{"action":{"name":"read"}}`, `{"allow":true,"grants":["g"],"obligations":["o"]}`, "")
	foreign := `{"decision_id":"d","timestamp":"2026-01-01T00:00:00Z","path":"system/main","result":1}` + "\n"
	var zipped bytes.Buffer
	zip := gzip.NewWriter(&zipped)
	if _, err := zip.Write([]byte(good + good)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Flush(); err != nil {
		t.Fatal(err)
	}
	r := replayed(t, policiestest.Compile(t, fixed...), replay.Options{},
		good+"not JSON\n"+foreign+event("access", `{"misspelt":1}`, `{"allow":true}`, "")+event("access", `{}`, `"yes"`, "")+good[:len(good)/2],
		zipped.String(), good)
	equal(t, "errors", []replay.LineError{
		{Log: "log1", Line: 2, Message: "not an event of a decision log"},
		{Log: "log1", Line: 4, Message: `access input: unknown field "misspelt"`},
		{Log: "log1", Line: 5, Message: "the result is not one of stanch/access/decision"},
		{Log: "log1", Line: 6, Message: "not an event of a decision log"},
		{Log: "log2", Message: "decision log, line 3: unexpected EOF"},
	}, r.Errors)
	if !r.Incomplete || r.Unreadable != 5 || r.Replayed != 4 || r.Foreign != 1 || r.Events != 6 {
		t.Errorf("report %+v", r)
	}
	many := replayed(t, policiestest.Compile(t, fixed...), replay.Options{}, strings.Repeat("x\n", 100))
	if len(many.Errors) != 20 || many.Unreadable != 100 || !many.Incomplete {
		t.Errorf("%d errors of %d", len(many.Errors), many.Unreadable)
	}
}

// TestBounds replays more subjects than are kept apart, in two logs and in parallel:
// the report is the same each time, and all are counted.
func TestBounds(t *testing.T) {
	active, candidate := policiestest.Compile(t, "grants.yaml", grants), policiestest.Compile(t, fixed...)
	var inputs []policies.Input
	for i := range 3000 {
		inputs = append(inputs, access(fmt.Sprint("shop/", i%1500), []string{"read", "list", "admin"}[i%3], strings.Repeat("x", i%300)))
	}
	var log bytes.Buffer
	record(t, &log, active, inputs...)
	var told int
	one := replayed(t, candidate, replay.Options{Parallel: 1, Progress: func(n int) { told = n }}, log.String(), log.String())
	two := replayed(t, candidate, replay.Options{Parallel: 3}, log.String(), log.String())
	equal(t, "one after the other, in parallel", one, two)
	if one.Events != 6000 || one.Changed != 6000 || told != 6000 {
		t.Errorf("report of %d events, %d changed, told %d", one.Events, one.Changed, told)
	}
	for _, g := range one.Groups {
		total := 0
		for _, c := range g.Subjects {
			total += c.Count
		}
		if len(g.Subjects) > 21 || len(g.Examples) > 5 || total != g.Count {
			t.Errorf("%s: %d subjects, %d examples, %d counted of %d", g.Kind, len(g.Subjects), len(g.Examples), total, g.Count)
		}
	}
	o := replay.Options{From: start.Add(time.Minute), Until: start.Add(3 * time.Minute)}
	if r := replayed(t, candidate, o, log.String()); r.Replayed != 2 || r.Outside != 2998 || !r.First.Equal(o.From) || !r.Last.Equal(o.Until.Add(-time.Minute)) {
		t.Errorf("two minutes: %+v", r)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r, err := replay.Run(ctx, candidate, []replay.Log{{Name: "log", Reader: strings.NewReader(log.String())}}, replay.Options{Progress: func(int) { cancel() }})
	if !errors.Is(err, context.Canceled) || !r.Incomplete || r.Events == 0 || r.Events == 3000 {
		t.Errorf("cancelled: %v after %d events", err, r.Events)
	}
}

// FuzzRun holds that every line is counted once, whatever it says.
func FuzzRun(f *testing.F) {
	candidate := policiestest.Compile(f, fixed...)
	f.Add([]byte(event("access", `{"action":{"name":"read"}}`, `{"allow":true}`, `,"masked":["/input/action"]`) + "\n\nx\n"))
	f.Add([]byte("[" + event("gate", `{"findings":[{}]}`, `{"pass":true}`, "") + "]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := replay.Run(context.Background(), candidate, []replay.Log{{Name: "log", Reader: bytes.NewReader(text)}}, replay.Options{Parallel: 1})
		if err != nil {
			t.Fatal(err)
		}
		unusable, changed := 0, 0
		for _, c := range r.CannotReplay {
			unusable += c.Count
		}
		for _, g := range r.Groups {
			changed += g.Count
		}
		if r.Events+r.Unreadable < r.Replayed+unusable+r.Foreign || r.Changed != changed || r.Incomplete != (r.Unreadable > 0) {
			t.Errorf("report %+v", r)
		}
		if err := r.Write(io.Discard); err != nil {
			t.Error(err)
		}
	})
}
