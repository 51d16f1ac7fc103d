package check

import (
	"strings"

	"github.com/stanch-dev/stanch/policies/sandbox"
)

// explanations name the compiler's errors that have more to say than OPA does. The
// first whose text is in the message is taken.
var explanations = []struct{ text, rule, help string }{
	{"undefined function time.now_ns", "clock", "A decision must come out the same when it is replayed: take the time from input.context.time (access) or input.now."},
	{"undefined function rand.", "clock", "A decision must come out the same when it is replayed, so there is no randomness."},
	{"undefined function uuid.rfc4122", "clock", "A decision must come out the same when it is replayed, so there is no randomness."},
	{"undefined function http.send", "sandbox", "A policy has no network: put what it needs into config/data.yaml or grants.yaml."},
	{"undefined function net.lookup_ip_addr", "sandbox", "A policy has no network: name addresses in config/data.yaml."},
	{"undefined function opa.runtime", "sandbox", "A policy cannot read its surroundings: put settings into config/data.yaml."},
	{"undefined function io.jwt", "sandbox", "Tokens are verified before the policy is asked: what they claim is in input.subject.properties."},
	{"undefined function crypto.", "sandbox", "No policy is given a secret or a key: what was verified is in input.subject."},
	{"undefined function", "undefined-function", "It is no rule of this package, not imported, or not among the builtins that policies may use."},
	{"unused argument", "unused-argument", "An argument that decides nothing is often one that was forgotten: use it, or name it _."},
	{"declared var", "unused-variable", "What is computed and not used decides nothing."},
	{"assigned var", "unused-variable", "What is computed and not used decides nothing."},
	{"must not shadow", "shadowed-builtin", "Take another name: whoever reads input or data thinks of the real one."},
	{"undefined ref: input", "unknown-field", "The schema does not have this field, so it would be undefined in silence."},
	{"undefined ref: data.config", "unknown-field", "The schema of config/data.yaml does not have this key."},
}

// explained returns the finding for a mistake of the compiler or parser.
func explained(m *sandbox.Error) Finding {
	kind := strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(m.Code, "rego_"), "_error"), "_", "-")
	f := Finding{m.File, max(1, m.Line), max(1, m.Column), kind, Error, m.Message, ""}
	for _, e := range explanations {
		if strings.Contains(m.Message, e.text) {
			f.Rule, f.Help = e.rule, e.help
			break
		}
	}
	return f
}
