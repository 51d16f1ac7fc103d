package sandbox_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// documents makes a policy directory of files: pairs of path and text.
func documents(files ...string) (source.Documents, error) {
	texts := map[string][]byte{}
	for i := 0; i < len(files); i += 2 {
		texts[files[i]] = []byte(files[i+1])
	}
	return source.FromFiles(texts, "hostile")
}

// compile makes a snapshot of files, as a server would.
func compile(files ...string) (*policies.Snapshot, error) {
	docs, err := documents(files...)
	if err != nil {
		return nil, err
	}
	return policies.Compile(docs)
}

func mustCompile(t testing.TB, files ...string) *policies.Snapshot {
	t.Helper()
	s, err := compile(files...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const now = 1_700_000_000

// questions are one input for each entrypoint, with nothing left out.
func questions() []policies.Input {
	principal := policies.Principal{Type: "human", ID: "ann", Keys: []string{"oidc/ann", "group/sre"}}
	return []policies.Input{
		&policies.AccessInput{
			Subject: principal, Action: policies.Action{Name: "read"}, Context: policies.Context{Time: now},
			Resource: policies.Resource{Type: "secret", ID: "kv/a/b", Ancestors: policies.Ancestors("kv/a/b"), Properties: policies.ResourceProperties{Environment: "prod"}},
		},
		&policies.RedactionInput{
			Now: now, Carrier: "egress", Host: "api.example.com", Hosts: policies.HostScopes("api.example.com"), Route: "/", Principal: principal,
			Location: policies.Location{Part: "body", Direction: "request"}, Finding: policies.Finding{Rule: "r", Severity: "high"},
		},
		&policies.RotationInput{Now: now, Secret: policies.SecretMetadata{ID: "kv/a/b", Class: "default", Kind: "static", CreatedAt: now}},
		&policies.GateInput{Now: now, Findings: []policies.GateFinding{{Fingerprint: "f", Rule: "r", File: "a", Line: 1, Severity: "low"}}},
	}
}

// closed reports whether d is what a policy that cannot decide gives.
func closed(d policies.Decision) bool {
	if d.Failure() == nil {
		return false
	}
	switch d := d.(type) {
	case policies.Access:
		return !d.Allow && len(d.Grants) == 0 && len(d.Reasons) == 1 && d.Reasons[0].Code == policies.CodeFailed
	case policies.Redaction:
		return d.Action == "redact" && d.Alert
	case policies.Rotation:
		return len(d.Findings) == 1 && d.Findings[0].Code == policies.CodeFailed
	case policies.Gate:
		return !d.Pass && len(d.Failures) == 1 && d.Failures[0].Code == policies.CodeFailed
	}
	return false
}

// access asks s the first question.
func access(s *policies.Snapshot) policies.Access {
	return s.Access(context.Background(), questions()[0].(*policies.AccessInput))
}

// steps returns rules, name followed by 0 to n: the first is first, each other one is
// form with the one before for PREV.
func steps(name string, n int, first, form string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s0 := %s\n\n", name, first)
	for i := range n {
		fmt.Fprintf(&b, "%s%d := %s\n\n", name, i+1, strings.ReplaceAll(form, "PREV", fmt.Sprintf("%s%d", name, i)))
	}
	return b.String()
}
