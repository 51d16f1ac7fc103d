package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/exactjson"
)

// Limits of a request.
const (
	MaxBody        = 1 << 20            // bytes
	MaxDepth       = exactjson.MaxDepth // objects and lists in one another
	MaxEvaluations = 1000               // of one request
	defaultTimeout = 5 * time.Second
)

// DecisionHeader is the header of an answer that names the one decision it holds, as
// the decision log does.
const DecisionHeader = "X-Stanch-Decision-Id"

// requestHeader names a request; AuthZEN has it returned.
const requestHeader = "X-Request-ID"

// Options of the API.
type Options struct {
	// URL is where callers reach the API, as https://pdp.example.com, for AuthZEN's
	// metadata, which are not served without.
	URL string
	// Search answers AuthZEN's searches; those it lacks are answered with 501.
	Search Search
	// Timeout bounds a request, reading its body included (0: 5 s).
	Timeout time.Duration
}

// handler answers by engine.
type handler struct {
	engine  *policies.Engine
	options Options
	queries chan struct{} // a place for each query that runs
}

// New returns a handler that answers by what engine decides. The error says what is
// wrong with o. Safe for concurrent use.
func New(engine *policies.Engine, o Options) (http.Handler, error) {
	if u, err := url.Parse(o.URL); o.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "") {
		return nil, errors.New("policy API: its URL must be as https://pdp.example.com, without credentials, query and fragment")
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	h := &handler{engine: engine, options: o, queries: make(chan struct{}, maxQueries)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+evaluationPath, h.evaluation)
	mux.HandleFunc("POST "+evaluationsPath, h.evaluations)
	mux.HandleFunc("POST "+searchPath+"{what}", h.search)
	mux.HandleFunc("GET "+metadataPath, h.metadata)
	mux.HandleFunc("GET /health", h.health)
	mux.HandleFunc("/v1/data", h.data)
	mux.HandleFunc("/v1/data/", h.data)
	mux.HandleFunc("/v1/", h.noSuchOPA)
	return h.limited(mux), nil
}

// limited puts the limits of time and size on next.
func (h *handler) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id := r.Header.Get(requestHeader); id != "" {
			w.Header().Set(requestHeader, id)
		}
		ctx, cancel := context.WithTimeout(r.Context(), h.options.Timeout)
		defer cancel()
		deadline, _ := ctx.Deadline()
		// Not every ResponseWriter can; then the server's own timeout must do.
		_ = http.NewResponseController(w).SetReadDeadline(deadline)
		r.Body = http.MaxBytesReader(w, r.Body, MaxBody)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// health answers while there are policies to decide by, which is always.
func (h *handler) health(w http.ResponseWriter, r *http.Request) {
	answer(w, r, http.StatusOK, map[string]string{"revision": h.engine.Snapshot().Revision()})
}

// answer writes v as JSON; with ?pretty=true for people.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	marshal := json.Marshal
	if r.URL.Query().Get("pretty") == "true" {
		marshal = func(v any) ([]byte, error) { return json.MarshalIndent(v, "", "  ") }
	}
	text, err := marshal(v)
	if err != nil {
		http.Error(w, "the answer cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%s\n", text)
}

// named puts a decision's id in the header, if it has one: it has if it was logged.
func named(w http.ResponseWriter, id policies.ID) {
	if text := idText(id); text != "" {
		w.Header().Set(DecisionHeader, text)
	}
}

func idText(id policies.ID) string {
	if id == (policies.ID{}) {
		return ""
	}
	return id.String()
}
