package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

const (
	// maxQueries is how many paths that are no entrypoint are evaluated at a time: they
	// are for people who look, and must not slow down decisions.
	maxQueries = 2
	// queryDeadline is how long one of them may take. All of data.* is more than a
	// decision.
	queryDeadline = time.Second
)

// query evaluates what stands at keys below data, rules or data, by the policies that
// decide now. It is not logged.
func (h *handler) query(ctx context.Context, keys []string, input []byte) (result json.RawMessage, no *refusal) {
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	select {
	case h.queries <- struct{}{}:
		defer func() { <-h.queries }()
	case <-ctx.Done():
		return nil, refuse(http.StatusServiceUnavailable, "too many queries at a time")
	}
	defer func() {
		if recover() != nil {
			result, no = nil, refuse(http.StatusInternalServerError, "evaluation broke down")
		}
	}()
	options := []func(*rego.Rego){rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(refOf(keys))))), rego.StrictBuiltinErrors(true)}
	s := h.engine.Snapshot()
	options = append(options, rego.Compiler(s.Compiler()), rego.Store(s.Store()))
	if len(input) > 0 {
		doc, err := decode(input)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "the input is not JSON")
		}
		options = append(options, rego.Input(doc))
	}
	results, err := rego.New(options...).Eval(ctx)
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "%s", problem(err))
	}
	if len(results) == 0 {
		return nil, nil
	}
	if result, err = json.Marshal(results[0].Expressions[0].Value); err != nil {
		return nil, refuse(http.StatusInternalServerError, "the result cannot be written as JSON")
	}
	return result, nil
}

// refOf returns data[keys…]. As in OPA a number is an index.
func refOf(keys []string) ast.Ref {
	ref := ast.Ref{ast.DefaultRootDocument}
	for _, key := range keys {
		if i, err := strconv.Atoi(key); err == nil && strconv.Itoa(i) == key {
			ref = append(ref, ast.IntNumberTerm(i))
			continue
		}
		ref = append(ref, ast.StringTerm(key))
	}
	return ref
}

// problem says why an evaluation failed, with its place in the policy.
func problem(err error) string {
	var e *topdown.Error
	switch {
	case topdown.IsCancel(err) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("evaluation took longer than %v", queryDeadline)
	case errors.As(err, &e) && e.Location != nil:
		return fmt.Sprintf("%s:%d: %s", e.Location.File, e.Location.Row, e.Message)
	}
	return err.Error()
}
