package config

import "strings"

// Route returns the route of a path: the first that takes it, nil if none does.
func (in *Ingress) Route(path string) *Route {
	for i := range in.Routes {
		if in.Routes[i].takes(path) {
			return &in.Routes[i]
		}
	}
	return nil
}

func (r *Route) takes(path string) bool {
	if prefix, open := strings.CutSuffix(r.Path, "*"); open {
		return strings.HasPrefix(path, prefix)
	}
	return r.Path == path
}

// covers reports whether r takes every path that other would.
func (r *Route) covers(other *Route) bool {
	prefix, open := strings.CutSuffix(other.Path, "*")
	return r.takes(prefix) && (!open || strings.HasSuffix(r.Path, "*"))
}
