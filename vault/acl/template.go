package acl

import (
	"errors"
	"fmt"
	"strings"
)

// Identity is who a token stands for, as far as templates can name it.
type Identity struct {
	Entity *Entity // nil: the token has none
	Groups []Group // direct and inherited
}

// Entity is a person or a machine across auth methods.
type Entity struct {
	ID, Name string
	Metadata map[string]string
	Aliases  []Alias
}

// Alias is what one auth mount calls the entity.
type Alias struct {
	Accessor, ID, Name       string // Accessor is the mount's
	Metadata, CustomMetadata map[string]string
}

// Group is one that the entity belongs to.
type Group struct {
	ID, Name string
	Metadata map[string]string
}

// errNoValue says that a template names what the identity has not.
var errNoValue = errors.New("no value")

// For returns the policy with its templates resolved. As in Vault, a path whose
// template has no value (an empty one counts as none) is left out. A value that
// would act as a wildcard is an error, so that nobody widens a policy by the name
// he gives himself; the request must then be refused.
func (p *Policy) For(id Identity) (*Policy, error) {
	if !p.templated {
		return p, nil
	}
	resolved := &Policy{name: p.name, rules: make([]rule, 0, len(p.rules))}
	for _, r := range p.rules {
		if r.templated {
			path, err := id.resolve(r.path)
			if errors.Is(err, errNoValue) {
				continue
			}
			if err == nil {
				path, err = pattern(path)
			}
			if err != nil {
				return nil, fmt.Errorf("policy %q: path %q: %w", p.name, r.path, err)
			}
			r.path, r.templated = path, false
		}
		resolved.rules = append(resolved.rules, r)
	}
	return resolved, nil
}

// hasTemplate reports whether a path has templates, and whether each is closed.
func hasTemplate(path string) (bool, error) {
	pieces := strings.Split(path, "{{")
	for i, piece := range pieces {
		if closed := strings.Count(piece, "}}"); closed != min(i, 1) {
			return false, errors.New("a template is not closed, or closed twice; write {{identity.…}}")
		}
	}
	return len(pieces) > 1, nil
}

// resolve puts values in the place of templates.
func (id Identity) resolve(path string) (string, error) {
	resolved, ok := fill(path, id.value)
	if !ok {
		return "", errNoValue
	}
	meant, _ := fill(path, func(string) string { return "x" })
	if pluses(resolved) != pluses(meant) || strings.HasSuffix(resolved, "*") != strings.HasSuffix(meant, "*") {
		return "", errors.New("the value of a template would add a wildcard (a segment that is a plus, a star at the end); rename the entity, alias or group, or change the metadata")
	}
	return resolved, nil
}

// fill writes a path with a value for each of its templates; false if one has none.
// A value is text: it is not looked at for templates again.
func fill(path string, value func(selector string) string) (string, bool) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(path, "{{")
		b.WriteString(before)
		if !found {
			return b.String(), true
		}
		selector, after, _ := strings.Cut(rest, "}}")
		text := value(strings.TrimSpace(selector))
		if text == "" {
			return "", false
		}
		b.WriteString(text)
		path = after
	}
}

// value is what a selector names, or "".
func (id Identity) value(selector string) string {
	if field, ok := strings.CutPrefix(selector, "identity.entity."); ok && id.Entity != nil {
		return id.Entity.value(field)
	}
	if field, ok := strings.CutPrefix(selector, "identity.groups."); ok {
		return id.group(field)
	}
	return ""
}

func (e *Entity) value(field string) string {
	if rest, ok := strings.CutPrefix(field, "aliases."); ok {
		accessor, field, _ := strings.Cut(rest, ".")
		for i := range e.Aliases {
			if e.Aliases[i].Accessor == accessor {
				return e.Aliases[i].value(field)
			}
		}
		return ""
	}
	return pick(field, e.ID, e.Name, e.Metadata)
}

func (a *Alias) value(field string) string {
	if key, ok := strings.CutPrefix(field, "custom_metadata."); ok {
		return a.CustomMetadata[key]
	}
	return pick(field, a.ID, a.Name, a.Metadata)
}

// group reads ids.<id>.<field> and names.<name>.<field>.
func (id Identity) group(selector string) string {
	by, rest, _ := strings.Cut(selector, ".")
	wanted, field, _ := strings.Cut(rest, ".")
	for _, g := range id.Groups {
		if by == "ids" && g.ID == wanted || by == "names" && g.Name == wanted {
			return pick(field, g.ID, g.Name, g.Metadata)
		}
	}
	return ""
}

// pick reads the fields that entities, aliases and groups have in common.
func pick(field, id, name string, metadata map[string]string) string {
	switch field {
	case "id":
		return id
	case "name":
		return name
	}
	if key, ok := strings.CutPrefix(field, "metadata."); ok {
		return metadata[key]
	}
	return ""
}
