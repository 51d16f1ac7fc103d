package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/api"
	"github.com/stanch-dev/stanch/policies/source"
)

// lab is a package to ask that is no entrypoint.
const lab = `package lab
double(x) := x * 2
four := double(2)
echo := input
list := [10, {"a": 20}]
names := {"c", "b"}
strict if to_number(input.n) > 1
slow := count([1 | some i in numbers.range(1, 50000); some j in numbers.range(1, 50000); i == j])
never if false
`

func TestData(t *testing.T) {
	s := serve(t, api.Options{}, "lab/lab.rego", lab, "rotation/rotation.rego",
		"package stanch.rotation\nfindings contains {\"code\": \"overdue\", \"severity\": \"high\", \"message\": \"old\"} if input.now - input.secret.created_at > 1000000\n")
	const alice = `{"input":{"subject":{"type":"human","id":"alice","keys":["user/alice"]},"action":{"name":"read"},"resource":{"type":"secret","id":"kv/shop/db"}}}`
	for name, c := range map[string]struct {
		path, body string
		want       string // the result
		logged     int
	}{
		"access":              {"stanch/access/decision", alice, `{"allow":true,"cache_seconds":60,"grants":["alice"],"obligations":[],"reasons":[]}`, 1},
		"into the decision":   {"stanch/access/decision/allow", alice, `true`, 1},
		"into a list":         {"stanch/access/decision/grants/0", alice, `"alice"`, 1},
		"past a list":         {"stanch/access/decision/grants/1", alice, ``, 1},
		"no such key":         {"stanch/access/decision/nothing/here", alice, ``, 1},
		"redaction":           {"stanch/redaction/decision/action", `{"input":{"host":"a.example.com"}}`, `"redact"`, 1},
		"rotation, a list":    {"stanch/rotation/findings/0/code", `{"input":{"secret":{"id":"kv/a","created_at":1}}}`, `"overdue"`, 1},
		"gate":                {"stanch/gate/decision/pass", `{"input":{"now":1,"findings":[],"baseline":[]}}`, `true`, 1},
		"gate, waiver":        {"stanch/gate/decision/waived", `{"input":{"now":1,"findings":[{"fingerprint":"f"}]}}`, `["f"]`, 1},
		"gate, waiver is old": {"stanch/gate/decision/pass", `{"input":{"findings":[{"fingerprint":"f"}]}}`, `false`, 1},
		"expired":             {"stanch/access/decision/allow", strings.ReplaceAll(alice, "alice", "old"), `false`, 1},
		"a rule":              {"lab/four", ``, `4`, 0},
		"an input":            {"lab/echo", `{"input":{"b":[1.50,"x",null]}}`, `{"b":[1.50,"x",null]}`, 0},
		"an input of null":    {"lab/echo", `{"input":null}`, `null`, 0},
		"no input":            {"lab/echo", `{}`, ``, 0},
		"no input, null":      {"lab/echo", `null`, ``, 0},
		"undefined":           {"lab/never", ``, ``, 0},
		"nothing there":       {"nothing/there", ``, ``, 0},
		"an index":            {"lab/list/1/a", ``, `20`, 0},
		"a set":               {"lab/names", ``, `["b","c"]`, 0},
		"data":                {"config/access/environments/prod", ``, `{"frozen":true}`, 0},
		"an escaped key":      {"index/grants/user%2Falice/kv%2Fshop%2Fdb/0/id", ``, `"alice"`, 0},
		"a slash at the end":  {"lab/four/", ``, `4`, 0},
	} {
		s.records = nil
		r := s.do(t, "POST", "/v1/data/"+c.path, c.body)
		var fields struct{ Result, Decision any }
		fields.Result, fields.Decision = r.read(t, "result"), r.read(t, "decision_id")
		want := response{body: `{"result":` + c.want + `}`}
		if c.want == "" {
			want.body = `{}`
		}
		if diff := cmp.Diff(want.read(t, "result"), fields.Result); r.status != 200 || diff != "" {
			t.Errorf("%s: %d %s, want %s", name, r.status, r.body, c.want)
		}
		if _, has := r.read(t).(map[string]any)["result"]; has != (c.want != "") {
			t.Errorf("%s: %s", name, r.body)
		}
		if len(s.records) != c.logged {
			t.Errorf("%s: %d decisions were logged, want %d", name, len(s.records), c.logged)
			continue
		}
		if c.logged == 1 && (fields.Decision != s.records[0].ID.String() || r.header.Get(api.DecisionHeader) != fields.Decision) || c.logged == 0 && fields.Decision != nil {
			t.Errorf("%s: %s, header %q", name, r.body, r.header.Get(api.DecisionHeader))
		}
	}
}

