package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"unicode/utf8"
)

// refusal is why a request is not answered.
type refusal struct {
	status int
	reason string
}

// Error returns the reason.
func (r *refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// readBody returns the JSON of a request, checked. It may be empty.
func readBody(r *http.Request) ([]byte, *refusal) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, refuse(http.StatusUnsupportedMediaType, "a body must not be compressed")
	}
	text, err := io.ReadAll(r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, "the body is longer than %d bytes", MaxBody)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body could not be read")
	case len(bytes.TrimSpace(text)) == 0:
		return nil, nil
	}
	return text, check(text)
}

// check refuses JSON that two readers could understand differently, or that is more
// than a request needs: what is not UTF-8, names given twice, numbers beyond a double,
// and values too deep in one another.
func check(text []byte) *refusal {
	if !utf8.Valid(text) {
		return refuse(http.StatusBadRequest, "the body is not UTF-8")
	}
	c := checker{dec: json.NewDecoder(bytes.NewReader(text))}
	c.dec.UseNumber()
	err := c.value(0)
	if err == nil {
		if _, end := c.dec.Token(); !errors.Is(end, io.EOF) {
			err = errors.New("the body has more than one JSON value")
		}
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "%v (line %d)", err, 1+bytes.Count(text[:c.dec.InputOffset()], []byte("\n")))
	}
	return nil
}

type checker struct{ dec *json.Decoder }

// errNotJSON quotes nothing, as encoding/json's errors would.
var errNotJSON = errors.New("the body is not JSON")

// value checks the next value, which stands in depth others.
func (c *checker) value(depth int) error {
	token, err := c.dec.Token()
	if err != nil {
		return errNotJSON
	}
	switch token := token.(type) {
	case json.Number:
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil || len(token) > 40 {
			return errors.New("a number is larger or longer than a double")
		}
	case json.Delim:
		if depth == MaxDepth {
			return fmt.Errorf("more than %d objects and lists in one another", MaxDepth)
		}
		if token == '{' {
			return c.object(depth + 1)
		}
		for c.dec.More() {
			if err := c.value(depth + 1); err != nil {
				return err
			}
		}
		return c.end()
	}
	return nil
}

func (c *checker) object(depth int) error {
	names := map[string]bool{}
	for c.dec.More() {
		token, err := c.dec.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return errNotJSON
		}
		if names[name] {
			return errors.New("an object has a name twice")
		}
		names[name] = true
		if err := c.value(depth); err != nil {
			return err
		}
	}
	return c.end()
}

func (c *checker) end() error {
	if _, err := c.dec.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

// decode reads checked JSON, with numbers as they are written.
func decode(text []byte) (doc any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return doc, dec.Decode(&doc)
}
