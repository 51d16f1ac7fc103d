package api_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/api"
	"github.com/stanch-dev/stanch/policies/source"
)

const grants = `
grants:
  - {id: shop-api, subject: kubernetes/shop/api, path: "kv/shop/**", can: [read]}
  - {id: alice, subject: user/alice, path: kv/shop/db, can: [read, reveal]}
  - {id: sre, subject: group/sre, path: "kv/shop/**", can: [read, write]}
  - {id: old, subject: user/old, path: "kv/shop/**", can: [read], expires_at: 2024-01-01T00:00:00Z}
  - {id: glass, subject: user/eve, path: "kv/shop/**", can: [read], break_glass: true}
`

const config = `
access: {environments: {prod: {frozen: true}}}
gate: {fail_on: [high], waivers: [{fingerprint: f, reason: test data, owner: shop, expires_at: 1704067200}]}
`

// server is the API over TLS, and what its engine logged.
type server struct {
	*httptest.Server
	mu      sync.Mutex
	records []*policies.Record
}

func (s *server) record(r *policies.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = append(s.records, r)
}

// serve starts the API over a policy directory of files: pairs of path and text.
func serve(t testing.TB, o api.Options, files ...string) *server {
	t.Helper()
	texts := map[string][]byte{"grants.yaml": []byte(grants), "config/data.yaml": []byte(config)}
	for i := 0; i < len(files); i += 2 {
		texts[files[i]] = []byte(files[i+1])
	}
	docs, err := source.FromFiles(texts, "policies")
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := policies.Compile(docs)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{}
	h, err := api.New(policies.NewEngine(snapshot, s.record), o)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// response is an answer, read.
type response struct {
	status int
	header http.Header
	body   string
}

func (s *server) do(t testing.TB, method, path, body string, header ...string) response {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	r, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{r.StatusCode, r.Header, strings.TrimSpace(string(text))}
}

// read returns what stands at keys in the body.
func (r response) read(t testing.TB, keys ...any) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%q: %v", r.body, err)
	}
	for _, key := range keys {
		switch key := key.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			l, _ := v.([]any)
			if key >= len(l) {
				return nil
			}
			v = l[key]
		}
	}
	return v
}

const question = `{"subject":{"type":"kubernetes","id":"shop/api"},"action":{"name":"read"},"resource":{"type":"secret","id":"kv/shop/db"}}`

