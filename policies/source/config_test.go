package source_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies/rego"
	"github.com/stanch-dev/stanch/policies/source"
)

func TestParseConfig(t *testing.T) {
	c, err := source.ParseConfig([]byte(`
access:
  environments: {prod: {frozen: true}}
  break_glass: {ticket_required: false}
redaction:
  rules:
    "*.example.com":
      - {id: own, when: {carrier: egress, known: allowed}, action: allow, expires_at: 2023-11-14T22:13:20Z, reason: r, owner: o}
      - {id: day, action: allow, expires_at: "2023-11-14"}
      - {id: rest, when: {rule: "aws-*"}, action: block, style: drop, alert: true, rotate: true}
rotation:
  classes: {default: {max_age_days: 90, warn_days: 14, unused_days: 60, max_live_versions: 3}}
  dynamic_systems: [postgres]
gate:
  fail_on: [high]
  waivers:
    - {fingerprint: f, reason: r, owner: o, expires_at: 2023-11-14T22:13:20Z}
    - {fingerprint: g, reason: r, owner: o, expires_at: 1700000000}
custom: {limits: [1, 2.5, yes]}
`), "config/data.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	n := func(s string) json.Number { return json.Number(s) }
	waiver := func(f string) map[string]any {
		return map[string]any{"fingerprint": f, "reason": "r", "owner": "o", "expires_at": n("1700000000")}
	}
	want := map[string]any{
		"access": map[string]any{"environments": map[string]any{"prod": map[string]any{"frozen": true}}, "break_glass": map[string]any{"ticket_required": false}},
		"redaction": map[string]any{"rules": map[string]any{"*.example.com": []any{
			map[string]any{"id": "own", "when": map[string]any{"carrier": "egress", "known": "allowed"}, "action": "allow", "expires_at": n("1700000000"), "reason": "r", "owner": "o"},
			map[string]any{"id": "day", "when": map[string]any{}, "action": "allow", "expires_at": n("1699920000")},
			map[string]any{"id": "rest", "when": map[string]any{"rule": "aws-*"}, "action": "block", "style": "drop", "alert": true, "rotate": true},
		}}},
		"rotation": map[string]any{"dynamic_systems": []any{"postgres"}, "classes": map[string]any{"default": map[string]any{
			"max_age_days": n("90"), "warn_days": n("14"), "unused_days": n("60"), "max_live_versions": n("3")}}},
		"gate":   map[string]any{"fail_on": []any{"high"}, "waivers": []any{waiver("f"), waiver("g")}},
		"custom": map[string]any{"limits": []any{n("1"), n("2.5"), "yes"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("data.config (-want +got):\n%s", diff)
	}
	if got, err := source.ParseConfig(nil, "config/data.yaml"); err != nil || cmp.Diff(source.Config{}, got) != "" {
		t.Errorf("an empty file: %+v, %v", got, err)
	}
}

func TestConfigIsStrict(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"access:\n  reveal_need_mfa: true\n", `c:2: unknown key "reveal_need_mfa"`},
		{"gates: {}\n", `c:1: unknown key "gates"`},
		{"access: yes\n", "c:1: a value of the wrong type (str)"},
		{"access:\n  reveal_needs_mfa: sure\n", "c:2: a value of the wrong type (str)"},
		{"gate:\n  fail_on: [hgih]\n", `gate.fail_on: unknown severity "hgih"; there are low, medium`},
		{"gate:\n  waivers:\n    - {fingerprint: f, expires_at: soon}\n", "c:3: not a time; write 2027-01-31"},
		{"gate:\n  waivers:\n    - {fingerprnt: f}\n", `c:3: unknown key "fingerprnt"`},
		{"rotation:\n  classes: {a: {max_age_days: 0, unused_days: 1, max_live_versions: 1}}\n", "rotation.classes.a: max_age_days"},
		{"rotation:\n  classes: {a: {max_age_days: 1, warn_days: -1, unused_days: 1, max_live_versions: 1}}\n", "warn_days is not negative"},
		{"redaction: {rules: {h: [{action: redact}]}}\n", `redaction.rules["h"], rule "": a rule needs an id`},
		{"redaction: {rules: {h: [{id: a, action: redact}], i: [{id: a, action: redact}]}}\n", `rule "a": a rule needs an id of its own`},
		{"redaction: {rules: {h: [{id: a, action: hide}]}}\n", `action is allow, redact or block, not "hide"`},
		{"redaction: {rules: {h: [{id: a}]}}\n", `action is allow, redact or block, not ""`},
		{"redaction: {rules: {h: [{id: a, action: redact, style: stars}]}}\n", `unknown style "stars"; there are placeholder`},
		{"redaction: {rules: {h: [{id: a, action: redact, when: {hosts: x}}]}}\n", `unknown key "hosts"`},
		{"redaction:\n  rules:\n    h:\n      - {id: a, action: allow, expires_at: soon}\n", `c:4: redaction.rules["h"], rule "a": expires_at is not a time; write 2027-01-31`},
		{"redaction: {rules: {h: [{id: a, action: allow, expires_at: 2027-02-30}]}}\n", `rule "a": expires_at is not a time`},
		{"redaction: {rules: {h: [{id: a, action: allow, expires_at: [1]}]}}\n", `rule "a": expires_at is not a time`},
		{"redaction: {rules: {h: [{id: a, action: allow, expires_at: }]}}\n", `rule "a": expires_at is not a time`},
		{"redaction: {rules: {h: [{id: a, action: allow, expires: 2027-01-31}]}}\n", `unknown key "expires"`},
		{"access: {}\naccess: {}\n", `mapping key "access" already defined`},
		{"access: {}\n---\ngate: {}\n", "a second document"},
		{"access: &a {environments: *a}\n", "contains itself"},
		{"\tx", "c: found character that cannot start any token"},
	} {
		_, err := source.ParseConfig([]byte(c.text), "c")
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\nerror %v, want %q", c.text, err, c.want)
		}
	}
}

