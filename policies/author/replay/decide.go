package replay

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

// fate is what became of an event.
type fate int

const (
	undone   fate = iota // not yet, or the replay was cancelled
	outside              // the event is of another time than was asked for
	foreign              // another rule decided
	unusable             // cannot be replayed, for the reason in gap
	garbled              // the recorded result is none of the entrypoint
	same
	changed
)

// outcome is an event decided again.
type outcome struct {
	fate
	gap    string
	grants []string // that the candidate allows it by
	change change
}

// decider decides events again. Safe for concurrent use.
type decider struct {
	candidate *policies.Snapshot
	reads     map[policies.Entrypoint][]string
}

func reads(s *policies.Snapshot) map[policies.Entrypoint][]string {
	all := map[policies.Entrypoint][]string{}
	for _, e := range policies.Entrypoints() {
		all[e] = s.Reads(e)
	}
	return all
}

func (d decider) decide(e *decisionlog.Entry) outcome {
	if e.Entrypoint == "" {
		return outcome{fate: foreign}
	}
	if gap := d.gap(e); gap != "" {
		return outcome{fate: unusable, gap: gap}
	}
	recorded, err := decision(e)
	if err != nil {
		return outcome{fate: garbled}
	}
	now := d.candidate.Decide(context.Background(), e.Input)
	if now.Failure() != nil { // perhaps only for want of a processor
		now = d.candidate.Decide(context.Background(), e.Input)
	}
	o := outcome{fate: same}
	if a, ok := now.(policies.Access); ok && a.Allow {
		o.grants = a.Grants
	}
	if !policies.SameDecision(recorded, now) {
		o.fate, o.change = changed, compare(e, recorded, now)
	}
	return o
}

// gap returns why e cannot be decided again and compared, or "". What was masked of
// an input does no harm if the candidate does not read it.
func (d decider) gap(e *decisionlog.Entry) string {
	for _, mask := range []struct {
		done  string
		paths []string
	}{{"erased", e.Erased}, {"masked", e.Masked}} {
		for _, path := range mask.paths {
			part, field, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			if part == "result" || part == "" {
				return "the result is " + mask.done
			}
			if part != "input" {
				continue
			}
			if field == "" {
				return "the input is " + mask.done
			}
			if i := slices.IndexFunc(d.reads[e.Entrypoint], func(read string) bool { return within(read, field) }); i >= 0 {
				return fmt.Sprintf("%s of the input is %s", d.reads[e.Entrypoint][i], mask.done)
			}
		}
	}
	switch {
	case e.Input == nil:
		return "the input is missing, or a mask made another of it"
	case e.Result == nil:
		return "the result is missing"
	}
	if in, ok := e.Input.(*policies.RedactionInput); ok && in.Now == 0 && e.Error == nil {
		return "the input has no time; it was decided before rules could expire"
	}
	return ""
}

// within reports whether one of a field's name, as "context.time", and a mask's path,
// as "context/time/x", is within the other.
func within(field, path string) bool {
	field, path = strings.ReplaceAll(field, ".", "/")+"/", path+"/"
	return strings.HasPrefix(field, path) || strings.HasPrefix(path, field)
}

// decision returns the decision that e recorded.
func decision(e *decisionlog.Entry) (d policies.Decision, err error) {
	var failure error
	if e.Error != nil {
		failure = errors.New(cmp.Or(e.Error.Message, "the policy failed"))
	}
	switch e.Entrypoint {
	case policies.EntryAccess:
		a := policies.Access{Err: failure}
		err = json.Unmarshal(e.Result, &a)
		a.Grants, a.Reasons, a.Obligations = orEmpty(a.Grants), orEmpty(a.Reasons), orEmpty(a.Obligations)
		return a, err
	case policies.EntryRedaction:
		r := policies.Redaction{Err: failure}
		err = json.Unmarshal(e.Result, &r)
		r.Style, r.Rules = cmp.Or(r.Style, "placeholder"), orEmpty(r.Rules)
		return r, err
	case policies.EntryRotation:
		r := policies.Rotation{Err: failure}
		err = json.Unmarshal(e.Result, &r.Findings)
		return r, err
	default:
		g := policies.Gate{Err: failure}
		err = json.Unmarshal(e.Result, &g)
		g.Failures, g.Waived = orEmpty(g.Failures), orEmpty(g.Waived)
		slices.SortFunc(g.Failures, func(a, b policies.GateFailure) int { // OPA sorts by code
			return cmp.Or(cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.Code, b.Code))
		})
		return g, err
	}
}

// orEmpty returns list as policies return it: never nil.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
