package method

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/lease"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

var createFields = []logical.Field{
	{Name: "id", Type: logical.String, Doc: "The token itself, instead of a random one; needs sudo.", Secret: true},
	{Name: "policies", Type: logical.Strings, Doc: "Policies of the token; none: those of the calling one."},
	{Name: "no_default_policy", Type: logical.Bool, Doc: `Without the policy "default".`},
	{Name: "no_parent", Type: logical.Bool, Doc: "Without a parent; needs sudo."},
	{Name: "meta", Type: logical.Pairs, Doc: "Texts that are kept with the token and shown."},
	{Name: "display_name", Type: logical.String, Doc: "A name of the token for people."},
	{Name: "entity_alias", Type: logical.String, Doc: "The alias of whose entity the token is, with a role only."},
	{Name: "num_uses", Type: logical.Int, Doc: "How often the token may be used; 0: any number of times."},
	{Name: "renewable", Type: logical.Bool, Default: true, Doc: "The token can be renewed."},
	{Name: "type", Type: logical.String, Doc: "service or batch."},
	{Name: "ttl", Type: logical.SignedDuration, Doc: "How long the token lives."},
	{Name: "lease", Type: logical.SignedDuration, Doc: "Old name of ttl."},
	{Name: "explicit_max_ttl", Type: logical.SignedDuration, Doc: "How long it lives at the most, however often it is renewed."},
	{Name: "period", Type: logical.SignedDuration, Doc: "It can be renewed for so long, again and again; needs sudo."},
}

func (m *Method) create(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	return m.make(ctx, c, nil, false)
}

func (m *Method) createOrphan(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	return m.make(ctx, c, nil, true)
}

func (m *Method) createWithRole(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	name := c.Fields.String("role_name")
	if err := checkName(name); err != nil {
		return nil, err
	}
	r, err := loadRole(ctx, c.Storage, name)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, logical.Invalid("unknown role %s", name)
	}
	return m.make(ctx, c, r, false)
}

// making is a token that is about to be made.
type making struct {
	*logical.Call
	caller   *token.Caller
	parent   *token.Entry
	role     *role // nil for none
	orphan   bool  // create-orphan
	entry    token.Entry
	warnings []string
}

func (m *Method) make(ctx context.Context, c *logical.Call, r *role, orphan bool) (*logical.Response, error) {
	caller := token.From(ctx)
	k := &making{Call: c, caller: caller, parent: caller.Entry, role: r, orphan: orphan}
	if k.parent == nil {
		return nil, logical.Invalid("parent token lookup failed: no parent found")
	}
	entity, err := k.begin(ctx, m)
	if err != nil {
		return nil, err
	}
	for _, step := range []func() error{k.setPolicies, func() error { return k.setFamily(entity) }, k.setTimes} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	id, made, err := m.issue(ctx, k)
	if err != nil {
		return nil, err
	}
	caller.Issued = &token.Issued{ID: id, Entry: made}
	if err := k.warnOfPolicies(ctx, m); err != nil {
		return nil, err
	}
	return &logical.Response{Warnings: k.warnings}, nil
}

// begin checks who asks, and sets what needs no more than the request and the role. It
// returns the entity that entity_alias names, empty for none.
func (k *making) begin(ctx context.Context, m *Method) (entity string, err error) {
	if k.parent.Type == token.Batch {
		return "", logical.Invalid("batch tokens cannot create more tokens")
	}
	if k.parent.NumUses != 0 {
		return "", logical.Invalid("restricted use token cannot generate child tokens")
	}
	k.entry = token.Entry{
		Type: token.Service, Path: "auth/token/" + k.Path, Name: "token", NumUses: k.Fields.Int("num_uses"),
		Renewable: k.Fields.Bool("renewable"), Meta: k.Fields.Pairs("meta"),
	}
	if name := k.Fields.String("display_name"); name != "" {
		k.entry.Name = displayName(name)
	}
	if err := k.setType(); err != nil {
		return "", err
	}
	if k.entry.NumUses < 0 {
		return "", logical.Invalid("number of uses cannot be negative")
	}
	if k.role != nil {
		k.applyRole()
	}
	if entity, err = k.entity(ctx, m); err != nil {
		return "", err
	}
	if k.Fields.String("id") != "" && !k.caller.Sudo {
		return "", logical.Invalid("root or sudo privileges required to specify token id")
	}
	return entity, nil
}

