package acl

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// jsonReader turns JSON into settings. HCL's own reader of JSON is not used: it
// drops true and false from lists, which turns "only true" into "anything".
type jsonReader struct {
	text   string
	tokens *json.Decoder
	offset int64 // up to which lines are counted
	line   int
}

func readJSON(text string) ([]setting, error) {
	r := &jsonReader{text: text, tokens: json.NewDecoder(strings.NewReader(text)), line: 1}
	r.tokens.UseNumber()
	root, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, at(r.here(), "text follows the end of the document; remove it")
	}
	settings, ok := root.([]setting)
	if !ok {
		return nil, at(1, "is not a JSON object")
	}
	return settings, nil
}

// here is the line of the token read last.
func (r *jsonReader) here() int {
	now := min(r.tokens.InputOffset(), int64(len(r.text)))
	r.line += strings.Count(r.text[r.offset:now], "\n")
	r.offset = now
	return r.line
}

func (r *jsonReader) next() (json.Token, error) {
	t, err := r.tokens.Token()
	if err == nil {
		return t, nil
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		cut := min(max(syntax.Offset, 0), int64(len(r.text)))
		return nil, at(1+strings.Count(r.text[:cut], "\n"), "is not JSON: %w", err)
	}
	return nil, at(r.here(), "is cut short: %w", err)
}

func (r *jsonReader) value(depth int) (any, error) {
	t, err := r.next()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if depth >= MaxDepth {
			return nil, at(r.here(), "nests more than %d deep", MaxDepth)
		}
		if t == '{' {
			return r.object(depth + 1)
		}
		return r.array(depth + 1)
	case json.Number:
		if n, err := t.Int64(); err == nil {
			return n, nil
		}
		n, err := t.Float64()
		if err != nil {
			return nil, at(r.here(), "number %.20s is too large", t.String())
		}
		return n, nil
	case nil:
		return nil, at(r.here(), "null is no value; leave the setting out")
	}
	return t, nil
}

func (r *jsonReader) object(depth int) (any, error) {
	settings := []setting{}
	for r.tokens.More() {
		key, err := r.next()
		if err != nil {
			return nil, err
		}
		s := setting{line: r.here(), keys: []string{key.(string)}}
		if s.value, err = r.value(depth); err != nil {
			return nil, err
		}
		settings = append(settings, s)
	}
	_, err := r.next()
	return settings, err
}

func (r *jsonReader) array(depth int) (any, error) {
	elements := []any{}
	for r.tokens.More() {
		v, err := r.value(depth)
		if err != nil {
			return nil, err
		}
		elements = append(elements, v)
	}
	_, err := r.next()
	return elements, err
}
