// Package method serves auth/token: making, looking up, renewing and revoking tokens, and
// the roles they can be made by. Answers and errors are Vault's.
//
// The tokens are in a [token.Store]; the roles are in the storage of the mount. Of the
// calling token the handlers know what the core has put into the context, see
// [token.Caller]; there they also leave the token that is their answer.
package method

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/token"
)

// Options are what the method asks of other parts of the store. Each may be nil.
type Options struct {
	// PolicyExists is for the warning about a policy that does not. Nil: no warnings.
	PolicyExists func(ctx context.Context, name string) (bool, error)
	// EntityOf returns the entity of an alias at the mount with an accessor, made if it
	// does not exist. Nil: the parameter entity_alias is refused.
	EntityOf func(ctx context.Context, accessor, alias string) (*logical.Entity, error)
	// IdentityPolicies returns the policies an entity has itself and by its groups.
	IdentityPolicies func(ctx context.Context, entity string) ([]string, error)
	// RenewLogin asks the auth method that a token is from how long it may live on; its
	// error refuses. Nil: as when it was made.
	RenewLogin func(ctx context.Context, now time.Time, e *token.Entry) (*logical.Auth, error)
	// Log is told of what tidy finds. Nil: nobody is.
	Log *slog.Logger
}

// Method is the backend.
type Method struct {
	store *token.Store
	o     Options
	tidy  chan time.Time // buffered; the worker takes from it
	busy  atomic.Bool    // while something is in tidy or is being done
}

// New returns the backend for the tokens of a store.
func New(store *token.Store, o Options) *Method {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Method{store: store, o: o, tidy: make(chan time.Time, 1)}
}

var (
	tokenField     = logical.Field{Name: "token", Type: logical.String, Doc: "Token that is meant.", Secret: true}
	accessorField  = logical.Field{Name: "accessor", Type: logical.String, Doc: "Accessor of the token that is meant."}
	incrementField = logical.Field{Name: "increment", Type: logical.Duration, Doc: "How long the token shall live from now on."}
	afterField     = logical.Field{Name: "after", Type: logical.String, Doc: "List what comes after this only.", Query: true}
	limitField     = logical.Field{Name: "limit", Type: logical.Int, Doc: "List so many at most; 0: all.", Query: true}
)

// Paths implements [logical.Backend].
func (m *Method) Paths() []logical.Path {
	update := func(h logical.Handler) map[logical.Operation]logical.Handler {
		return map[logical.Operation]logical.Handler{logical.Update: h}
	}
	both := func(h logical.Handler) map[logical.Operation]logical.Handler {
		return map[logical.Operation]logical.Handler{logical.Read: h, logical.Update: h}
	}
	queried := tokenField
	queried.Query = true
	return []logical.Path{
		{Pattern: "create", Doc: "Make a child of the calling token.", Fields: createFields, Handlers: update(m.create)},
		{Pattern: "create-orphan", Doc: "Make a token without a parent.", Fields: createFields, Handlers: update(m.createOrphan)},
		{Pattern: "create/{role_name}", Doc: "Make a token as a role says.", Fields: withRoleName(createFields), Handlers: update(m.createWithRole)},
		{Pattern: "lookup", Doc: "Show what is known of a token.", Fields: []logical.Field{queried}, Handlers: both(m.lookup)},
		{Pattern: "lookup-self", Doc: "Show what is known of the calling token.", Handlers: both(m.lookupSelf)},
		{Pattern: "lookup-accessor", Doc: "Show what is known of a token, by its accessor.", Fields: []logical.Field{accessorField}, Handlers: update(m.lookupAccessor)},
		{Pattern: "renew", Doc: "Let a token live longer.", Fields: []logical.Field{tokenField, incrementField}, Handlers: update(m.renew)},
		{Pattern: "renew-self", Doc: "Let the calling token live longer.", Fields: []logical.Field{incrementField}, Handlers: update(m.renewSelf)},
		{Pattern: "renew-accessor", Doc: "Let a token live longer, by its accessor.", Fields: []logical.Field{accessorField, incrementField}, Handlers: update(m.renewAccessor)},
		{Pattern: "revoke", Doc: "End a token and its children.", Fields: []logical.Field{tokenField}, Handlers: update(m.revoke)},
		{Pattern: "revoke-self", Doc: "End the calling token and its children.", Handlers: update(m.revokeSelf)},
		{Pattern: "revoke-accessor", Doc: "End a token and its children, by its accessor.", Fields: []logical.Field{accessorField}, Handlers: update(m.revokeAccessor)},
		{Pattern: "revoke-orphan", Doc: "End a token; its children become orphans.", Fields: []logical.Field{tokenField}, Handlers: update(m.revokeOrphan)},
		{Pattern: "accessors", Doc: "List the accessors of all tokens.", Sudo: true, Fields: []logical.Field{afterField, limitField},
			Handlers: map[logical.Operation]logical.Handler{logical.List: m.listAccessors}},
		{Pattern: "tidy", Doc: "Look for tokens that should have ended.", Handlers: update(m.startTidy)},
		{Pattern: "roles", Doc: "List the roles.", Fields: []logical.Field{afterField, limitField},
			Handlers: map[logical.Operation]logical.Handler{logical.List: listRoles}},
		{Pattern: "roles/{role_name}", Doc: "What tokens made by a role may and last.", Fields: withRoleName(roleFields), Exists: roleExists,
			Handlers: map[logical.Operation]logical.Handler{
				logical.Read: readRole, logical.Create: writeRole, logical.Update: writeRole, logical.Delete: deleteRole,
			}},
	}
}

// Start implements [logical.Starter]: it begins to wait for requests to tidy.
func (m *Method) Start(ctx context.Context) error {
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-m.tidy:
				found, err := m.store.Tidy(ctx, now)
				m.o.Log.InfoContext(ctx, "tidied tokens", "tokens", found.Tokens, "ended", found.Ended, "repaired", found.Repaired, "strays", found.Strays, "error", err)
				m.busy.Store(false)
			}
		}
	}()
	return nil
}

func (m *Method) startTidy(_ context.Context, c *logical.Call) (*logical.Response, error) {
	if !m.busy.CompareAndSwap(false, true) {
		return &logical.Response{Warnings: []string{"Tidy operation already in progress."}}, nil
	}
	m.tidy <- c.Time
	return &logical.Response{Status: http.StatusAccepted, Warnings: []string{
		"Tidy operation successfully started. Any information from the operation will be printed to Vault's server logs.",
	}}, nil
}

// given returns the token that a request names.
func given(c *logical.Call) (secret.Bytes, error) {
	id := c.Fields.String("token")
	if id == "" {
		return secret.Bytes{}, logical.Invalid("missing token ID")
	}
	return secret.Of([]byte(id)), nil
}

// byAccessor returns the token whose accessor a request names.
func (m *Method) byAccessor(ctx context.Context, c *logical.Call) (*token.Entry, error) {
	accessor := c.Fields.String("accessor")
	if accessor == "" {
		return nil, logical.Invalid("missing accessor")
	}
	return m.store.LookupAccessor(ctx, c.Time, accessor)
}

func (m *Method) listAccessors(ctx context.Context, c *logical.Call) (*logical.Response, error) {
	all, err := m.store.Accessors(ctx, c.Fields.String("after"), max(c.Fields.Int("limit"), 0))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return &logical.Response{Data: map[string]any{"keys": all}}, nil
}