func (k *making) applyRole() {
	k.entry.Role = k.Fields.String("role_name")
	k.entry.Renewable = k.entry.Renewable && k.role.Renewable
	if n := k.role.TokenNumUses; n > 0 && k.entry.Type == token.Service && (k.entry.NumUses == 0 || n < k.entry.NumUses) {
		k.entry.NumUses = n
	}
	if k.role.PathSuffix != "" {
		k.entry.Path += "/" + k.role.PathSuffix
	}
}

// setType decides between service and batch, by the request unless the role does.
func (k *making) setType() error {
	kind := k.Fields.String("type")
	if k.role != nil {
		switch {
		case k.role.TokenType == token.Service || k.role.TokenType == token.Batch:
			kind = k.role.TokenType
		case k.role.TokenType == defaultBatch && kind == "":
			kind = token.Batch
		}
	}
	switch kind {
	case "", token.Service:
		return nil
	case token.Batch:
	default:
		return logical.Invalid("invalid 'token_type' value")
	}
	k.entry.Type, k.entry.Renewable = token.Batch, false
	bad := ""
	switch {
	case k.Fields.Duration("explicit_max_ttl") != 0:
		bad = "explicit_max_ttl"
	case k.entry.NumUses != 0:
		bad = "num_uses"
	case k.Fields.Duration("period") != 0:
		bad = "period"
	case k.Fields.String("id") != "":
		bad = "id"
	}
	if bad != "" {
		return logical.Invalid("batch tokens cannot have %q set", bad)
	}
	return nil
}

// entity returns the id of the entity that entity_alias names.
func (k *making) entity(ctx context.Context, m *Method) (string, error) {
	alias := k.Fields.String("entity_alias")
	if alias == "" {
		return "", nil
	}
	if k.role == nil {
		return "", logical.Invalid("'entity_alias' is only allowed in combination with token role")
	}
	if !matchesAny(k.role.EntityAliases, strings.ToLower(alias)) {
		return "", logical.Invalid("invalid 'entity_alias' value")
	}
	if m.o.EntityOf == nil {
		return "", logical.Invalid("failed to create or fetch entity from given entity alias")
	}
	entity, err := m.o.EntityOf(ctx, k.Mount.Accessor, alias)
	if err != nil {
		return "", err
	}
	if entity == nil {
		return "", logical.Invalid("failed to create or fetch entity from given entity alias")
	}
	if entity.Disabled {
		return "", &logical.Error{Status: logical.ErrDenied.Status, Text: "entity from given entity alias is disabled"}
	}
	return entity.ID, nil
}

func (k *making) setPolicies() (err error) {
	w := wish{k.Fields.Strings("policies"), k.Fields.Bool("no_default_policy"), k.caller.Sudo, k.parent.Policies}
	if k.entry.Policies, err = w.grant(k.role); err != nil {
		return err
	}
	if !k.entry.Root() {
		return nil
	}
	if !k.parent.Root() {
		return logical.Invalid("root tokens may not be created without parent token being root")
	}
	if k.entry.Type == token.Batch {
		return logical.Invalid("batch tokens cannot be root tokens")
	}
	return nil
}

