package redact_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// FuzzReplace puts any value into any text, and checks that of the value nothing is
// left but what each style may show, and that the text stays what it was.
func FuzzReplace(f *testing.F) {
	github := "gh" + "p_" + random(36)
	for style := range redact.Styles() {
		f.Add("hunter2", "rule", `{"k": `, `, "l": 1}`, uint8(style), false)
		f.Add(`"`+random(30)+`" `, "my rule", "k: ", "\n", uint8(style), true)
		f.Add("p@ss", "r", "https://me:", "@host/", uint8(style), false)
		f.Add("世界", "", "a\xe4", "\xb8\x96b", uint8(style), true)
		f.Add(github, "r", "", "", uint8(style), false)
		f.Add("\x96", "r", "\xe4\xb8", "", uint8(style), true)
	}
	public, _ := sealKey(f)
	r := newRedactor().SealTo(public)
	f.Fuzz(func(t *testing.T, value, name, before, after string, style uint8, known bool) {
		s := plain(before, value, after)
		s.Name = name
		if known {
			s.KnownID = "1"
		}
		kind := redact.Style(style) % redact.Block
		got := replaced(t, r, kind, s)
		checkShown(t, kind, s, got)
		if kind == redact.Length && value != "" && len(got) != len(value) {
			t.Errorf("%q has %d bytes, not %d", got, len(got), len(value))
		}
		if all := before + value + after; utf8.ValidString(all) && (kind == redact.Length || utf8.ValidString(value) && utf8.ValidString(before)) {
			if !utf8.ValidString(before + got + after) {
				t.Errorf("%q with %q is no UTF-8 any more", all, got)
			}
		}
	})
}

// checkShown takes from what was written all that a style may write and checks that
// nothing is left.
func checkShown(t *testing.T, style redact.Style, s *redact.Secret, got string) {
	t.Helper()
	const framing = " \t\r\n\"'`\\"
	rest := got
	if start := strings.IndexByte(rest, '%'); start >= 0 {
		if unescaped, err := url.PathUnescape(rest); err == nil {
			rest = unescaped
		}
	}
	for _, quote := range []string{"&quot;", "&#34;", `\u0022`} {
		rest = strings.TrimSuffix(strings.TrimPrefix(rest, quote), quote)
	}
	if style == redact.Length && s.Value.Len() > 0 {
		cut := strings.IndexFunc(rest, isFill)
		if cut < 0 {
			cut = len(rest)
		}
		end := strings.LastIndexFunc(rest, isFill) + 1
		if head, tail := rest[:cut], rest[max(cut, end):]; len(strings.Trim(head, framing)) >= utf8.UTFMax || len(strings.Trim(tail, framing)) >= utf8.UTFMax {
			t.Errorf("length shows %q", got)
		}
		if inner := rest[cut:max(cut, end)]; strings.IndexFunc(inner, func(c rune) bool { return !isFill(c) && !strings.ContainsRune(framing, c) }) >= 0 {
			t.Errorf("length shows %q", got)
		}
		return
	}
	rest = strings.Trim(rest, framing)
	if style == redact.Drop {
		if rest != "" && strings.Trim(string(s.Value.Reveal()), framing) != "" {
			t.Errorf("drop shows %q", got)
		}
		return
	}
	label := redact.Label(s.Name)
	if redact.IsPlaceholder([]byte(rest), func(l []byte) bool { return string(l) == label }) != len(rest) {
		t.Errorf("%s shows %q", style, got)
	}
	parts := strings.Split(strings.TrimSuffix(rest, "]"), ":")
	prefix, end, shown := strings.Cut(parts[len(parts)-1], "...")
	if len(parts) > 2 && shown && (style != redact.Partial || s.Value.Len() < len(prefix)+len(end)+16) {
		t.Errorf("%s shows %q of %d bytes", style, got, s.Value.Len())
	}
}

func isFill(c rune) bool { return c == '*' || c == '1' || c == '0' }

// FuzzJSON replaces a number and a string in JSON, within strings of JSON, and
// reads both and what is beside them back.
func FuzzJSON(f *testing.F) {
	f.Add("key", "hunter2", "123456", " ", uint8(0), uint8(0))
	f.Add("a \"key\"", "p\"ss\\wörd\n", "-1.5e10", "\n\t", uint8(1), uint8(3))
	f.Add("", "<&>\x00", "1", "", uint8(2), uint8(5))
	f.Add("", "0", "0", "\t", uint8(2), uint8(1)) // escaped blanks, twice
	f.Add(`\`, "0", "0", "", uint8(2), uint8(0))  // a key that ends in a backslash
	public, _ := sealKey(f)
	r := newRedactor().SealTo(public)
	f.Fuzz(func(t *testing.T, key, value, number, blank string, depth, style uint8) {
		const numberAt, valueAt = "NUMBERAT", "VALUEAT"
		key, value = strings.ToValidUTF8(key, ""), strings.ToValidUTF8(value, "")
		if !json.Valid([]byte(number)) || strings.Trim(number, "-+.0123456789eE") != "" || strings.Trim(blank, " \t\r\n") != "" || len(blank) > 8 || len(key) > 20 ||
			value == "" || strings.Contains(key, "AT") {
			t.Skip()
		}
		doc := "{" + blank + quoted(t, "k"+key) + blank + ":" + blank + numberAt + blank + "," + quoted(t, "s"+key) + ":" + blank + `"` + valueAt + `"` + "}"
		inString := value
		for range depth % 3 {
			doc, inString = quoted(t, doc), escaped(t, inString)
		}
		inString = escaped(t, inString)
		kind := redact.Style(style) % redact.Block
		before, after, _ := strings.Cut(doc, numberAt)
		written := before + replaced(t, r, kind, plain(before, number, strings.Replace(after, valueAt, inString, 1)))
		middle, after, _ := strings.Cut(after, valueAt)
		written += middle
		s := plain(written, value, after)
		s.Source = []byte(inString)
		text := replaced(t, r, kind, s)
		if inString != value { // as the caller does
			for range depth%3 + 1 {
				text = escaped(t, text)
			}
		}
		written += text + after
		for range depth % 3 {
			if err := json.Unmarshal([]byte(written), &written); err != nil {
				t.Fatalf("%s: %v", written, err)
			}
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(written), &object); err != nil || len(object) != 2 {
			t.Fatalf("%s: %v", written, err)
		}
		checkShown(t, kind, &redact.Secret{Name: "r", Value: secret.Of([]byte(value))}, object["s"+key].(string))
		if _, isNumber := object["k"+key].(float64); isNumber && kind != redact.Length {
			t.Errorf("%s: a number is left", written)
		}
	})
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}

func escaped(t *testing.T, text string) string {
	t.Helper()
	encoded := quoted(t, text)
	return encoded[1 : len(encoded)-1]
}