func TestDataGet(t *testing.T) {
	s := serve(t, api.Options{}, "lab/lab.rego", lab)
	for path, want := range map[string]string{
		"lab/four": `{"result":4}`,
		"lab/echo?input=" + url.QueryEscape(`{"a":1}`): `{"result":{"a":1}}`,
		"lab/list?pretty=true":                         "{\n  \"result\": [\n    10,\n    {\n      \"a\": 20\n    }\n  ]\n}",
	} {
		if r := s.do(t, "GET", "/v1/data/"+path, ""); r.status != 200 || r.body != want {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	r := s.do(t, "GET", "/v1/data/stanch/access/decision/allow?input="+url.QueryEscape(`{"subject":{"keys":["user/alice"],"type":"human"},"action":{"name":"read"},"resource":{"id":"kv/shop/db"}}`), "")
	if r.status != 200 || r.read(t, "result") != true || len(s.records) != 1 {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := serve(t, api.Options{}).do(t, "GET", "/v1/data", ""); r.status != 200 || r.read(t, "result", "config", "access", "environments", "prod", "frozen") != true {
		t.Errorf("all of data: %d %s", r.status, r.body)
	}
}

func TestDataRefused(t *testing.T) {
	s := serve(t, api.Options{}, "lab/lab.rego", lab)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code, want         string
	}{
		"put":              {"PUT", "/v1/data/config", `{}`, 405, "invalid_operation", "cannot be written here"},
		"patch":            {"PATCH", "/v1/data/config", `[]`, 405, "invalid_operation", "cannot be written here"},
		"delete":           {"DELETE", "/v1/data/config", ``, 405, "invalid_operation", "cannot be written here"},
		"put all":          {"PUT", "/v1/data", `{}`, 405, "invalid_operation", "cannot be written here"},
		"policies":         {"PUT", "/v1/policies/x", `package x`, 404, "resource_not_found", "only /v1/data"},
		"query":            {"POST", "/v1/query", `{"query":"data"}`, 404, "resource_not_found", "only /v1/data"},
		"no input":         {"POST", "/v1/data/stanch/access/decision", `{}`, 400, "invalid_parameter", "data.stanch.access.decision needs an input"},
		"no input to GET":  {"GET", "/v1/data/stanch/gate/decision", ``, 400, "invalid_parameter", "data.stanch.gate.decision needs an input"},
		"misspelt input":   {"POST", "/v1/data/stanch/access/decision", `{"input":{"subjects":{}}}`, 400, "invalid_parameter", "unknown field"},
		"wrong type":       {"POST", "/v1/data/stanch/access/decision", `{"input":{"context":{"mfa":"yes"}}}`, 400, "invalid_parameter", "context.mfa has the wrong type"},
		"GET not JSON":     {"GET", "/v1/data/lab/echo?input=%7B", ``, 400, "invalid_parameter", "not JSON"},
		"GET too deep":     {"GET", "/v1/data/lab/echo?input=" + strings.Repeat("[", 65) + strings.Repeat("]", 65), ``, 400, "invalid_parameter", "more than 64"},
		"a deep path":      {"GET", "/v1/data/" + strings.Repeat("a/", 65), ``, 400, "invalid_parameter", "more than 64 segments"},
		"strict":           {"POST", "/v1/data/lab/strict", `{"input":{"n":"x"}}`, 500, "internal_error", "policies/lab/lab.rego:7: to_number"},
		"too slow":         {"POST", "/v1/data/lab/slow", ``, 500, "internal_error", "took longer than 1s"},
		"a function":       {"POST", "/v1/data/lab/double", ``, 500, "internal_error", ""},
		"compressed":       {"POST", "/v1/data/lab/four", `{}`, 415, "invalid_parameter", "must not be compressed"},
		"the input's case": {"POST", "/v1/data/stanch/access/decision", `{"Input":{}}`, 400, "invalid_parameter", "needs an input"},
	} {
		var header []string
		if name == "compressed" {
			header = []string{"Content-Encoding", "gzip"}
		}
		r := s.do(t, c.method, c.path, c.body, header...)
		message, _ := r.read(t, "message").(string)
		if r.status != c.status || r.read(t, "code") != c.code || !strings.Contains(message, c.want) {
			t.Errorf("%s: %d %s, want %d %s %q", name, r.status, r.body, c.status, c.code, c.want)
		}
		if c.status == 405 && r.header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: Allow %q", name, r.header.Get("Allow"))
		}
	}
	if len(s.records) > 0 {
		t.Errorf("%d decisions", len(s.records))
	}
}

// TestSlowQueriesDoNotHoldDecisions asks for decisions while every place for queries
// is taken.
func TestSlowQueriesDoNotHoldDecisions(t *testing.T) {
	s := serve(t, api.Options{}, "lab/lab.rego", lab)
	var wg sync.WaitGroup
	statuses := make(chan int, 6)
	for range cap(statuses) {
		wg.Go(func() {
			r, err := s.Client().Get(s.URL + "/v1/data/lab/slow")
			if err != nil {
				t.Error(err)
				return
			}
			r.Body.Close()
			statuses <- r.StatusCode
		})
	}
	if r := s.do(t, "POST", "/access/v1/evaluation", question); r.status != 200 {
		t.Errorf("a decision: %d %s", r.status, r.body)
	}
	wg.Wait()
	close(statuses)
	for status := range statuses {
		if status != 500 && status != 503 {
			t.Errorf("a query: %d", status)
		}
	}
}

// TestSwap checks that answers come from the policies that decide now.
func TestSwap(t *testing.T) {
	compiled := func(n int) *policies.Snapshot {
		docs, err := policies.Defaults()
		if err != nil {
			t.Fatal(err)
		}
		docs.Modules = append(docs.Modules, module(fmt.Sprintf("package lab\nn := %d\n", n)))
		s, err := policies.Compile(docs)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	engine := policies.NewEngine(compiled(1), nil)
	h, err := api.New(engine, api.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 3; n++ {
		if got := get(t, h, "/v1/data/lab/n"); got != fmt.Sprintf("{\"result\":%d}\n", n) {
			t.Errorf("%d: %s", n, got)
		}
		engine.Swap(compiled(n + 1))
	}
	// An engine without a log gives decisions no ids.
	if d := engine.Access(context.Background(), &policies.AccessInput{}); d.ID != (policies.ID{}) {
		t.Errorf("id %s", d.ID)
	}
}

func module(text string) source.Module {
	return source.Module{Path: "lab.rego", Text: []byte(text)}
}

func get(t *testing.T, h http.Handler, path string) string {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Body.String()
}
