package decisionlog

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// body is what masks may change of an event: documents as JSON is in Go.
type body struct {
	parts          map[string]any // input and result; one that is not there was erased
	erased, masked []string
}

// mask is one rule of data.system.log.mask.
type mask struct {
	path  string   // as the policy wrote it, for the event
	keys  []string // the path's, unescaped
	erase bool
	value any // that is put there instead
}

// newMask reads a rule: a path, which is erased, or an object {op, path, value}.
func newMask(rule any) (mask, error) {
	m := mask{erase: true}
	switch rule := rule.(type) {
	case string:
		m.path = rule
	case map[string]any:
		op, _ := rule["op"].(string)
		if op != "remove" && op != "upsert" {
			return m, errors.New(`a mask's "op" is "remove" or "upsert"`)
		}
		m.path, _ = rule["path"].(string)
		m.erase, m.value = op == "remove", rule["value"]
	default:
		return m, fmt.Errorf("a mask is a path or an object, not a %T", rule)
	}
	path, rooted := strings.CutPrefix(m.path, "/")
	if !rooted {
		return m, errors.New(`a mask's path begins with "/"`)
	}
	for key := range strings.SplitSeq(path, "/") {
		plain, err := url.PathUnescape(key)
		if err != nil {
			return m, errors.New("a mask's path has a wrong percent escape")
		}
		m.keys = append(m.keys, plain)
	}
	if !slices.Contains([]string{"input", "result", "nd_builtin_cache"}, m.keys[0]) {
		return m, errors.New("a mask's path begins with /input or /result")
	}
	return m, nil
}

// apply changes b. What is not there needs no mask: that is no error, as in OPA.
func (m mask) apply(b *body) {
	if _, ok := b.parts[m.keys[0]]; !ok {
		return
	}
	if m.erase {
		if remove(b.parts, m.keys) {
			b.erased = append(b.erased, m.path)
		}
		return
	}
	if upsert(b.parts, m.keys, m.value) {
		b.masked = append(b.masked, m.path)
	}
}

// find returns what stands at keys in doc.
func find(doc any, keys []string) (any, bool) {
	for _, key := range keys {
		switch node := doc.(type) {
		case map[string]any:
			child, ok := node[key]
			if !ok {
				return nil, false
			}
			doc = child
		case []any:
			i, ok := index(node, key)
			if !ok {
				return nil, false
			}
			doc = node[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// remove deletes what stands at keys, and reports whether anything did.
func remove(doc map[string]any, keys []string) bool {
	parent, last := keys[:len(keys)-1], keys[len(keys)-1]
	node, _ := find(doc, parent)
	switch node := node.(type) {
	case map[string]any:
		_, ok := node[last]
		delete(node, last)
		return ok
	case []any:
		i, ok := index(node, last)
		return ok && upsert(doc, parent, slices.Delete(node, i, i+1))
	}
	return false
}

// upsert puts value at keys, with the objects on the way to it, and reports whether
// there is such a place: a list takes no new elements, and a text has none.
func upsert(doc map[string]any, keys []string, value any) bool {
	last := keys[len(keys)-1]
	var node any = doc
	for _, key := range keys[:len(keys)-1] {
		child, ok := find(node, []string{key})
		if object, isObject := node.(map[string]any); isObject && !ok {
			child = map[string]any{}
			object[key] = child
		} else if !ok {
			return false
		}
		node = child
	}
	switch node := node.(type) {
	case map[string]any:
		node[last] = value
		return true
	case []any:
		i, ok := index(node, last)
		if ok {
			node[i] = value
		}
		return ok
	}
	return false
}

// index reads key as the index of an element of list.
func index(list []any, key string) (int, bool) {
	i, err := strconv.Atoi(key)
	return i, err == nil && i >= 0 && i < len(list)
}
