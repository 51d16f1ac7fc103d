// Package sandbox parses and compiles Rego so that whatever a policy says, it can
// only compute: no network, no clock, no environment, no randomness, no unbounded
// memory, and no field that the schemas do not have.
//
// What costs without measure is refused or has a limit (the files cost, expand, shape
// and limits say how). This holds for all that was tried, but OPA has no limit of
// memory or depth of its own: values built and compared on purpose to exhaust its
// stack can still end the process. Policies are text of one's own organisation; those
// of strangers belong in a process of their own.
//
// It is the only way from text to a compiled policy. A builtin must be listed to be
// used, so that one a newer OPA brings is refused until somebody has looked at it.
// Errors name file and line.
package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/source"
)

// maxNesting is how deep brackets may stand in one another in a module. The parser
// recurses, and no policy a person wrote comes near.
const maxNesting = 200

// Modules are parsed modules by the path that errors name.
type Modules map[string]*ast.Module

// Error is a mistake in a policy.
type Error struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    string `json:"code"` // OPA's, as rego_type_error, or a lint's name
	Message string `json:"message"`
}

// Error returns FILE:LINE: MESSAGE.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message) }

// Errors are all mistakes found, in the order of files and lines.
type Errors []*Error

// Error returns the mistakes, one a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, err := range e {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "\n")
}

// Parse parses the modules of docs, tests included. The error is of type Errors.
func Parse(docs source.Documents) (Modules, error) {
	modules := Modules{}
	var all Errors
	for _, m := range docs.Modules {
		name := docs.Shown(m.Path)
		module, err := ParseModule(name, m.Text)
		if err != nil {
			all = append(all, err...)
			continue
		}
		modules[name] = module
	}
	if len(all) > 0 {
		return nil, all
	}
	return modules, nil
}

// ParseModule parses one module.
func ParseModule(name string, text []byte) (*ast.Module, Errors) {
	if line := tooDeep(text); line > 0 {
		return nil, Errors{{name, line, 1, ast.ParseErr, fmt.Sprintf("more than %d brackets in one another", maxNesting)}}
	}
	module, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
		ProcessAnnotation: true, RegoVersion: ast.RegoV1, Capabilities: Capabilities(),
	})
	if err == nil && module == nil {
		err = errors.New("empty module: it needs at least a package")
	}
	if err != nil {
		return nil, ErrorsOf(err, name)
	}
	return module, slices.Concat(numbers(module, name), tooComplex(module, name), misplaced(module, name))
}

// tooDeep returns the line where brackets stand too deep in one another, or 0.
func tooDeep(text []byte) int {
	depth, line := 0, 1
	for _, c := range text {
		switch c {
		case '\n':
			line++
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if depth > maxNesting {
			return line
		}
	}
	return 0
}

// NewCompiler returns a compiler that knows the allowed builtins and the schemas,
// and is as strict as OPA can be. Give it modules with Checked.
func NewCompiler() *ast.Compiler {
	limitBuiltins()
	return ast.NewCompiler().
		WithCapabilities(Capabilities()).
		WithSchemas(schemas()).
		WithUseTypeCheckAnnotations(true).
		WithStrict(true).
		WithEnablePrintStatements(false)
}

// Compile compiles modules. The error is of type Errors.
func Compile(modules Modules) (*ast.Compiler, error) {
	compiler := NewCompiler()
	if compiler.Compile(Checked(modules)); compiler.Failed() {
		return nil, ErrorsOf(compiler.Errors, "")
	}
	return compiler, nil
}

// ErrorsOf turns OPA's error into ours. Those without a place are put in file.
func ErrorsOf(err error, file string) Errors {
	var list ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = ast.Errors{one}
	default:
		return Errors{{File: file, Line: 1, Column: 1, Code: ast.ParseErr, Message: err.Error()}}
	}
	all := make(Errors, len(list))
	for i, e := range list {
		all[i] = &Error{File: file, Line: 1, Column: 1, Code: e.Code, Message: message(e)}
		if e.Location != nil {
			all[i].Line, all[i].Column = e.Location.Row, e.Location.Col
			if e.Location.File != "" {
				all[i].File = e.Location.File
			}
		}
	}
	slices.SortStableFunc(all, func(a, b *Error) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return all
}

// message returns what e says, on one line, with the names or types that would have
// been right.
func message(e *ast.Error) string {
	text := strings.TrimSpace(e.Message)
	if _, source := e.Details.(*ast.ParserErrorDetail); source || e.Details == nil {
		return text // the line with a caret below, which is of no use on one line
	}
	if ref, ok := e.Details.(*ast.RefErrInvalidDetail); ok && len(ref.OneOf) > 0 {
		names := make([]string, 0, len(ref.OneOf))
		for _, v := range ref.OneOf {
			if s, ok := v.(ast.String); ok {
				names = append(names, string(s))
			}
		}
		slices.Sort(names)
		return fmt.Sprintf("%s: there are %s", text, strings.Join(names, ", "))
	}
	for _, line := range e.Details.Lines() {
		text += "; " + strings.Join(strings.Fields(line), " ")
	}
	return text
}
