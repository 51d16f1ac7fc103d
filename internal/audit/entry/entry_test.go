package entry_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/audit/entry"
	"github.com/stanch-dev/stanch/internal/secret"
)

const salt = "salt of a device"

var hasher = entry.NewHasher(secret.Of([]byte(salt)))

// mac is the keyed hash as the standard library has it.
func mac(v string) string {
	m := hmac.New(sha256.New, []byte(salt))
	m.Write([]byte(v))
	return "hmac-sha256:" + hex.EncodeToString(m.Sum(nil))
}

func token(s string) secret.Bytes { return secret.Of([]byte(s)) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 5000, time.UTC)

// full has every field.
func full() *entry.Entry {
	return &entry.Entry{
		Time: noon,
		Auth: &entry.Auth{ClientToken: token("TOP-1"), Accessor: "TOP-2", DisplayName: "joe", Policies: []string{"default", "p"},
			TokenPolicies: []string{"default"}, IdentityPolicies: []string{"p"}, ExternalNamespacePolicies: map[string][]string{"": {"x"}, "ns1": {"y", "z"}},
			NoDefaultPolicy: true, PolicyResults: &entry.PolicyResults{Allowed: true, Granting: []entry.Policy{{Name: "p", NamespaceID: "root", Type: "acl"}}},
			Metadata: map[string]string{"k": "v"}, RemainingUses: 3, EntityID: "e-1", EntityCreated: true, TokenType: "service", TokenTTL: time.Hour, TokenIssueTime: noon},
		Request: entry.Request{ID: "r-1", ClientID: "c-1", Operation: "update", ClientToken: token("TOP-1"), ClientTokenAccessor: "TOP-2",
			Mount:     entry.Mount{Point: "secret/", Type: "kv", Accessor: "kv_1", Class: "secret", RunningVersion: "v1", RunningSHA256: "ab", External: true},
			Namespace: entry.Namespace{ID: "root"}, Path: "secret/data/a", PolicyOverride: true, RemoteAddress: "10.0.0.1", RemotePort: 4711,
			Data:               map[string]any{"data": map[string]any{"password": "TOP-3"}, "options": map[string]any{"cas": json.Number("1")}, "note": "seen"},
			ReplicationCluster: "rc", URI: "secret/data/a?x=1", WrapTTL: time.Minute,
			Headers:                       []entry.Header{{Name: "X-Forwarded-For", Values: []string{"10.0.0.2"}}, {Name: "X-Key", Values: []string{"TOP-4"}, Hash: true}},
			ClientCertificateSerialNumber: "77"},
		Response: &entry.Response{Auth: &entry.Auth{ClientToken: token("TOP-5"), NumUses: 2, TokenType: "batch"}, LeaseID: "l/1",
			Data: map[string]any{"keys": []string{"TOP-6"}, "raw": []byte("TOP-7")}, Warnings: []string{"careful"}, Redirect: "r",
			WrapInfo: &entry.WrapInfo{TTL: time.Minute, Token: token("TOP-8"), Accessor: "TOP-9", CreationTime: noon, CreationPath: "cp", WrappedAccessor: "TOP-10"},
			Headers:  []entry.Header{{Name: "Etag", Values: []string{"1", "2"}}}},
		Error: "it failed", ForwardedFrom: "node2:8201",
		PlainRequest: []string{"note"},
	}
}

const authJSON = `{"client_token":"H(TOP-1)","accessor":"H(TOP-2)","display_name":"joe","policies":["default","p"],"token_policies":["default"],
"identity_policies":["p"],"external_namespace_policies":{"":["x"],"ns1":["y","z"]},"no_default_policy":true,
"policy_results":{"allowed":true,"granting_policies":[{"name":"p","namespace_id":"root","type":"acl"}]},"metadata":{"k":"v"},"remaining_uses":3,
"entity_id":"e-1","entity_created":true,"token_type":"service","token_ttl":3600,"token_issue_time":"2026-01-02T12:00:00Z"}`

const mountJSON = `"mount_point":"secret/","mount_type":"kv","mount_accessor":"kv_1",%q:"v1","mount_running_sha256":"ab","mount_class":"secret",
"mount_is_external_plugin":true`

