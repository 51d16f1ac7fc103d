package decisionlog_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

func TestMasks(t *testing.T) {
	for name, c := range map[string]struct {
		rule           string // of package system.log
		erased, masked []string
		in, out        string // what the input must and must not have
	}{
		"erase":             {`mask contains "/input/context/source_ip"`, []string{"/input/context/source_ip"}, nil, "shop/api", "10.0.0.1"},
		"erase by object":   {`mask contains {"op": "remove", "path": "/input/context/source_ip"}`, []string{"/input/context/source_ip"}, nil, "shop/api", "10.0.0.1"},
		"upsert":            {`mask contains {"op": "upsert", "path": "/input/context/source_ip", "value": "10.0.0.x"}`, nil, []string{"/input/context/source_ip"}, "10.0.0.x", "10.0.0.1"},
		"upsert new":        {`mask contains {"op": "upsert", "path": "/input/context/place/room", "value": 7}`, nil, []string{"/input/context/place/room"}, `"place":{"room":7}`, ""},
		"element of a list": {`mask contains "/input/subject/keys/0"`, []string{"/input/subject/keys/0"}, nil, `"keys":[]`, "kubernetes/shop"},
		"element replaced":  {`mask contains {"op": "upsert", "path": "/input/subject/keys/0", "value": "k"}`, nil, []string{"/input/subject/keys/0"}, `"keys":["k"]`, "kubernetes/shop"},
		"escaped key":       {`mask contains "/input/context/source%5Fip"`, []string{"/input/context/source%5Fip"}, nil, "shop/api", "10.0.0.1"},
		"all of the input":  {`mask contains "/input"`, []string{"/input"}, nil, "", "shop"},
		"input replaced":    {`mask contains {"op": "upsert", "path": "/input", "value": {"a": 1}}`, nil, []string{"/input"}, `{"a":1}`, "shop"},
		"not there":         {"mask contains \"/input/nothing/here\"\nmask contains \"/input/subject/keys/7\"\nmask contains \"/input/subject/id/deeper\"", nil, nil, "10.0.0.1", ""},
		"no place":          {"mask contains {\"op\": \"upsert\", \"path\": \"/input/subject/keys/7\", \"value\": 1}\nmask contains {\"op\": \"upsert\", \"path\": \"/input/subject/id/x\", \"value\": 1}", nil, nil, "10.0.0.1", ""},
		"by condition":      {"mask contains \"/input/context/source_ip\" if input.path == \"stanch/access/decision\"\nmask contains \"/input/subject\" if input.path == \"else\"", []string{"/input/context/source_ip"}, nil, "shop/api", "10.0.0.1"},
		"a result":          {`mask contains "/result/grants"`, []string{"/result/grants"}, nil, "10.0.0.1", ""},
		"sees the result":   {`mask contains "/input/context/source_ip" if input.result.allow`, []string{"/input/context/source_ip"}, nil, "shop/api", "10.0.0.1"},
		"undefined":         {`mask := ["/input"] if input.path == "else"`, nil, nil, "10.0.0.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := snapshot(t, "log.rego", "package system.log\n"+c.rule+"\n")
			var p problems
			var written lastLine
			log := decisionlog.New([]decisionlog.Sink{&written}, decisionlog.Options{Report: p.report})
			d := policies.NewEngine(s, log.Record).Access(t.Context(), access("read"))
			event := written.event(t)
			if diff := cmp.Diff(c.erased, event.Erased); diff != "" {
				t.Error("erased", diff)
			}
			if diff := cmp.Diff(c.masked, event.Masked); diff != "" {
				t.Error("masked", diff)
			}
			if in := string(event.Input); !strings.Contains(in, c.in) || c.out != "" && strings.Contains(in, c.out) {
				t.Errorf("input %s", in)
			}
			if !d.Allow || len(d.Grants) != 1 {
				t.Errorf("masking changed the decision: %+v", d)
			}
			if strings.Contains(string(event.Result), "shop-api") == (name == "a result") {
				t.Errorf("result %s", event.Result)
			}
			if s := p.String(); s != "" {
				t.Errorf("reported %s", s)
			}
		})
	}
}