// hostile are bodies that no endpoint may take, with the status they are answered.
func hostile() map[string]struct {
	body   string
	status int
} {
	return map[string]struct {
		body   string
		status int
	}{
		"not JSON":         {"{", 400},
		"a text":           {`"x"`, 400},
		"a list":           {`[1]`, 400},
		"null":             {`null`, 400},
		"two values":       {question + question, 400},
		"trailing":         {question + `}`, 400},
		"too large":        {`{"x":"` + strings.Repeat("x", api.MaxBody) + `"}`, 413},
		"too deep":         {strings.Repeat(`{"x":`, api.MaxDepth+1) + "1" + strings.Repeat("}", api.MaxDepth+1), 400},
		"too deep lists":   {`{"x":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}", 400},
		"not closed":       {strings.Repeat("[", 500000), 400},
		"a name twice":     {`{"subject":{"type":"a","id":"b","id":"c"}}`, 400},
		"twice by escapes": {`{"subject":{"type":"a","id":"b","\u0069d":"c"}}`, 400},
		"not UTF-8":        {"{\"x\":\"\xff\"}", 400},
		"a huge number":    {`{"x":1e999999999}`, 400},
		"a long number":    {`{"x":` + strings.Repeat("1", 50) + `}`, 400},
		"UTF-16":           {"\xff\xfe{\x00}\x00", 400},
	}
}

func TestHostileBodies(t *testing.T) {
	s := serve(t, api.Options{Search: api.Search{Actions: func(context.Context, *policies.AccessInput) ([]string, error) { return []string{"read"}, nil }}})
	for name, c := range hostile() {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/action", "/v1/data/stanch/access/decision", "/v1/data/config"} {
			if name == "null" && path == "/v1/data/config" { // OPA takes it too: there is no input
				continue
			}
			r := s.do(t, "POST", path, c.body)
			if r.status != c.status || len(r.body) > 300 || strings.Contains(r.body, "xx") {
				t.Errorf("%s to %s: %d %s", name, path, r.status, r.body)
			}
		}
	}
	if len(s.records) > 0 {
		t.Errorf("%d decisions were made", len(s.records))
	}
	for header, value := range map[string]string{"Content-Encoding": "gzip"} {
		if r := s.do(t, "POST", "/access/v1/evaluation", question, header, value); r.status != 415 {
			t.Errorf("%s %s: %d", header, value, r.status)
		}
	}
}

// TestSlowBody sends a body that never ends.
func TestSlowBody(t *testing.T) {
	s := serve(t, api.Options{Timeout: 50 * time.Millisecond})
	conn, err := tls.Dial("tcp", s.Listener.Addr().String(), s.Client().Transport.(*http.Transport).TLSClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /access/v1/evaluation HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if r.StatusCode != 400 {
		t.Errorf("status %d", r.StatusCode)
	}
}

func TestHealth(t *testing.T) {
	s := serve(t, api.Options{})
	if r := s.do(t, "GET", "/health?pretty=true", ""); r.status != 200 || !strings.HasPrefix(r.body, "{\n  \"revision\": \"") {
		t.Errorf("%d %s", r.status, r.body)
	}
	for _, path := range []string{"/", "/access/v1", "/access/v1/evaluation/x"} {
		if r := s.do(t, "POST", path, question); r.status != 404 {
			t.Errorf("%s: %d", path, r.status)
		}
	}
	for _, path := range []string{"/access/v1/evaluation", "/access/v1/search/subject"} {
		if r := s.do(t, "GET", path, ""); r.status != 405 {
			t.Errorf("%s: %d", path, r.status)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, url := range []string{"http://example.com", "example.com", "https://", "https://u:" + "p@example.com", "https://example.com?x", "https://example.com#x", ":"} {
		if _, err := api.New(nil, api.Options{URL: url}); err == nil {
			t.Errorf("URL %q was taken", url)
		}
	}
}

// FuzzBody sends bodies to every endpoint that takes one. Whatever they say, there is
// an answer, and nobody without a grant is let in.
func FuzzBody(f *testing.F) {
	f.Add([]byte(question))
	f.Add([]byte(`{"evaluations":[` + question + `,null,7],"options":{"evaluations_semantic":"deny_on_first_deny"},"context":{"time":1}}`))
	f.Add([]byte(`{"input":{"subject":{"keys":["x"]},"context":{"time":-1}}}`))
	f.Add([]byte(`{"input":{"now":1,"findings":[{"fingerprint":"x"}]}}`))
	for _, c := range hostile() {
		if len(c.body) < 10000 {
			f.Add([]byte(c.body))
		}
	}
	docs, err := policies.Defaults() // without grants: nobody may do anything
	if err != nil {
		f.Fatal(err)
	}
	snapshot, err := policies.Compile(docs)
	if err != nil {
		f.Fatal(err)
	}
	none := func(context.Context, *policies.AccessInput) ([]string, error) { return nil, nil }
	h, err := api.New(policies.NewEngine(snapshot, nil), api.Options{Search: api.Search{Actions: none}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations", "/access/v1/search/action", "/v1/data/stanch/access/decision",
			"/v1/data/stanch/redaction/decision", "/v1/data/stanch/rotation/findings", "/v1/data/stanch/gate/decision", "/v1/data/config/access"} {
			r := httptest.NewRequest("POST", path, bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 && w.Code != 400 && w.Code != 413 {
				t.Errorf("%s: %d %s", path, w.Code, w.Body)
			}
			if strings.Contains(w.Body.String(), `"decision":true`) || strings.Contains(w.Body.String(), `"allow":true`) && !bytes.Contains(body, []byte("acl")) {
				t.Errorf("%s: let in: %s", path, w.Body)
			}
		}
	})
}
