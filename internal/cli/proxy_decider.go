package cli

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// Severities of findings: rules have none of their own yet.
const (
	severityRule  = "high"     // found by its looks
	severityKnown = "critical" // proved by its value
)

// policyDecider lets policies decide what becomes of a secret. What they cannot decide
// is redacted. It is on the way of every secret, those in headers of each request
// too. Safe for concurrent use.
type policyDecider struct {
	engine *policies.Engine
	report func(error) // is told once of a generation of policies that could not decide

	hosts atomic.Pointer[hostScopes] // of the host that was asked about last
	told  atomic.Pointer[policies.Snapshot]
}

// hostScopes are the names that rules for a host can be listed under.
type hostScopes struct {
	host   string
	scopes []string
}

// Decide implements proxy.Decider.
func (d *policyDecider) Decide(ctx context.Context, q *proxy.Question) proxy.Decision {
	in := &policies.RedactionInput{
		Now: time.Now().Unix(), Carrier: q.Carrier, Host: q.Host, Hosts: d.scopes(q.Host), Route: q.Route,
		Principal: policies.Principal{Type: "workload", ID: q.Principal},
		Location:  policies.Location{Part: q.Part, Direction: q.Direction, Name: q.Name},
		Finding:   policies.Finding{Rule: q.Finding.Rule.ID, Severity: severityRule},
	}
	if known := q.Finding.Known; known != nil {
		in.Finding.Severity = severityKnown
		in.Finding.Known = &policies.Known{ID: known.ID, Version: known.Version}
		if q.Direction == "request" { // there is a destination, and no metadata that would speak of it
			in.Finding.Known.Use = "unset"
		}
	}
	got := d.engine.Redaction(ctx, in)
	decision := proxy.Decision{Alert: got.Alert, Rotate: got.Rotate, Propose: got.Propose, Rules: got.Rules}
	if got.ID != (policies.ID{}) {
		decision.ID = got.ID.String()
	}
	action, known := proxy.ParseAction(got.Action)
	style, err := redact.ParseStyle(got.Style)
	switch {
	case got.Err != nil:
		d.fail(got.Err)
	case !known || err != nil:
		d.fail(fmt.Errorf("policies decided for %q in the style %q, which there is not", got.Action, got.Style))
	default:
		decision.Action, decision.Style = action, style
	}
	return decision
}

func (d *policyDecider) scopes(host string) []string {
	last := d.hosts.Load()
	if last == nil || last.host != host {
		last = &hostScopes{host, policies.HostScopes(host)}
		d.hosts.Store(last)
	}
	return last.scopes
}

// fail reports that the policies could not decide, unless the client has gone.
func (d *policyDecider) fail(err error) {
	if now := d.engine.Snapshot(); !errors.Is(err, context.Canceled) && d.told.Swap(now) != now {
		d.report(fmt.Errorf("policies %s could not decide, so a secret is redacted: %w", now.Revision(), err))
	}
}

// loadDecider returns a decider by the policies of a directory, those that are built in
// if it is empty.
func loadDecider(dir string, report func(error)) (*policyDecider, error) {
	docs, err := policies.Defaults()
	if dir != "" {
		docs, err = source.ReadDir(dir)
	}
	if err != nil {
		return nil, err
	}
	s, err := policies.Compile(docs)
	if err != nil {
		return nil, err
	}
	return &policyDecider{engine: policies.NewEngine(s, nil), report: report}, nil
}

// takeOver returns what lets policies that have changed decide, for a source.Watcher.
// Those that do not compile are reported, and the old ones stay.
func takeOver(engine *policies.Engine, report func(error)) func(source.Documents, error) {
	return func(docs source.Documents, err error) {
		var next *policies.Snapshot
		if err == nil {
			next, err = policies.Compile(docs)
		}
		if err != nil {
			report(fmt.Errorf("policies stay as they are: %w", err))
			return
		}
		engine.Swap(next)
		report(fmt.Errorf("policies %s are in force", next.Revision()))
	}
}
