package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/policies"
)

// parts are what a request of AuthZEN's is made of. They may come from different
// objects: its own, and one with defaults.
type parts struct{ subject, action, resource, context fields }

func partsOf(f fields) parts {
	return parts{f.object("subject"), f.object("action"), f.object("resource"), f.object("context")}
}

// input makes an input of the parts. now is used if the context has no time. What is
// wrong is left in the parts' error.
func (p parts) input(now time.Time) *policies.AccessInput {
	return &policies.AccessInput{
		Subject:  principal(p.subject, p.subject.required("id")),
		Action:   policies.Action{Name: p.action.required("name")},
		Resource: resource(p.resource, path(p.resource)),
		Context:  surroundings(p.context, now),
	}
}

// principal reads a subject. Its keys are type/id and those the caller gives. To
// policies a subject is a workload or a person; what does not say workload is taken
// for a person, of whom they ask more.
func principal(f fields, id string) policies.Principal {
	typ, properties := f.required("type"), f.object("properties")
	if strings.Contains(typ, "/") {
		f.fail("type", "without a slash, which ends it in a key")
	}
	p := policies.Principal{
		Type: "human", ID: id, Keys: properties.texts("keys"),
		Properties: policies.PrincipalProperties{
			AuthMethod: properties.text("auth_method"), Groups: properties.texts("groups"), Claims: properties.textsByName("claims"),
		},
	}
	if typ == "workload" {
		p.Type = typ
	}
	if own := typ + "/" + id; id != "" && !slices.Contains(p.Keys, own) {
		p.Keys = append([]string{own}, p.Keys...)
	}
	return p
}

func resource(f fields, id string) policies.Resource {
	properties := f.object("properties")
	return policies.Resource{
		Type: f.required("type"), ID: id, Ancestors: policies.Ancestors(id),
		Properties: policies.ResourceProperties{
			Environment: properties.text("environment"), Class: properties.text("class"),
			Owner: properties.text("owner"), Kind: properties.text("kind"),
		},
	}
}

// path reads the id of a resource. Segments that are empty, "." or ".." are refused:
// who cleans the path after it was allowed would read another secret.
func path(f fields) string {
	id := f.required("id")
	for segment := range strings.SplitSeq(strings.TrimSuffix(id, "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			f.fail("id", `a path without empty, "." and ".." segments`)
		}
	}
	return id
}

// surroundings reads a context.
func surroundings(f fields, now time.Time) policies.Context {
	c := policies.Context{Time: unixTime(f, now), SourceIP: f.text("source_ip"), MFA: f.boolean("mfa")}
	if f.has("break_glass") {
		glass := f.object("break_glass")
		c.BreakGlass = &policies.BreakGlass{Reason: glass.text("reason"), Ticket: glass.text("ticket")}
	}
	return c
}

// unixTime reads context.time: seconds since 1970, or a text as RFC 3339 has it, also
// without seconds, as AuthZEN's examples are.
func unixTime(f fields, now time.Time) int64 {
	switch t := f.values["time"].(type) {
	case nil:
		return now.Unix()
	case json.Number:
		if n, err := t.Int64(); err == nil && n > 0 {
			return n
		}
	case string:
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
			if at, err := time.Parse(layout, t); err == nil && at.Unix() > 0 {
				return at.Unix()
			}
		}
	}
	f.fail("time", "seconds since 1970 or as 2006-01-02T15:04:05Z")
	return 0
}

// text answers a request of AuthZEN's that is refused.
func (r *refusal) text(w http.ResponseWriter) { http.Error(w, r.reason, r.status) }
