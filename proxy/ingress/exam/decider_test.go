package exam_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/policiestest"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// decider lets the redaction policy decide, as the command does.
type decider struct {
	t      testing.TB
	engine *policies.Engine
	now    func() time.Time
}

// newDecider returns a decider by the policies that ship, changed by files: pairs of
// path and text.
func newDecider(t testing.TB, now func() time.Time, files ...string) *decider {
	t.Helper()
	docs, err := policies.Defaults()
	if len(files) > 0 {
		docs = policiestest.Documents(t, files...)
	}
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := policies.Compile(docs)
	if err != nil {
		t.Fatal(err)
	}
	return &decider{t, policies.NewEngine(snapshot, nil), now}
}

func (d *decider) Decide(ctx context.Context, q *proxy.Question) proxy.Decision {
	in := &policies.RedactionInput{
		Now: d.now().Unix(), Carrier: q.Carrier, Host: q.Host, Hosts: policies.HostScopes(q.Host), Route: q.Route,
		Principal: policies.Principal{Type: "workload", ID: q.Principal},
		Location:  policies.Location{Part: q.Part, Direction: q.Direction, Name: q.Name},
		Finding:   policies.Finding{Rule: q.Finding.Rule.ID, Severity: "high"},
	}
	if known := q.Finding.Known; known != nil {
		in.Finding.Severity = "critical"
		in.Finding.Known = &policies.Known{ID: known.ID, Version: known.Version}
		if q.Direction == "request" {
			in.Finding.Known.Use = "unset"
		}
	}
	got := d.engine.Redaction(ctx, in)
	action, ok := proxy.ParseAction(got.Action)
	style, err := redact.ParseStyle(got.Style)
	if got.Err != nil || !ok || err != nil {
		d.t.Error(fmt.Errorf("the policy could not decide about %s: %v, %v", q.Source.String(), got.Err, err))
	}
	return proxy.Decision{Action: action, Style: style, Alert: got.Alert, Rotate: got.Rotate, Rules: got.Rules}
}
