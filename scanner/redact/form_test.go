package redact_test

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"gopkg.in/yaml.v3"

	"github.com/stanch-dev/stanch/scanner/redact"
)

// parser reads the place of the secret out of a text of a format.
type parser func(text string) (string, error)

// field returns the value at path, of what a JSON, YAML or TOML decoder gives.
func field(decode func([]byte, any) error, path ...any) parser {
	return func(text string) (string, error) {
		var value any
		if err := decode([]byte(text), &value); err != nil {
			return "", err
		}
		for _, step := range path {
			object, isObject := value.(map[string]any)
			array, isArray := value.([]any)
			switch step := step.(type) {
			case string:
				if !isObject {
					return "", fmt.Errorf("%T has no %q", value, step)
				}
				value = object[step]
			case int:
				if !isArray || len(array) <= step {
					return "", fmt.Errorf("%T has no %d", value, step)
				}
				value = array[step]
			}
		}
		switch value := value.(type) {
		case string:
			return value, nil
		case float64, int, int64:
			return fmt.Sprintf("%v", value), nil
		}
		return "", fmt.Errorf("a %T stands there", value)
	}
}

// inner reads with one parser what another has read.
func inner(outer, parse parser) parser {
	return func(text string) (string, error) {
		between, err := outer(text)
		if err != nil {
			return "", err
		}
		return parse(between)
	}
}

// within reads what stands between before and after in what a parser has read.
func within(parse parser, before, after string) parser {
	return func(text string) (string, error) {
		got, err := parse(text)
		rest, begins := strings.CutPrefix(got, before)
		rest, ends := strings.CutSuffix(rest, after)
		if err == nil && !(begins && ends) {
			err = fmt.Errorf("%q is not between %q and %q", got, before, after)
		}
		return rest, err
	}
}

func whole(text string) (string, error) { return text, nil }

// userinfo holds a URL to the letter of RFC 3986 and returns its password, or else
// its user.
func userinfo(text string) (string, error) {
	text = strings.Fields(text)[0]
	_, rest, _ := strings.Cut(text, "://")
	info, _, ok := strings.Cut(rest, "@")
	const allowed = "-._~!$&'()*+,;=%:" // unreserved, sub-delims, the escape, the separator
	for _, c := range info {
		if !strings.ContainsRune(allowed, c) && !('a' <= c|0x20 && c|0x20 <= 'z') && !('0' <= c && c <= '9') {
			return "", fmt.Errorf("userinfo has %q", c)
		}
	}
	u, err := url.Parse(text)
	if err != nil || !ok || strings.Count(info, ":") > 1 {
		return "", fmt.Errorf("userinfo %q: %v", info, err)
	}
	if password, ok := u.User.Password(); ok {
		return password, nil
	}
	return u.User.Username(), nil
}

func query(text string) (string, error) {
	u, err := url.Parse(strings.Fields(text)[0])
	if err != nil {
		return "", err
	}
	values, err := url.ParseQuery(u.RawQuery)
	if values.Get("host") != "db" || values.Get("x") != "1" {
		err = fmt.Errorf("other parameters changed: %v", values)
	}
	return values.Get("password"), err
}

// keywords reads PostgreSQL's keyword/value form, of which host must stay.
func keywords(text string) (string, error) {
	values := map[string]string{}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		key, rest, ok := strings.Cut(text, "=")
		if !ok || strings.ContainsAny(strings.TrimSpace(key), " '") {
			return "", fmt.Errorf("no keyword at %q", text)
		}
		rest = strings.TrimLeft(rest, " ")
		end := strings.IndexByte(rest+" ", ' ')
		if strings.HasPrefix(rest, "'") {
			end = strings.IndexByte(rest[1:], '\'') + 2
		}
		values[strings.TrimSpace(key)] = strings.Trim(rest[:end], "'")
		text = rest[end:]
	}
	if values["host"] != "db" {
		return "", fmt.Errorf("the host is %q", values["host"])
	}
	return values["password"], nil
}

