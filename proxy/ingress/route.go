package ingress

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/stanch-dev/stanch/internal/config"
)

// route is what is set for requests whose path fits a pattern.
type route struct {
	pattern  string // without the * at its end
	prefix   bool   // the pattern is of a beginning
	lifts    []config.Lift
	name     string // the pattern as it is configured; empty for requests that fit none
	label    string // name, for metrics
	duration prometheus.Observer
}

// routes are tried in their order. The last one fits every request.
type routes []route

func newRoutes(configured []config.Route, m *Metrics) routes {
	rs := make(routes, 0, len(configured)+1)
	for _, r := range configured {
		pattern, prefix := strings.CutSuffix(r.Path, "*")
		rs = append(rs, route{pattern, prefix, r.Lift, r.Path, r.Path, m.duration.WithLabelValues(r.Path)})
	}
	return append(rs, route{prefix: true, label: other, duration: m.duration.WithLabelValues(other)})
}

// of returns the route of a request for u. A path that upstreams may read in more than
// one way (dot segments, double slashes, escaped slashes, parameters) has a route only
// if all ways lead there: what is set for one path is no licence for another.
func (rs routes) of(u *url.URL) *route {
	found := rs.at(u.Path)
	rest := &rs[len(rs)-1]
	if found == rest {
		return rest
	}
	if strings.Contains(u.Path, "//") || strings.Contains(u.Path, "/.") || strings.ContainsAny(u.Path, `\;%`) {
		if rs.at(clean(u.Path)) != found || rs.at(clean(loosely(u.Path))) != found {
			return rest
		}
	}
	if u.RawPath != "" && rs.at(u.RawPath) != found {
		return rest
	}
	return found
}

// clean is path.Clean, but for a slash at the end.
func clean(p string) string {
	cleaned := path.Clean(p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}

// loosely reads a path as some servers do: unescaped once more, with backslashes for
// slashes, and without the parameters of its segments.
func loosely(p string) string {
	if again, err := url.PathUnescape(p); err == nil {
		p = again
	}
	segments := strings.Split(strings.ReplaceAll(p, `\`, "/"), "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

func (rs routes) at(path string) *route {
	for i := range rs {
		r := &rs[i]
		if path == r.pattern || r.prefix && strings.HasPrefix(path, r.pattern) {
			return r
		}
	}
	return nil // never: the last one fits
}

// lift moves credentials from the query of a request into its header, and reports
// whether it has. A field that is there already stays, and the parameter is only taken
// out. What cannot be in a field stays in the query, where it is redacted as anything
// else; so do all other parameters, byte by byte.
func (r *route) lift(out *http.Request) (lifted bool) {
	if len(r.lifts) == 0 || out.URL.RawQuery == "" {
		return false
	}
	var kept []string
	for pair := range strings.SplitSeq(out.URL.RawQuery, "&") {
		if r.liftPair(out.Header, pair) {
			lifted = true
		} else {
			kept = append(kept, pair)
		}
	}
	if lifted {
		out.URL.RawQuery = strings.Join(kept, "&")
		out.URL.ForceQuery = false
	}
	return lifted
}

func (r *route) liftPair(header http.Header, pair string) bool {
	name, value, _ := strings.Cut(pair, "=")
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	for i := range r.lifts {
		l := &r.lifts[i]
		if name != l.Query {
			continue
		}
		// A + stands for itself: credentials have no spaces, but base64 has it, and is not
		// always escaped as it should be.
		value, err := url.PathUnescape(value)
		if err != nil || !isCredential(value) {
			return false
		}
		if header.Get(l.Header) == "" {
			if l.Scheme != "" {
				value = l.Scheme + " " + value
			}
			header.Set(l.Header, value)
		}
		return true
	}
	return false
}

// isCredential reports whether a value can stand in a field as it is, and will be read
// there as it is: printable ASCII without spaces around it.
func isCredential(value string) bool {
	for i := range len(value) {
		if value[i] < ' ' || value[i] > '~' {
			return false
		}
	}
	return value != "" && strings.TrimSpace(value) == value
}
