package sandbox

import (
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// reserved are the roots of data where no rule may stand: it would be taken for what
// it hides. A package index would grant, a package config would set.
var reserved = []string{"index", "config"}

// misplaced returns an error if module stands where data is, and for each schema it
// brings along. A schema given in place may name any file for the compiler to read,
// and one that is wider than ours makes a misspelt field undefined in silence.
func misplaced(module *ast.Module, file string) (all Errors) {
	fail := func(at *ast.Location, format string, args ...any) {
		all = append(all, &Error{file, at.Row, at.Col, ast.ParseErr, fmt.Sprintf(format, args...)})
	}
	path := module.Package.Path
	if root, ok := path[min(1, len(path)-1)].Value.(ast.String); ok && slices.Contains(reserved, string(root)) {
		fail(module.Package.Location, "package %s: rules cannot stand where data is; take a package below stanch", root)
	}
	entry := entrypointAbove(path)
	for _, a := range module.Annotations {
		for _, s := range a.Schemas {
			switch {
			case s.Definition != nil:
				fail(a.Location, "a schema cannot be written into a policy: only schema.NAME.input and schema.config.data are known")
			case entry != "" && !ours(s, entry):
				fail(a.Location, "the schemas of this package are given: input is schema.%s.input, data.config is schema.config.data", entry)
			case entry == "" && a.Scope == "subpackages":
				fail(a.Location, "a schema cannot be given for packages below; their own are given")
			}
		}
	}
	return all
}

// entrypointAbove returns the entrypoint in whose package path is, or "".
func entrypointAbove(path ast.Ref) string {
	if len(path) < 3 || path[1].Value.Compare(ast.String("stanch")) != 0 {
		return ""
	}
	name, _ := path[2].Value.(ast.String)
	if !slices.Contains(Entrypoints(), string(name)) {
		return ""
	}
	return string(name)
}

func ours(s *ast.SchemaAnnotation, entry string) bool {
	switch s.Path.String() {
	case "input":
		return s.Schema.String() == "schema."+entry+".input"
	case "data.config":
		return s.Schema.String() == "schema.config.data"
	}
	return false
}
