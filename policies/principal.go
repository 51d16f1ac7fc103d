package policies

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Principal is who asks, from verified claims only: a policy cannot check a
// signature, and must never be given a name somebody merely said.
type Principal struct {
	Type string `json:"type"` // workload or human
	ID   string `json:"id"`
	// Keys are all names grants may be written for, as "kubernetes/shop/api",
	// "kubernetes/shop/*" or "group/sre".
	Keys       []string            `json:"keys"`
	Properties PrincipalProperties `json:"properties"`
}

// PrincipalProperties are what else is known of a principal.
type PrincipalProperties struct {
	AuthMethod string            `json:"auth_method"`
	Groups     []string          `json:"groups"`
	Claims     map[string]string `json:"claims"` // verified claims, by name
}

// Ancestors returns the prefixes of a path that a grant can be written for, from the
// empty one, which stands for everything, to the path itself.
func Ancestors(path string) []string {
	all := []string{""}
	for i, c := range path {
		if c == '/' && i < len(path)-1 {
			all = append(all, path[:i+1])
		}
	}
	if path == "" {
		return all
	}
	return append(all, path)
}

// HostScopes returns the names a rule for host can be listed under: the host, its
// parent domains as "*.example.com", and "*". The host is taken without its port.
func HostScopes(host string) []string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		host = host[:i]
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	var all []string
	if host != "" && host != "*" {
		all = append(all, host)
	}
	for rest := host; ; {
		_, parent, more := strings.Cut(rest, ".")
		if !more || parent == "" {
			return append(all, "*")
		}
		all = append(all, "*."+parent)
		rest = parent
	}
}

// A principal's part of an input: its fields stand at first, first+1, … in the table
// of the input.
const (
	principalType = iota
	principalID
	principalKeys
	principalProperties
	principalLen
)

var principalFields = []string{"type", "id", "keys", "properties"}

func (p *Principal) term(reads fields, first int) *ast.Term {
	o := part{reads: reads >> first}
	o.text(principalType, key.typ, p.Type)
	o.text(principalID, key.id, p.ID)
	o.texts(principalKeys, key.keys, p.Keys)
	o.term(principalProperties, key.properties, p.Properties.term)
	return object(o.pairs...)
}

func (p *PrincipalProperties) term() *ast.Term {
	claims := make([][2]*ast.Term, 0, len(p.Claims))
	for name, value := range p.Claims {
		claims = append(claims, [2]*ast.Term{ast.StringTerm(name), ast.StringTerm(value)})
	}
	return object(
		[2]*ast.Term{key.authMethod, ast.StringTerm(p.AuthMethod)},
		[2]*ast.Term{key.groups, texts(p.Groups)},
		[2]*ast.Term{key.claims, object(claims...)})
}

func (p *Principal) appendKey(k []byte, reads fields, first int) []byte {
	reads >>= first
	if reads.has(principalType) {
		k = appendText(k, p.Type)
	}
	if reads.has(principalID) {
		k = appendText(k, p.ID)
	}
	if reads.has(principalKeys) {
		k = appendTexts(k, p.Keys)
	}
	if reads.has(principalProperties) {
		k = appendText(k, p.Properties.AuthMethod)
		k = appendTexts(k, p.Properties.Groups)
		k = binary.AppendUvarint(k, uint64(len(p.Properties.Claims)))
		for _, name := range slices.Sorted(maps.Keys(p.Properties.Claims)) {
			k = appendText(appendText(k, name), p.Properties.Claims[name])
		}
	}
	return k
}

// fieldsOf returns the names of the fields of group.
func fieldsOf(group string, names ...string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = group + "." + name
	}
	return all
}