// ado reads an ADO connection string, with or without braces.
func ado(text string) (string, error) {
	for part := range strings.SplitSeq(text, ";") {
		if value, ok := strings.CutPrefix(part, "PWD="); ok {
			if strings.HasPrefix(value, "{") != strings.HasSuffix(value, "}") {
				return "", fmt.Errorf("a brace is lost: %q", value)
			}
			return strings.Trim(value, "{}"), nil
		}
	}
	return "", fmt.Errorf("no PWD in %q", text)
}

func csvField(n int) parser {
	return func(text string) (string, error) {
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) != 1 || len(rows[0]) != 3 {
			return "", fmt.Errorf("rows %q: %v", rows, err)
		}
		return rows[0][n], nil
	}
}

func xmlElement(text string) (string, error) {
	var a struct {
		Text      string `xml:",chardata"`
		Attribute string `xml:"k,attr"`
	}
	err := xml.Unmarshal([]byte(text), &a)
	return a.Text + a.Attribute, err
}

func cookie(text string) (string, error) {
	cookies, err := http.ParseCookie(text)
	if err != nil || len(cookies) != 2 || cookies[1].Value != "1" {
		return "", fmt.Errorf("cookies %v: %v", cookies, err)
	}
	return cookies[0].Value, nil
}

func header(text string) (string, error) {
	_, value, _ := strings.Cut(text, ": ")
	value, ok := strings.CutSuffix(value, "\r\n")
	if !ok || strings.ContainsAny(value, "\r\n") || strings.ToValidUTF8(value, "") != value {
		return "", fmt.Errorf("header value %q", value)
	}
	return value, nil
}

func lineValue(text string) (string, error) {
	_, value, _ := strings.Cut(text, "=")
	value, _, _ = strings.Cut(value, "\n")
	return strings.TrimSpace(value), nil
}

