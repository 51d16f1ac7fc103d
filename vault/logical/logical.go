// Package logical is what secret engines and auth methods of the store are made of,
// and what the store asks of them. The words are Vault's.
//
// A [Backend] serves the paths below its mount. It says which by a table of [Path],
// each with its fields and, for each operation, a handler; from that one table
// requests are routed and parsed, what may be done without a token is known, and the
// OpenAPI document is written. The store authenticates, authorizes, audits and then
// calls the handler with a [Call].
package logical

import (
	"context"
	"net/http"
	"time"
)

// Operation is what is done with a path. POST and PUT are Update, or Create where the
// path says that nothing exists there.
type Operation string

// The operations, as audit entries name them.
const (
	Create Operation = "create"
	Read   Operation = "read"
	Update Operation = "update"
	Patch  Operation = "patch"
	Delete Operation = "delete"
	List   Operation = "list"
	Renew  Operation = "renew"  // of a lease or a login; asked by the store itself
	Revoke Operation = "revoke" // likewise
)

// Request is one operation on a path, after authentication.
type Request struct {
	ID        string // UUID
	Operation Operation
	Path      string // behind the mount, without a slash at its beginning
	// Data is the body and the query, numbers as json.Number. Handlers read it through
	// the fields of their path.
	Data    map[string]any
	Headers http.Header // those that the mount asks for (passthrough_request_headers)
	Time    time.Time   // when it came; the only clock of handlers
	WrapTTL time.Duration
	Remote  string // address of the client, without its port
	// ClientCertificates are those that TLS has verified or, for the method cert, seen;
	// DER, the client's own first.
	ClientCertificates [][]byte
	Token              *TokenInfo // nil for a request without one
}

// TokenInfo is what handlers may know of the token of a request.
type TokenInfo struct {
	Accessor, DisplayName, EntityID string
	Policies                        []string
	Metadata                        map[string]string
	Batch, Root                     bool
}

// Response is a handler's answer. A nil *Response is 204, or 404 for Read and List.
type Response struct {
	Data  map[string]any
	Auth  *Auth  // of a login: the store makes a token of it
	Lease *Lease // of what has to be revoked at some time
	// TTL is the lease_duration of an answer without a lease: how long a client may go on
	// before it asks again.
	TTL      time.Duration
	Warnings []string
	// Status is that of the answer if it is not the usual one: KV answers 404 with data
	// for a deleted version.
	Status int
	// Raw, unless nil, is the whole answer, without an envelope.
	Raw *Raw
}

// Raw is an answer that is no JSON envelope.
type Raw struct {
	ContentType string
	Body        []byte
}

// Auth is who has logged in, and what the token may and lasts.
type Auth struct {
	Policies     []string
	Metadata     map[string]string
	DisplayName  string
	Alias        *Alias // of the entity; nil for a login without one
	GroupAliases []Alias
	TTL, MaxTTL  time.Duration // zero: the mount's
	Period       time.Duration
	ExplicitMax  time.Duration
	Renewable    bool
	NumUses      int
	Type         string   // service, batch or default; empty: the mount's
	BoundCIDRs   []string // that the token may be used from
	NoDefault    bool     // without the policy "default"
	// Internal is kept with the token and given back for Renew; no secret may be in it.
	Internal map[string]any
}

// Alias is the name of an entity or group at a mount.
type Alias struct {
	Name     string
	Metadata map[string]string
}

// Lease is of a secret that the store revokes when it ends.
type Lease struct {
	TTL, MaxTTL time.Duration // zero: the mount's
	Renewable   bool
	// Internal is given back to the handlers of Renew and Revoke; it is kept encrypted.
	Internal map[string]any
	Path     string // of the backend's table, whose handlers are called
}

// Backend is a mounted secret engine or auth method. Its methods are safe for
// concurrent use.
type Backend interface {
	// Paths is the table of what it serves; the first pattern that fits is taken. It is
	// asked once.
	Paths() []Path
}

// Starter is a Backend that has something to do once its mount is unsealed.
type Starter interface {
	// Start returns when its work has begun; that ends with ctx, when the store is sealed
	// or the mount goes away.
	Start(ctx context.Context) error
}

// Handler does one operation. Its error is an *Error for what the client has to know;
// any other is an internal one, which the client is only told of.
type Handler func(context.Context, *Call) (*Response, error)

// Call is a request at the handler of its path.
type Call struct {
	*Request
	Fields  Fields
	Storage Storage // of the mount alone
	Mount   *Mount
}

// Mount is what a backend may know of where it is mounted.
type Mount struct {
	Path                string // with a slash at its end; auth methods begin with auth/
	Type, Accessor      string
	UUID                [16]byte
	Options             map[string]string
	DefaultTTL, MaxTTL  time.Duration
	TokenType           string
	System              System
	Description         string
	PassthroughHeaders  []string
	ListingVisibility   string
	Local, SealWrap     bool
	AuditNonHMACRequest []string
	AuditNonHMACAnswer  []string
}

// System is what the store does for backends.
type System interface {
	// Entity returns the entity and its groups that an alias at an accessor belongs to,
	// nil for none.
	Entity(ctx context.Context, id string) (*Entity, error)
	// Random returns n random bytes.
	Random(n int) []byte
	// RevokePrefix ends all leases whose path begins so.
	RevokePrefix(ctx context.Context, prefix string) error
}

// Entity is who stands behind logins of several kinds.
type Entity struct {
	ID, Name string
	Metadata map[string]string
	Groups   []string // names
	Disabled bool
}