// TestMaskFails checks that an event whose masks cannot be had is logged without
// anything they could have hidden.
func TestMaskFails(t *testing.T) {
	for name, c := range map[string]struct{ rule, want string }{
		"error":          {`mask contains "/input/action" if to_number(input.input.subject.id) > 1`, "log.rego:2: eval_builtin_error"},
		"too slow":       {"mask contains \"/input/action\" if count([1 | some i in numbers.range(1, 5000); some j in numbers.range(1, 5000); i == j]) > 0", "evaluation failed"},
		"not a set":      {`mask := "/input/action"`, "is not a set"},
		"a package":      {`mask.a contains "/input"`, "is not a set"},
		"number":         {`mask contains 1`, "a path or an object"},
		"unknown op":     {`mask contains {"op": "hide", "path": "/input"}`, `"op" is`},
		"no path":        {`mask contains {"op": "remove"}`, `begins with "/"`},
		"another part":   {`mask contains "/labels"`, "begins with /input or /result"},
		"no slash":       {`mask contains "input/action"`, `begins with "/"`},
		"wrong escape":   {`mask contains "/input/%zz"`, "percent escape"},
		"one is wrong":   {"mask contains \"/input/action\"\nmask contains \"/wrong\"", "begins with /input or /result"},
		"several values": {"mask := {\"/input\"} if input.path\nmask := {\"/result\"} if input.labels", "eval_conflict_error"},
	} {
		t.Run(name, func(t *testing.T) {
			s := snapshot(t, "log.rego", "package system.log\n"+c.rule+"\n")
			var p problems
			var written lastLine
			log := decisionlog.New([]decisionlog.Sink{&written}, decisionlog.Options{Report: p.report})
			d := policies.NewEngine(s, log.Record).Access(t.Context(), access("read"))
			event := written.event(t)
			if event.Input != nil || event.Result != nil || event.Masked != nil || len(event.Erased) != 1 || event.Erased[0] != "/" {
				t.Errorf("event %s", written)
			}
			if event.DecisionID != d.ID.String() || event.Path != "stanch/access/decision" || event.Error.Code != "mask_failed" {
				t.Errorf("event %s", written)
			}
			if !strings.Contains(p.String(), c.want) || strings.Contains(p.String()+string(written), "shop/api") {
				t.Errorf("reported %s, want %q; event %s", &p, c.want, written)
			}
			if got := log.Stats(); got.MaskFailures != 1 || got.Written != 1 {
				t.Errorf("stats %+v", got)
			}
		})
	}
}

func TestDrop(t *testing.T) {
	for name, c := range map[string]struct {
		rule    string
		dropped uint64
	}{
		"by path":       {`drop if input.path == "stanch/access/decision"`, 2},
		"by result":     {`drop if input.result.allow`, 1},
		"not true":      {`drop := "yes"`, 0},
		"fails":         {`drop if to_number(input.decision_id) > 1`, 0},
		"false":         {`default drop := false`, 0},
		"of the masked": {"drop if input.result.allow\nmask contains \"/result/allow\"", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var p problems
			entries, log := logged(t, snapshot(t, "log.rego", "package system.log\n"+c.rule+"\n"), decisionlog.Options{Report: p.report}, access("read"), access("delete"))
			if got := log.Stats(); got.Dropped != c.dropped || len(entries) != 2-int(c.dropped) {
				t.Errorf("stats %+v, %d events", got, len(entries))
			}
			if (p.String() != "") != (name == "fails") {
				t.Errorf("reported %s", &p)
			}
		})
	}
}

