package entry

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/internal/secret"
)

// Type is the kind of a record.
type Type string

const (
	// OfRequest is written before a request is done.
	OfRequest Type = "request"
	// OfResponse is written before its answer is sent.
	OfResponse Type = "response"
)

// Format says how a device wants its entries.
type Format struct {
	Hash          *Hasher
	Raw           bool   // hash nothing
	PlainAccessor bool   // do not hash accessors
	ElideLists    bool   // write the length of lists in place of their keys
	Prefix        string // before the object
}

// Append appends the record of e to dst: the prefix and one JSON object on one line,
// without a newline.
func (f *Format) Append(dst []byte, t Type, e *Entry) []byte {
	w := writer{Format: f}
	w.buf = append(dst, f.Prefix...)
	at := e.Time
	if at.IsZero() {
		at = time.Now()
	}
	w.buf = append(w.buf, '{')
	w.time("time", at, time.RFC3339Nano)
	w.text("type", string(t))
	auth := e.Auth
	if auth == nil {
		auth = &Auth{}
	}
	w.auth(auth)
	w.request(e)
	if t == OfResponse {
		w.response(e)
	}
	w.text("error", e.Error)
	if t == OfRequest {
		w.text("forwarded_from", e.ForwardedFrom)
	} else {
		w.truth("forwarded", e.ForwardedFrom != "")
	}
	return append(w.buf, '}')
}

// writer writes one entry in a format.
type writer struct {
	object
	*Format
}

// secret writes a token.
func (w *writer) secret(name string, v secret.Bytes) {
	if v.Len() > 0 {
		w.name(name)
		w.hashed(v.Reveal())
	}
}

func (w *writer) accessor(name, v string) {
	if w.PlainAccessor || v == "" {
		w.text(name, v)
		return
	}
	w.name(name)
	w.hashed([]byte(v))
}

// hashed writes a value, or its hash, as a text.
func (w *writer) hashed(v []byte) {
	if w.Raw {
		w.buf = quote(w.buf, v)
		return
	}
	w.buf = append(w.Hash.append(append(w.buf, '"'), v), '"')
}

func (w *writer) auth(a *Auth) {
	w.begin("auth", '{')
	w.secret("client_token", a.ClientToken)
	w.accessor("accessor", a.Accessor)
	w.text("display_name", a.DisplayName)
	w.texts("policies", a.Policies)
	w.texts("token_policies", a.TokenPolicies)
	w.texts("identity_policies", a.IdentityPolicies)
	if len(a.ExternalNamespacePolicies) > 0 {
		w.begin("external_namespace_policies", '{')
		for _, ns := range slices.Sorted(maps.Keys(a.ExternalNamespacePolicies)) {
			w.texts(ns, a.ExternalNamespacePolicies[ns])
		}
		w.end('}')
	}
	w.truth("no_default_policy", a.NoDefaultPolicy)
	w.results(a.PolicyResults)
	if len(a.Metadata) > 0 {
		w.begin("metadata", '{')
		for _, k := range slices.Sorted(maps.Keys(a.Metadata)) {
			w.member(k)
			w.buf = quote(w.buf, a.Metadata[k])
		}
		w.end('}')
	}
	w.number("num_uses", int64(a.NumUses))
	w.number("remaining_uses", int64(a.RemainingUses))
	w.text("entity_id", a.EntityID)
	w.truth("entity_created", a.EntityCreated)
	w.text("token_type", a.TokenType)
	w.seconds("token_ttl", a.TokenTTL)
	w.time("token_issue_time", a.TokenIssueTime, time.RFC3339)
	w.end('}')
}

func (w *writer) results(r *PolicyResults) {
	if r == nil {
		return
	}
	w.begin("policy_results", '{')
	w.name("allowed")
	w.buf = strconv.AppendBool(w.buf, r.Allowed)
	if len(r.Granting) > 0 {
		w.begin("granting_policies", '[')
		for _, p := range r.Granting {
			w.begin("", '{')
			w.text("name", p.Name)
			w.text("namespace_id", p.NamespaceID)
			w.text("namespace_path", p.NamespacePath)
			w.text("type", p.Type)
			w.end('}')
		}
		w.end(']')
	}
	w.end('}')
}

func (w *writer) request(e *Entry) {
	r := &e.Request
	w.begin("request", '{')
	w.text("id", r.ID)
	w.text("client_id", r.ClientID)
	w.text("replication_cluster", r.ReplicationCluster)
	w.text("operation", r.Operation)
	w.mount(&r.Mount, "mount_running_version")
	w.secret("client_token", r.ClientToken)
	w.accessor("client_token_accessor", r.ClientTokenAccessor)
	w.begin("namespace", '{')
	w.text("id", r.Namespace.ID)
	w.text("path", r.Namespace.Path)
	w.end('}')
	w.text("path", r.Path)
	if len(r.Data) > 0 {
		w.data("data", r.Data, e.PlainRequest, false)
	}
	w.truth("policy_override", r.PolicyOverride)
	w.text("remote_address", r.RemoteAddress)
	w.number("remote_port", int64(r.RemotePort))
	w.text("request_uri", r.URI)
	w.seconds("wrap_ttl", r.WrapTTL)
	w.headers(r.Headers)
	w.text("client_certificate_serial_number", r.ClientCertificateSerialNumber)
	w.end('}')
}

func (w *writer) mount(m *Mount, version string) {
	w.text("mount_point", m.Point)
	w.text("mount_type", m.Type)
	w.text("mount_accessor", m.Accessor) // opens nothing, so never hashed
	w.text(version, m.RunningVersion)
	w.text("mount_running_sha256", m.RunningSHA256)
	w.text("mount_class", m.Class)
	w.truth("mount_is_external_plugin", m.External)
}

func (w *writer) response(e *Entry) {
	r := e.Response
	if r == nil {
		r = &Response{}
	}
	w.begin("response", '{')
	if r.Auth != nil {
		w.auth(r.Auth)
	}
	w.mount(&e.Request.Mount, "mount_running_plugin_version")
	if r.LeaseID != "" {
		w.begin("secret", '{')
		w.text("lease_id", r.LeaseID)
		w.end('}')
	}
	if len(r.Data) > 0 {
		w.data("data", r.Data, e.PlainResponse, w.ElideLists && e.Request.Operation == "list")
	}
	w.texts("warnings", r.Warnings)
	w.text("redirect", r.Redirect)
	if i := r.WrapInfo; i != nil {
		w.begin("wrap_info", '{')
		w.seconds("ttl", i.TTL)
		w.secret("token", i.Token)
		w.accessor("accessor", i.Accessor)
		w.time("creation_time", i.CreationTime, time.RFC3339Nano)
		w.text("creation_path", i.CreationPath)
		w.accessor("wrapped_accessor", i.WrappedAccessor)
		w.end('}')
	}
	w.headers(r.Headers)
	w.end('}')
}

func (w *writer) headers(list []Header) {
	if len(list) == 0 {
		return
	}
	w.begin("headers", '{')
	for _, h := range list {
		w.member(strings.ToLower(h.Name))
		w.buf = append(w.buf, '[')
		for _, v := range h.Values {
			w.name("")
			if h.Hash {
				w.hashed([]byte(v))
			} else {
				w.buf = quote(w.buf, v)
			}
		}
		w.end(']')
	}
	w.end('}')
}