var requestJSON = `{"id":"r-1","client_id":"c-1","replication_cluster":"rc","operation":"update",` + fmt.Sprintf(mountJSON, "mount_running_version") + `,
"client_token":"H(TOP-1)","client_token_accessor":"H(TOP-2)","namespace":{"id":"root"},"path":"secret/data/a",
"data":{"data":{"password":"H(TOP-3)"},"note":"seen","options":{"cas":1}},"policy_override":true,"remote_address":"10.0.0.1","remote_port":4711,
"request_uri":"secret/data/a?x=1","wrap_ttl":60,"headers":{"x-forwarded-for":["10.0.0.2"],"x-key":["H(TOP-4)"]},"client_certificate_serial_number":"77"}`

var responseJSON = `{"auth":{"client_token":"H(TOP-5)","num_uses":2,"token_type":"batch"},` + fmt.Sprintf(mountJSON, "mount_running_plugin_version") + `,
"secret":{"lease_id":"l/1"},"data":{"keys":["H(TOP-6)"],"raw":"H(TOP-7)"},"warnings":["careful"],"redirect":"r",
"wrap_info":{"ttl":60,"token":"H(TOP-8)","accessor":"H(TOP-9)","creation_time":"2026-01-02T12:00:00.000005Z","creation_path":"cp","wrapped_accessor":"H(TOP-10)"},
"headers":{"etag":["1","2"]}}`

// expand replaces H(value) by what stands for it, and newlines by nothing.
func expand(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "H(")
		if !ok {
			return strings.ReplaceAll(s, "\n", "")
		}
		v, after, _ := strings.Cut(rest, ")")
		s = before + mac(v) + after
	}
}

func TestFormat(t *testing.T) {
	f := entry.Format{Hash: hasher, Prefix: "@cee: "}
	const time = `"time":"2026-01-02T12:00:00.000005Z"`
	for typ, want := range map[entry.Type]string{
		entry.OfRequest: `@cee: {` + time + `,"type":"request","auth":` + authJSON + `,"request":` + requestJSON + `,"error":"it failed","forwarded_from":"node2:8201"}`,
		entry.OfResponse: `@cee: {` + time + `,"type":"response","auth":` + authJSON + `,"request":` + requestJSON + `,"response":` + responseJSON +
			`,"error":"it failed","forwarded":true}`,
	} {
		got := string(f.Append(nil, typ, full()))
		if diff := cmp.Diff(expand(want), got); diff != "" {
			t.Errorf("%s: %s", typ, diff)
		}
		if strings.Contains(got, "TOP-") {
			t.Errorf("%s: a value is readable: %s", typ, got)
		}
	}
}

func TestOptionsOfFormat(t *testing.T) {
	list := &entry.Entry{Time: noon, Request: entry.Request{Operation: "list", ClientToken: token("TOP"), ClientTokenAccessor: "ACC"},
		Response: &entry.Response{Data: map[string]any{"keys": []any{"a", "b"}, "key_info": map[string]any{"a": 1}, "x": "VAL"}}}
	for name, c := range map[string]struct {
		format   entry.Format
		has, not []string
	}{
		"usual":     {entry.Format{}, []string{mac("TOP"), mac("ACC"), mac("a"), mac("VAL")}, []string{"TOP", "ACC", "VAL"}},
		"raw":       {entry.Format{Raw: true}, []string{"TOP", "VAL", `["a","b"]`}, []string{"hmac"}},
		"accessors": {entry.Format{PlainAccessor: true}, []string{`"ACC"`, mac("TOP")}, []string{"TOP"}},
		"elided":    {entry.Format{ElideLists: true}, []string{`"keys":2`, `"key_info":1`, mac("VAL")}, []string{mac("a")}},
	} {
		t.Run(name, func(t *testing.T) {
			c.format.Hash = hasher
			got := string(c.format.Append(nil, entry.OfResponse, list))
			for _, s := range c.has {
				if !strings.Contains(got, s) {
					t.Errorf("no %s in %s", s, got)
				}
			}
			for _, s := range c.not {
				if strings.Contains(got, s) {
					t.Errorf("%s in %s", s, got)
				}
			}
		})
	}
	if keys := list.Response.Data["keys"].([]any); len(keys) != 2 {
		t.Error("the entry was changed")
	}
}

