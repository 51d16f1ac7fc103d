// Package exactjson refuses JSON that two readers could understand differently, or
// that is more than a question to a policy needs. What decides must not depend on
// which of two values a reader happens to take.
package exactjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how many objects and lists may stand in one another.
const MaxDepth = 64

// maxNumber is how many characters a number may have.
const maxNumber = 40

// Check refuses text that is not one JSON value in UTF-8, objects with a name twice,
// numbers beyond a double, and values too deep in one another. With fold, names that
// differ in case only are the same, as they are to encoding/json. The error calls the
// text what, names a line and quotes nothing.
func Check(text []byte, what string, fold bool) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("the %s is not UTF-8", what)
	}
	c := checker{dec: json.NewDecoder(bytes.NewReader(text)), notJSON: fmt.Errorf("the %s is not JSON", what), fold: fold}
	c.dec.UseNumber()
	err := c.value(0)
	if err == nil {
		if _, end := c.dec.Token(); !errors.Is(end, io.EOF) {
			err = fmt.Errorf("the %s has more than one JSON value", what)
		}
	}
	if err != nil {
		return fmt.Errorf("%w (line %d)", err, 1+bytes.Count(text[:c.dec.InputOffset()], []byte("\n")))
	}
	return nil
}

type checker struct {
	dec     *json.Decoder
	notJSON error // quotes nothing, as encoding/json's errors would
	fold    bool
}

// value checks the next value, which stands in depth others.
func (c *checker) value(depth int) error {
	token, err := c.dec.Token()
	if err != nil {
		return c.notJSON
	}
	switch token := token.(type) {
	case json.Number:
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil || len(token) > maxNumber {
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
			return c.notJSON
		}
		if c.fold {
			name = strings.ToLower(name)
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
		return c.notJSON
	}
	return nil
}