// TestFormats reads each text back with the secret replaced in each style. The
// secret is what stands between the double angle brackets.
func TestFormats(t *testing.T) {
	object := field(json.Unmarshal, "k")
	nested := inner(field(json.Unmarshal, "m"), object)
	form := inner(func(text string) (string, error) {
		values, err := url.ParseQuery(text)
		return values.Get("payload"), err
	}, object)
	python := func(text string) (string, error) { return object(strings.ReplaceAll(text, "'", `"`)) }
	yamlField := field(yaml.Unmarshal, "k")
	for _, tt := range []struct {
		name, text string
		parse      parser
	}{
		{"JSON string", `{"k": "<<hunter2>>"}`, object},
		{"JSON string with more in it", `{"k": "<<hunter2>>", "l": [1]}`, object},
		{"JSON number", `{"k": <<123456>>, "l": 1}`, object},
		{"JSON number without blanks", `{"k":<<123456>>}`, object},
		{"JSON negative number", `{"k" : <<-1.5e9>> }`, object},
		{"JSON number of one digit", `{"k": <<1>>}`, object},
		{"JSON number over lines", "{\n\t\"k\":\n\t\t<<123456>>\n}", object},
		{"JSON word", `{"k":<<true>>}`, object},
		{"JSON array of numbers", `{"k":[1, <<123456>>, 2]}`, field(json.Unmarshal, "k", 1)},
		{"JSON array's first", `{"k":[<<123456>>]}`, field(json.Unmarshal, "k", 0)},
		{"JSON in JSON", `{"m":"{\"k\": <<123456>>}"}`, nested},
		{"JSON in JSON, string", `{"m":"{\"k\": \"<<hunter2>>\"}"}`, nested},
		{"JSON in JSON over lines", `{"m":"{\n\t\"k\": <<123456>>\n}"}`, nested},
		{"JSON in JSON in JSON over lines", `{"m":"{\"m\":\"{\\n\\\"k\\\":\\t<<123456>>\\n}\"}"}`, inner(field(json.Unmarshal, "m"), nested)},
		{"JSON in JSON in JSON", `{"m":"{\"m\":\"{\\\"k\\\":<<123456>>}\"}"}`, inner(field(json.Unmarshal, "m"), nested)},
		{"JSON in JSON by code", `{"m":"{\u0022k\u0022: <<123456>>}"}`, nested},
		{"JSON in CSV", `1,"{""k"": <<123456>>}",2`, inner(csvField(1), object)},
		{"JSON in a form", "a=1&payload=%7B%22k%22%3A+<<123456>>%7D&b=2", form},
		{"JSON in a form's array", "payload=%7B%22k%22:<<123456>>%2C%22l%22%3A1%7D", form},
		{"JSON in XML", `<a>{&quot;k&quot;: <<123456>>}</a>`, inner(xmlElement, object)},
		{"dictionary of Python", `{'k': <<123456>>}`, python},
		{"YAML", "a: 1\nk: <<hunter2>>\nb: 2\n", yamlField},
		{"YAML at the end", "k: <<hunter2>>", yamlField},
		{"YAML number", "k: <<1>>\n", yamlField},
		{"YAML with a comment", "k: <<hunter2>> # mine\n", yamlField},
		{"YAML with quotes", "k: \"<<hunter2>>\"\n", yamlField},
		{"YAML with a quoted key", "\"k\": <<hunter2>>\nb: 1\n", yamlField},
		{"YAML nested", "m:\n  k:   <<hunter2>>\n", field(yaml.Unmarshal, "m", "k")},
		{"YAML in a sequence", "k:\n  - <<hunter2>>\n  - b\n", field(yaml.Unmarshal, "k", 0)},
		{"YAML mapping in a sequence", "- - k: <<hunter2>>\n    b: 2\n", field(yaml.Unmarshal, 0, 0, "k")},
		{"YAML flow mapping", "m: {a: 1, k: <<hunter2>>, b: 2}\n", field(yaml.Unmarshal, "m", "k")},
		{"YAML with text around it", "k: user=me password=<<hunter2>> x\n", within(yamlField, "user=me password=", " x")},
		{"YAML environment", "k:\n- A=<<hunter2>>\n", within(field(yaml.Unmarshal, "k", 0), "A=", "")},
		{"YAML block", "k: |\n  <<hunter2>>\nb: 1\n", yamlField},
		{"YAML in JSON", `{"k":"password: <<hunter2>>"}`, within(object, "password: ", "")},
		{"YAML in CSV", "1,\"a: 1\nk: <<hunter2>>\nb: 1\",2\n", inner(csvField(1), yamlField)},
		{"TOML string", "k = \"<<hunter2>>\"\n", field(toml.Unmarshal, "k")},
		{"TOML number", "a = 1\nk = <<123456>>\n", field(toml.Unmarshal, "k")},
		{"TOML word", "k = <<true>>\n", field(toml.Unmarshal, "k")},
		{"INI", "[a]\nk = <<hunter2>>\n", lineValue},
		{"logfmt", "k=<<hunter2>>\ta=1", within(whole, "k=", "\ta=1")},
		{"URL password", "postgres://me:<<hunter2>>@db/x?a=1 and", userinfo},
		{"URL without user", "redis://:<<hunter2>>@db:6379/0 and", userinfo},
		{"URL user", "https://<<hunter2>>@example.com/x and", userinfo},
		{"URL of several hosts", "mongodb+srv://me:<<hunter2>>@a,b:27017/x?replicaSet=y and", userinfo},
		{"URL with an at sign in it", "amqp://me:<<hun@ter/2>>@db/vhost and", userinfo},
		{"URL in JSON", `{"k":"amqp://me:<<hunter2>>@db/vhost"}`, inner(object, userinfo)},
		{"URL in JSON with escapes", `{"k":"amqp:\/\/me:<<hunter2>>@db\/vhost"}`, inner(object, userinfo)},
		{"URL in YAML", "k: amqp://me:<<hunter2>>@db/vhost\n", inner(yamlField, userinfo)},
		{"JDBC query", "jdbc:postgresql://db/x?host=db&password=<<hunter2>>&x=1 and", query},
		{"PostgreSQL keywords", "host=db password=<<hunter2>> user=me", keywords},
		{"PostgreSQL keywords with blanks", "password = <<hunter2>> host = db", keywords},
		{"PostgreSQL keywords with quotes", "password='<<hunter 2>>' host=db", keywords},
		{"PostgreSQL keywords at the end", "host=db password=<<hunter2>>", keywords},
		{"ADO", "SERVER=db;PWD=<<hunter2>>;UID=me", ado},
		{"ADO with braces", "SERVER=db;PWD={<<hunter2>>};UID=me", ado},
		{"MySQL", "me:<<hunter2>>@tcp(db:3306)/x", within(whole, "me:", "@tcp(db:3306)/x")},
		{"header", "X-Api-Key: <<hunter2>>\r\n", header},
		{"cookies", "sid=<<hunter2>>; a=1", cookie},
		{"CSV", "1,<<hunter2>>,2\n", csvField(1)},
		{"CSV with quotes", "1,\"<<hunter,2>>\",2\n", csvField(1)},
		{"CSV at the end", "1,2,<<123456>>\n", csvField(2)},
		{"XML text", "<a><<hunter2>></a>", xmlElement},
		{"XML attribute", `<a k="<<hunter2>>"/>`, xmlElement},
		{"XML CDATA", `<a><![CDATA[<<hunter2>>]]></a>`, xmlElement},
	} {
		for _, style := range redact.Styles() {
			if style != redact.Block {
				t.Run(tt.name+"/"+style.String(), func(t *testing.T) { readBack(t, style, tt.text, tt.parse) })
			}
		}
	}
}

