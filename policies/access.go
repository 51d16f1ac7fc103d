package policies

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// AccessInput asks whether a principal may do something with a resource. Its words
// are those of the OpenID AuthZEN Authorization API 1.0.
type AccessInput struct {
	Subject  Principal `json:"subject"`
	Action   Action    `json:"action"`
	Resource Resource  `json:"resource"`
	Context  Context   `json:"context"`
	ACL      *ACL      `json:"acl,omitempty"` // nil: no ACL policy was asked
}

// Action is what shall be done.
type Action struct {
	Name string `json:"name"` // a capability, as "read"
}

// Resource is what it shall be done with.
type Resource struct {
	Type string `json:"type"` // secret
	ID   string `json:"id"`   // its path, beginning with the mount
	// Ancestors are Ancestors(ID).
	Ancestors  []string           `json:"ancestors"`
	Properties ResourceProperties `json:"properties"`
}

// ResourceProperties are a secret's metadata.
type ResourceProperties struct {
	Environment string `json:"environment"`
	Class       string `json:"class"`
	Owner       string `json:"owner"`
	Kind        string `json:"kind"` // static, rotated or dynamic
}

// Context is about the request.
type Context struct {
	Time       int64       `json:"time"` // seconds since 1970
	SourceIP   string      `json:"source_ip"`
	MFA        bool        `json:"mfa"`                   // a second factor was verified
	BreakGlass *BreakGlass `json:"break_glass,omitempty"` // nil: no emergency
}

// BreakGlass claims an emergency.
type BreakGlass struct {
	Reason string `json:"reason"`
	Ticket string `json:"ticket"`
}

// ACL is what the store's ACL policies say, decided elsewhere.
type ACL struct {
	Allowed      bool     `json:"allowed"`
	Policy       string   `json:"policy"`
	Pattern      string   `json:"pattern"`
	Capabilities []string `json:"capabilities"`
}

// Access is the decision about an AccessInput.
type Access struct {
	ID          ID       `json:"-"`
	Allow       bool     `json:"allow"`
	Grants      []string `json:"grants"`  // that allow it, sorted
	Reasons     []Reason `json:"reasons"` // why not
	Obligations []string `json:"obligations"`
	// CacheSeconds is for how long the decision holds if nothing but the time changes.
	CacheSeconds int   `json:"cache_seconds"`
	Cached       bool  `json:"-"`
	Err          error `json:"-"` // why the policy could not decide; Allow is false then
}

// Reason says why something was decided, to a program and to a person.
type Reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Failure returns Err.
func (a Access) Failure() error { return a.Err }

// deny is the decision if the policy cannot decide.
func deny(err error) Access {
	return Access{Grants: []string{}, Reasons: []Reason{{CodeFailed, err.Error()}}, Obligations: []string{}, Err: err}
}

// The fields of an access input, after those of the principal.
const (
	accessAction = principalLen + iota
	accessResourceType
	accessResourceID
	accessAncestors
	accessProperties
	accessTime
	accessSourceIP
	accessMFA
	accessBreakGlass
	accessACL
)

var accessFields = slices.Concat(fieldsOf("subject", principalFields...), []string{"action"},
	fieldsOf("resource", "type", "id", "ancestors", "properties"),
	fieldsOf("context", "time", "source_ip", "mfa", "break_glass"), []string{"acl"})

// Entrypoint returns EntryAccess.
func (*AccessInput) Entrypoint() Entrypoint { return EntryAccess }

