package policies

import (
	"encoding/binary"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/source"
)

// RedactionInput asks what happens to a finding in motion. It is asked for findings,
// never for clean traffic.
type RedactionInput struct {
	Now     int64  `json:"now"`     // seconds since 1970
	Carrier string `json:"carrier"` // egress, ingress, logs, run or repository
	Host    string `json:"host"`
	// Hosts are HostScopes(Host).
	Hosts     []string  `json:"hosts"`
	Route     string    `json:"route"`
	Principal Principal `json:"principal"`
	Location  Location  `json:"location"`
	Finding   Finding   `json:"finding"`
}

// Location is where a finding stands.
type Location struct {
	Part      string `json:"part"`      // url, header, body, line, error or file
	Direction string `json:"direction"` // request, response or none
	Name      string `json:"name"`      // of the header, field or file
}

// Finding is what was found; never the secret.
type Finding struct {
	Rule     string `json:"rule"`
	Class    string `json:"class"`
	Severity string `json:"severity"`        // low, medium, high or critical
	Known    *Known `json:"known,omitempty"` // nil: found by a rule only
}

// Known names a known secret.
type Known struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	// Use tells whether the secret's own metadata lets it be used at this
	// destination: allowed, elsewhere (only at others), or unset. Empty where there
	// is no destination.
	Use string `json:"use"`
}

// Redaction is the decision about a RedactionInput.
type Redaction struct {
	ID      ID       `json:"-"`
	Action  string   `json:"action"`  // allow, redact or block
	Style   string   `json:"style"`   // of what stands in the secret's place
	Alert   bool     `json:"alert"`   // somebody should know
	Rotate  bool     `json:"rotate"`  // the store should replace the secret
	Propose bool     `json:"propose"` // the destination should be proposed as a use
	Rules   []string `json:"rules"`   // that decided, sorted
	// CacheSeconds is for how long the decision holds if nothing but the time changes.
	CacheSeconds int   `json:"cache_seconds"`
	Cached       bool  `json:"-"`
	Err          error `json:"-"` // why the policy could not decide; Action is redact then
}

// Failure returns Err.
func (r Redaction) Failure() error { return r.Err }

func redact(err error) Redaction {
	return Redaction{Action: "redact", Style: "placeholder", Alert: true, Rules: []string{}, Err: err}
}

// The fields of a redaction input, after those of the principal.
const (
	redactionCarrier = principalLen + iota
	redactionHost
	redactionHosts
	redactionRoute
	redactionPart
	redactionDirection
	redactionName
	redactionRule
	redactionClass
	redactionSeverity
	redactionKnown
	redactionNow
)

var redactionFields = slices.Concat(fieldsOf("principal", principalFields...), []string{"carrier", "host", "hosts", "route"},
	fieldsOf("location", "part", "direction", "name"), fieldsOf("finding", "rule", "class", "severity", "known"), []string{"now"})

// Entrypoint returns EntryRedaction.
func (*RedactionInput) Entrypoint() Entrypoint { return EntryRedaction }

func (in *RedactionInput) value(reads fields) ast.Value {
	o := part{reads: reads}
	o.text(redactionCarrier, key.carrier, in.Carrier)
	o.text(redactionHost, key.host, in.Host)
	o.texts(redactionHosts, key.hosts, in.Hosts)
	o.text(redactionRoute, key.route, in.Route)
	o.term(redactionNow, key.now, func() *ast.Term { return number(in.Now) })
	o.pairs = append(o.pairs,
		[2]*ast.Term{key.principal, in.Principal.term(reads, 0)},
		[2]*ast.Term{key.location, in.Location.term(reads)},
		[2]*ast.Term{key.finding, in.Finding.term(reads)})
	return ast.NewObject(o.pairs...)
}

func (l *Location) term(reads fields) *ast.Term {
	o := part{reads: reads}
	o.text(redactionPart, key.part, l.Part)
	o.text(redactionDirection, key.direction, l.Direction)
	o.text(redactionName, key.name, l.Name)
	return object(o.pairs...)
}

func (f *Finding) term(reads fields) *ast.Term {
	o := part{reads: reads}
	o.text(redactionRule, key.rule, f.Rule)
	o.text(redactionClass, key.class, f.Class)
	o.text(redactionSeverity, key.severity, f.Severity)
	if f.Known != nil {
		o.term(redactionKnown, key.known, f.Known.term)
	}
	return object(o.pairs...)
}

func (k *Known) term() *ast.Term {
	return object([2]*ast.Term{key.id, ast.StringTerm(k.ID)}, [2]*ast.Term{key.version, number(int64(k.Version))}, [2]*ast.Term{key.use, ast.StringTerm(k.Use)})
}

func (in *RedactionInput) appendKey(k []byte, reads fields) []byte {
	k = in.Principal.appendKey(k, reads, 0)
	for _, f := range [...]struct {
		field int
		text  string
	}{
		{redactionCarrier, in.Carrier}, {redactionHost, in.Host}, {redactionRoute, in.Route},
		{redactionPart, in.Location.Part}, {redactionDirection, in.Location.Direction}, {redactionName, in.Location.Name},
		{redactionRule, in.Finding.Rule}, {redactionClass, in.Finding.Class}, {redactionSeverity, in.Finding.Severity},
	} {
		if reads.has(f.field) {
			k = appendText(k, f.text)
		}
	}
	if reads.has(redactionHosts) {
		k = appendTexts(k, in.Hosts)
	}
	if known := in.Finding.Known; reads.has(redactionKnown) && known != nil {
		k = appendText(appendText(append(k, 'k'), known.ID), known.Use)
		k = binary.AppendVarint(k, int64(known.Version))
	}
	return k
}

func decodeRedaction(t *ast.Term) (Redaction, error) {
	r := newRecord(t)
	d := Redaction{
		Action: r.oneOf("action", required, source.Actions()...), Style: r.oneOf("style", optional, source.Styles()...),
		Alert: r.boolean("alert", optional), Rotate: r.boolean("rotate", optional), Propose: r.boolean("propose", optional), Rules: r.texts("rules"),
		CacheSeconds: max(0, r.number("cache_seconds")),
	}
	if d.Style == "" {
		d.Style = "placeholder"
	}
	return d, r.done()
}
