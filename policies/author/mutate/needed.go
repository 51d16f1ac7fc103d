package mutate

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/sandbox"
)

// needed returns those of all that the modules of roots depend on, and themselves.
// What a mutant does not need is not compiled with it.
func needed(all, roots sandbox.Modules) sandbox.Modules {
	found := sandbox.Modules{}
	var add func(m *ast.Module)
	add = func(m *ast.Module) {
		refs := dataRefs(m)
		for name, other := range all {
			if found[name] == nil && uses(refs, other.Package.Path) {
				found[name] = other
				add(other)
			}
		}
	}
	for name, m := range roots {
		found[name] = m
		add(m)
	}
	return found
}

// uses reports whether one of refs lies in the package path, or around it.
func uses(refs []ast.Ref, path ast.Ref) bool {
	return slices.ContainsFunc(refs, func(r ast.Ref) bool { return r.HasPrefix(path) || path.HasPrefix(r) })
}

// dataRefs returns the package of m and what it refers to under data, as far as that
// is known before it runs.
func dataRefs(m *ast.Module) []ast.Ref {
	refs := []ast.Ref{m.Package.Path}
	ast.WalkRefs(m, func(r ast.Ref) bool {
		if r.HasPrefix(ast.DefaultRootRef) {
			refs = append(refs, r.ConstantPrefix())
		}
		return false
	})
	return refs
}
