package check

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// dataUnderRules finds data that is put, or looked for, where rules are.
func dataUnderRules(p *pass) {
	ast.WalkExprs(p.module, func(x *ast.Expr) bool {
		for _, w := range x.With {
			if name := p.covered(p.resolve(w.Target)); name != "" {
				p.report(w.Location, "with %v takes the place of all rules of package %s", w.Target, name)
			}
		}
		return false
	})
	p.eachRef(p.module, func(ref ast.Ref, location *ast.Location) {
		parts, _ := ground(ref)
		for i := len(parts) - 1; i > 0 && parts[0] == "data"; i-- {
			name := strings.Join(parts[1:i], ".")
			if pkg := p.packages[name]; pkg != nil && pkg.deciding {
				if len(pkg.rules[parts[i]]) == 0 && !p.hasBelow(name+"."+parts[i]) {
					p.report(location, "package %s has no rule %s, and data cannot be there", name, parts[i])
				}
				return
			}
		}
	})
}

// covered returns the package that a value for target would take the place of.
func (p *pass) covered(target ast.Ref) string {
	parts, all := ground(target)
	if !all || parts[0] != "data" {
		return ""
	}
	prefix := strings.Join(parts[1:], ".")
	for name, pkg := range p.packages {
		if pkg.deciding && (prefix == "" || name == prefix || strings.HasPrefix(name, prefix+".")) {
			return name
		}
	}
	return ""
}

// hasBelow reports whether name is a package, or the beginning of one's name.
func (p *pass) hasBelow(name string) bool {
	for other := range p.packages {
		if other == name || strings.HasPrefix(other, name+".") {
			return true
		}
	}
	return false
}

// notOnUnknown finds negated paths that no schema and no rule vouches for.
func notOnUnknown(p *pass) {
	if p.isTest {
		return
	}
	ast.WalkExprs(p.module, func(x *ast.Expr) bool {
		_, isBlock := x.Terms.(*ast.Not)
		if !x.Negated && !isBlock {
			return false
		}
		p.eachRef(x.Terms, func(ref ast.Ref, location *ast.Location) {
			if path, _ := ground(ref); len(path) > 1 && !p.vouched(path) {
				p.report(location, "not %s: nothing says that there is such a path", strings.Join(path, "."))
			}
		})
		return false
	})
}

// vouched reports whether a misspelt path of that kind would be an error elsewhere.
func (p *pass) vouched(path []string) bool {
	switch path[0] {
	case "input":
		return p.hasSchema()
	case "data":
		switch path[1] {
		case "config":
			return p.hasSchema()
		case "index":
			_, built := source.IndexGrants(nil)[strings.Join(path[2:min(3, len(path))], "")]
			return built
		}
		return p.hasBelow(path[1]) // dataUnderRules sees to rules
	}
	return true
}

// hasSchema reports whether the compiler checks the input of the module's package.
func (p *pass) hasSchema() bool {
	name := packageName(p.module)
	return slices.ContainsFunc(sandbox.Entrypoints(), func(e string) bool {
		return name == "stanch."+e || strings.HasPrefix(name, "stanch."+e+".")
	}) || slices.ContainsFunc(p.module.Annotations, func(a *ast.Annotations) bool { return len(a.Schemas) > 0 })
}
