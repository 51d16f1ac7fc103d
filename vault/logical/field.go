package logical

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// FieldType is the type of a field, which says what is taken for it.
type FieldType uint8

// The types. Clients of Vault write many of them in several ways.
const (
	String         FieldType = iota // numbers and booleans are taken as their text
	Int                             // or a text of one
	Bool                            // or "true", "false", "1", "0"
	Duration                        // seconds, or a text such as 90s, 1h30m or 2d
	SignedDuration                  // likewise, with a minus sign before it, too
	Strings                         // a list, or a text with commas
	Pairs                           // texts by name: an object, or "a=b" in a list
	Object                          // any JSON object
	Time                            // RFC 3339, or seconds since 1970
	Any                             // whatever comes
)

// Field is one parameter of a path.
type Field struct {
	Name    string
	Type    FieldType
	Doc     string // one line
	Default any    // of the Go type that the getter returns; nil: its zero value
	Query   bool   // it is read from the query of a GET, too
	// Secret fields are never shown, not even in errors.
	Secret bool
}

// Fields are the parsed parameters of a call.
type Fields struct{ values map[string]any }

// ParseFields reads the fields of a path from a request's data and the segments of its
// path. Unknown parameters are ignored, as Vault does; those of a wrong type are errors.
func ParseFields(schema []Field, data map[string]any, segments map[string]string) (Fields, error) {
	f := Fields{make(map[string]any, len(schema)+len(segments))}
	for name, value := range segments {
		f.values[name] = value
	}
	for i := range schema {
		s := &schema[i]
		raw, ok := data[s.Name]
		if _, inPath := segments[s.Name]; inPath || !ok || raw == nil {
			continue
		}
		value, err := s.parse(raw)
		if err != nil {
			return Fields{}, Invalid("error converting input for field %q: %v", s.Name, err)
		}
		f.values[s.Name] = value
	}
	for i := range schema {
		if _, ok := f.values[schema[i].Name]; !ok && schema[i].Default != nil {
			f.values[schema[i].Name+defaulted] = schema[i].Default
		}
	}
	return f, nil
}

// defaulted marks the names of values that were not given.
const defaulted = "\x00default"

func get[T any](f Fields, name string) (v T) {
	if value, ok := f.values[name].(T); ok {
		return value
	}
	v, _ = f.values[name+defaulted].(T)
	return v
}

// Has reports whether a field was given.
func (f Fields) Has(name string) bool { _, ok := f.values[name]; return ok }

// Raw returns what was given for a field of type Any, nil for nothing.
func (f Fields) Raw(name string) any { return get[any](f, name) }

// String returns a field of type String.
func (f Fields) String(name string) string { return get[string](f, name) }

// Int returns a field of type Int.
func (f Fields) Int(name string) int { return get[int](f, name) }

// Bool returns a field of type Bool.
func (f Fields) Bool(name string) bool { return get[bool](f, name) }

// Duration returns a field of type Duration or SignedDuration.
func (f Fields) Duration(name string) time.Duration { return get[time.Duration](f, name) }

// Strings returns a field of type Strings.
func (f Fields) Strings(name string) []string { return slices.Clone(get[[]string](f, name)) }

// Pairs returns a field of type Pairs.
func (f Fields) Pairs(name string) map[string]string {
	return maps.Clone(get[map[string]string](f, name))
}

// Object returns a field of type Object.
func (f Fields) Object(name string) map[string]any { return get[map[string]any](f, name) }

// Time returns a field of type Time.
func (f Fields) Time(name string) time.Time { return get[time.Time](f, name) }

func (s *Field) parse(raw any) (any, error) {
	switch s.Type {
	case String:
		return parseString(raw)
	case Int:
		return parseInt(raw)
	case Bool:
		return parseBool(raw)
	case Duration:
		return parseDuration(raw)
	case SignedDuration:
		return parseSignedDuration(raw)
	case Strings:
		return parseStrings(raw)
	case Pairs:
		return parsePairs(raw)
	case Object:
		if object, ok := raw.(map[string]any); ok {
			return object, nil
		}
		return nil, wrongType("object", raw)
	case Time:
		return parseTime(raw)
	}
	return raw, nil
}

func wrongType(want string, got any) error {
	kind := "something else"
	switch got.(type) {
	case string:
		kind = "text"
	case json.Number:
		kind = "a number"
	case bool:
		kind = "a boolean"
	case []any:
		kind = "a list"
	case map[string]any:
		kind = "an object"
	}
	return fmt.Errorf("expected %s, got %s", want, kind)
}

func parseString(raw any) (string, error) {
	switch v := raw.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", wrongType("text", raw)
}

func parseInt(raw any) (int, error) {
	text, err := parseString(raw)
	if err != nil {
		return 0, wrongType("a number", raw)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("expected a whole number")
	}
	return n, nil
}

func parseBool(raw any) (bool, error) {
	text, err := parseString(raw)
	if err != nil {
		return false, wrongType("a boolean", raw)
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("expected a boolean")
	}
	return b, nil
}

// parseDuration takes seconds, and Go's durations with d for days besides.
func parseDuration(raw any) (time.Duration, error) {
	text, err := parseString(raw)
	if err != nil {
		return 0, wrongType("a duration", raw)
	}
	if text == "" {
		return 0, nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		if seconds > math.MaxInt64/int64(time.Second) || seconds < 0 {
			return 0, fmt.Errorf("a duration of %d seconds is out of range", seconds)
		}
		return time.Duration(seconds) * time.Second, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err != nil || n < 0 || n > 36500 {
			return 0, fmt.Errorf("expected a duration such as 90s, 1h30m or 2d")
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("expected a duration such as 90s, 1h30m or 2d")
	}
	return d, nil
}

func parseSignedDuration(raw any) (time.Duration, error) {
	text, err := parseString(raw)
	if err != nil {
		return 0, wrongType("a duration", raw)
	}
	size, negative := strings.CutPrefix(text, "-")
	d, err := parseDuration(size)
	if negative {
		d = -d
	}
	return d, err
}

func parseStrings(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok {
		text, err := parseString(raw)
		if err != nil {
			return nil, wrongType("a list", raw)
		}
		all := []string{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				all = append(all, item)
			}
		}
		return all, nil
	}
	all := make([]string, 0, len(list))
	for _, item := range list {
		text, err := parseString(item)
		if err != nil {
			return nil, err
		}
		all = append(all, strings.TrimSpace(text))
	}
	return all, nil
}

func parsePairs(raw any) (map[string]string, error) {
	pairs := map[string]string{}
	if object, ok := raw.(map[string]any); ok {
		for name, value := range object {
			text, err := parseString(value)
			if err != nil {
				return nil, err
			}
			pairs[name] = text
		}
		return pairs, nil
	}
	list, err := parseStrings(raw)
	if err != nil {
		return nil, wrongType("an object", raw)
	}
	for _, item := range list {
		name, value, ok := strings.Cut(item, "=")
		if !ok {
			return nil, fmt.Errorf("expected name=value")
		}
		pairs[name] = value
	}
	return pairs, nil
}

func parseTime(raw any) (time.Time, error) {
	text, err := parseString(raw)
	if err != nil {
		return time.Time{}, wrongType("a time", raw)
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("expected a time such as 2026-11-24T10:00:00Z")
	}
	return t, nil
}
