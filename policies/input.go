package policies

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/stanch-dev/stanch/policies/exactjson"
	"github.com/stanch-dev/stanch/policies/sandbox"
)

// Entrypoint is one of the four questions.
type Entrypoint string

// The entrypoints, by the name of their package in Rego.
const (
	EntryAccess    Entrypoint = "access"
	EntryRedaction Entrypoint = "redaction"
	EntryRotation  Entrypoint = "rotation"
	EntryGate      Entrypoint = "gate"
)

// Entrypoints returns all entrypoints.
func Entrypoints() []Entrypoint {
	var all []Entrypoint
	for _, name := range sandbox.Entrypoints() {
		all = append(all, Entrypoint(name))
	}
	return all
}

// Path returns the rule that answers, as a decision log names it: without "data" and
// with slashes.
func (e Entrypoint) Path() string {
	if e == EntryRotation {
		return "stanch/rotation/findings"
	}
	return "stanch/" + string(e) + "/decision"
}

// Query returns the rule that answers, in Rego.
func (e Entrypoint) Query() string { return "data." + strings.ReplaceAll(e.Path(), "/", ".") }

// EntrypointOf returns the entrypoint whose Path is path.
func EntrypointOf(path string) (Entrypoint, bool) {
	for _, e := range Entrypoints() {
		if e.Path() == path {
			return e, true
		}
	}
	return "", false
}

// Input is one of AccessInput, RedactionInput, RotationInput and GateInput. An input
// must not be changed after it was given to an Engine that logs.
type Input interface {
	Entrypoint() Entrypoint
	// value returns the input as policies see it, without the fields not in reads.
	value(reads fields) ast.Value
	// appendKey adds the fields in reads to a cache key, but for the time.
	appendKey(key []byte, reads fields) []byte
}

// fieldNames names the fields of each entrypoint's input, in the order of their
// numbers. What a policy reads is known to this grain.
var fieldNames = map[Entrypoint][]string{
	EntryAccess:    accessFields,
	EntryRedaction: redactionFields,
	EntryRotation:  {"now", "secret"},
	EntryGate:      {"now", "findings", "baseline"},
}

// fields is a set of fields, by their number.
type fields uint32

func (f fields) has(field int) bool { return f&(1<<field) != 0 }

// ParseInput reads an input of e from JSON. Unknown keys, and keys given twice, are
// errors, so that a misspelt or a second one does not decide.
func ParseInput(e Entrypoint, text []byte) (Input, error) {
	var in Input
	switch e {
	case EntryAccess:
		in = &AccessInput{}
	case EntryRedaction:
		in = &RedactionInput{}
	case EntryRotation:
		in = &RotationInput{}
	case EntryGate:
		in = &GateInput{}
	default:
		return nil, fmt.Errorf("no entrypoint %q", e)
	}
	if err := exactjson.Check(text, "text", true); err != nil {
		return nil, fmt.Errorf("%s input: %w", e, err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in); err != nil {
		return nil, fmt.Errorf("%s input: %w", e, jsonError(text, err))
	}
	return in, nil
}

// jsonError gives err the line where it happened, and nothing of the text.
func jsonError(text []byte, err error) error {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		return fmt.Errorf("line %d: %s has the wrong type (%s)", 1+bytes.Count(text[:min(int(typ.Offset), len(text))], []byte("\n")), typ.Field, typ.Value)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}

// Terms below build OPA's values directly: a map of any would cost five times as
// much (measured: 15 against 3 µs).

func object(pairs ...[2]*ast.Term) *ast.Term { return ast.NewTerm(ast.NewObject(pairs...)) }

// part builds an object of those of a group's fields that are read.
type part struct {
	reads fields
	pairs [][2]*ast.Term
}

func (p *part) text(field int, key *ast.Term, s string) {
	if p.reads.has(field) {
		p.pairs = append(p.pairs, [2]*ast.Term{key, ast.StringTerm(s)})
	}
}

func (p *part) texts(field int, key *ast.Term, list []string) {
	if p.reads.has(field) {
		p.pairs = append(p.pairs, [2]*ast.Term{key, texts(list)})
	}
}

func (p *part) term(field int, key *ast.Term, value func() *ast.Term) {
	if p.reads.has(field) {
		p.pairs = append(p.pairs, [2]*ast.Term{key, value()})
	}
}

func texts(list []string) *ast.Term {
	terms := make([]*ast.Term, len(list))
	for i, s := range list {
		terms[i] = ast.StringTerm(s)
	}
	return ast.ArrayTerm(terms...)
}

func number(n int64) *ast.Term { return ast.NumberTerm(json.Number(fmt.Sprint(n))) }

// appendText adds s to a cache key so that no two lists of texts have the same key.
func appendText(key []byte, s string) []byte {
	key = binary.AppendUvarint(key, uint64(len(s)))
	return append(key, s...)
}

func appendTexts(key []byte, list []string) []byte {
	key = binary.AppendUvarint(key, uint64(len(list)))
	for _, s := range list {
		key = appendText(key, s)
	}
	return key
}
