package sandbox_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies"
)

// TestWrongResults has answers of policies that are not what the entrypoint
// promises. Each must be refused when it is compiled, or close.
func TestWrongResults(t *testing.T) {
	const (
		access    = "access"
		redaction = "redaction"
		rotation  = "rotation"
		gate      = "gate"
	)
	for _, c := range []struct{ name, entry, rules string }{
		{"undefined", access, `decision := {"allow": true} if input.action.name == "sing"`},
		{"no such rule", access, `allow := true`},
		{"a text", access, `decision := "allow"`},
		{"true", access, `decision := true`},
		{"null", access, `decision := null`},
		{"a list", access, `decision := [{"allow": true}]`},
		{"a set", access, `decision contains {"allow": true}`},
		{"a function", access, `decision(_) := {"allow": true}`},
		{"empty", access, `decision := {}`},
		{"allow is yes", access, `decision := {"allow": "yes"}`},
		{"allow is a number", access, `decision := {"allow": 1}`},
		{"allow is a set", access, `decision := {"allow": {true}}`},
		{"allow with a misspelt key", access, `decision := {"alow": true}`},
		{"keys too many", access, `decision := {"allow": true, "obligation": ["notify_owner"]}`},
		{"a key that is no text", access, `decision := {"allow": true, 1: true}`},
		{"a key that is an object", access, `decision := {"allow": true, {"a": 1}: true}`},
		{"grants are numbers", access, `decision := {"allow": true, "grants": [1]}`},
		{"grants are an object", access, `decision := {"allow": true, "grants": {"a": "b"}}`},
		{"grants are a text", access, `decision := {"allow": true, "grants": "a"}`},
		{"obligations are null", access, `decision := {"allow": true, "obligations": null}`},
		{"a reason without code", access, `decision := {"allow": true, "reasons": [{"message": "m"}]}`},
		{"a reason that is a text", access, `decision := {"allow": true, "reasons": ["m"]}`},
		{"a reason with more", access, `decision := {"allow": true, "reasons": [{"code": "c", "message": "m", "x": 1}]}`},
		{"part of a second", access, `decision := {"allow": true, "cache_seconds": 0.5}`},
		{"eternity", access, `decision := {"allow": true, "cache_seconds": 1e300}`},
		{"seconds are a text", access, `decision := {"allow": true, "cache_seconds": "60"}`},
		{"two answers", access, "decision := {\"allow\": true} if input.action.name\n\ndecision := {\"allow\": false} if input.subject.id"},
		{"two answers of functions", access, "decision := f(input.subject.id)\n\nf(x) := {\"allow\": true} if x\n\nf(x) := {\"allow\": false} if x != 1"},
		{"many keys, one each", access, "decision[key] := true if some key in input.subject.keys"},
		{"two values for a key", access, "decision.allow := x if some x in [true, false]"},
		{"an error of a builtin, default allow", access, "default decision := {\"allow\": true}\n\ndecision := {\"allow\": false} if to_number(input.subject.id) > 3"},
		{"an error of a builtin in not", access, "decision := {\"allow\": true} if not to_number(input.subject.id) > 3"},
		{"a division by nothing", access, "default decision := {\"allow\": true}\n\ndecision := {\"allow\": false} if 1 / count(input.subject.properties.groups) > 3"},
		{"an import of nothing", access, "import data.nothing.here\n\ndecision := {\"allow\": here}"},
		{"an action that is none", redaction, `decision := {"action": "ignore"}`},
		{"no action", redaction, `decision := {"style": "placeholder"}`},
		{"a style that is none", redaction, `decision := {"action": "allow", "style": "invisible"}`},
		{"alert is a text", redaction, `decision := {"action": "allow", "alert": "no"}`},
		{"rules are numbers", redaction, `decision := {"action": "allow", "rules": [1]}`},
		{"seconds are a text", redaction, `decision := {"action": "allow", "cache_seconds": "60"}`},
		{"undefined", redaction, `decision := {"action": "allow"} if input.carrier == "pigeon"`},
		{"no set", rotation, `findings := "none"`},
		{"an object", rotation, `findings := {"code": "overdue"}`},
		{"false", rotation, `findings := false`},
		{"texts", rotation, `findings contains "overdue"`},
		{"no message", rotation, `findings contains {"code": "overdue", "severity": "low"}`},
		{"a severity that is none", rotation, `findings contains {"code": "overdue", "severity": "none", "message": "m"}`},
		{"undefined", rotation, `findings := [] if input.now == 1`},
		{"pass is a text", gate, `decision := {"pass": "true"}`},
		{"no pass", gate, `decision := {"failures": []}`},
		{"failures are texts", gate, `decision := {"pass": true, "failures": ["f"]}`},
		{"waived are objects", gate, `decision := {"pass": true, "waived": [{}]}`},
		{"undefined", gate, `decision := {"pass": true} if input.now == 1`},
		{"two answers", gate, "decision := {\"pass\": true} if input.now\n\ndecision := {\"pass\": false} if input.now"},
	} {
		t.Run(c.entry+"/"+c.name, func(t *testing.T) {
			s, err := compile(c.entry+"/a.rego", "package stanch."+c.entry+"\n\n"+c.rules+"\n")
			if err != nil {
				if !strings.HasPrefix(err.Error(), "hostile") {
					t.Errorf("refused without a place: %v", err)
				}
				return
			}
			for _, in := range questions() {
				if in.Entrypoint() != policies.Entrypoint(c.entry) {
					continue
				}
				if d := s.Decide(context.Background(), in); !closed(d) {
					t.Errorf("open: %+v", d)
				}
			}
		})
	}
}

