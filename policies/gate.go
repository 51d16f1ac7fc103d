package policies

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// GateInput asks whether a build passes with the findings of a scan.
type GateInput struct {
	Now      int64         `json:"now"` // seconds since 1970
	Findings []GateFinding `json:"findings"`
	Baseline []string      `json:"baseline"` // fingerprints of findings that are accepted
}

// GateFinding is a finding of a scan; never the secret.
type GateFinding struct {
	Fingerprint string `json:"fingerprint"`
	Rule        string `json:"rule"`
	File        string `json:"file"`
	Line        int    `json:"line"`
	Commit      string `json:"commit"`
	Severity    string `json:"severity"`        // empty counts as high
	Known       *Known `json:"known,omitempty"` // nil: found by a rule only
	Verified    bool   `json:"verified"`        // the secret was tried and works
}

// Gate is the decision about a GateInput.
type Gate struct {
	ID       ID            `json:"-"`
	Pass     bool          `json:"pass"`
	Failures []GateFailure `json:"failures"` // by fingerprint
	Waived   []string      `json:"waived"`   // fingerprints that a waiver let pass, sorted
	Err      error         `json:"-"`        // why the policy could not decide; Pass is false then
}

// GateFailure is a reason for which a build does not pass.
type GateFailure struct {
	Code        string `json:"code"` // new_finding, live_secret, invalid_waiver, expired_waiver
	Fingerprint string `json:"fingerprint"`
	Message     string `json:"message"`
}

// Failure returns Err.
func (g Gate) Failure() error { return g.Err }

func fail(err error) Gate {
	return Gate{Failures: []GateFailure{{CodeFailed, "", err.Error()}}, Waived: []string{}, Err: err}
}

// Entrypoint returns EntryGate.
func (*GateInput) Entrypoint() Entrypoint { return EntryGate }

// appendKey is not used to keep decisions: each is asked for once.
func (in *GateInput) appendKey(k []byte, reads fields) []byte {
	timeless := *in
	timeless.Now = 0
	return append(k, timeless.value(reads).String()...)
}

func (in *GateInput) value(fields) ast.Value {
	findings := make([]*ast.Term, len(in.Findings))
	for i := range in.Findings {
		findings[i] = in.Findings[i].term()
	}
	return ast.NewObject(
		[2]*ast.Term{ast.StringTerm("now"), number(in.Now)},
		[2]*ast.Term{ast.StringTerm("findings"), ast.ArrayTerm(findings...)},
		[2]*ast.Term{ast.StringTerm("baseline"), texts(in.Baseline)})
}

func (f *GateFinding) term() *ast.Term {
	pairs := [][2]*ast.Term{
		{ast.StringTerm("fingerprint"), ast.StringTerm(f.Fingerprint)}, {key.rule, ast.StringTerm(f.Rule)},
		{ast.StringTerm("file"), ast.StringTerm(f.File)}, {ast.StringTerm("line"), number(int64(f.Line))},
		{ast.StringTerm("commit"), ast.StringTerm(f.Commit)}, {key.severity, ast.StringTerm(f.Severity)},
		{ast.StringTerm("verified"), ast.BooleanTerm(f.Verified)},
	}
	if f.Known != nil {
		pairs = append(pairs, [2]*ast.Term{key.known, f.Known.term()})
	}
	return object(pairs...)
}

func decodeGate(t *ast.Term) (Gate, error) {
	r := newRecord(t)
	g := Gate{
		Pass: r.boolean("pass", required),
		Failures: readEach(r, "failures", func(r *record) GateFailure {
			return GateFailure{r.text("code"), r.text("fingerprint"), r.text("message")}
		}),
		Waived: r.texts("waived"),
	}
	slices.SortFunc(g.Failures, func(a, b GateFailure) int {
		return cmp.Or(cmp.Compare(a.Fingerprint, b.Fingerprint), cmp.Compare(a.Code, b.Code))
	})
	return g, r.done()
}
