package exam_test

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// site says which piece of a message a text is.
type site struct{ part, name string }

var (
	target  = site{part: "target"} // of the request
	content = site{part: "content"}
	reason  = site{part: "reason"}
)

func header(name string) site  { return site{"header", name} }
func trailer(name string) site { return site{"trailer", name} }

// place is a place of a message that holds a secret.
type place struct {
	name string
	at   site
	// form is the text there: {} stands for the secret, {field} for what a record calls
	// it.
	form   string
	escape func(string) string // what the place does to text put there; nil: nothing
	takes  func(*kind) (template string, ok bool)
	status int    // of the answer; 200 if it is 0
	type_  string // of the content
	parse  string // see package check
	sized  bool   // the length must stay
	goes   bool   // it goes on as it is: a new cookie is meant for the client

	// presented is where the client has sent the secret before, in sent, which goes on to
	// the API as it is.
	presented site
	sent      string
	escapeIn  func(string) string
}

// How places take secrets.

// inText takes what stands in free text.
func inText(k *kind) (string, bool) { return k.text, true }

// inLine is inText without what has several lines.
func inLine(k *kind) (string, bool) { return k.text, !k.block }

// inField takes the value of a named field.
func inField(k *kind) (string, bool) {
	switch k.name {
	case "bearer":
		return "Bearer {}", true
	case "dsn-password":
		return k.text, true
	}
	return "{}", true
}

// bare takes the secret alone, where it is recognised so, or where the place tells
// what it is.
func bare(named ...string) func(*kind) (string, bool) {
	return func(k *kind) (string, bool) {
		return "{}", !k.block && (k.alone() || slices.Contains(named, k.name))
	}
}

// tame is bare without what means something to HTTP.
func tame(named ...string) func(*kind) (string, bool) {
	return func(k *kind) (string, bool) {
		template, ok := bare(named...)(k)
		return template, ok && !k.odd
	}
}

// inPath is bare without tokens whose rule takes slashes for a part of them.
func inPath(k *kind) (string, bool) {
	template, ok := bare()(k)
	return template, ok && k.name != "jwt"
}

// only takes some kinds alone.
func only(names ...string) func(*kind) (string, bool) {
	return func(k *kind) (string, bool) { return "{}", slices.Contains(names, k.name) }
}

func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text[1 : len(text)-1])
}

