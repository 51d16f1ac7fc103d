package kv_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/logical"
	"github.com/stanch-dev/stanch/vault/logical/logicaltest"
)

// step is one request and its answer.
type step struct {
	do     string // as "POST data/a?x=1"
	body   string // JSON
	status int
	want   string // JSON of the data, or else the text of the error or the warnings
}

var operations = map[string]logical.Operation{
	"GET": logical.Read, "POST": logical.Update, "PATCH": logical.Patch, "DELETE": logical.Delete, "LIST": logical.List,
}

// run does the steps one after the other.
func run(t *testing.T, h *logicaltest.Harness, steps []step) {
	t.Helper()
	for i, s := range steps {
		status, got := do(t, h, s.do, s.body)
		if status != s.status || !same(got, s.want) {
			t.Fatalf("step %d: %s %s\ngot  %d %s\nwant %d %s\n%s", i, s.do, s.body, status, got, s.status, s.want, cmp.Diff(decode(s.want), decode(got)))
		}
	}
}

// do returns the status and, as JSON, the data of an answer; of an error and of an
// answer without data the text.
func do(t testing.TB, h *logicaltest.Harness, request, body string) (int, string) {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	path, query, _ := strings.Cut(path, "?")
	var data map[string]any
	if body != "" {
		dec := json.NewDecoder(strings.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&data); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	for name := range values {
		if data == nil {
			data = map[string]any{}
		}
		data[name] = values.Get(name)
	}
	op := operations[method]
	r, err := h.Do(t.Context(), op, path, data)
	switch {
	case err != nil:
		return logical.Status(err)
	case r == nil && (op == logical.Read || op == logical.List):
		return http.StatusNotFound, ""
	case r == nil:
		return http.StatusNoContent, ""
	}
	status := http.StatusOK
	if r.Status != 0 {
		status = r.Status
	}
	if r.Data == nil {
		return status, strings.Join(r.Warnings, "\n")
	}
	text, err := json.Marshal(r.Data)
	if err != nil {
		t.Fatal(err)
	}
	return status, string(text)
}

func decode(text string) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return text
	}
	return v
}

func same(a, b string) bool { return cmp.Equal(decode(a), decode(b)) }

func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}
