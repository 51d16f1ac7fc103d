package acl

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/hcl/ast"
	"github.com/hashicorp/hcl/hcl/parser"
	"github.com/hashicorp/hcl/hcl/scanner"
	"github.com/hashicorp/hcl/hcl/token"
)

// setting is one assignment or block of a document, written in HCL or JSON. Its
// value is a string, int64, float64, bool, []any of these, or []setting.
type setting struct {
	line  int      // from 1
	keys  []string // at least one
	value any
}

// at is an error at a line of the document.
func at(line int, format string, args ...any) error {
	return fmt.Errorf("line %d: %w", line, fmt.Errorf(format, args...))
}

// hclReader turns the syntax tree of HCL 1 into settings.
type hclReader struct{ line int }

func readHCL(text string) (settings []setting, err error) {
	var r hclReader
	// The module panics on some literals, such as a number of 30 digits.
	defer func() {
		if recover() != nil {
			settings, err = nil, at(max(r.line, 1), "cannot be read as HCL; look for a number or a text that is cut or too long")
		}
	}()
	if err := r.balance(text); err != nil {
		return nil, err
	}
	file, err := parser.Parse([]byte(text))
	if err != nil {
		return nil, hclError(err)
	}
	root, ok := file.Node.(*ast.ObjectList)
	if !ok {
		return nil, at(1, "holds no blocks; write path \"…\" { capabilities = […] }")
	}
	return r.settings(root)
}

// balance refuses what the parser cannot be trusted with: nesting without end,
// which would exhaust the stack, and a closing brace too many, at which it drops
// the setting before it without a word.
func (r *hclReader) balance(text string) error {
	depth := 0
	s := scanner.New([]byte(text))
	s.Error = func(token.Pos, string) {} // the parser says it better
	for {
		t := s.Scan()
		r.line = t.Pos.Line
		switch t.Type {
		case token.EOF, token.ILLEGAL:
			return nil
		case token.LBRACE, token.LBRACK:
			depth++
		case token.RBRACE, token.RBRACK:
			depth--
		}
		if depth < 0 {
			return at(r.line, "%q closes nothing; remove it or complete the setting before it", t.Text)
		}
		if depth > MaxDepth {
			return at(r.line, "nests more than %d deep", MaxDepth)
		}
	}
}

// hclError puts the innermost position first.
func hclError(err error) error {
	var where *parser.PosError
	if errors.As(err, &where) {
		return at(where.Pos.Line, "%w", where.Err)
	}
	return fmt.Errorf("cannot be read as HCL: %w", err)
}

func (r *hclReader) settings(list *ast.ObjectList) ([]setting, error) {
	settings := make([]setting, 0, len(list.Items))
	for _, item := range list.Items {
		s := setting{line: item.Pos().Line}
		r.line = s.line
		for _, key := range item.Keys {
			s.keys = append(s.keys, key.Token.Value().(string))
		}
		if len(s.keys) == 0 {
			return nil, at(s.line, "a setting has no name")
		}
		var err error
		if s.value, err = r.value(item.Val); err != nil {
			return nil, err
		}
		settings = append(settings, s)
	}
	return settings, nil
}

func (r *hclReader) value(n ast.Node) (any, error) {
	switch n := n.(type) {
	case *ast.LiteralType:
		r.line = n.Token.Pos.Line
		return n.Token.Value(), nil
	case *ast.ObjectType:
		return r.settings(n.List)
	case *ast.ListType:
		elements := make([]any, 0, len(n.List))
		for _, element := range n.List {
			v, err := r.value(element)
			if err != nil {
				return nil, err
			}
			elements = append(elements, v)
		}
		return elements, nil
	}
	return nil, at(r.line, "a value is missing")
}
