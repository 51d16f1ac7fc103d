// Package route tells which settings are those of a request, by its path, and lifts
// credentials out of its query as they say. The proxy does so, and the check of
// recordings, which must do the same.
package route

import (
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/stanch-dev/stanch/internal/config"
)

// Route is what is set for requests whose path fits a pattern.
type Route struct {
	// Name is the pattern as it is configured; empty for requests that fit none.
	Name string

	pattern string // without the * at its end
	prefix  bool   // the pattern is of a beginning
	lifts   []config.Lift
}

// other stands in metrics for requests that fit no pattern.
const other = "other"

// Label returns the name that metrics and logs have for it.
func (r *Route) Label() string {
	if r.Name == "" {
		return other
	}
	return r.Name
}

// Table is all routes. They are tried in their order; the last one fits every request.
// It is immutable and safe for concurrent use.
type Table []Route

// New returns the table of what is configured.
func New(configured []config.Route) Table {
	t := make(Table, 0, len(configured)+1)
	for _, r := range configured {
		pattern, prefix := strings.CutSuffix(r.Path, "*")
		t = append(t, Route{r.Path, pattern, prefix, r.Lift})
	}
	return append(t, Route{prefix: true})
}

// Of returns the route of a request for u. A path that upstreams may read in more than
// one way (dot segments, double slashes, escaped slashes, parameters) has a route only
// if all ways lead there: what is set for one path is no licence for another.
func (t Table) Of(u *url.URL) *Route {
	found := t.at(u.Path)
	rest := &t[len(t)-1]
	if found == rest {
		return rest
	}
	if strings.Contains(u.Path, "//") || strings.Contains(u.Path, "/.") || strings.ContainsAny(u.Path, `\;%`) {
		if t.at(clean(u.Path)) != found || t.at(clean(loosely(u.Path))) != found {
			return rest
		}
	}
	if u.RawPath != "" && t.at(u.RawPath) != found {
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

func (t Table) at(path string) *Route {
	for i := range t {
		r := &t[i]
		if path == r.pattern || r.prefix && strings.HasPrefix(path, r.pattern) {
			return r
		}
	}
	return nil // never: the last one fits
}

// Lift moves credentials from the query of a request into its header, and reports
// whether it has. A field that is there already stays, and the parameter is only taken
// out. What cannot be in a field stays in the query, where it is redacted as anything
// else; so do all other parameters, byte by byte.
func (r *Route) Lift(out *http.Request) (lifted bool) {
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

func (r *Route) liftPair(header http.Header, pair string) bool {
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
