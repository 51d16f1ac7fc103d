package api

import (
	"context"
	"mime"
	"net/http"
	"time"

	"github.com/stanch-dev/stanch/policies"
)

// Paths of the AuthZEN Authorization API 1.0.
const (
	evaluationPath  = "/access/v1/evaluation"
	evaluationsPath = "/access/v1/evaluations"
	searchPath      = "/access/v1/search/"
	metadataPath    = "/.well-known/authzen-configuration"
)

// decision is AuthZEN's answer to one request.
type decision struct {
	Decision bool            `json:"decision"`
	Context  decisionContext `json:"context"`
}

// decisionContext says more about a decision.
type decisionContext struct {
	ID           string            `json:"id,omitempty"` // in the decision log
	Reasons      []policies.Reason `json:"reasons,omitempty"`
	Grants       []string          `json:"grants,omitempty"`
	Obligations  []string          `json:"obligations,omitempty"`
	CacheSeconds int               `json:"cache_seconds"`
	Error        *evaluationError  `json:"error,omitempty"` // why it could not be decided
}

type evaluationError struct {
	Status  int    `json:"status"`
	Message string `json:"message"`
}

func decisionOf(a policies.Access) decision {
	d := decision{a.Allow, decisionContext{ID: idText(a.ID), Reasons: a.Reasons, Grants: a.Grants, Obligations: a.Obligations, CacheSeconds: a.CacheSeconds}}
	if a.Err != nil {
		d.Context.Error = &evaluationError{http.StatusInternalServerError, "the policy could not decide"}
	}
	return d
}

// readObject reads the body of a request of AuthZEN's.
func readObject(r *http.Request, err *error) fields {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		*err = refuse(http.StatusUnsupportedMediaType, "the Content-Type must be application/json")
		return fields{err: err}
	}
	text, no := readBody(r)
	if no != nil {
		*err = no
		return fields{err: err}
	}
	return objectOf(text, err)
}

// refused answers with err, if there is one.
func refused(w http.ResponseWriter, err error) bool {
	if err == nil {
		return false
	}
	err.(*refusal).text(w)
	return true
}

// evaluation answers one request.
func (h *handler) evaluation(w http.ResponseWriter, r *http.Request) {
	var err error
	body := readObject(r, &err)
	h.single(w, r, body)
}

// single decides on body itself.
func (h *handler) single(w http.ResponseWriter, r *http.Request, body fields) {
	in := partsOf(body).input(time.Now())
	if refused(w, *body.err) {
		return
	}
	a := h.engine.Access(r.Context(), in)
	named(w, a.ID)
	answer(w, r, http.StatusOK, decisionOf(a))
}

// stopAfter are the semantics of several evaluations: the decision after which the
// rest is not asked. There is none for execute_all.
var stopAfter = map[string]func(allowed bool) bool{
	"":                       func(bool) bool { return false },
	"execute_all":            func(bool) bool { return false },
	"deny_on_first_deny":     func(allowed bool) bool { return !allowed },
	"permit_on_first_permit": func(allowed bool) bool { return allowed },
}

// evaluations answers several requests, or one if there is no list of them.
func (h *handler) evaluations(w http.ResponseWriter, r *http.Request) {
	var err error
	body := readObject(r, &err)
	list := body.list("evaluations")
	stop, known := stopAfter[body.object("options").text("evaluations_semantic")]
	if !known {
		body.fail("options.evaluations_semantic", "execute_all, deny_on_first_deny or permit_on_first_permit")
	}
	if len(list) > MaxEvaluations {
		body.fail("evaluations", "a list of at most 1000")
	}
	if len(list) == 0 {
		h.single(w, r, body)
		return
	}
	defaults := partsOf(body)
	if refused(w, err) {
		return
	}
	decisions := make([]decision, 0, len(list))
	for _, element := range list {
		d := h.oneOf(r.Context(), defaults, element)
		if decisions = append(decisions, d); stop(d.Decision) {
			break
		}
	}
	answer(w, r, http.StatusOK, map[string]any{"evaluations": decisions})
}

// oneOf decides on one of several requests. What is wrong with it denies it, and
// leaves the others as they are.
func (h *handler) oneOf(ctx context.Context, defaults parts, element any) decision {
	var err error
	values, ok := element.(map[string]any)
	own := fields{values: values, err: &err}
	if !ok {
		err = refuse(http.StatusBadRequest, "an evaluation must be an object")
	}
	p := parts{}
	for name, part := range map[string]struct {
		to       *fields
		fallback fields
	}{
		"subject": {&p.subject, defaults.subject}, "action": {&p.action, defaults.action},
		"resource": {&p.resource, defaults.resource}, "context": {&p.context, defaults.context},
	} {
		*part.to = part.fallback
		part.to.err = &err
		if own.has(name) {
			*part.to = own.object(name)
		}
	}
	in := p.input(time.Now())
	if err != nil {
		return decision{Context: decisionContext{Error: &evaluationError{http.StatusBadRequest, err.Error()}}}
	}
	return decisionOf(h.engine.Access(ctx, in))
}
