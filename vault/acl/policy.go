package acl

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of one document. The size is that of the largest entry Vault stores by
// default; a sensible document nests five deep.
const (
	MaxText  = 1 << 20 // bytes
	MaxDepth = 16      // braces and brackets inside one another
)

// rootName is the one policy that is not a document.
const rootName = "root"

// Policy is one ACL document, read. It is immutable and safe for concurrent use.
type Policy struct {
	name      string
	rules     []rule
	templated bool
}

// Root returns the policy that allows everything. It has no document, and only
// counts when it is the only policy (see [New]).
func Root() *Policy { return &Policy{name: rootName} }

// Name returns the name that Parse was given.
func (p *Policy) Name() string { return p.name }

// Templated reports whether a path has templates in it, so that [Policy.For] must
// resolve them before the policy grants anything through that path.
func (p *Policy) Templated() bool { return p.templated }

// Parse reads a document in HCL 1, or in JSON if its first character is a brace.
// An error names the policy, the line and what to write instead. A setting that
// would narrow access and is not enforced here is an error: ignoring it would
// grant more than was written.
func Parse(name, text string) (*Policy, error) {
	p := &Policy{name: name}
	if err := p.read(text); err != nil {
		return nil, fmt.Errorf("policy %q: %w", name, err)
	}
	return p, nil
}

func (p *Policy) read(text string) error {
	switch {
	case p.name == rootName:
		return fmt.Errorf("is built in and has no document; choose another name")
	case len(text) > MaxText:
		return fmt.Errorf("has %d bytes, more than the limit of %d; split it in several policies", len(text), MaxText)
	case !utf8.ValidString(text):
		return fmt.Errorf("is not UTF-8 text; save it as UTF-8")
	}
	format := readHCL
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		format = readJSON
	}
	settings, err := format(text)
	if err != nil {
		return err
	}
	for _, s := range settings {
		switch s.keys[0] {
		case "name": // Vault reads it and then uses the name in the request
		case "path":
			if err := p.add(s); err != nil {
				return err
			}
		default:
			return at(s.line, "unknown block %q; a document holds only path \"…\" { … }", s.keys[0])
		}
	}
	return nil
}

// add takes a path block, or the object of many of them that JSON writes.
func (p *Policy) add(s setting) error {
	switch body := s.value.(type) {
	case []setting:
		if len(s.keys) == 2 {
			return p.addRule(s.line, s.keys[1], body)
		}
		if len(s.keys) > 2 {
			return at(s.line, "path has %d names, want one", len(s.keys)-1)
		}
		for _, inner := range body {
			inner.keys = append([]string{"path"}, inner.keys...)
			if err := p.add(inner); err != nil {
				return err
			}
		}
		return nil
	case []any:
		for _, element := range body {
			s.value = element
			if err := p.add(s); err != nil {
				return err
			}
		}
		return nil
	}
	return at(s.line, "path is not followed by a block; write path \"…\" { capabilities = […] }")
}

func (p *Policy) addRule(line int, path string, body []setting) error {
	templated, err := hasTemplate(path)
	if err != nil {
		return at(line, "path %q: %w", path, err)
	}
	r, err := readRule(path, body)
	if err != nil {
		return err
	}
	if r.path, err = pattern(path); err != nil {
		return at(line, "path %q: %w", path, err)
	}
	if r.templated = templated; templated {
		r.path = path
		p.templated = true
	}
	p.rules = append(p.rules, r)
	return nil
}