func (in *AccessInput) value(reads fields) ast.Value {
	pairs := [][2]*ast.Term{
		{key.subject, in.Subject.term(reads, 0)},
		{key.resource, in.Resource.term(reads)},
		{key.context, in.Context.term(reads)},
	}
	if reads.has(accessAction) {
		pairs = append(pairs, [2]*ast.Term{key.action, object([2]*ast.Term{key.name, ast.StringTerm(in.Action.Name)})})
	}
	if reads.has(accessACL) && in.ACL != nil {
		pairs = append(pairs, [2]*ast.Term{key.acl, object(
			[2]*ast.Term{key.allowed, ast.BooleanTerm(in.ACL.Allowed)}, [2]*ast.Term{key.policy, ast.StringTerm(in.ACL.Policy)},
			[2]*ast.Term{key.pattern, ast.StringTerm(in.ACL.Pattern)}, [2]*ast.Term{key.capabilities, texts(in.ACL.Capabilities)})})
	}
	return ast.NewObject(pairs...)
}

func (r *Resource) term(reads fields) *ast.Term {
	o := part{reads: reads}
	o.text(accessResourceType, key.typ, r.Type)
	o.text(accessResourceID, key.id, r.ID)
	o.texts(accessAncestors, key.ancestors, r.Ancestors)
	o.term(accessProperties, key.properties, func() *ast.Term {
		return object(
			[2]*ast.Term{key.environment, ast.StringTerm(r.Properties.Environment)}, [2]*ast.Term{key.class, ast.StringTerm(r.Properties.Class)},
			[2]*ast.Term{key.owner, ast.StringTerm(r.Properties.Owner)}, [2]*ast.Term{key.kind, ast.StringTerm(r.Properties.Kind)})
	})
	return object(o.pairs...)
}

func (c *Context) term(reads fields) *ast.Term {
	o := part{reads: reads}
	o.term(accessTime, key.time, func() *ast.Term { return number(c.Time) })
	o.text(accessSourceIP, key.sourceIP, c.SourceIP)
	o.term(accessMFA, key.mfa, func() *ast.Term { return ast.BooleanTerm(c.MFA) })
	if c.BreakGlass != nil {
		o.term(accessBreakGlass, key.breakGlass, func() *ast.Term {
			return object([2]*ast.Term{key.reason, ast.StringTerm(c.BreakGlass.Reason)}, [2]*ast.Term{key.ticket, ast.StringTerm(c.BreakGlass.Ticket)})
		})
	}
	return object(o.pairs...)
}

func (in *AccessInput) appendKey(k []byte, reads fields) []byte {
	k = in.Subject.appendKey(k, reads, 0)
	for _, f := range [...]struct {
		field int
		text  string
	}{
		{accessAction, in.Action.Name}, {accessResourceType, in.Resource.Type}, {accessResourceID, in.Resource.ID}, {accessSourceIP, in.Context.SourceIP},
	} {
		if reads.has(f.field) {
			k = appendText(k, f.text)
		}
	}
	if reads.has(accessAncestors) {
		k = appendTexts(k, in.Resource.Ancestors)
	}
	if p := &in.Resource.Properties; reads.has(accessProperties) {
		k = appendText(appendText(appendText(appendText(k, p.Environment), p.Class), p.Owner), p.Kind)
	}
	if reads.has(accessMFA) && in.Context.MFA {
		k = append(k, 'm')
	}
	if b := in.Context.BreakGlass; reads.has(accessBreakGlass) && b != nil {
		k = appendText(appendText(append(k, 'b'), b.Reason), b.Ticket)
	}
	if a := in.ACL; reads.has(accessACL) && a != nil {
		k = appendText(appendText(append(k, 'a'), a.Policy), a.Pattern)
		k = appendTexts(k, a.Capabilities)
		if a.Allowed {
			k = append(k, 'y')
		}
	}
	return k
}

func decodeAccess(t *ast.Term) (Access, error) {
	r := newRecord(t)
	a := Access{
		Allow:        r.boolean("allow", required),
		Grants:       r.texts("grants"),
		Reasons:      readEach(r, "reasons", func(r *record) Reason { return Reason{r.text("code"), r.text("message")} }),
		Obligations:  r.texts("obligations"),
		CacheSeconds: max(0, r.number("cache_seconds")),
	}
	slices.SortFunc(a.Reasons, compareReasons)
	return a, r.done()
}
