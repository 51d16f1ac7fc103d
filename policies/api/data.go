package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// OPA's codes of errors.
const (
	codeInvalidParameter = "invalid_parameter"
	codeInvalidOperation = "invalid_operation"
	codeNotFound         = "resource_not_found"
	codeInternal         = "internal_error"
)

// opaError is the form of OPA's errors.
type opaError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// dataAnswer is the form of OPA's answers. There is no result if it is undefined.
type dataAnswer struct {
	Result     json.RawMessage `json:"result,omitempty"`
	DecisionID string          `json:"decision_id,omitempty"`
}

// data answers what stands at a path below data, as OPA does.
func (h *handler) data(w http.ResponseWriter, r *http.Request) {
	var input []byte
	var no *refusal
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		input = []byte(r.URL.Query().Get("input"))
		if len(input) > 0 {
			no = checked(input)
		}
	case http.MethodPost:
		input, no = inputOf(r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		no = refuse(http.StatusMethodNotAllowed, "policies and data cannot be written here; change the policy directory or its bundle")
	}
	keys, err := keysOf(r.URL)
	if err != nil && no == nil {
		no = refuse(http.StatusBadRequest, "%v", err)
	}
	var a dataAnswer
	if no == nil {
		if e, rest, ok := entrypoint(keys); ok {
			a, no = h.decide(r.Context(), e, rest, input)
		} else {
			a.Result, no = h.query(r.Context(), keys, input)
		}
	}
	if no != nil {
		no.json(w, r)
		return
	}
	if a.DecisionID != "" {
		w.Header().Set(DecisionHeader, a.DecisionID)
	}
	answer(w, r, http.StatusOK, a)
}

// noSuchOPA answers requests for the rest of OPA's API.
func (h *handler) noSuchOPA(w http.ResponseWriter, r *http.Request) {
	refuse(http.StatusNotFound, "of OPA's API there is only /v1/data").json(w, r)
}

// json answers a request of OPA's that is refused.
func (r *refusal) json(w http.ResponseWriter, req *http.Request) {
	code := codeInvalidParameter
	switch {
	case r.status == http.StatusNotFound:
		code = codeNotFound
	case r.status == http.StatusMethodNotAllowed:
		code = codeInvalidOperation
	case r.status >= http.StatusInternalServerError:
		code = codeInternal
	}
	answer(w, req, r.status, opaError{code, r.reason})
}

// inputOf returns the input of a POST, or nothing if it has none.
func inputOf(r *http.Request) ([]byte, *refusal) {
	text, no := readBody(r)
	if no != nil || text == nil {
		return nil, no
	}
	var body map[string]json.RawMessage // its names are exact, those of a struct are not
	if json.Unmarshal(text, &body) != nil {
		return nil, refuse(http.StatusBadRequest, `the body must be as {"input": …}`)
	}
	return body["input"], nil
}

// keysOf returns the path of a URL below /v1/data.
func keysOf(u *url.URL) (keys []string, err error) {
	rest := strings.TrimPrefix(u.EscapedPath(), "/v1/data")
	for segment := range strings.SplitSeq(rest, "/") {
		key, err := url.PathUnescape(segment)
		if err != nil {
			return nil, errors.New("the path has a wrong percent escape")
		}
		if key != "" {
			keys = append(keys, key)
		}
	}
	if len(keys) > MaxDepth {
		return nil, fmt.Errorf("the path has more than %d segments", MaxDepth)
	}
	return keys, nil
}
