package policies

import (
	"cmp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/source"
)

// RotationInput asks what is wrong with the age and upkeep of one secret.
type RotationInput struct {
	Now    int64          `json:"now"` // seconds since 1970
	Secret SecretMetadata `json:"secret"`
}

// SecretMetadata is all that is known of a secret but its value. Times are seconds
// since 1970; zero is never.
type SecretMetadata struct {
	ID           string `json:"id"`
	Class        string `json:"class"`
	Kind         string `json:"kind"`   // static, rotated or dynamic
	System       string `json:"system"` // that accepts it, as "postgres"
	Owner        string `json:"owner"`
	CreatedAt    int64  `json:"created_at"`
	RotatedAt    int64  `json:"rotated_at,omitempty"`
	LastReadAt   int64  `json:"last_read_at,omitempty"`
	LiveVersions int    `json:"live_versions"`
	LeakedAt     int64  `json:"leaked_at,omitempty"`
	MaxAgeDays   int    `json:"max_age_days,omitempty"` // instead of its class's
}

// Rotation is the decision about a RotationInput.
type Rotation struct {
	ID       ID                `json:"-"`
	Findings []RotationFinding `json:"findings"` // by code; empty: all is well
	Err      error             `json:"-"`        // why the policy could not decide; one finding says so then
}

// RotationFinding is one thing that is wrong with a secret.
type RotationFinding struct {
	Code     string `json:"code"` // overdue, due_soon, never_rotated, owner_missing, static_where_dynamic, unused, too_many_versions, leaked
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

// Failure returns Err.
func (r Rotation) Failure() error { return r.Err }

func unknownAge(err error) Rotation {
	return Rotation{Findings: []RotationFinding{{CodeFailed, "high", err.Error()}}, Err: err}
}

// Entrypoint returns EntryRotation.
func (*RotationInput) Entrypoint() Entrypoint { return EntryRotation }

// appendKey is not used to keep decisions: each is asked for once.
func (in *RotationInput) appendKey(k []byte, reads fields) []byte {
	timeless := *in
	timeless.Now = 0
	return append(k, timeless.value(reads).String()...)
}

func (in *RotationInput) value(fields) ast.Value {
	s := &in.Secret
	var pairs [][2]*ast.Term
	text := func(name, value string) {
		pairs = append(pairs, [2]*ast.Term{ast.StringTerm(name), ast.StringTerm(value)})
	}
	text("id", s.ID)
	text("class", s.Class)
	text("kind", s.Kind)
	text("system", s.System)
	text("owner", s.Owner)
	for _, n := range []struct {
		name   string
		value  int64
		always bool
	}{
		{"created_at", s.CreatedAt, true}, {"rotated_at", s.RotatedAt, false}, {"last_read_at", s.LastReadAt, false},
		{"live_versions", int64(s.LiveVersions), true}, {"leaked_at", s.LeakedAt, false}, {"max_age_days", int64(s.MaxAgeDays), false},
	} {
		if n.always || n.value != 0 {
			pairs = append(pairs, [2]*ast.Term{ast.StringTerm(n.name), number(n.value)})
		}
	}
	return ast.NewObject([2]*ast.Term{ast.StringTerm("now"), number(in.Now)}, [2]*ast.Term{ast.StringTerm("secret"), object(pairs...)})
}

func decodeRotation(t *ast.Term) (Rotation, error) {
	findings, err := readList(t, func(r *record) RotationFinding {
		return RotationFinding{r.text("code"), r.oneOf("severity", required, source.Severities()...), r.text("message")}
	})
	slices.SortFunc(findings, func(a, b RotationFinding) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	return Rotation{Findings: findings}, err
}
