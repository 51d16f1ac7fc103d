package decisionlog_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

func readAll(t testing.TB, r io.Reader) (all []*decisionlog.Entry) {
	t.Helper()
	reader := decisionlog.NewReader(r)
	for {
		e, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
}

// TestRoundTrip logs inputs and reads them back.
func TestRoundTrip(t *testing.T) {
	s := snapshot(t)
	text := rapid.OneOf(rapid.StringMatching(`[a-z/.*-]{0,12}`), rapid.String())
	number := rapid.Int64Range(-1<<60, 1<<60)
	texts := rapid.SliceOfN(text, 0, 3)
	known := rapid.Ptr(rapid.Custom(func(t *rapid.T) policies.Known {
		return policies.Known{ID: text.Draw(t, "id"), Version: rapid.Int().Draw(t, "version")}
	}), true)
	principal := rapid.Custom(func(t *rapid.T) policies.Principal {
		return policies.Principal{Type: text.Draw(t, "type"), ID: text.Draw(t, "id"), Keys: texts.Draw(t, "keys"), Properties: policies.PrincipalProperties{
			AuthMethod: text.Draw(t, "method"), Groups: texts.Draw(t, "groups"), Claims: rapid.MapOfN(text, text, 0, 3).Draw(t, "claims")}}
	})
	inputs := rapid.OneOf(
		rapid.Custom(func(t *rapid.T) policies.Input {
			path := text.Draw(t, "path")
			return &policies.AccessInput{
				Subject: principal.Draw(t, "subject"), Action: policies.Action{Name: text.Draw(t, "action")},
				Resource: policies.Resource{Type: text.Draw(t, "type"), ID: path, Ancestors: policies.Ancestors(path), Properties: policies.ResourceProperties{Environment: text.Draw(t, "environment")}},
				Context:  policies.Context{Time: number.Draw(t, "time"), MFA: rapid.Bool().Draw(t, "mfa"), BreakGlass: rapid.Ptr(rapid.Just(policies.BreakGlass{Reason: "a", Ticket: "b"}), true).Draw(t, "glass")},
				ACL:      rapid.Ptr(rapid.Just(policies.ACL{Allowed: true, Policy: "p", Pattern: "x", Capabilities: []string{"read"}}), true).Draw(t, "acl"),
			}
		}),
		rapid.Custom(func(t *rapid.T) policies.Input {
			known := known.Draw(t, "known")
			if known != nil {
				known.Use = text.Draw(t, "use")
			}
			plain := rapid.StringMatching(`[a-z/.-]{0,12}`)
			return &policies.RedactionInput{Now: number.Draw(t, "now"), Carrier: text.Draw(t, "carrier"), Host: text.Draw(t, "host"), Hosts: texts.Draw(t, "hosts"), Route: plain.Draw(t, "route"),
				Principal: principal.Draw(t, "principal"), Location: policies.Location{Part: text.Draw(t, "part"), Name: plain.Draw(t, "name")},
				Finding: policies.Finding{Rule: text.Draw(t, "rule"), Known: known}}
		}),
		rapid.Custom(func(t *rapid.T) policies.Input {
			return &policies.RotationInput{Now: number.Draw(t, "now"), Secret: policies.SecretMetadata{ID: text.Draw(t, "id"), CreatedAt: number.Draw(t, "created"),
				RotatedAt: number.Draw(t, "rotated"), LiveVersions: rapid.Int().Draw(t, "versions"), MaxAgeDays: rapid.IntRange(0, 3).Draw(t, "age")}}
		}),
		rapid.Custom(func(t *rapid.T) policies.Input {
			return &policies.GateInput{Now: number.Draw(t, "now"), Baseline: texts.Draw(t, "baseline"), Findings: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policies.GateFinding {
				return policies.GateFinding{Fingerprint: text.Draw(t, "fp"), File: text.Draw(t, "file"), Line: rapid.Int().Draw(t, "line"), Verified: rapid.Bool().Draw(t, "verified"), Known: known.Draw(t, "known")}
			}), 0, 3).Draw(t, "findings")}
		}))
	rapid.Check(t, func(rt *rapid.T) {
		in := inputs.Draw(rt, "input")
		entries, _ := logged(t, s, decisionlog.Options{}, in)
		if len(entries) != 1 {
			rt.Fatalf("%d events", len(entries))
		}
		if diff := cmp.Diff(in, entries[0].Input, cmpopts.EquateEmpty()); diff != "" {
			rt.Errorf("input (-given +read):\n%s", diff)
		}
		if err := entries[0].Replayable(); err != nil {
			rt.Error(err)
		}
	})
}

// TestNotUTF8 checks that an input JSON cannot hold is logged, and said to be
// another.
func TestNotUTF8(t *testing.T) {
	for _, c := range []struct {
		host       string
		replayable bool
	}{{"caf\xe9", false}, {"caf\u00e9", true}, {"\uFFFD", true}} {
		entries, _ := logged(t, snapshot(t), decisionlog.Options{}, &policies.RedactionInput{Now: 1, Host: c.host})
		if got := entries[0].Replayable() == nil; got != c.replayable {
			t.Errorf("%q: replayable %v", c.host, got)
		}
	}
}

