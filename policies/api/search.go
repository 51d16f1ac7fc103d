package api

import (
	"context"
	"net/http"
	"time"

	"github.com/stanch-dev/stanch/policies"
)

// Search answers the searches of AuthZEN. Each function is given an input without
// what it shall find, and returns all that would be allowed; nil: there is no such
// search. All must be safe for concurrent use and end when ctx does.
type Search struct {
	// Subjects returns the ids of subjects of a type, as the caller named it.
	Subjects func(ctx context.Context, typ string, in *policies.AccessInput) ([]string, error)
	// Resources returns the ids of resources of a type.
	Resources func(ctx context.Context, typ string, in *policies.AccessInput) ([]string, error)
	// Actions returns names.
	Actions func(ctx context.Context, in *policies.AccessInput) ([]string, error)
}

// entity is a result of a search: a subject, a resource or an action.
type entity struct {
	Type string `json:"type,omitempty"`
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}

// search answers one search.
func (h *handler) search(w http.ResponseWriter, r *http.Request) {
	ask := h.searchFor(r.PathValue("what"))
	if ask == nil {
		http.Error(w, "this server has no such search; see "+metadataPath, http.StatusNotImplemented)
		return
	}
	var err error
	body := readObject(r, &err)
	if body.object("page").text("token") != "" {
		body.fail("page.token", "absent: all results are in one page")
	}
	results, failed := ask(r.Context(), body)
	if refused(w, err) {
		return
	}
	if failed != nil {
		http.Error(w, "the search failed", http.StatusInternalServerError)
		return
	}
	answer(w, r, http.StatusOK, map[string]any{"results": results})
}

// searchFor returns what searches for subjects, resources or actions, or nil. It
// leaves what is wrong with the body in the body's error, and does not search then.
func (h *handler) searchFor(what string) func(context.Context, fields) ([]entity, error) {
	s := h.options.Search
	switch {
	case what == "subject" && s.Subjects != nil:
		return func(ctx context.Context, body fields) ([]entity, error) {
			p := partsOf(body)
			typ := p.subject.text("type")
			in := &policies.AccessInput{
				Subject: principal(p.subject, ""), Action: policies.Action{Name: p.action.required("name")},
				Resource: resource(p.resource, path(p.resource)), Context: surroundings(p.context, time.Now()),
			}
			return entities(body, typ, func() ([]string, error) { return s.Subjects(ctx, typ, in) })
		}
	case what == "resource" && s.Resources != nil:
		return func(ctx context.Context, body fields) ([]entity, error) {
			p := partsOf(body)
			typ := p.resource.text("type")
			in := &policies.AccessInput{
				Subject: principal(p.subject, p.subject.required("id")), Action: policies.Action{Name: p.action.required("name")},
				Resource: resource(p.resource, ""), Context: surroundings(p.context, time.Now()),
			}
			return entities(body, typ, func() ([]string, error) { return s.Resources(ctx, typ, in) })
		}
	case what == "action" && s.Actions != nil:
		return func(ctx context.Context, body fields) ([]entity, error) {
			p := partsOf(body)
			in := &policies.AccessInput{
				Subject:  principal(p.subject, p.subject.required("id")),
				Resource: resource(p.resource, path(p.resource)), Context: surroundings(p.context, time.Now()),
			}
			return entities(body, "", func() ([]string, error) { return s.Actions(ctx, in) })
		}
	}
	return nil
}

// entities searches if nothing is wrong with body. Without a type they are actions.
func entities(body fields, typ string, search func() ([]string, error)) ([]entity, error) {
	if *body.err != nil {
		return nil, nil
	}
	names, err := search()
	all := make([]entity, len(names))
	for i, name := range names {
		if all[i] = (entity{Type: typ, ID: name}); typ == "" {
			all[i] = entity{Name: name}
		}
	}
	return all, err
}

// metadata says what there is, for callers that look before they ask.
func (h *handler) metadata(w http.ResponseWriter, r *http.Request) {
	url := h.options.URL
	if url == "" {
		http.Error(w, "this server was not told the URL that callers reach it by", http.StatusNotFound)
		return
	}
	m := map[string]string{
		"policy_decision_point":       url,
		"access_evaluation_endpoint":  url + evaluationPath,
		"access_evaluations_endpoint": url + evaluationsPath,
	}
	for _, what := range []string{"subject", "resource", "action"} {
		if h.searchFor(what) != nil {
			m["search_"+what+"_endpoint"] = url + searchPath + what
		}
	}
	answer(w, r, http.StatusOK, m)
}
