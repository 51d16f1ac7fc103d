package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/api"
)

// ask returns a request of AuthZEN's.
func ask(subject, action, resource, context string) string {
	return fmt.Sprintf(`{"subject":%s,"action":{"name":%q},"resource":%s,"context":%s}`, subject, action, resource, context)
}

func TestEvaluation(t *testing.T) {
	s := serve(t, api.Options{})
	const (
		workload = `{"type":"kubernetes","id":"shop/api"}`
		alice    = `{"type":"user","id":"alice"}`
		old      = `{"type":"user","id":"old"}`
		eve      = `{"type":"user","id":"eve"}`
		db       = `{"type":"secret","id":"kv/shop/db"}`
	)
	for name, c := range map[string]struct {
		body  string
		allow bool
		want  string // within the answer
	}{
		"by type and id":    {ask(workload, "read", db, `{}`), true, `"grants":["shop-api"]`},
		"another action":    {ask(workload, "write", db, `{}`), false, `"code":"no_grant"`},
		"another path":      {ask(workload, "read", `{"type":"secret","id":"kv/pay/db"}`, `{}`), false, `"code":"no_grant"`},
		"another type":      {ask(`{"type":"user","id":"shop/api"}`, "read", db, `{}`), false, `"code":"no_grant"`},
		"by key":            {ask(`{"type":"user","id":"bob","properties":{"keys":["group/sre"]}}`, "write", db, `{}`), true, `"grants":["sre"]`},
		"frozen":            {ask(`{"type":"user","id":"bob","properties":{"keys":["group/sre"]}}`, "write", `{"type":"secret","id":"kv/shop/db","properties":{"environment":"prod"}}`, `{}`), false, `"code":"environment_frozen"`},
		"a person, no mfa":  {ask(alice, "reveal", db, `{}`), false, `"code":"mfa_required"`},
		"a person, mfa":     {ask(alice, "reveal", db, `{"mfa":true}`), true, `"obligations":["audit_reveal"]`},
		"expired":           {ask(old, "read", db, `{}`), false, `"code":"no_grant"`},
		"expired, then":     {ask(old, "read", db, `{"time":"2023-12-31T23:59:00Z"}`), true, `"cache_seconds":60`},
		"as an example":     {ask(old, "read", db, `{"time":"2023-12-31T23:59Z"}`), true, `"cache_seconds":60`},
		"in seconds":        {ask(old, "read", `{"type":"secret","id":"kv/shop/web"}`, `{"time":1704067190}`), true, `"cache_seconds":10`},
		"emergency":         {ask(eve, "read", db, `{"break_glass":{"reason":"the shop is down","ticket":"INC-1"}}`), true, `"obligations":["notify_owner"]`},
		"no emergency":      {ask(eve, "read", db, `{"break_glass":null}`), false, `"decision":false`},
		"unknown fields":    {ask(`{"type":"kubernetes","id":"shop/api","properties":{"department":7},"x":[1]}`, "read", db, `{"place":"here"}`), true, `"decision":true`},
		"exact names":       {ask(alice, "reveal", db, `{"MFA":true}`), false, `"code":"mfa_required"`},
		"workload, no mfa":  {ask(`{"type":"workload","id":"w","properties":{"keys":["user/alice"]}}`, "reveal", db, `{}`), true, `"decision":true`},
		"no kind of person": {ask(`{"type":"robot","id":"w","properties":{"keys":["user/alice"]}}`, "reveal", db, `{}`), false, `"code":"mfa_required"`},
	} {
		for _, path := range []string{"/access/v1/evaluation", "/access/v1/evaluations"} {
			r := s.do(t, "POST", path, c.body, "X-Request-ID", "r-1")
			if r.status != 200 || r.read(t, "decision") != c.allow || !strings.Contains(r.body, c.want) {
				t.Errorf("%s: %d %s, want %v, %s", name, r.status, r.body, c.allow, c.want)
			}
			last := s.records[len(s.records)-1].ID.String()
			if r.header.Get(api.DecisionHeader) != last || r.read(t, "context", "id") != last {
				t.Errorf("%s: header %q, body %s, logged %s", name, r.header.Get(api.DecisionHeader), r.body, last)
			}
			if r.header.Get("X-Request-ID") != "r-1" || r.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: header %v", name, r.header)
			}
		}
	}
}