const event = `{"labels":{},"decision_id":"d","path":"stanch/gate/decision","input":{"now":1,"findings":[],"baseline":[]},"result":{"pass":true},"timestamp":"2026-01-02T03:04:05.000000006Z"}`

func TestReader(t *testing.T) {
	long := `{"decision_id":"` + strings.Repeat("x", decisionlog.MaxLine) + `"}`
	for name, c := range map[string]struct {
		text string
		want []string // ids, or errors
	}{
		"empty":            {"", nil},
		"blank lines":      {"\n \r\n", nil},
		"no line end":      {event, []string{"d"}},
		"lines":            {event + "\r\n\n" + event + "\n", []string{"d", "d"}},
		"array":            {"[" + event + ",\t" + event + "]", []string{"d", "d"}},
		"arrays":           {"[" + event + "]\n[]\n[" + event + "]", []string{"d", "d"}},
		"torn":             {event + "\n" + event[:40] + "\n" + event, []string{"d", "line 2: not an event", "d"}},
		"torn array":       {"[" + event + ",\n" + event, []string{"line 1: not a JSON array", "d"}},
		"wrong in array":   {"[" + event + ",7,null," + event + "]", []string{"d", "line 1: not an event", "line 1: an event has at least", "d"}},
		"too long":         {long + "\n" + event, []string{"line 1: longer than 16 MiB", "d"}},
		"too long at end":  {event + "\n" + long, []string{"d", "line 2: longer than 16 MiB"}},
		"no id":            {`{"timestamp":"2026-01-02T03:04:05Z"}`, []string{"line 1: an event has at least"}},
		"wrong time":       {`{"decision_id":"d","timestamp":"yesterday"}`, []string{"line 1: not an event"}},
		"unknown key":      {strings.Replace(event, `"now"`, `"then"`, 1), []string{"line 1: gate input: unknown field"}},
		"same, but masked": {strings.Replace(strings.Replace(event, `"now"`, `"then"`, 1), `"labels":{}`, `"masked":["/input/then"]`, 1), []string{"d"}},
		"no input":         {strings.Replace(event, `"input"`, `"inputs"`, 1), []string{"d"}},
		"another's":        {strings.Replace(event, `stanch/gate/decision`, `app/allow`, 1), []string{"d"}},
		"OPA's error":      {strings.Replace(event, `"labels":{}`, `"error":[{"code":"x"}],"req_id":7`, 1), []string{"d"}},
	} {
		for _, zipped := range []bool{false, true} {
			text := []byte(c.text)
			if zipped {
				text = compress(text)
			}
			r := decisionlog.NewReader(bytes.NewReader(text))
			for i := 0; ; i++ {
				e, err := r.Next()
				if errors.Is(err, io.EOF) {
					if i != len(c.want) {
						t.Errorf("%s: %d events and errors, want %d", name, i, len(c.want))
					}
					break
				}
				if i >= len(c.want) {
					t.Fatalf("%s: too many events and errors: %+v, %v", name, e, err)
				}
				var wrong *decisionlog.LineError
				if err == nil && e.ID != c.want[i] || err != nil && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), c.want[i])) {
					t.Errorf("%s, %d: got %+v, %v, want %q", name, i, e, err, c.want[i])
				}
			}
		}
	}
}

func compress(text []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(text)
	w.Close()
	return out.Bytes()
}

func TestReaderStops(t *testing.T) {
	whole := compress([]byte(event + "\n" + event + "\n"))
	for name, text := range map[string][]byte{"cut": whole[:len(whole)-6], "no header": whole[:4]} {
		r := decisionlog.NewReader(bytes.NewReader(text))
		var err error
		for range 5 {
			_, err = r.Next()
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: reading ended with %v", name, err)
		}
	}
}

func TestReplayable(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"as decided":    {event, ""},
		"erased":        {strings.Replace(event, `"labels":{}`, `"erased":["/input/now"]`, 1), "logged without /input/now"},
		"masked":        {strings.Replace(event, `"labels":{}`, `"masked":["/result"]`, 1), "with /result masked"},
		"no input":      {strings.Replace(event, `"input"`, `"inputs"`, 1), "without its input or result"},
		"null input":    {strings.Replace(event, `{"now":1,"findings":[],"baseline":[]}`, `null`, 1), "without its input or result"},
		"no result":     {strings.Replace(event, `"result"`, `"results"`, 1), "without its input or result"},
		"somebody else": {strings.Replace(event, `stanch/gate/decision`, `app/allow`, 1), "not made by a rule of stanch"},
	} {
		err := readAll(t, strings.NewReader(c.text))[0].Replayable()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, text := range []string{event, "[" + event + "]", event + "\n[null]\n" + event[:30], string(compress([]byte(event)))} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := decisionlog.NewReader(bytes.NewReader(text))
		for last := 0; ; {
			e, err := r.Next()
			var wrong *decisionlog.LineError
			switch {
			case errors.As(err, &wrong):
				continue
			case err != nil:
				if _, again := r.Next(); again == nil {
					t.Fatal("reading went on after its end")
				}
				return
			}
			if e.ID == "" || e.Line < last {
				t.Fatalf("entry %+v after line %d", e, last)
			}
			if last = e.Line; e.Replayable() == nil && e.Input.Entrypoint() != e.Entrypoint {
				t.Fatalf("entry %+v has another's input", e)
			}
		}
	})
}
