package kv

import (
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/vault/logical"
)

// Kind tells where the next value of a secret comes from.
type Kind string

// The kinds.
const (
	Static  Kind = "static"  // from a person
	Rotated Kind = "rotated" // from a rotator, in place
	Dynamic Kind = "dynamic" // from an engine, one for each use
)

// Schema is what rotation and use of a secret are decided by.
type Schema struct {
	Owner string `json:"owner,omitempty"` // who answers for it
	Kind  Kind   `json:"kind"`
	Class string `json:"class,omitempty"` // names the limits of its age; empty: the default's
	// MaxAge is how old a version may become; 0: as the class says.
	MaxAge time.Duration `json:"max_age,omitempty"`
	// Uses are where it may be sent: host, host:port or either with /path, where a host
	// may begin with "*." for all below it. Nil: nobody has said; empty: nowhere.
	Uses    []string `json:"uses,omitzero"`
	Rotator string   `json:"rotator,omitempty"` // that makes its next version
}

// Limits of a schema.
const (
	maxOwner = 256 // bytes
	maxUses  = 64
	maxUse   = 512 // bytes
)

var (
	schemaFields = []logical.Field{
		{Name: "owner", Type: logical.String},
		{Name: "kind", Type: logical.String, Default: string(Static)},
		{Name: "class", Type: logical.String},
		{Name: "max_age", Type: logical.Duration},
		{Name: "uses", Type: logical.Strings},
		{Name: "rotator", Type: logical.String},
	}
	// shownOnly are told beside the fields, and ignored when they come back.
	shownOnly = []string{"created_time", "changed_time"}

	schemaName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$`)
	hostName   = regexp.MustCompile(`^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)
)

// show returns the schema and the times of its secret as clients see them.
func (s *Schema) show(m *Metadata) map[string]any {
	shown := map[string]any{
		"owner": s.Owner, "kind": string(s.Kind), "class": s.Class, "max_age": s.MaxAge.String(), "uses": nil, "rotator": s.Rotator,
		"created_time": showTime(m.Created), "changed_time": showTime(m.Changed),
	}
	if s.Uses != nil {
		uses := make([]any, len(s.Uses))
		for i, use := range s.Uses {
			uses[i] = use
		}
		shown["uses"] = uses
	}
	return shown
}

// parseSchema reads what a client has written under "stanch".
func parseSchema(object map[string]any) (*Schema, error) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		known := slices.ContainsFunc(schemaFields, func(f logical.Field) bool { return f.Name == name })
		if !known && !slices.Contains(shownOnly, name) {
			return nil, logical.Invalid("stanch: there is no field %q: use owner, kind, class, max_age, uses or rotator", name)
		}
	}
	f, err := logical.ParseFields(schemaFields, object, nil)
	if err != nil {
		return nil, logical.Invalid("stanch: %v", err)
	}
	s := &Schema{
		Owner: f.String("owner"), Kind: Kind(f.String("kind")), Class: f.String("class"),
		MaxAge: f.Duration("max_age"), Uses: f.Strings("uses"), Rotator: f.String("rotator"),
	}
	return s, s.check()
}

func (s *Schema) check() error {
	if len(s.Owner) > maxOwner || !printable(s.Owner) {
		return logical.Invalid("stanch: owner must be printable text of at most %d bytes", maxOwner)
	}
	if !slices.Contains([]Kind{Static, Rotated, Dynamic}, s.Kind) {
		return logical.Invalid("stanch: kind must be static, rotated or dynamic")
	}
	for _, name := range []string{s.Class, s.Rotator} {
		if name != "" && !schemaName.MatchString(name) {
			return logical.Invalid("stanch: class and rotator may have letters, digits and ._/- only, at most 128")
		}
	}
	if s.Kind == Static && s.Rotator != "" {
		return logical.Invalid("stanch: a static secret has no rotator: set kind to rotated or dynamic")
	}
	if len(s.Uses) > maxUses {
		return logical.Invalid("stanch: at most %d uses", maxUses)
	}
	for i, use := range s.Uses {
		if !validUse(use) {
			return logical.Invalid("stanch: use %d must be host, host:port, host/path or host:port/path, in lower case and without a scheme", i+1)
		}
	}
	return nil
}

func validUse(use string) bool {
	host, path, _ := strings.Cut(use, "/")
	if len(use) > maxUse || !printable(path) || strings.ContainsAny(path, " ?#") {
		return false
	}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		if port, err := strconv.ParseUint(host[i+1:], 10, 16); err != nil || port == 0 {
			return false
		}
		host = host[:i]
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		address, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		return err == nil && address.Is6() && strings.HasSuffix(inner, "]")
	}
	return hostName.MatchString(host)
}
