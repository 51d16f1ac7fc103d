package decisionlog

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/stanch-dev/stanch/policies"
)

// Event is one decision, with the names and the form of OPA's EventV1. Fields of
// EventV1 that mean nothing here are left out.
type Event struct {
	Labels     map[string]string `json:"labels"` // of the process: id, version, app
	DecisionID string            `json:"decision_id"`
	Bundles    map[string]Bundle `json:"bundles,omitempty"` // the policies that decided, by name
	Path       string            `json:"path,omitempty"`    // the rule that decided, as "stanch/access/decision"
	Input      json.RawMessage   `json:"input,omitempty"`
	Result     json.RawMessage   `json:"result,omitempty"`
	Erased     []string          `json:"erased,omitempty"` // what a mask removed, as "/input/context/source_ip"; "/" is the body
	Masked     []string          `json:"masked,omitempty"` // what a mask replaced
	Error      *Error            `json:"error,omitempty"`  // why the policy could not decide
	Timestamp  time.Time         `json:"timestamp"`
	Metrics    map[string]int64  `json:"metrics,omitempty"` // nanoseconds
	Custom     map[string]any    `json:"custom,omitempty"`
}

// Bundle names one text of policies.
type Bundle struct {
	Revision string `json:"revision,omitempty"`
}

// Error says why the policy could not decide.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Names of what an Event measures and of what it has besides OPA's fields.
const (
	metricEval    = "timer_rego_query_eval_ns"
	customCached  = "stanch.cached"  // the decision came from the cache
	customSampled = "stanch.sampled" // one in so many decisions like this one is logged
	defaultBundle = "stanch"         // the name of policies without one
	codeMasked    = "mask_failed"    // of an Error: the event has lost its body
	wholeBody     = "/"              // in Erased
	withheld      = "withheld: it may quote what a mask took away"
)

// Result returns what the rule that decided answered, in a form whose JSON is the
// rule's: a decision about rotation is the list of its findings.
func Result(d policies.Decision) any {
	if r, ok := d.(policies.Rotation); ok {
		return r.Findings
	}
	return d
}

// newEvent returns the event of r but for its body.
func newEvent(r *policies.Record, labels map[string]string) *Event {
	docs := r.Snapshot.Documents()
	name := withoutCredentials(cmp.Or(docs.Name, defaultBundle))
	return &Event{
		Labels:     labels,
		DecisionID: r.ID.String(),
		Bundles:    map[string]Bundle{name: {Revision: docs.Revision}},
		Path:       r.Input.Entrypoint().Path(),
		Timestamp:  r.Time.UTC(),
		Metrics:    map[string]int64{metricEval: r.Duration.Nanoseconds()},
		Custom:     map[string]any{customCached: r.Cached},
	}
}