// TestOneEntrypointDoesNotCloseTheOthers breaks one policy; the others still decide.
func TestOneEntrypointDoesNotCloseTheOthers(t *testing.T) {
	s := mustCompile(t, "redaction/a.rego", "package stanch.redaction\n\ndecision := 1\n")
	for _, in := range questions() {
		d := s.Decide(context.Background(), in)
		if want := in.Entrypoint() == policies.EntryRedaction; closed(d) != want {
			t.Errorf("%s: closed is %v, want %v: %+v", in.Entrypoint(), closed(d), want, d)
		}
	}
}

// TestNames has modules that pretend to be what they are not.
func TestNames(t *testing.T) {
	const allow = "decision := {\"allow\": true}\n"
	for _, c := range []struct {
		name  string
		files []string
		allow bool
	}{
		{"a policy in a file of tests does not decide", []string{"access/access_test.rego", "package stanch.access\n\n" + allow}, false},
		{"tests in a file of policies do not decide", []string{"access/tests.rego", "package stanch.access_test\n\n" + allow}, false},
		{"another package", []string{"access/access.rego", "package stanch.accesses\n\n" + allow}, false},
		{"another case", []string{"access/access.rego", "package Stanch.access\n\n" + allow}, false},
		{"below data", []string{"access/access.rego", "package data.stanch.access\n\n" + allow}, false},
		{"a second answer from elsewhere", []string{"a.rego", "package stanch\n\naccess." + allow}, false},
		{"a second answer from a second file", []string{"access/a.rego", "package stanch.access\n\n" + allow, "access/b.rego", "package stanch.access\n\ndecision := {\"allow\": false}\n"}, false},
		{"in any folder", []string{"any/where.rego", "package stanch.access\n\n" + allow}, true},
		{"a mark of byte order", []string{"access/a.rego", "\xef\xbb\xbfpackage stanch.access\n\n" + allow}, true},
		{"lines of two characters", []string{"access/a.rego", "package stanch.access\r\n\r\n" + allow}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := access(mustCompile(t, c.files...)); d.Allow != c.allow {
				t.Errorf("allow is %v, want %v: %+v", d.Allow, c.allow, d)
			}
		})
	}
}
