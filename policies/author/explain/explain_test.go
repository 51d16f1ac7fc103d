package explain_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/explain"
	"github.com/stanch-dev/stanch/policies/source"
)

const grants = `grants:
  - {id: shop-api, subject: kubernetes/shop/api, path: "kv/shop/prod/**", can: [read, list]}
  - {id: others, subject: kubernetes/pay/api, path: "kv/pay/**", can: [read]}
  - {id: past, subject: kubernetes/shop/old, path: "kv/shop/**", can: [read], expires_at: 2023-01-01T00:00:00Z}
  - {id: fire, subject: group/sre, path: "kv/shop/**", can: [read], break_glass: true}
  - {id: show, subject: group/dba, path: "kv/*/prod/db", can: [reveal]}
`

const policy = `package stanch.access

default decision := {"allow": false}

decision := {"allow": true, "grants": ids} if {
	count(ids) > 0
	not input.subject.id == "banned"
}

ids contains g.id if {
	some key in input.subject.keys
	some prefix in input.resource.ancestors
	some g in data.index.grants[key][prefix]
	g.capabilities[input.action.name]
	g.expires_at > input.context.time
}

ids contains g.id if {
	input.context.break_glass.reason != ""
	some key in input.subject.keys
	some prefix in input.resource.ancestors
	some g in data.index.break_glass[key][prefix]
	g.capabilities[input.action.name]
}
`

func snapshot(t *testing.T) *policies.Snapshot {
	t.Helper()
	docs, err := source.FromFiles(map[string][]byte{"grants.yaml": []byte(grants), "access/access.rego": []byte(policy)}, "p")
	if err != nil {
		t.Fatal(err)
	}
	s, err := policies.Compile(docs)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func request(id, key, action, path string) *policies.AccessInput {
	return &policies.AccessInput{
		Subject: policies.Principal{Type: "human", ID: id, Keys: []string{key}}, Action: policies.Action{Name: action},
		Resource: policies.Resource{Type: "secret", ID: path, Ancestors: policies.Ancestors(path)}, Context: policies.Context{Time: 1_700_000_000},
	}
}

func TestExplain(t *testing.T) {
	s := snapshot(t)
	for _, c := range []struct {
		name    string
		in      *policies.AccessInput
		grants  string // that allow it
		nearest string
		failed  string // a line of the explanation
	}{
		{"allowed", request("a", "kubernetes/shop/api", "read", "kv/shop/prod/db"), "shop-api", "", ""},
		{"another capability", request("a", "kubernetes/shop/api", "write", "kv/shop/prod/db"), "", "shop-api: it lets one read, list: true", "p/access/access.rego:14: ids: g.capabilities[input.action.name]"},
		{"another path", request("a", "kubernetes/pay/api", "read", "kv/shop/db"), "", "others: it is for kv/pay/**: true", ""},
		{"expired", request("a", "kubernetes/shop/old", "read", "kv/shop/db"), "", "past: it expired on 2023-01-01T00:00:00Z: true", "expires_at"},
		{"no emergency", request("a", "group/sre", "read", "kv/shop/db"), "", "fire: it is for emergencies, with a reason and a ticket: true", ""},
		{"another principal", request("a", "nobody", "list", "kv/shop/prod/db"), "", "shop-api: it is for kubernetes/shop/api: true", `key = "nobody"`},
		{"denied besides", request("banned", "kubernetes/shop/api", "write", "kv/shop/prod/db"), "", "shop-api: it lets one read, list: false", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := explain.Run(context.Background(), s, c.in)
			if err != nil {
				t.Fatal(err)
			}
			var used, near []string
			for _, g := range e.Grants {
				used = append(used, g.ID)
			}
			for _, n := range e.Nearest {
				allows := ": false"
				if n.Allows {
					allows = ": true"
				}
				near = append(near, n.ID+": "+n.Differs+allows)
			}
			if strings.Join(used, "|") != c.grants || strings.Join(near, "|") != c.nearest {
				t.Errorf("grants %q, nearest %q; want %q and %q", used, near, c.grants, c.nearest)
			}
			var text bytes.Buffer
			if err := e.Write(&text); err != nil || !strings.Contains(text.String(), c.failed) {
				t.Errorf("error %v; the explanation does not say %q:\n%s", err, c.failed, text.String())
			}
			if len(e.Rules) == 0 && c.grants != "" {
				t.Error("no rule gave anything")
			}
		})
	}
}

// TestExplainAFailure explains a policy that cannot decide.
func TestExplainAFailure(t *testing.T) {
	docs, err := source.FromFiles(map[string][]byte{"gate/gate.rego": []byte("package stanch.gate\n\ndecision := {\"pass\": true} if input.now > 1000\n")}, "p")
	if err != nil {
		t.Fatal(err)
	}
	s, err := policies.Compile(docs)
	if err != nil {
		t.Fatal(err)
	}
	e, err := explain.Run(context.Background(), s, &policies.GateInput{Now: 7})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(e.Failure, "is undefined") || len(e.Failed) != 1 || e.Failed[0].String() != "p/gate/gate.rego:3" || e.Failed[0].Values[0] != "input.now = 7" {
		t.Errorf("explanation %+v", e)
	}
}
