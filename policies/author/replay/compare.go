package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/decisionlog"
)

// Kind is how a decision changes. The first of each entrypoint is what somebody
// should look at first: less is held back than before.
type Kind string

// The kinds of change.
const (
	Widened     Kind = "widened"     // access: denied, now allowed
	Narrowed    Kind = "narrowed"    // access: allowed, now denied
	Obligations Kind = "obligations" // access: as before, with other obligations
	Grants      Kind = "grants"      // access: as before, by other grants
	Reasons     Kind = "reasons"     // access: as before, for other reasons
	Weaker      Kind = "weaker"      // redaction: from block to redact or allow, or from redact to allow
	Stricter    Kind = "stricter"    // redaction: the other way
	Effects     Kind = "effects"     // redaction: another style, alert, rotate or propose
	Rules       Kind = "rules"       // redaction: as before, by other rules
	Gone        Kind = "gone"        // rotation: a finding is not made any more
	New         Kind = "new"         // rotation: more findings, none gone
	Passes      Kind = "passes"      // gate: failed, now passes
	Fails       Kind = "fails"       // gate: passed, now fails
	Findings    Kind = "findings"    // gate: as before, for other findings
	Failed      Kind = "failed"      // any: the candidate cannot decide
	Recovered   Kind = "recovered"   // any: the policy could not decide then, the candidate can
	Messages    Kind = "messages"    // any: only the words differ
)

// kinds are the kinds of each entrypoint in the order of reports.
var kinds = map[policies.Entrypoint][]Kind{
	policies.EntryAccess:    {Widened, Failed, Recovered, Narrowed, Obligations, Grants, Reasons, Messages},
	policies.EntryRedaction: {Weaker, Failed, Recovered, Stricter, Effects, Rules, Messages},
	policies.EntryRotation:  {Gone, Failed, Recovered, New, Messages},
	policies.EntryGate:      {Passes, Failed, Recovered, Fails, Findings, Messages},
}

// change is what differs between two decisions.
type change struct {
	kind                      Kind
	subject, action, resource string
	causes                    []string // "+grant x": the candidate's; "-grant x": the recorded one's
	before, after             string
}

// said is what a decision says, in words that can be counted.
type said struct {
	rank    int // more is less held back
	outcome string
	causes  []string
}

func compare(e *decisionlog.Entry, recorded, now policies.Decision) change {
	was, is := words(recorded), words(now)
	var c change
	c.subject, c.action, c.resource = about(e.Input)
	c.before, c.after = was.String(), is.String()
	gone, added := missing(was.causes, is.causes), missing(is.causes, was.causes)
	for _, cause := range gone {
		c.causes = append(c.causes, "-"+cause)
	}
	for _, cause := range added {
		c.causes = append(c.causes, "+"+cause)
	}
	if recorded.Failure() != nil && now.Failure() == nil {
		c.kind = Recovered
	} else {
		c.kind = kindOf(e.Entrypoint, is.rank-was.rank, gone, added, now.Failure() != nil)
	}
	return c
}

// kindOf returns the first kind that fits. More is how much less is held back.
func kindOf(e policies.Entrypoint, more int, gone, added []string, failed bool) Kind {
	if e == policies.EntryRotation { // each finding holds something back
		more = cmp.Compare(len(gone), 0)
		if more == 0 {
			more = -cmp.Compare(len(added), 0)
		}
	}
	differs := func(what string) bool {
		return slices.ContainsFunc(slices.Concat(gone, added), func(cause string) bool { return strings.HasPrefix(cause, what) })
	}
	for _, k := range kinds[e] {
		var fits bool
		switch k {
		case Widened, Weaker, Gone, Passes:
			fits = more > 0
		case Narrowed, Stricter, New, Fails:
			fits = more < 0
		case Failed:
			fits = failed
		case Obligations:
			fits = differs("obligation ")
		case Grants:
			fits = differs("grant ")
		case Reasons:
			fits = differs("reason ")
		case Effects:
			fits = differs("effect ")
		case Rules:
			fits = differs("rule ")
		case Findings:
			fits = len(gone)+len(added) > 0
		}
		if fits {
			return k
		}
	}
	return Messages
}

// words returns what d says.
func words(d policies.Decision) said {
	s := said{}
	add := func(format string, args ...any) { s.causes = append(s.causes, fmt.Sprintf(format, args...)) }
	switch d := d.(type) {
	case policies.Access:
		s.outcome = "deny"
		if d.Allow {
			s.rank, s.outcome = 1, "allow"
		}
		addEach(add, "grant", d.Grants)
		addEach(add, "obligation", d.Obligations)
		for _, r := range d.Reasons {
			add("reason %s", r.Code)
		}
	case policies.Redaction:
		s.rank, s.outcome = slices.Index([]string{"block", "redact", "allow"}, d.Action), d.Action
		add("effect style %s", d.Style)
		for name, given := range map[string]bool{"alert": d.Alert, "rotate": d.Rotate, "propose": d.Propose} {
			if given {
				add("effect %s", name)
			}
		}
		addEach(add, "rule", d.Rules)
	case policies.Rotation:
		s.outcome = "no findings"
		if len(d.Findings) > 0 {
			s.outcome = "flagged"
		}
		for _, f := range d.Findings {
			add("finding %s (%s)", f.Code, f.Severity)
		}
	case policies.Gate:
		s.outcome = "fail"
		if d.Pass {
			s.rank, s.outcome = 1, "pass"
		}
		for _, f := range d.Failures {
			add("failure %s %s", f.Code, f.Fingerprint)
		}
		addEach(add, "waived", d.Waived)
	}
	slices.Sort(s.causes)
	s.causes = slices.Compact(s.causes)
	return s
}

func addEach(add func(string, ...any), what string, names []string) {
	for _, name := range names {
		add("%s %s", what, name)
	}
}

// missing returns what is in a and not in b.
func missing(a, b []string) []string {
	var all []string
	for _, x := range a {
		if !slices.Contains(b, x) {
			all = append(all, x)
		}
	}
	return all
}

// String returns the outcome and why, as "deny: reason no_grant".
func (s said) String() string {
	const shown = 3
	if len(s.causes) > shown {
		return fmt.Sprintf("%s: %s and %d more", s.outcome, strings.Join(s.causes[:shown], ", "), len(s.causes)-shown)
	}
	return strings.TrimSuffix(s.outcome+": "+strings.Join(s.causes, ", "), ": ")
}

// about returns who asked for what.
func about(in policies.Input) (subject, action, resource string) {
	switch in := in.(type) {
	case *policies.AccessInput:
		return in.Subject.ID, in.Action.Name, in.Resource.ID
	case *policies.RedactionInput:
		resource := "rule " + in.Finding.Rule
		if in.Finding.Known != nil {
			resource = in.Finding.Known.ID
		}
		return in.Principal.ID, strings.TrimSpace(in.Carrier + " " + in.Host), resource
	case *policies.RotationInput:
		return in.Secret.Owner, "", in.Secret.ID
	case *policies.GateInput:
		return "", "", fmt.Sprintf("a scan with %d findings", len(in.Findings))
	}
	return "", "", ""
}