// TestFailureIsWithheld checks that an error, which may quote the input, does not
// bring back what a mask took away.
func TestFailureIsWithheld(t *testing.T) {
	access1 := "package stanch.access\ndecision := {\"allow\": true} if to_number(input.context.source_ip) > 1\n"
	for name, mask := range map[string]string{"masked": "mask contains \"/input/context/source_ip\"\n", "plain": ""} {
		t.Run(name, func(t *testing.T) {
			s := snapshot(t, "access/access.rego", access1, "log.rego", "package system.log\n"+mask)
			var written lastLine
			log := decisionlog.New([]decisionlog.Sink{&written}, decisionlog.Options{})
			d := policies.NewEngine(s, log.Record).Access(t.Context(), access("read"))
			event := written.event(t)
			if d.Err == nil || event.Error == nil || event.Error.Code != policies.CodeFailed {
				t.Fatalf("decision %+v, event %s", d, written)
			}
			if hidden := !strings.Contains(string(written), "to_number"); hidden != (mask != "") {
				t.Errorf("event %s", written)
			}
			if mask != "" && strings.Contains(string(written), "10.0.0.1") {
				t.Errorf("event %s", written)
			}
		})
	}
}

func TestScrub(t *testing.T) {
	pass := "pa" + "ss"
	for _, c := range []struct{ in, want string }{
		{"/v1/x", "/v1/x"},
		{"/@scope/package", "/@scope/package"},
		{"me@example.com", "me@example.com"},
		{"https://example.com:8080/@me", "https://example.com:8080/@me"},
		{"/v1/x?token=" + pass, "/v1/x"},
		{"/v1/x#access_token=" + pass, "/v1/x"},
		{"/v1;session=" + pass + "/x", "/v1"},
		{"/go/%3ftoken=" + pass, "/go/"},
		{"/go/https%3A%2F%2Fu%3A" + pass + "%40host/", "/go/https%3A"},
		{"https://u:" + pass + "@host/x", "https://host/x"},
		{"https://" + pass + "@host/x", "https://host/x"},
		{"//" + pass + "@host/x", "//host/x"},
		{"u:" + pass + "@host:443", "host:443"},
		{"/proxy/https://u:" + pass + "@host/x", "/proxy/https://host/x"},
		{"/proxy/https:/" + pass + "@host/x", "/proxy/https:/host/x"},
		{"postgres://u:" + pass + "/w@host/db", "postgres://host/db"},
		{"postgres://u:" + pass + "?w@host/db", "postgres://host/db"},
		{"a://u:" + pass + "@b/c://v:" + pass + "@d", "a://b/c://d"},
	} {
		entries, _ := logged(t, snapshot(t), decisionlog.Options{}, redaction(c.in, c.in))
		in := entries[0].Input.(*policies.RedactionInput)
		if in.Route != c.want || in.Location.Name != c.want {
			t.Errorf("%q is logged as %q and %q, want %q", c.in, in.Route, in.Location.Name, c.want)
		}
		if masked := len(entries[0].Masked); (masked == 2) != (c.in != c.want) || (entries[0].Replayable() == nil) != (masked == 0) {
			t.Errorf("%q: masked %v, replayable: %v", c.in, entries[0].Masked, entries[0].Replayable())
		}
	}
}

// TestScrubComesFirst checks that masks of a policy see what was scrubbed already.
func TestScrubComesFirst(t *testing.T) {
	s := snapshot(t, "log.rego", "package system.log\nmask contains {\"op\": \"upsert\", \"path\": \"/input/host\", \"value\": input.input.route}\n")
	entries, _ := logged(t, s, decisionlog.Options{}, redaction("/x?"+"token=1", ""))
	if host := entries[0].Input.(*policies.RedactionInput).Host; host != "/x" {
		t.Errorf("a mask saw %q", host)
	}
	if diff := cmp.Diff([]string{"/input/route", "/input/host"}, entries[0].Masked); diff != "" {
		t.Error(diff)
	}
}

// lastLine is a sink that keeps one line.
type lastLine []byte

func (l *lastLine) Write(line []byte) error { *l = line; return nil }

func (*lastLine) Close(context.Context) error { return nil }

func (l lastLine) String() string { return string(l) }

func (l lastLine) event(t *testing.T) (e decisionlog.Event) {
	t.Helper()
	if err := json.Unmarshal(l, &e); err != nil {
		t.Fatal(err)
	}
	return e
}