// TestErrorsHideValues holds that what stands in a file by mistake is not repeated.
func TestErrorsHideValues(t *testing.T) {
	const value = "hunter2hunter2"
	for _, text := range []string{"access: " + value, "access: {reveal_needs_mfa: " + value + "}", "gate: {waivers: [{expires_at: " + value + "}]}", "redaction: {rules: {h: [{id: r, action: allow, expires_at: " + value + "}]}}", "access: [" + value + "]"} {
		_, err := source.ParseConfig([]byte(text), "c")
		if err == nil || strings.Contains(err.Error(), value) {
			t.Errorf("%s: error %v", text, err)
		}
	}
	_, err := source.ParseGrants([]byte("grants: [{id: a, break_glass: "+value+"}]"), "g")
	if err == nil || strings.Contains(err.Error(), value) {
		t.Errorf("grants: error %v", err)
	}
}

func TestConditionsAreTexts(t *testing.T) {
	for pattern, want := range map[string]bool{"/v1/*": true, "plain": true, "/v1/[*": false, "a?": false, "{a,b}": false, `a\\*`: false} {
		_, err := source.ParseConfig([]byte("redaction: {rules: {'*': [{id: r, action: redact, when: {route: '"+pattern+"'}}]}}"), "c")
		if (err == nil) != want {
			t.Errorf("route %s: error %v", pattern, err)
		}
	}
}

func TestOr(t *testing.T) {
	access := &source.AccessConfig{}
	defaults := source.Config{Access: &source.AccessConfig{}, Redaction: &source.RedactionConfig{}}
	got := source.Config{Access: access}.Or(defaults)
	if got.Access != access || got.Redaction != defaults.Redaction || got.Gate != nil {
		t.Errorf("%+v", got)
	}
	defaults = source.Config{
		Rotation: &source.RotationConfig{Classes: map[string]source.RotationClass{"default": {MaxAgeDays: 90}}, DynamicSystems: []string{"postgres"}},
		Gate:     &source.GateConfig{FailOn: []string{"high"}},
	}
	short := map[string]source.RotationClass{"short": {MaxAgeDays: 1}}
	got = source.Config{Rotation: &source.RotationConfig{Classes: short}, Gate: &source.GateConfig{}}.Or(defaults)
	want := source.Config{
		Rotation: &source.RotationConfig{Classes: map[string]source.RotationClass{"default": {MaxAgeDays: 90}, "short": {MaxAgeDays: 1}}, DynamicSystems: []string{"postgres"}},
		Gate:     &source.GateConfig{FailOn: []string{"high"}},
	}
	if !reflect.DeepEqual(got, want) || len(short) != 1 {
		t.Errorf("%+v, %+v", got.Rotation, got.Gate)
	}
}

func TestParseUniverse(t *testing.T) {
	got, err := source.ParseUniverse([]byte(`
principals:
  - {type: human, id: ann, keys: [user/ann], groups: [sre], mfa: true}
resources:
  - {path: kv/a, environment: prod, class: database, owner: shop, kind: static}
`), "universe.yaml")
	want := source.Universe{
		Principals: []source.UniversePrincipal{{Type: "human", ID: "ann", Keys: []string{"user/ann"}, Groups: []string{"sre"}, MFA: true}},
		Resources:  []source.UniverseResource{{Path: "kv/a", Environment: "prod", Class: "database", Owner: "shop", Kind: "static"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, universe (-want +got):\n%s", err, diff)
	}
	for text, want := range map[string]string{
		"principals:\n  - {name: x}\n": `u:2: unknown key "name"`,
		"resources: x\n":               "u:1: a value of the wrong type (str)",
		"resource: []\n":               `u:1: unknown key "resource"`,
	} {
		_, err := source.ParseUniverse([]byte(text), "u")
		wantError(t, err, want)
	}
}

// TestEmbedded reads the policies in the binary as anybody's.
func TestEmbedded(t *testing.T) {
	docs, err := source.FromFS(rego.FS, "embedded defaults")
	if err != nil || len(docs.Modules) == 0 {
		t.Errorf("%d modules, error %v", len(docs.Modules), err)
	}
}
