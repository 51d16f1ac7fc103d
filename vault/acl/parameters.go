package acl

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// constraints narrow what a pattern grants. Those of a rule are never changed; an
// entry merges into its own.
type constraints struct {
	allowed  map[string][]any // name in lower case → values; none listed: any value
	denied   map[string][]any
	required []string
	minWrap  time.Duration // zero: none
	maxWrap  time.Duration
}

func (c *constraints) empty() bool {
	return len(c.allowed) == 0 && len(c.denied) == 0 && len(c.required) == 0 && c.minWrap == 0 && c.maxWrap == 0
}

// clone copies c for an owner that merges into it; nil is no constraints.
func (c *constraints) clone() *constraints {
	if c == nil {
		return nil
	}
	own := *c
	own.allowed, own.denied = mergeValues(nil, c.allowed), mergeValues(nil, c.denied)
	own.required = slices.Clone(c.required)
	return &own
}

// merge adds the constraints of one more block for the same pattern as Vault does:
// what either of them narrows stays narrowed, allowed values add up, the shorter
// wrapping times win.
func (c *constraints) merge(more *constraints) {
	c.allowed, c.denied = mergeValues(c.allowed, more.allowed), mergeValues(c.denied, more.denied)
	c.required = append(c.required, more.required...)
	c.minWrap, c.maxWrap = shorter(c.minWrap, more.minWrap), shorter(c.maxWrap, more.maxWrap)
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// mergeValues adds values to those of the same name; a list that stands for any
// value stays one. It returns the map, which it makes if there is none.
func mergeValues(own, more map[string][]any) map[string][]any {
	if own == nil {
		own = make(map[string][]any, len(more))
	}
	for name, values := range more {
		before, both := own[name]
		if both && (len(before) == 0 || len(values) == 0) {
			own[name] = nil
			continue
		}
		own[name] = append(before, values...)
	}
	return own
}

// wrapped reports whether a response may be wrapped for ttl; zero is not wrapped.
// Merging may leave a maximum below the minimum, which no ttl meets.
func (c *constraints) wrapped(ttl time.Duration) bool {
	if c.maxWrap > 0 && (ttl == 0 || ttl > c.maxWrap) {
		return false
	}
	return c.minWrap == 0 || ttl >= c.minWrap
}

// accept reports whether a request may carry these parameters.
func (c *constraints) accept(data map[string]any) bool {
	for _, name := range c.required {
		if _, ok := data[strings.ToLower(name)]; !ok {
			return false
		}
	}
	if len(data) == 0 {
		return true
	}
	if _, all := c.denied["*"]; all {
		return false
	}
	_, others := c.allowed["*"]
	open := len(c.allowed) == 0 || others && len(c.allowed) == 1
	for name, value := range data {
		name = strings.ToLower(name)
		if values, ok := c.denied[name]; ok && touches(value, values) {
			return false
		}
		if open {
			continue
		}
		values, ok := c.allowed[name]
		if !ok && !others || ok && !within(value, values) {
			return false
		}
	}
	return true
}

// touches reports whether the value, or a part of it, is among the denied ones.
func touches(value any, denied []any) bool {
	return len(denied) == 0 || among(value, denied) ||
		slices.ContainsFunc(parts(value), func(part any) bool { return among(part, denied) })
}

// within reports whether the value, or each part of it, is among the allowed
// ones. An empty value is not, unless listed: OpenBao and older Vaults say so
// too, and many parameters take emptiness for "the default".
func within(value any, allowed []any) bool {
	if len(allowed) == 0 || among(value, allowed) {
		return true
	}
	elements := parts(value)
	return len(elements) > 0 && !slices.ContainsFunc(elements, func(part any) bool { return !among(part, allowed) })
}

// parts takes a list apart, be it written as a list or as text with commas: an
// engine may read either as the same thing.
func parts(value any) (elements []any) {
	switch v := value.(type) {
	case []any:
		return v
	case []string:
		for _, element := range v {
			elements = append(elements, element)
		}
	case string:
		if v == "" {
			return nil
		}
		for element := range strings.SplitSeq(v, ",") {
			elements = append(elements, strings.TrimSpace(element))
		}
	}
	return elements
}

// among reports whether a value matches one of a list; texts of the list may
// begin or end in a star.
func among(value any, values []any) bool {
	text, isText := value.(string)
	return slices.ContainsFunc(values, func(listed any) bool {
		if glob, ok := listed.(string); ok && isText {
			return globbed(glob, text)
		}
		return same(listed, value)
	})
}

// globbed matches a star at the start, at the end, or both. A star alone is only
// itself, as in Vault, where [] stands for any value.
func globbed(glob, text string) bool {
	if len(glob) < 2 {
		return glob == text
	}
	middle, open := strings.CutPrefix(glob, "*")
	middle, goesOn := strings.CutSuffix(middle, "*")
	switch {
	case open && goesOn:
		return strings.Contains(text, middle)
	case open:
		return strings.HasSuffix(text, middle)
	case goesOn:
		return strings.HasPrefix(text, middle)
	}
	return glob == text
}

// same compares a value of a document with one of a request. Numbers are equal by
// value, whatever type the request's decoder gave them.
func same(listed, value any) bool {
	switch l := listed.(type) {
	case string:
		v, ok := value.(string)
		return ok && l == v
	case bool:
		v, ok := value.(bool)
		return ok && l == v
	case int64, float64:
		return sameNumber(l, value)
	case []any:
		v, ok := value.([]any)
		return ok && slices.EqualFunc(l, v, same)
	case map[string]any:
		v, ok := value.(map[string]any)
		if !ok || len(l) != len(v) {
			return false
		}
		for key, element := range l {
			other, ok := v[key]
			if !ok || !same(element, other) {
				return false
			}
		}
		return true
	}
	return false
}

func sameNumber(a, b any) bool {
	exactA, floatA, okA := number(a)
	exactB, floatB, okB := number(b)
	if !okA || !okB {
		return false
	}
	if exactA != nil && exactB != nil {
		return *exactA == *exactB
	}
	return floatA == floatB
}

// number reads a number exactly where it is whole, and as a float in any case.
func number(v any) (exact *int64, approx float64, ok bool) {
	switch n := v.(type) {
	case int:
		whole := int64(n)
		return &whole, float64(n), true
	case int64:
		return &n, float64(n), true
	case float64:
		return nil, n, true
	case json.Number:
		if whole, err := n.Int64(); err == nil {
			return &whole, float64(whole), true
		}
		approx, err := n.Float64()
		return nil, approx, err == nil
	}
	return nil, 0, false
}
