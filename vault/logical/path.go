package logical

import (
	"context"
	"strings"
)

// Path is an entry of the table of what a backend serves.
type Path struct {
	// Pattern has {name} for one segment and, at its end, {name...} for one or more, or
	// {name...?} for any number; each is a field. A slash at the end of a request's path
	// counts for nothing unless the pattern ends with one.
	Pattern string
	Doc     string // one line
	Fields  []Field
	// Handlers by operation. One for Update without one for Create takes both.
	Handlers map[Operation]Handler
	// Exists reports whether a write is an Update rather than a Create; nil: it always is.
	Exists func(context.Context, *Call) (bool, error)
	// Open paths need no token: logins.
	Open bool
	// Sudo paths need the capability sudo, too.
	Sudo bool
}

// Match matches a request's path against the pattern and returns the segments that
// stand for its fields.
func (p *Path) Match(path string) (fields map[string]string, ok bool) {
	pattern := p.Pattern
	if !strings.HasSuffix(pattern, "/") {
		path = strings.TrimSuffix(path, "/")
	}
	for pattern != "" {
		open := strings.IndexByte(pattern, '{')
		if open < 0 {
			return fields, pattern == path
		}
		if !strings.HasPrefix(path, pattern[:open]) {
			optional := strings.HasSuffix(pattern, "...?}") && open > 0 && pattern[:open] == path+"/"
			return fields, optional
		}
		path = path[open:]
		name, rest, _ := strings.Cut(pattern[open+1:], "}")
		value := path
		if name, ok = strings.CutSuffix(name, "...?"); !ok {
			if name, ok = strings.CutSuffix(name, "..."); !ok {
				value, _, _ = strings.Cut(path, "/")
			}
			if value == "" {
				return nil, false
			}
		}
		if fields == nil {
			fields = map[string]string{}
		}
		fields[name] = value
		path, pattern = path[len(value):], rest
	}
	return fields, path == ""
}
