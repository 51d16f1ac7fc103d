package check

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies"
)

// entrypoint returns the name of the rule that the module's package is asked for.
func (p *pass) entrypoint() (string, bool) {
	for _, e := range policies.Entrypoints() {
		folder, name := "stanch."+string(e), e.Path()[strings.LastIndex(e.Path(), "/")+1:]
		if packageName(p.module) == folder {
			return name, !p.isTest
		}
	}
	return "", false
}

// missingDefault finds entrypoints that may be undefined.
func missingDefault(p *pass) {
	name, ok := p.entrypoint()
	if !ok {
		return
	}
	all := p.packages[packageName(p.module)].rules[name]
	if len(all) == 0 {
		p.report(p.module.Package.Location, "package %s has no rule %s, which is what it is asked for", packageName(p.module), name)
		return
	}
	for _, r := range all {
		if r.Default || total(r) || r.Head.RuleKind() == ast.MultiValue {
			return
		}
	}
	if first := p.ownRules(name); len(first) > 0 {
		p.report(first[0].Location, "%s is undefined where no rule applies", name)
	}
}

// ownRules returns the rules of that name in this module.
func (p *pass) ownRules(name string) (own []*ast.Rule) {
	for _, r := range p.module.Rules {
		if n, ok := ruleName(r); ok && n == name {
			own = append(own, r)
		}
	}
	return own
}

// total reports whether r, or what follows by else, has no condition.
func total(r *ast.Rule) bool {
	for ; r != nil; r = r.Else {
		if isTrue(r.Body) {
			return true
		}
	}
	return false
}

func isTrue(b ast.Body) bool {
	return len(b) == 1 && !b[0].Negated && b[0].Equal(ast.NewExpr(ast.BooleanTerm(true)))
}

// missingMetadata finds packages and entrypoints that do not say what they decide.
func missingMetadata(p *pass) {
	if p.isTest {
		return
	}
	if !p.packages[packageName(p.module)].titled {
		p.report(p.module.Package.Location, "package %s has no title and description", packageName(p.module))
	}
	name, _ := p.entrypoint()
	own := p.ownRules(name)
	for _, r := range own {
		for _, a := range r.Annotations {
			if a.Title != "" && a.Description != "" {
				return
			}
		}
	}
	if len(own) > 0 {
		p.report(own[0].Location, "%s has no title and description", name)
	}
}

// missingTest finds packages that no test is about. All modules but the first of a
// package are silent about it.
func missingTest(p *pass) {
	name := packageName(p.module)
	if p.isTest || len(p.module.Rules) == 0 || p.packages[name].tested {
		return
	}
	p.report(p.module.Package.Location, "package %s has no test", name)
}

// denyWithoutReason finds denials that do not say why.
func denyWithoutReason(p *pass) {
	if p.isTest {
		return
	}
	ast.WalkRules(p.module, func(r *ast.Rule) bool {
		name, _ := ruleName(r)
		if r.Head.Key == nil || name != "deny" && name != "violation" && name != "reasons" {
			return false
		}
		switch key := r.Head.Key.Value.(type) {
		case ast.Object:
			if key.Get(ast.StringTerm("code")) == nil || key.Get(ast.StringTerm("message")) == nil {
				p.report(r.Head.Key.Location, "an element of %s has no code or no message", name)
			}
		case ast.String, ast.Number, ast.Boolean, ast.Null, *ast.Array, ast.Set:
			p.report(r.Head.Key.Location, "an element of %s has no code and message", name)
		}
		return false
	})
}