// setFamily decides on the parent, and on what a child has from it.
func (k *making) setFamily(entity string) error {
	orphan := k.orphan
	switch {
	case k.role != nil:
		orphan = k.role.Orphan
		k.entry.BoundCIDRs = slices.Clone(k.role.TokenBoundCIDRs)
	case k.Fields.Bool("no_parent"):
		if !k.caller.Sudo {
			return logical.Invalid("root or sudo privileges required to create orphan token")
		}
		orphan = true
	}
	if !orphan {
		k.entry.Parent, k.entry.EntityID = k.parent.Key(), k.parent.EntityID
		if k.role == nil {
			k.entry.BoundCIDRs = slices.Clone(k.parent.BoundCIDRs)
		}
	}
	if entity != "" {
		k.entry.EntityID = entity
	}
	return nil
}

// setTimes decides how long the token lives.
func (k *making) setTimes() error {
	wanted, name := k.Fields.Duration("ttl"), "ttl"
	if !k.Fields.Has("ttl") {
		wanted, name = k.Fields.Duration("lease"), "lease"
	}
	e := &k.entry
	e.ExplicitMax, e.Period = k.Fields.Duration("explicit_max_ttl"), k.Fields.Duration("period")
	switch {
	case e.ExplicitMax < 0:
		return logical.Invalid("explicit_max_ttl must be positive")
	case e.Period < 0:
		return logical.Invalid("period must be positive")
	case e.Period > 0 && !k.caller.Sudo:
		return logical.Invalid("root or sudo privileges required to create periodic token")
	case wanted < 0:
		return logical.Invalid("%s must be positive", name)
	}
	if k.role != nil && e.Type == token.Service {
		k.lesser(&e.ExplicitMax, k.role.TokenExplicitMax, "Explicit max TTL")
		k.lesser(&e.Period, k.role.TokenPeriod, "Period")
	}
	if e.Period > 0 || wanted > 0 || !e.Root() {
		terms := lease.Terms{Wanted: wanted, Period: e.Period, ExplicitMax: e.ExplicitMax, MountTTL: k.Mount.DefaultTTL, MountMax: k.Mount.MaxTTL}
		ttl, warnings, err := terms.TTL(k.Time, k.Time)
		if err != nil {
			return err
		}
		e.TTL, k.warnings = ttl, append(k.warnings, warnings...)
	}
	if e.TTL == 0 {
		e.TTL = e.ExplicitMax
	}
	if e.TTL == 0 {
		if k.parent.TTL != 0 {
			return logical.Invalid("expiring root tokens cannot create non-expiring root tokens")
		}
		e.Renewable, e.BoundCIDRs = false, nil
	}
	return nil
}

// lesser takes the smaller of what the request and the role say.
func (k *making) lesser(asked *time.Duration, role time.Duration, what string) {
	switch {
	case role == 0:
	case *asked == 0:
		*asked = role
	default:
		*asked = min(*asked, role)
		k.warnings = append(k.warnings, fmt.Sprintf("%s specified both during creation call and in role; using the lesser value of %d seconds", what, seconds(*asked)))
	}
}

func (m *Method) issue(ctx context.Context, k *making) (secret.Bytes, *token.Entry, error) {
	if id := k.Fields.String("id"); id != "" {
		chosen := secret.Of([]byte(id))
		e, err := m.store.CreateAs(ctx, k.Time, chosen, k.entry)
		return chosen, e, err
	}
	return m.store.Create(ctx, k.Time, k.entry)
}

func (k *making) warnOfPolicies(ctx context.Context, m *Method) error {
	if m.o.PolicyExists == nil {
		return nil
	}
	for _, name := range k.entry.Policies {
		exists, err := m.o.PolicyExists(ctx, name)
		if err != nil {
			return err
		}
		if !exists {
			k.warnings = append(k.warnings, fmt.Sprintf("Policy %q does not exist", name))
		}
	}
	return nil
}

// displayName returns a name as Vault keeps it.
func displayName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, "token-"+name)
	return strings.TrimSuffix(clean, "-")
}

// ofThisMethod reports whether a token was made by this method.
func ofThisMethod(e *token.Entry) bool { return strings.HasPrefix(e.Path, "auth/token/") }
