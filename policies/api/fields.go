package api

import (
	"fmt"
	"net/http"
)

// fields reads a JSON object by exact names. What nobody asks for is passed over, as
// AuthZEN wants it; what has the wrong type is an error, the first of which is kept.
type fields struct {
	path   string // of the object within the body, with a dot at the end, or empty
	values map[string]any
	err    *error
}

// objectOf reads a body that must be an object.
func objectOf(text []byte, err *error) fields {
	doc, _ := decode(text)
	values, ok := doc.(map[string]any)
	if !ok && *err == nil {
		*err = refuse(http.StatusBadRequest, "the body must be a JSON object")
	}
	return fields{values: values, err: err}
}

// has reports whether name is given. Null counts as not given.
func (f fields) has(name string) bool { return f.values[name] != nil }

func (f fields) fail(name, want string) {
	if *f.err == nil {
		*f.err = refuse(http.StatusBadRequest, "%s%s must be %s", f.path, name, want)
	}
}

// object returns the object name, which is empty if it is not given.
func (f fields) object(name string) fields {
	values, ok := f.values[name].(map[string]any)
	if f.has(name) && !ok {
		f.fail(name, "an object")
	}
	return fields{path: f.path + name + ".", values: values, err: f.err}
}

// list returns the list name.
func (f fields) list(name string) []any {
	list, ok := f.values[name].([]any)
	if f.has(name) && !ok {
		f.fail(name, "a list")
	}
	return list
}

func (f fields) text(name string) string {
	s, ok := f.values[name].(string)
	if f.has(name) && !ok {
		f.fail(name, "a text")
	}
	return s
}

// required is text, but it must be given.
func (f fields) required(name string) string {
	s := f.text(name)
	if s == "" {
		f.fail(name, "a text that is not empty")
	}
	return s
}

func (f fields) boolean(name string) bool {
	b, ok := f.values[name].(bool)
	if f.has(name) && !ok {
		f.fail(name, "true or false")
	}
	return b
}

func (f fields) texts(name string) []string {
	var all []string
	for i, element := range f.list(name) {
		s, ok := element.(string)
		if !ok {
			f.fail(fmt.Sprintf("%s[%d]", name, i), "a text")
		}
		all = append(all, s)
	}
	return all
}

// textsByName returns the object name, whose values must be texts.
func (f fields) textsByName(name string) map[string]string {
	o := f.object(name)
	all := make(map[string]string, len(o.values))
	for key := range o.values {
		all[key] = o.text(key)
	}
	return all
}