func TestEvaluationInput(t *testing.T) {
	s := serve(t, api.Options{})
	before := time.Now().Unix()
	s.do(t, "POST", "/access/v1/evaluation", `{"subject":{"type":"workload","id":"shop/api","properties":{"keys":["group/a","workload/shop/api"],"auth_method":"jwt","groups":["a"],"claims":{"k":"v"}}},
		"action":{"name":"list","properties":{}},"resource":{"type":"secret","id":"kv/shop/","properties":{"environment":"prod","class":"db","owner":"shop","kind":"static"}},
		"context":{"source_ip":"10.0.0.1","break_glass":{"reason":"r","ticket":"t"}}}`)
	got := *s.records[0].Input.(*policies.AccessInput)
	if got.Context.Time < before || got.Context.Time > time.Now().Unix() {
		t.Errorf("time %d", got.Context.Time)
	}
	got.Context.Time = 0
	want := policies.AccessInput{
		Subject: policies.Principal{Type: "workload", ID: "shop/api", Keys: []string{"group/a", "workload/shop/api"}, Properties: policies.PrincipalProperties{
			AuthMethod: "jwt", Groups: []string{"a"}, Claims: map[string]string{"k": "v"}}},
		Action: policies.Action{Name: "list"},
		Resource: policies.Resource{Type: "secret", ID: "kv/shop/", Ancestors: []string{"", "kv/", "kv/shop/"}, Properties: policies.ResourceProperties{
			Environment: "prod", Class: "db", Owner: "shop", Kind: "static"}},
		Context: policies.Context{SourceIP: "10.0.0.1", BreakGlass: &policies.BreakGlass{Reason: "r", Ticket: "t"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEvaluationRefused(t *testing.T) {
	s := serve(t, api.Options{})
	id := func(id string) string { return strings.Replace(question, "kv/shop/db", id, 1) }
	for name, c := range map[string]struct{ body, want string }{
		"no body":        {``, "the body must be a JSON object"},
		"nothing":        {`{}`, "subject.id must be"},
		"no id":          {strings.Replace(question, `,"id":"shop/api"`, ``, 1), "subject.id must be"},
		"empty id":       {strings.Replace(question, `shop/api`, ``, 1), "subject.id must be"},
		"id a number":    {strings.Replace(question, `"shop/api"`, `7`, 1), "subject.id must be"},
		"no type":        {strings.Replace(question, `"type":"kubernetes",`, ``, 1), "subject.type must be"},
		"type as a key":  {strings.Replace(question, `kubernetes`, `kubernetes/shop`, 1), "subject.type must be without a slash"},
		"other case":     {strings.Replace(question, `"subject"`, `"Subject"`, 1), "subject.id must be"},
		"no action":      {strings.Replace(question, `"name":"read"`, ``, 1), "action.name must be"},
		"no resource":    {strings.Replace(question, `"resource":`, `"resources":`, 1), "resource.id must be"},
		"no object":      {`{"subject":7}`, "subject must be an object"},
		"keys a text":    {strings.Replace(question, `"id":"shop/api"`, `"id":"x","properties":{"keys":"a"}`, 1), "subject.properties.keys must be a list"},
		"keys numbers":   {strings.Replace(question, `"id":"shop/api"`, `"id":"x","properties":{"keys":["a",1]}`, 1), "subject.properties.keys[1] must be a text"},
		"claims numbers": {strings.Replace(question, `"id":"shop/api"`, `"id":"x","properties":{"claims":{"a":1}}`, 1), "subject.properties.claims.a must be a text"},
		"mfa a text":     {strings.Replace(question, `{"subject"`, `{"context":{"mfa":"false"},"subject"`, 1), "context.mfa must be true or false"},
		"time a date":    {strings.Replace(question, `{"subject"`, `{"context":{"time":"today"},"subject"`, 1), "context.time must be"},
		"time zero":      {strings.Replace(question, `{"subject"`, `{"context":{"time":0},"subject"`, 1), "context.time must be"},
		"long ago":       {strings.Replace(question, `{"subject"`, `{"context":{"time":"1960-01-01T00:00:00Z"},"subject"`, 1), "context.time must be"},
		"path up":        {id("kv/shop/../pay/db"), "resource.id must be a path"},
		"path here":      {id("kv/./db"), "resource.id must be a path"},
		"empty segment":  {id("kv//db"), "resource.id must be a path"},
		"rooted":         {id("/kv/db"), "resource.id must be a path"},
		"only a slash":   {id("/"), "resource.id must be a path"},
	} {
		r := s.do(t, "POST", "/access/v1/evaluation", c.body)
		if r.status != 400 || !strings.Contains(r.body, c.want) {
			t.Errorf("%s: %d %s, want %q", name, r.status, r.body, c.want)
		}
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", ""} {
		if r := s.do(t, "POST", "/access/v1/evaluation", question, "Content-Type", kind); r.status != 415 {
			t.Errorf("Content-Type %q: %d", kind, r.status)
		}
	}
	if r := s.do(t, "POST", "/access/v1/evaluation", question, "Content-Type", "application/json; charset=utf-8"); r.status != 200 {
		t.Errorf("with a charset: %d %s", r.status, r.body)
	}
	if len(s.records) != 1 {
		t.Errorf("%d decisions", len(s.records))
	}
}

// TestFailsClosed asks a policy that cannot decide.
func TestFailsClosed(t *testing.T) {
	s := serve(t, api.Options{}, "access/access.rego", "package stanch.access\ndecision := {\"allow\": true} if to_number(input.subject.id) > 0\n")
	r := s.do(t, "POST", "/access/v1/evaluation", question)
	if r.status != 200 || r.read(t, "decision") != false || r.read(t, "context", "error", "status") != 500.0 || r.read(t, "context", "reasons", 0, "code") != "policy_failed" {
		t.Errorf("%d %s", r.status, r.body)
	}
	r = s.do(t, "POST", "/v1/data/stanch/access/decision", `{"input":{"subject":{"id":"x"}}}`)
	if r.status != 200 || r.read(t, "result", "allow") != false || r.read(t, "result", "reasons", 0, "code") != "policy_failed" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if len(s.records) != 2 || s.records[0].Decision.Failure() == nil {
		t.Errorf("%d decisions were logged", len(s.records))
	}
}

func TestEvaluations(t *testing.T) {
	s := serve(t, api.Options{})
	const (
		yes = `{"resource":{"type":"secret","id":"kv/shop/db"}}`
		no  = `{"resource":{"type":"secret","id":"kv/pay/db"}}`
		bad = `{"resource":{"type":"secret"}}`
		own = `{"subject":{"type":"user","id":"alice"},"action":{"name":"reveal"},"resource":{"type":"secret","id":"kv/shop/db"},"context":{"mfa":true}}`
	)
	for name, c := range map[string]struct{ list, semantic, want string }{
		"all by default":  {yes + "," + no + "," + yes, "", "+-+"},
		"all":             {no + "," + yes + "," + bad, "execute_all", "-+!"},
		"first deny":      {yes + "," + no + "," + yes, "deny_on_first_deny", "+-"},
		"first deny, bad": {yes + "," + bad + "," + yes, "deny_on_first_deny", "+!"},
		"first permit":    {no + "," + bad + "," + yes + "," + no, "permit_on_first_permit", "-!+"},
		"none permits":    {no + "," + no, "permit_on_first_permit", "--"},
		"no default used": {own, "", "+"},
		"not an object":   {`7,"x",null,[]`, "", "!!!!"},
		"whole parts":     {`{"subject":{"type":"user"},"resource":{"type":"secret","id":"kv/shop/db"}}`, "", "!"},
		"null is absent":  {`{"subject":null,"resource":{"type":"secret","id":"kv/shop/db"}}`, "", "+"},
		"many":            {strings.Repeat(yes+",", api.MaxEvaluations-1) + no, "", strings.Repeat("+", api.MaxEvaluations-1) + "-"},
	} {
		body := fmt.Sprintf(`{"subject":{"type":"kubernetes","id":"shop/api"},"action":{"name":"read"},"evaluations":[%s],"options":{"evaluations_semantic":%q,"more":1}}`, c.list, c.semantic)
		if c.semantic == "" {
			body = strings.Replace(body, `"evaluations_semantic":"",`, "", 1)
		}
		s.records = nil
		r := s.do(t, "POST", "/access/v1/evaluations", body)
		var answers struct {
			Evaluations []struct {
				Decision bool
				Context  struct {
					ID    string
					Error struct{ Status int }
				}
			}
		}
		if err := json.Unmarshal([]byte(r.body), &answers); err != nil {
			t.Fatal(err)
		}
		got, decided := "", 0
		for _, e := range answers.Evaluations {
			switch {
			case e.Context.Error.Status == 400 && !e.Decision:
				got += "!"
				continue
			case e.Decision:
				got += "+"
			default:
				got += "-"
			}
			if e.Context.ID != s.records[decided].ID.String() {
				t.Errorf("%s: %+v is logged as %s", name, e, s.records[decided].ID)
			}
			decided++
		}
		if r.status != 200 || got != c.want || decided != len(s.records) {
			t.Errorf("%s: %d %q, want %q, %d logged", name, r.status, got, c.want, len(s.records))
		}
	}
}

func TestEvaluationsRefused(t *testing.T) {
	s := serve(t, api.Options{})
	for name, c := range map[string]struct{ body, want string }{
		"too many":        {`{"evaluations":[` + strings.Repeat("{},", api.MaxEvaluations) + `{}]}`, "at most 1000"},
		"semantic":        {`{"evaluations":[{}],"options":{"evaluations_semantic":"any"}}`, "options.evaluations_semantic must be"},
		"not a list":      {`{"evaluations":{}}`, "evaluations must be a list"},
		"options":         {`{"evaluations":[{}],"options":7}`, "options must be an object"},
		"default":         {`{"evaluations":[{}],"subject":7}`, "subject must be an object"},
		"empty, as alone": {`{"evaluations":[]}`, "subject.id must be"},
	} {
		if r := s.do(t, "POST", "/access/v1/evaluations", c.body); r.status != 400 || !strings.Contains(r.body, c.want) {
			t.Errorf("%s: %d %s, want %q", name, r.status, r.body, c.want)
		}
	}
}

func TestSearch(t *testing.T) {
	var asked []*policies.AccessInput
	found := func(names ...string) func(context.Context, string, *policies.AccessInput) ([]string, error) {
		return func(_ context.Context, typ string, in *policies.AccessInput) ([]string, error) {
			asked = append(asked, in)
			return append(names, typ), nil
		}
	}
	s := serve(t, api.Options{URL: "https://pdp.example.com/", Search: api.Search{Subjects: found("alice"), Resources: found(),
		Actions: func(_ context.Context, in *policies.AccessInput) ([]string, error) {
			asked = append(asked, in)
			return nil, errors.New("the universe is closed")
		}}})
	const rest = `"action":{"name":"read"},"context":{"time":5}`
	for name, c := range map[string]struct {
		what, body string
		status     int
		want       string
	}{
		"subject":            {"subject", `{"subject":{"type":"user","id":"ignored"},"resource":{"type":"secret","id":"kv/a"},` + rest + `}`, 200, `{"results":[{"type":"user","id":"alice"},{"type":"user","id":"user"}]}`},
		"subject, no type":   {"subject", `{"subject":{},"resource":{"type":"secret","id":"kv/a"},` + rest + `}`, 400, "subject.type must be a text that is not empty"},
		"subject, no id":     {"subject", `{"subject":{"type":"user"},"resource":{"type":"secret"},` + rest + `}`, 400, "resource.id must be a text that is not empty"},
		"subject, no action": {"subject", `{"subject":{"type":"user"},"resource":{"type":"secret","id":"kv/a"}}`, 400, "action.name must be a text that is not empty"},
		"resource":           {"resource", `{"subject":{"type":"user","id":"alice"},"resource":{"type":"secret"},` + rest + `}`, 200, `{"results":[{"type":"secret","id":"secret"}]}`},
		"resource, no id":    {"resource", `{"subject":{"type":"user"},"resource":{"type":"secret"},` + rest + `}`, 400, "subject.id must be a text that is not empty"},
		"action fails":       {"action", `{"subject":{"type":"user","id":"alice"},"resource":{"type":"secret","id":"kv/a"}}`, 500, "the search failed"},
		"a page":             {"resource", `{"page":{"token":"x"},"subject":{"type":"user","id":"alice"},"resource":{"type":"secret"},` + rest + `}`, 400, "page.token must be absent: all results are in one page"},
		"something else":     {"everything", `{}`, 501, "this server has no such search; see /.well-known/authzen-configuration"},
	} {
		asked = nil
		if r := s.do(t, "POST", "/access/v1/search/"+c.what, c.body); r.status != c.status || r.body != c.want {
			t.Errorf("%s: %d %s, want %d %s", name, r.status, r.body, c.status, c.want)
		}
		if want := map[bool]int{true: 0, false: 1}[c.status == 400 || c.status == 501]; len(asked) != want {
			t.Errorf("%s: searched %d times, want %d", name, len(asked), want)
		}
	}
}

func TestMetadata(t *testing.T) {
	none := func(context.Context, *policies.AccessInput) ([]string, error) { return nil, nil }
	s := serve(t, api.Options{URL: "https://pdp.example.com/", Search: api.Search{Actions: none}})
	r := s.do(t, "GET", "/.well-known/authzen-configuration", "")
	want := map[string]any{
		"policy_decision_point":       "https://pdp.example.com",
		"access_evaluation_endpoint":  "https://pdp.example.com/access/v1/evaluation",
		"access_evaluations_endpoint": "https://pdp.example.com/access/v1/evaluations",
		"search_action_endpoint":      "https://pdp.example.com/access/v1/search/action",
	}
	if diff := cmp.Diff(want, r.read(t)); diff != "" || r.status != 200 {
		t.Error(r.status, diff)
	}
	if r := s.do(t, "POST", "/access/v1/search/subject", question); r.status != 501 {
		t.Errorf("a search that was not given: %d", r.status)
	}
	if r := s.do(t, "POST", "/access/v1/search/action", question); r.status != 200 || r.body != `{"results":[]}` {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := serve(t, api.Options{}).do(t, "GET", "/.well-known/authzen-configuration", ""); r.status != 404 {
		t.Errorf("without a URL: %d", r.status)
	}
}
