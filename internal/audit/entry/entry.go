// Package entry is one record of the audit log: who asked for what, what was answered,
// in Vault's format. Tokens and every text in the data of a request or an answer are
// written as keyed hashes, so that the log can be searched for a known value but tells
// none. Numbers, truth values, the names of fields, paths and errors are written as
// they are: whoever fills an Entry keeps secrets out of those.
package entry

import (
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
)

// Entry is what is known of one request, and of its answer if there is one. Fields
// that are zero are not written. Nothing in it is changed or kept.
type Entry struct {
	Time     time.Time // zero: now
	Auth     *Auth     // who asked; nil if that is not known
	Request  Request
	Response *Response // nil when the request is recorded
	Error    string    // why the request failed; must not quote its data
	// ForwardedFrom is the host:port of the node that the request came from.
	ForwardedFrom string

	// PlainRequest and PlainResponse name fields of the data that the mount wants
	// written as they are (audit_non_hmac_request_keys, audit_non_hmac_response_keys).
	PlainRequest, PlainResponse []string
}

// Auth is the holder of a token, or what a login has made.
type Auth struct {
	ClientToken               secret.Bytes
	Accessor                  string
	DisplayName               string
	Policies                  []string // of all kinds
	TokenPolicies             []string
	IdentityPolicies          []string
	ExternalNamespacePolicies map[string][]string // namespace → policies
	NoDefaultPolicy           bool
	PolicyResults             *PolicyResults
	Metadata                  map[string]string
	NumUses                   int // uses a new token has, 0: any number
	RemainingUses             int
	EntityID                  string
	EntityCreated             bool
	TokenType                 string        // service or batch
	TokenTTL                  time.Duration // written in seconds
	TokenIssueTime            time.Time
}

// PolicyResults says how it was decided.
type PolicyResults struct {
	Allowed  bool
	Granting []Policy // that allow it
}

// Policy names a policy.
type Policy struct {
	Name          string
	NamespaceID   string
	NamespacePath string
	Type          string // acl, or what else decides
}

// Mount is where a path leads.
type Mount struct {
	Point          string // path, ends in a slash
	Type           string
	Accessor       string
	Class          string // auth, secret or system
	RunningVersion string
	RunningSHA256  string
	External       bool // a plugin in a process of its own
}

// Namespace is the part of a store that a request is for.
type Namespace struct{ ID, Path string }

// Header is a field of HTTP that the operator wants recorded.
type Header struct {
	Name   string // written in lower case
	Values []string
	Hash   bool
}

// Request is what was asked for.
type Request struct {
	ID                            string
	ClientID                      string
	Operation                     string // create, read, update, patch, delete, list, …
	ClientToken                   secret.Bytes
	ClientTokenAccessor           string
	Mount                         Mount // of answers too
	Namespace                     Namespace
	Path                          string
	Data                          map[string]any // as decoded from JSON, or what marshals to it
	PolicyOverride                bool
	RemoteAddress                 string
	RemotePort                    int
	ReplicationCluster            string
	URI                           string        // as on the wire, if it says more than Path
	WrapTTL                       time.Duration // written in seconds
	Headers                       []Header
	ClientCertificateSerialNumber string
}

// Response is what was answered.
type Response struct {
	Auth     *Auth // of a login
	LeaseID  string
	Data     map[string]any
	Warnings []string
	Redirect string
	WrapInfo *WrapInfo
	Headers  []Header
}

// WrapInfo is the token that an answer was wrapped into.
type WrapInfo struct {
	TTL             time.Duration // written in seconds
	Token           secret.Bytes
	Accessor        string
	CreationTime    time.Time
	CreationPath    string
	WrappedAccessor string
}
