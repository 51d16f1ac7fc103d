package config

import "strings"

// covers reports whether r takes every path that other would.
func (r *Route) covers(other *Route) bool {
	prefix, open := strings.CutSuffix(other.Path, "*")
	return r.takes(prefix) && (!open || strings.HasSuffix(r.Path, "*"))
}

func (r *Route) takes(path string) bool {
	if prefix, open := strings.CutSuffix(r.Path, "*"); open {
		return strings.HasPrefix(path, prefix)
	}
	return r.Path == path
}
