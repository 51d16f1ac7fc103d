package policies_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/policiestest"
)

// presented is a finding in what a client of an API sends to it.
func presented(part string, known *policies.Known) *policies.RedactionInput {
	return &policies.RedactionInput{
		Now: 1_700_000_000, Carrier: "ingress", Host: "api.example.com", Hosts: policies.HostScopes("api.example.com"), Route: "/v1/login",
		Location: policies.Location{Part: part, Direction: "request"}, Finding: policies.Finding{Rule: "password", Severity: "high", Known: known},
	}
}

// TestIngressByDefault asks the embedded policies and their configuration.
func TestIngressByDefault(t *testing.T) {
	s := policiestest.Compile(t, "grants.yaml", "grants: []\n")
	use := func(use string) *policies.Known { return &policies.Known{ID: "kv/shop/login", Version: 1, Use: use} }
	for _, c := range []struct {
		name string
		in   *policies.RedactionInput
		want policies.Redaction
	}{
		{"header", presented("header", nil), policies.Redaction{Action: "allow"}},
		{"body", presented("body", nil), policies.Redaction{Action: "allow"}},
		{"url", presented("url", nil), policies.Redaction{Action: "redact"}},
		{"known, nobody said where", presented("body", use("unset")), policies.Redaction{Action: "allow"}},
		{"known, for here", presented("header", use("allowed")), policies.Redaction{Action: "allow"}},
		{"known, for elsewhere", presented("header", use("elsewhere")), policies.Redaction{Action: "redact", Alert: true, Rotate: true}},
	} {
		c.want.Style, c.want.CacheSeconds = "placeholder", policies.MaxCacheSeconds
		if diff := cmp.Diff(c.want, s.Redaction(context.Background(), c.in), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	response := presented("body", nil)
	response.Location.Direction = "response"
	if d := s.Redaction(context.Background(), response); d.Action != "redact" || d.Err != nil {
		t.Errorf("a response: %+v", d)
	}
}

// TestExceptionsEnd asks about a route that has an exception for ten seconds, one
// snapshot that remembers and, each time, one that does not.
func TestExceptionsEnd(t *testing.T) {
	files := []string{"config/data.yaml", `
redaction:
  rules:
    "*": [{id: rest, action: block}]
    api.example.com: [{id: legacy, when: {route: "/v1/*"}, action: allow, expires_at: 2023-11-14T22:13:30Z, reason: r, owner: o}]
`}
	docs, warm := policiestest.Documents(t, files...), policiestest.Compile(t, files...)
	in := presented("url", nil)
	cached, start := 0, in.Now
	for _, after := range []int64{0, 9, 9, 10, 9, 11, 69, 70, 0, 100} {
		in.Now = start + after
		got := warm.Redaction(context.Background(), in)
		if got.Cached {
			cached++
		}
		cold, err := policies.Compile(docs)
		if err != nil {
			t.Fatal(err)
		}
		want := cold.Redaction(context.Background(), in)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(policies.Redaction{}, "Cached", "CacheSeconds")); diff != "" {
			t.Errorf("%d seconds later (-cold +warm):\n%s", after, diff)
		}
		action := "block"
		if after < 10 {
			action = "allow"
		}
		if got.Action != action || got.Err != nil {
			t.Errorf("%d seconds later: %+v, want %s", after, got, action)
		}
		if end := int64(10); after < end && after+int64(got.CacheSeconds) > end || got.CacheSeconds < 1 {
			t.Errorf("%d seconds later: kept for %d seconds", after, got.CacheSeconds)
		}
	}
	if cached == 0 {
		t.Error("nothing came from the cache")
	}
}

// TestTimeInAPolicy has policies that look at the time for reasons of their own: what
// they do not say to keep is not kept, and what does not look is kept for good.
func TestTimeInAPolicy(t *testing.T) {
	for name, c := range map[string]struct {
		rules  string
		cached []bool // at 20, 20, 25, 31 and 1000
		last   string
	}{
		"says nothing": {"decision := {\"action\": action}\n\ndefault action := \"allow\"\n\naction := \"block\" if input.now > 24\n", []bool{false, false, false, false, false}, "block"},
		"ten seconds":  {"decision := {\"action\": action, \"cache_seconds\": 10}\n\ndefault action := \"allow\"\n\naction := \"block\" if input.now > 24\n", []bool{false, true, true, false, false}, "block"},
		"no time":      {"decision := {\"action\": input.carrier}\n", []bool{false, true, true, true, true}, "allow"},
	} {
		s := policiestest.Compile(t, "redaction/redaction.rego", "package stanch.redaction\n\n"+c.rules)
		for i, now := range []int64{20, 20, 25, 31, 1000} {
			d := s.Redaction(context.Background(), &policies.RedactionInput{Now: now, Carrier: "allow"})
			if d.Err != nil || d.Cached != c.cached[i] || now == 1000 && d.Action != c.last {
				t.Errorf("%s, at %d: %+v", name, now, d)
			}
		}
	}
}