func TestDataOfAnyKind(t *testing.T) {
	deep := any("DEEP")
	for range 200 {
		deep = []any{deep}
	}
	type own struct {
		Name string `json:"name"`
		N    float64
	}
	for _, c := range []struct {
		value any
		want  string // of the field, %s stands for the hash of the value
		of    string
	}{
		{nil, `null`, ""}, {true, `true`, ""}, {"", `"%s"`, ""}, {"v", `"%s"`, "v"}, {[]byte("v"), `"%s"`, "v"}, {token("v"), `"%s"`, "v"},
		{json.Number("1e9"), `1e9`, ""}, {json.Number("not one"), `"%s"`, "not one"}, {json.Number("true"), `"%s"`, "true"},
		{7, `7`, ""}, {int64(-7), `-7`, ""}, {uint8(7), `7`, ""}, {1.5, `1.5`, ""},
		{noon, `"2026-01-02T12:00:00.000005Z"`, ""}, {map[string]string{"b": "v"}, `{"b":"%s"}`, "v"},
		{[]any{"v", 1}, `["%s",1]`, "v"}, {[]own{{"v", 1}}, `[{"N":1,"name":"%s"}]`, "v"}, {json.RawMessage(`{"":"v"}`), `{"":"%s"}`, "v"},
		{map[string]any{"plain": []any{"v"}}, `{"plain":["v"]}`, ""},
		{func() {}, `"%s"`, "no JSON: json: unsupported type: func()"},
	} {
		e := &entry.Entry{Time: noon, Request: entry.Request{Data: map[string]any{"f": c.value}}, PlainRequest: []string{"plain"}}
		f := entry.Format{Hash: hasher}
		got := string(f.Append(nil, entry.OfRequest, e))
		want := `"data":{"f":` + strings.ReplaceAll(c.want, "%s", mac(c.of)) + `}`
		if !strings.Contains(got, want) {
			t.Errorf("%T %v: %s, want %s in it", c.value, c.value, got, want)
		}
	}
	f := entry.Format{Hash: hasher}
	got := f.Append(nil, entry.OfRequest, &entry.Entry{Request: entry.Request{Data: map[string]any{"f": deep}}})
	if !json.Valid(got) || bytes.Contains(got, []byte("DEEP")) {
		t.Errorf("deep data: %s", got)
	}
}

// TestOneLineOfJSON gives any text a place, and reads it back from parts of any size.
func TestOneLineOfJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := string(rapid.SliceOf(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("\"\\\n\x00\xe2\x80\xa8")))).Draw(rt, "text"))
		e := &entry.Entry{Time: noon, Error: text, Request: entry.Request{ID: "r", Path: text}}
		f := entry.Format{Hash: hasher, Prefix: "p: "}
		record := f.Append(nil, entry.OfRequest, e)
		max := rapid.IntRange(300, 600).Draw(rt, "max")
		var joined string
		for _, part := range f.Split(record, max, entry.OfRequest, e) {
			if len(part) > max || bytes.ContainsAny(part, "\n\r") || !bytes.HasPrefix(part, []byte("p: {")) {
				rt.Fatalf("part of %d bytes: %q", len(part), part)
			}
			var p struct {
				Type string
				Part struct{ Text string }
			}
			if err := json.Unmarshal(part[3:], &p); err != nil {
				rt.Fatalf("%v: %q", err, part)
			}
			if p.Type != "part" {
				joined = string(part[3:])
				break
			}
			joined += p.Part.Text
		}
		var got struct{ Error string }
		if err := json.Unmarshal([]byte(joined), &got); err != nil || joined != string(record[3:]) {
			rt.Fatalf("%v: %q", err, joined)
		}
		if want := strings.ToValidUTF8(text, "\ufffd"); strings.ReplaceAll(got.Error, "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			rt.Fatalf("%q, want %q", got.Error, want)
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	f, e := entry.Format{Hash: hasher}, full()
	b.ReportAllocs()
	var buf []byte
	for b.Loop() {
		buf = f.Append(buf[:0], entry.OfResponse, e)
	}
	b.SetBytes(int64(len(buf)))
}