func readBack(t *testing.T, style redact.Style, text string, parse parser) {
	key, _ := sealKey(t)
	before, rest, _ := strings.Cut(text, "<<")
	source, after, ok := strings.Cut(rest, ">>")
	if !ok {
		t.Fatal("no secret is marked")
	}
	written := before + replaced(t, newRedactor().SealTo(key), style, plain(before, source, after)) + after
	got, err := parse(written)
	if err != nil {
		t.Fatalf("%s: %v", written, err)
	}
	got = strings.TrimSuffix(got, "\n") // of a block of YAML
	switch style {
	case redact.Placeholder, redact.Partial:
		ok = got == "[REDACTED:r]"
	case redact.Fixed:
		ok = got == "[REDACTED]"
	case redact.Sealed:
		ok = strings.HasPrefix(got, "[SEALED:r:")
	case redact.Length:
		ok = len(written) == len(before)+len(source)+len(after) && (strings.Trim(got, "*") == "" || strings.TrimRight(got, "0") == "1")
	case redact.Drop:
		ok = strings.Trim(got, "'") == ""
	}
	if !ok {
		t.Errorf("%s: read %q", written, got)
	}
}

// TestNoQuotes has places that look like those which need quotes.
func TestNoQuotes(t *testing.T) {
	for _, text := range []string{
		"2026-03-02 INFO password: <<hunter2>>\n",
		"k: <<hunter2>>-and-more\n",
		"k: <<hunter2>> and more\n",
		`{"k": "<<hunter2>>"}`,
		`{"k": '<<hunter2>>'}`,
		"?a=1&k=<<123456>>&b=2",
		"k = <<hunter2>>\n",
		"password=<<hunter2>>",
		"func(a, <<123456>>, b)",
		"a: 1, k: <<hunter2>>, b",
		"map[k:<<123456>>]",
		"X-Api-Key: <<hunter2>>\r\n",
		"-<<hunter2>>\n",
		`{"k": <<123>>.5}`,
		"https://<<hunter2>>.example.com/x and",
		"https://example.com/<<hunter2>>/me@home and",
		"<<hunter2>>\n",
		"<<123456>>",
	} {
		before, rest, _ := strings.Cut(text, "<<")
		source, after, _ := strings.Cut(rest, ">>")
		if got := replaced(t, newRedactor(), redact.Placeholder, plain(before, source, after)); got != "[REDACTED:r]" {
			t.Errorf("%q: got %s", text, got)
		}
	}
}
