package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/internal/cli"
	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// asking is a policy that answers with what it was asked.
const asking = `package stanch.redaction

decision := {"action": "redact", "rules": [text | some text in [
	input.carrier, input.host, concat("+", input.hosts), input.route, input.principal.id, input.location.part,
	input.location.direction, input.location.name, input.finding.rule, input.finding.severity,
	sprintf("%v", [object.get(input.finding, "known", {})]), sprintf("%v", [input.now > 1700000000]),
]]}
`

// decider returns a decider by the policies in files, and the errors it reports.
func decider(t *testing.T, files map[string]string) (proxy.Decider, *[]error) {
	t.Helper()
	dir := t.TempDir()
	writeFiles(t, dir, files)
	var errs []error
	d, err := cli.NewDecider(dir, func(err error) { errs = append(errs, err) })
	if err != nil {
		t.Fatal(err)
	}
	return d, &errs
}

func question(direction string, secret *known.Secret) *proxy.Question {
	return &proxy.Question{
		Carrier: "ingress",
		Source:  proxy.Source{Host: "api.example.com:8443", Route: "/v1/*", Principal: "spiffe://shop/api", Part: "header", Direction: direction, Name: "Authorization"},
		Finding: &scanner.Finding{Rule: &rules.Rule{ID: "shop"}, Known: secret},
	}
}

// TestDeciderAsks holds what policies are asked.
func TestDeciderAsks(t *testing.T) {
	d, errs := decider(t, map[string]string{"redaction/redaction.rego": asking})
	for _, c := range []struct {
		q    *proxy.Question
		want string // severity and known
	}{
		{question("request", nil), `high | {}`},
		{question("request", &known.Secret{ID: "db", Version: 3}), `critical | {"id": "db", "use": "unset", "version": 3}`},
		{question("response", &known.Secret{ID: "db", Version: 3}), `critical | {"id": "db", "use": "", "version": 3}`},
	} {
		got := d.Decide(context.Background(), c.q)
		text := strings.Join(got.Rules, " | ")
		for _, want := range []string{
			"ingress", "api.example.com:8443", "api.example.com+*.example.com+*.com+*", "/v1/*", "spiffe://shop/api", "header", c.q.Direction, "Authorization", "shop", "true",
		} {
			if !strings.Contains(" | "+text+" | ", " | "+want+" | ") {
				t.Errorf("was not asked for %q: %s", want, text)
			}
		}
		for want := range strings.SplitSeq(c.want, " | ") {
			if !strings.Contains(text, want) {
				t.Errorf("was not asked for %s: %s", want, text)
			}
		}
	}
	if len(*errs) > 0 {
		t.Error(*errs)
	}
}

// TestDeciderAnswers holds what becomes of the answers, and that what is none redacts.
func TestDeciderAnswers(t *testing.T) {
	for answer, want := range map[string]proxy.Decision{
		`{"action": "allow", "rules": ["a"]}`: {Action: proxy.Allow, Rules: []string{"a"}},
		`{"action": "block", "rules": []}`:    {Action: proxy.Block, Rules: []string{}},
		`{"action": "redact", "style": "sealed", "alert": true, "rotate": true, "propose": true, "rules": []}`: {
			Style: redact.Sealed, Alert: true, Rotate: true, Propose: true, Rules: []string{}},
		`{"action": "perhaps", "rules": []}`:                   {Alert: true, Rules: []string{}},
		`{"action": "allow", "style": "glitter", "rules": []}`: {Alert: true, Rules: []string{}},
		`{"rules": []}`: {Alert: true, Rules: []string{}},
		`{"action": "allow", "rules": [1 / (input.now - input.now)]}`: {Alert: true, Rules: []string{}},
	} {
		d, errs := decider(t, map[string]string{"redaction/redaction.rego": "package stanch.redaction\n\ndecision := " + answer + "\n"})
		for range 3 {
			if diff := cmp.Diff(want, d.Decide(context.Background(), question("request", nil))); diff != "" {
				t.Errorf("%s: -want +got\n%s", answer, diff)
			}
		}
		failed := 0
		if want.Alert && want.Style != redact.Sealed {
			failed = 1 // told once
		}
		if len(*errs) != failed {
			t.Errorf("%s: %v", answer, *errs)
		}
	}
}

// TestDeciderAllocates holds that a decision that is cached costs its input and little
// more: it is on the way of every credential.
func TestDeciderAllocates(t *testing.T) {
	d, _ := decider(t, map[string]string{"config/data.yaml": "redaction: {rules: {}}\n"})
	q := question("request", nil)
	if n := testing.AllocsPerRun(100, func() { d.Decide(context.Background(), q) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDecider(b *testing.B) {
	d, err := cli.NewDecider("", func(err error) { b.Error(err) })
	if err != nil {
		b.Fatal(err)
	}
	q := question("request", nil)
	b.ReportAllocs()
	for b.Loop() {
		d.Decide(context.Background(), q)
	}
}
