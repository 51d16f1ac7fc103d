package policies_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/policies"
)

var (
	word  = rapid.SampledFrom([]string{"", "a", "b", "ab", "kv/a", "\x00", "é\n"})
	words = rapid.SliceOfN(word, 0, 3)
	small = rapid.Int64Range(0, 3)
)

func anyPrincipal(t *rapid.T) policies.Principal {
	return policies.Principal{
		Type: word.Draw(t, "type"), ID: word.Draw(t, "id"), Keys: words.Draw(t, "keys"),
		Properties: policies.PrincipalProperties{AuthMethod: word.Draw(t, "auth"), Groups: words.Draw(t, "groups"), Claims: rapid.MapOfN(word, word, 0, 2).Draw(t, "claims")},
	}
}

func anyKnown(t *rapid.T) *policies.Known {
	if rapid.Bool().Draw(t, "unknown") {
		return nil
	}
	return &policies.Known{ID: word.Draw(t, "known"), Version: int(small.Draw(t, "version")), Use: word.Draw(t, "use")}
}

func anyAccess(t *rapid.T) *policies.AccessInput {
	in := &policies.AccessInput{
		Subject: anyPrincipal(t), Action: policies.Action{Name: word.Draw(t, "action")},
		Resource: policies.Resource{Type: word.Draw(t, "type"), ID: word.Draw(t, "id"), Ancestors: words.Draw(t, "ancestors"),
			Properties: policies.ResourceProperties{Environment: word.Draw(t, "environment"), Class: word.Draw(t, "class"), Owner: word.Draw(t, "owner"), Kind: word.Draw(t, "kind")}},
		Context: policies.Context{Time: small.Draw(t, "time"), SourceIP: word.Draw(t, "ip"), MFA: rapid.Bool().Draw(t, "mfa")},
	}
	if rapid.Bool().Draw(t, "emergency") {
		in.Context.BreakGlass = &policies.BreakGlass{Reason: word.Draw(t, "reason"), Ticket: word.Draw(t, "ticket")}
	}
	if rapid.Bool().Draw(t, "acl") {
		in.ACL = &policies.ACL{Allowed: rapid.Bool().Draw(t, "allowed"), Policy: word.Draw(t, "policy"), Pattern: word.Draw(t, "pattern"), Capabilities: words.Draw(t, "capabilities")}
	}
	return in
}

func anyRedaction(t *rapid.T) *policies.RedactionInput {
	return &policies.RedactionInput{
		Now: small.Draw(t, "now"), Carrier: word.Draw(t, "carrier"), Host: word.Draw(t, "host"), Hosts: words.Draw(t, "hosts"), Route: word.Draw(t, "route"), Principal: anyPrincipal(t),
		Location: policies.Location{Part: word.Draw(t, "part"), Direction: word.Draw(t, "direction"), Name: word.Draw(t, "name")},
		Finding:  policies.Finding{Rule: word.Draw(t, "rule"), Class: word.Draw(t, "class"), Severity: word.Draw(t, "severity"), Known: anyKnown(t)},
	}
}

func anyInput(t *rapid.T) policies.Input {
	switch rapid.IntRange(0, 3).Draw(t, "entrypoint") {
	case 0:
		return anyAccess(t)
	case 1:
		return anyRedaction(t)
	case 2:
		return &policies.RotationInput{Now: small.Draw(t, "now"), Secret: policies.SecretMetadata{
			ID: word.Draw(t, "id"), Class: word.Draw(t, "class"), Kind: word.Draw(t, "kind"), System: word.Draw(t, "system"), Owner: word.Draw(t, "owner"),
			CreatedAt: small.Draw(t, "created"), RotatedAt: small.Draw(t, "rotated"), LastReadAt: small.Draw(t, "read"), LiveVersions: int(small.Draw(t, "versions")),
			LeakedAt: small.Draw(t, "leaked"), MaxAgeDays: int(small.Draw(t, "age")),
		}}
	}
	in := &policies.GateInput{Now: small.Draw(t, "now"), Findings: []policies.GateFinding{}, Baseline: words.Draw(t, "baseline")}
	for range small.Draw(t, "findings") {
		in.Findings = append(in.Findings, policies.GateFinding{
			Fingerprint: word.Draw(t, "fingerprint"), Rule: word.Draw(t, "rule"), File: word.Draw(t, "file"), Line: int(small.Draw(t, "line")),
			Commit: word.Draw(t, "commit"), Severity: word.Draw(t, "severity"), Known: anyKnown(t), Verified: rapid.Bool().Draw(t, "verified"),
		})
	}
	return in
}

func TestNamesGivenTwice(t *testing.T) {
	for text, want := range map[string]bool{
		`{"context": {"mfa": false, "MFA": true}}`:                           false,
		`{"action": {"name": "read"}, "action": {"name": "write"}}`:          false,
		`{"subject": {"keys": ["mfa", "mfa"], "id": "id"}, "action": {}}`:    true,
		`{"subject": {"id": "a"}, "resource": {"id": "a"}}`:                  true,
		`{"subject": {"properties": {"claims": {"x": "x", "y": "x"}}}}`:      true,
		`{"subject": {"properties": {"claims": {"x": "1", "X": "2"}}}}`:      false,
		`{"subject": {"keys": []}, "context": {"time": 1}, "Subject": null}`: false,
		`{"subject": {"keys": [], "id": "keys"}, "context": {"mfa": true}}`:  true,
	} {
		if _, err := policies.ParseInput(policies.EntryAccess, []byte(text)); (err == nil) != want {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

func FuzzParseInput(f *testing.F) {
	f.Add("access", `{"subject":{"keys":["a"]},"context":{"time":1}}`)
	f.Add("redaction", `{"now":1,"finding":{"known":{"version":1}}}`)
	f.Add("gate", `{"findings":[{}]}`)
	f.Add("rotation", `{"secret":{"kind":7}}`)
	f.Fuzz(func(t *testing.T, entry, text string) {
		in, err := policies.ParseInput(policies.Entrypoint(entry), []byte(text))
		if (in == nil) == (err == nil) {
			t.Fatalf("input %v and error %v", in, err)
		}
		if err == nil {
			policies.Term(in)
		}
	})
}
