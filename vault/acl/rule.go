package acl

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// rule is one path block of a document.
type rule struct {
	path        string // without its leading slash, unless templated
	templated   bool   // path is not yet a pattern
	grants      set    // deny stands alone
	constraints *constraints
}

// pattern checks a path and takes off its leading slash, since paths begin behind
// that of the API.
func pattern(path string) (string, error) {
	if strings.Contains(path, "+*") {
		return "", errors.New(`"+*" is not allowed; + stands for a whole segment, * for any ending`)
	}
	return strings.TrimPrefix(path, "/"), nil
}

func readRule(path string, body []setting) (rule, error) {
	var r rule
	var c constraints
	seen := map[string]int{}
	for _, s := range body {
		key := s.keys[0]
		if len(s.keys) > 1 {
			return r, at(s.line, "path %q: %s takes no name; write %s = …", path, key, key)
		}
		if before, twice := seen[key]; twice {
			return r, at(s.line, "path %q: %s stands already in line %d; write it once", path, key, before)
		}
		seen[key] = s.line
		if err := r.set(&c, s); err != nil {
			return r, at(s.line, "path %q: %s: %w", path, key, err)
		}
	}
	if c.minWrap > 0 && c.maxWrap > 0 && c.maxWrap < c.minWrap {
		return r, at(seen["max_wrapping_ttl"], "path %q: max_wrapping_ttl is less than min_wrapping_ttl", path)
	}
	if r.grants.has(deny) {
		r.grants = only(deny)
		return r, nil
	}
	if !c.empty() {
		r.constraints = &c
	}
	return r, nil
}

// set takes one setting of a path block.
func (r *rule) set(c *constraints, s setting) (err error) {
	switch s.keys[0] {
	case "comment":
		return nil
	case "policy":
		word, _ := s.value.(string)
		grants, ok := legacy(word)
		if !ok && s.value != "" {
			return errors.New(`wants "deny", "read", "write" or "sudo"; better write capabilities = […]`)
		}
		r.grants |= grants
		return nil
	case "capabilities":
		return r.grant(s.value)
	case "allowed_parameters":
		c.allowed, err = parameters(s.value)
	case "denied_parameters":
		c.denied, err = parameters(s.value)
	case "required_parameters":
		c.required, err = texts(s.value)
	case "min_wrapping_ttl":
		c.minWrap, err = duration(s.value)
	case "max_wrapping_ttl":
		c.maxWrap, err = duration(s.value)
	case "control_group", "mfa_methods", "subscribe_event_types", "pagination_limit", "expiration", "list_scan_response_keys_filter_path":
		return errors.New("is not enforced by stanch, so the document is refused; remove the setting if the path may do without it")
	default:
		return errors.New("is no setting of a path; see capabilities, allowed_parameters, denied_parameters, required_parameters, min_wrapping_ttl, max_wrapping_ttl")
	}
	return err
}

func (r *rule) grant(value any) error {
	named, err := texts(value)
	if err != nil {
		return err
	}
	for _, word := range named {
		c, ok := capabilityOf(word)
		if !ok {
			return fmt.Errorf("%q is no capability; use %s", word, strings.Join(words[:], ", "))
		}
		r.grants |= only(c)
	}
	return nil
}

// texts reads a list of texts.
func texts(value any) ([]string, error) {
	elements, ok := value.([]any)
	if !ok {
		return nil, errors.New(`wants a list, such as ["…"]`)
	}
	read := make([]string, 0, len(elements))
	for _, element := range elements {
		text, ok := element.(string)
		if !ok {
			return nil, errors.New("wants texts in its list; put them in quotes")
		}
		read = append(read, text)
	}
	return read, nil
}

// parameters reads name → values that match it. Names are in lower case.
func parameters(value any) (map[string][]any, error) {
	entries, ok := value.([]setting)
	if !ok {
		return nil, errors.New(`wants an object, such as { "name" = ["value"] }`)
	}
	read := make(map[string][]any, len(entries))
	for _, e := range entries {
		name := strings.ToLower(e.keys[0])
		values, ok := e.value.([]any)
		if !ok || len(e.keys) > 1 {
			return nil, fmt.Errorf("%q wants a list of values; [] stands for any", name)
		}
		if _, twice := read[name]; twice {
			return nil, fmt.Errorf("%q stands there twice; upper and lower case are the same", name)
		}
		plain, err := plainValue(values)
		if err != nil {
			return nil, err
		}
		read[name] = plain.([]any)
	}
	return read, nil
}

// plainValue gives a value of a document the types that request data has.
func plainValue(value any) (any, error) {
	switch v := value.(type) {
	case []any:
		plain := make([]any, len(v))
		for i, element := range v {
			var err error
			if plain[i], err = plainValue(element); err != nil {
				return nil, err
			}
		}
		return plain, nil
	case []setting:
		plain := make(map[string]any, len(v))
		for _, s := range v {
			if _, twice := plain[s.keys[0]]; twice || len(s.keys) > 1 {
				return nil, fmt.Errorf("an object among the values has %q twice", s.keys[0])
			}
			var err error
			if plain[s.keys[0]], err = plainValue(s.value); err != nil {
				return nil, err
			}
		}
		return plain, nil
	}
	return value, nil
}

// duration reads seconds, or a text such as "90s", "1.5h" or "7d".
func duration(value any) (time.Duration, error) {
	wrong := errors.New(`wants seconds, or a text such as "90s" or "24h", of zero to 292 years`)
	unit, amount := time.Second, int64(-1)
	switch v := value.(type) {
	case int64:
		amount = v
	case float64:
		if v >= 0 && v < math.MaxInt64/float64(time.Second) {
			amount = int64(v)
		}
	case string:
		number, days := strings.CutSuffix(v, "d")
		if days {
			unit = 24 * time.Hour
		}
		n, err := strconv.ParseInt(number, 10, 64)
		switch {
		case v == "":
			return 0, nil
		case err == nil:
			amount = n
		default:
			d, err := time.ParseDuration(v)
			if err != nil || d < 0 {
				return 0, wrong
			}
			return d, nil
		}
	}
	if amount < 0 || amount > math.MaxInt64/int64(unit) {
		return 0, wrong
	}
	return time.Duration(amount) * unit, nil
}