// inQuery writes spaces as %20: with + nothing tells where a value has a space.
func inQuery(s string) string    { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
func inUserinfo(s string) string { return strings.TrimPrefix(url.UserPassword("", s).String(), ":") }
func inBraces(s string) string   { return strings.ReplaceAll(s, "}", "}}") }
func asBasic(s string) string    { return base64.StdEncoding.EncodeToString([]byte("app:" + s)) }

const (
	plain = "text/plain; charset=utf-8"
	jsons = "application/json"
)

var passwords = bare("password", "dsn-password")

// places are all places.
var places = []place{
	{name: "query", at: target, form: "/v1/orders?page=2&{field}={}&sort=asc", escape: inQuery, takes: inField, parse: "url"},
	{name: "path", at: target, form: "/hooks/{}/deliver?id=7", escape: url.PathEscape, takes: inPath, parse: "url"},

	{name: "bearer echoed", presented: header("Authorization"), sent: "Bearer {}", at: content, form: "no such token: {} (401)\n", takes: tame("bearer", "session"), status: 401, type_: plain, parse: "text"},
	{name: "basic echoed", presented: header("Authorization"), sent: "Basic {}", escapeIn: asBasic, at: content, form: "no such password: {} (401)\n", takes: bare("password", "bearer"), status: 401, type_: plain, parse: "text"},
	{name: "key echoed", presented: header("X-Api-Key"), sent: "{}", at: header("X-Debug"), form: "the key {} is not valid", takes: bare(), status: 403, parse: "header"},
	{name: "cookie echoed", presented: header("Cookie"), sent: "theme=dark; session_id={}; lang=en", at: content, form: `{"ok":false,"seen":"{}","id":7}`, takes: tame("session"), type_: jsons, parse: "jsonl"},
	{name: "login echoed", presented: content, sent: `{"user":"ada","{field}":"{}","id":7}`, escapeIn: inJSON, at: content, form: `{"ok":false,"{field}":"{}","id":7}`, escape: inJSON, takes: inField, type_: jsons, parse: "jsonl"},

	{name: "response header", at: header("X-Debug"), form: "the upstream refused {} for ada", takes: inLine, parse: "header"},
	{name: "location", at: header("Location"), form: "https://login.example.net/cb?state=ab12&{field}={}", escape: inQuery, takes: inField, status: 302, parse: "header"},
	{name: "set-cookie", at: header("Set-Cookie"), form: "session_id={}; Path=/; Max-Age=3600; HttpOnly", takes: only("stored"), parse: "header"},
	{name: "new cookie", at: header("Set-Cookie"), form: "session_id={}; Path=/; Max-Age=3600; HttpOnly", takes: only("session", "github-pat"), parse: "header", goes: true},
	{name: "trailer", at: trailer("X-Error"), form: "the upstream refused {} for ada", takes: inLine, parse: "header"},
	{name: "reason phrase", at: reason, form: "Refused {} of ada", takes: inLine, status: 500},

	{name: "json", at: content, form: `{"id":7,"user":"ada","{field}":"{}","host":"db-7"}` + "\n", escape: inJSON, takes: inField, type_: jsons, parse: "jsonl"},
	{name: "json trace", at: content, form: `{"status":500,"detail":{"trace":"` + inJSON(javaTrace) + `"},"id":7}`, escape: inJSON, takes: inText, status: 500, type_: "application/problem+json", parse: "jsonl"},
	{name: "form", at: content, form: "id=7&{field}={}&host=db-7", escape: inQuery, takes: inField, type_: "application/x-www-form-urlencoded", parse: "text"},
	{name: "error page", at: content, form: errorPage, escape: html.EscapeString, takes: inText, status: 500, type_: "text/html", parse: "xml"},
	{name: "events", at: content, form: events, escape: inJSON, takes: inText, type_: "text/event-stream", parse: "sse"},
	{name: "blob", at: content, form: noise, takes: bare(), type_: "application/octet-stream", parse: "text", sized: true},
	{name: "java", at: content, form: javaTrace, takes: inText, status: 500, type_: plain, parse: "text"},
	{name: "python", at: content, form: pythonTrace, takes: inText, status: 500, type_: plain, parse: "text"},
	{name: "go", at: content, form: goTrace, takes: inText, status: 500, type_: plain, parse: "text"},
	{name: "node", at: content, form: nodeTrace, takes: inText, status: 500, type_: plain, parse: "text"},
	{name: ".net", at: content, form: dotnetTrace, takes: inText, status: 500, type_: plain, parse: "text"},

	{name: "postgresql", at: content, form: dsnLine("postgres://app:{}@db-7.example.net:5432/shop?sslmode=require"), escape: inUserinfo, takes: passwords, type_: plain, parse: "url"},
	{name: "mysql", at: content, form: dsnLine("app:{}@tcp(db-7.example.net:3306)/shop?parseTime=true"), takes: passwords, type_: plain, parse: "text"},
	{name: "mongodb", at: content, form: dsnLine("mongodb+srv://app:{}@db-7.example.net/shop?retryWrites=true"), escape: inUserinfo, takes: passwords, type_: plain, parse: "url"},
	{name: "redis", at: content, form: dsnLine("rediss://:{}@db-7.example.net:6379/0"), escape: inUserinfo, takes: passwords, type_: plain, parse: "url"},
	{name: "amqp", at: content, form: dsnLine("amqps://app:{}@db-7.example.net:5671/orders"), escape: inUserinfo, takes: passwords, type_: plain, parse: "url"},
	{name: "jdbc", at: content, form: dsnLine("jdbc:postgresql://db-7.example.net:5432/shop?user=app&password={}&ssl=true"), escape: inQuery, takes: passwords, type_: plain, parse: "text"},
	{name: "ado.net", at: content, form: dsnLine("Server=db-7.example.net;Database=shop;User Id=app;Password={{}};Encrypt=yes"), escape: inBraces, takes: passwords, type_: plain, parse: "text"},
}

// written is the text of a place with a secret in it, in three pieces.
type written struct{ before, secret, after string }

func (w written) String() string { return w.before + w.secret + w.after }

// write puts the secret of k, which stands in template, into form.
func write(form, template string, k *kind, escape func(string) string) written {
	if escape == nil {
		escape = func(s string) string { return s }
	}
	form = strings.ReplaceAll(form, "{field}", k.field)
	before, after, _ := strings.Cut(form, "{}")
	lead, trail, _ := strings.Cut(template, "{}")
	return written{before + escape(lead), escape(k.value), escape(trail) + after}
}

// as returns text as the judge wants it.
func (at site) as(text string) string {
	switch at.part {
	case "target":
		return "https://api.example.net" + text
	case "header", "trailer":
		return "HTTP/1.1 200 OK\r\n" + at.name + ": " + text + "\r\n\r\n"
	}
	return text
}

// of returns the text at a site of what arrived.
func (at site) of(s *sighting) string {
	switch at.part {
	case "target":
		return s.got.target
	case "header":
		return s.out.Header.Get(at.name)
	case "trailer":
		return s.out.Trailer.Get(at.name)
	case "reason":
		return strings.TrimPrefix(s.out.Status, "500 ")
	}
	return s.decoded
}

// standard is what a client must read instead of any other reason phrase.
var standard = http.StatusText(http.StatusInternalServerError)
