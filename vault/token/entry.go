package token

import (
	"net/netip"
	"slices"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// The types of tokens.
const (
	Service = "service" // has a record; can be renewed and revoked, and have children
	Batch   = "batch"   // is its own record
)

// Policies that mean more than their rules.
const (
	rootPolicy = "root"
	// WrappingPolicy is that of tokens that hold an answer. No other token may have it.
	WrappingPolicy = "response-wrapping"
)

// Entry is what is known of a token; not its id. What [Store.Create] is given and what
// [Store.Lookup] returns belongs to the caller.
type Entry struct {
	Type     string            `json:"t"`
	Accessor string            `json:"a,omitempty"` // names the token to those who may not have it; none for batch
	Parent   string            `json:"p,omitempty"` // Key of another entry; empty: an orphan
	Policies []string          `json:"o"`           // sorted
	Path     string            `json:"w"`           // where it was made, as auth/token/create
	Role     string            `json:"r,omitempty"`
	Name     string            `json:"n,omitempty"` // for people (display_name)
	EntityID string            `json:"e,omitempty"`
	Meta     map[string]string `json:"m,omitempty"`
	// BoundCIDRs are where it may be used from; none: anywhere. See [Entry.AllowedFrom].
	BoundCIDRs []netip.Prefix `json:"b,omitempty"`
	NumUses    int            `json:"u,omitempty"` // that are left; 0: any number

	Created     time.Time     `json:"c"`
	Expires     time.Time     `json:"x,omitzero"` // zero: never, which only root tokens may
	Renewed     time.Time     `json:"y,omitzero"` // the last time
	TTL         time.Duration `json:"l,omitempty"`
	Period      time.Duration `json:"d,omitempty"`
	ExplicitMax time.Duration `json:"k,omitempty"`
	MaxTTL      time.Duration `json:"q,omitempty"` // that the auth method gave it
	Renewable   bool          `json:"f,omitempty"`

	// Cubbyhole is the folder of its cubbyhole; none for batch.
	Cubbyhole string `json:"h,omitempty"`
	// Internal is what the auth method wants to have back, see [logical.Auth].
	Internal map[string]any `json:"i,omitempty"`

	key string
}

// Key stands for the token's id in the storage. It is no secret, yet nobody's business.
// It is empty for batch tokens, and before the entry was in a store.
func (e *Entry) Key() string { return e.key }

// Root reports whether the token may do everything.
func (e *Entry) Root() bool { return slices.Contains(e.Policies, rootPolicy) }

// Wrapping reports whether the token holds a wrapped answer.
func (e *Entry) Wrapping() bool { return len(e.Policies) == 1 && e.Policies[0] == WrappingPolicy }

// Orphan reports whether the token has no parent.
func (e *Entry) Orphan() bool { return e.Parent == "" }

// Left returns how long the token lives, 0 for one that never expires.
func (e *Entry) Left(now time.Time) time.Duration {
	if e.Expires.IsZero() {
		return 0
	}
	return max(e.Expires.Sub(now), 0)
}

// AllowedFrom reports whether the token may be used from an address without a port.
// What is not an address is allowed only where any is.
func (e *Entry) AllowedFrom(remote string) bool {
	if len(e.BoundCIDRs) == 0 {
		return true
	}
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(e.BoundCIDRs, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// Info returns what handlers may know of the token.
func (e *Entry) Info() *logical.TokenInfo {
	return &logical.TokenInfo{
		Accessor: e.Accessor, DisplayName: e.Name, EntityID: e.EntityID, Policies: e.Policies,
		Metadata: e.Meta, Batch: e.Type == Batch, Root: e.Root(),
	}
}

// ending says that and how a token is being ended.
type ending string

const (
	alive      ending = ""
	withFamily ending = "tree"
	alone      ending = "orphan" // its children become orphans
)

// record is an entry as it is kept.
type record struct {
	Entry
	Ending ending    `json:"E,omitempty"`
	Due    time.Time `json:"D,omitzero"` // of its item in the queue; zero: it has none
}

// valid reports whether the token may be used.
func (r *record) valid(now time.Time) bool {
	return r != nil && r.Ending == alive && !r.expired(now)
}

func (r *record) expired(now time.Time) bool {
	return !r.Expires.IsZero() && !r.Expires.After(now)
}
