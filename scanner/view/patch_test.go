package view_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"html"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stanch-dev/stanch/scanner/view"
)

const placeholder = "[REDACTED:name:1a2b3c4d]"

// form is an encoding with the standard library's own way back. Around the encoded value
// are before and behind.
type form struct {
	name           string
	kind           view.Kind
	before, behind string
	encode         func(string) string
	decode         func(string) (string, error)
}

func encodingForm(name string, e *base64.Encoding) form {
	return form{name, view.Base64, "value: ", " end",
		func(s string) string { return e.EncodeToString([]byte(s)) },
		func(s string) (string, error) { b, err := e.DecodeString(s); return string(b), err }}
}

var forms = []form{
	encodingForm("base64", base64.StdEncoding),
	encodingForm("base64 without padding", base64.RawStdEncoding),
	encodingForm("base64 of URLs", base64.URLEncoding),
	encodingForm("base64 of URLs without padding", base64.RawURLEncoding),
	{"base64 in lines", view.Base64, "value:\r\n", "\r\n--end",
		func(s string) string { return wrapAt(base64.StdEncoding.EncodeToString([]byte(s)), 76, "\r\n") },
		func(s string) (string, error) {
			// What was one line before may have become longer.
			lines := strings.Split(s, "\r\n")
			for _, line := range lines {
				if len(lines) > 1 && len(line) > 76 || line == "" {
					return "", base64.CorruptInputError(len(line))
				}
			}
			b, err := base64.StdEncoding.DecodeString(s)
			return string(b), err
		}},
	{"hex", view.Hex, "value: ", " end",
		func(s string) string { return hex.EncodeToString([]byte(s)) }, decodeHex},
	{"hex in upper case", view.Hex, "value: ", " end",
		func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) }, decodeHex},
	{"hex in pairs", view.Hex, "value=", ";",
		func(s string) string { return separate(hex.EncodeToString([]byte(s)), ":") },
		func(s string) (string, error) { return decodeHex(strings.ReplaceAll(s, ":", "")) }},
	{"percent", view.Percent, "?value=", "&end", url.QueryEscape, url.QueryUnescape},
	{"percent twice", view.Percent, "?value=", "&end",
		func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		func(s string) (string, error) {
			s, err := url.QueryUnescape(s)
			if err != nil {
				return "", err
			}
			return url.QueryUnescape(s)
		}},
	{"JSON", view.Escape, `{"value":`, `,"end":0}`,
		func(s string) string { b, _ := json.Marshal(s); return string(b) },
		func(s string) (v string, err error) { err = json.Unmarshal([]byte(s), &v); return v, err }},
	{"JSON in JSON", view.Escape, `{"value":`, `,"end":0}`,
		func(s string) string { b, _ := json.Marshal(s); b, _ = json.Marshal(string(b)); return string(b) },
		func(s string) (v string, err error) {
			if err = json.Unmarshal([]byte(s), &v); err != nil {
				return "", err
			}
			err = json.Unmarshal([]byte(v), &v)
			return v, err
		}},
	{"HTML", view.Entity, "<p>", "</p>", html.EscapeString,
		func(s string) (string, error) { return html.UnescapeString(s), nil }},
	{"quoted-printable", view.QuotedPrintable, "", "\r\nend",
		func(s string) string {
			var b bytes.Buffer
			w := quotedprintable.NewWriter(&b)
			io.WriteString(w, s)
			w.Close()
			return b.String()
		},
		func(s string) (string, error) {
			b, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(s)))
			return string(b), err
		}},
	{"UTF-16, low byte first", view.UTF16, "\xff\xfe", "",
		func(s string) string { return utf16Of(s, false) }, func(s string) (string, error) { return fromUTF16(s, binary.LittleEndian), nil }},
	{"UTF-16, high byte first", view.UTF16, "\xfe\xff", "",
		func(s string) string { return utf16Of(s, true) }, func(s string) (string, error) { return fromUTF16(s, binary.BigEndian), nil }},
}

func decodeHex(s string) (string, error) { b, err := hex.DecodeString(s); return string(b), err }

func fromUTF16(s string, order binary.ByteOrder) string {
	var units []uint16
	for ; len(s) >= 2; s = s[2:] {
		units = append(units, order.Uint16([]byte(s)))
	}
	return string(utf16.Decode(units))
}

// level is a text and the segments by which it was made of the one below.
type level struct {
	text     string
	segments []view.Segment
}

// redact replaces the first occurrence of secret, on whatever level it stands, and writes
// the replacement down to the text, as the engine does.
func redact(t *testing.T, text, secret string) (redacted string, depth int, ok bool) {
	t.Helper()
	below := []level{{text: text}}
	for depth = 0; ; depth++ {
		on := &below[len(below)-1]
		if at := strings.Index(on.text, secret); at >= 0 {
			return writeDown(below, at, at+len(secret)), depth, true
		}
		on.segments = whole(t, on.text, false)
		if len(on.segments) == 0 || depth == 4 {
			return text, depth, false
		}
		next, _ := decode(on.text, on.segments)
		below = append(below, level{text: next})
	}
}

func writeDown(levels []level, from, to int) string {
	replacement := placeholder
	for i := len(levels) - 2; i >= 0; i-- {
		from, to, replacement = lower(&levels[i], from, to, replacement)
	}
	return levels[0].text[:from] + replacement + levels[0].text[to:]
}

// lower returns which part of the level is what becomes from to to above, and what it is
// to be replaced by.
func lower(l *level, from, to int, replacement string) (start, end int, text string) {
	var kinds view.Kind
	type part struct {
		start, end int // of the level
		segment    *view.Segment
		from, to   int
	}
	var parts []part
	above, at := 0, 0
	plain := func(upto int) {
		n := upto - at
		if lo, hi := max(from, above), min(to, above+n); lo < hi {
			parts = append(parts, part{start: at + lo - above, end: at + hi - above})
		}
		above, at = above+n, upto
	}
	for i := range l.segments {
		s := &l.segments[i]
		plain(s.Start)
		n := len(s.Decoded)
		if lo, hi := max(from, above), min(to, above+n); lo < hi || n == 0 && from < above && above < to {
			p := part{segment: s, from: lo - above, to: hi - above}
			p.start, p.end, _ = s.Kind.Patch([]byte(l.text[s.Start:s.End]), p.from, p.to, nil)
			p.start, p.end = p.start+s.Start, p.end+s.Start
			if n == 0 {
				p.start, p.end = s.Start, s.End
			}
			parts = append(parts, p)
			kinds |= s.Kind
		}
		above, at = above+n, s.End
	}
	plain(len(l.text))
	for i, p := range parts {
		value := []byte(replacement)
		if i > 0 {
			value = nil
		}
		if p.segment == nil {
			text += string(kinds.Escape(value))
			continue
		}
		_, _, patch := p.segment.Kind.Patch([]byte(l.text[p.segment.Start:p.segment.End]), p.from, p.to, value)
		text += string(patch)
	}
	return parts[0].start, parts[len(parts)-1].end, text
}

// checkRoundTrip encodes a value with a secret in it and checks that the placeholder
// stands in its place when it is decoded, and all else is as it was.
func checkRoundTrip(t *testing.T, f *form, before, secret, behind string) (depth int) {
	t.Helper()
	text := f.before + f.encode(before+secret+behind) + f.behind
	redacted, depth, ok := redact(t, text, secret)
	if !ok {
		t.Fatalf("%s: %q is not found in %q", f.name, secret, text)
	}
	inner, found := strings.CutPrefix(redacted, f.before)
	inner, found2 := strings.CutSuffix(inner, f.behind)
	if !found || !found2 {
		t.Fatalf("%s: %q became %q", f.name, text, redacted)
	}
	got, err := f.decode(inner)
	if err != nil {
		t.Fatalf("%s: %q became %q: %v", f.name, text, redacted, err)
	}
	value, ok := strings.CutPrefix(got, before+placeholder)
	if !ok || strings.TrimLeft(value, "*") != strings.TrimLeft(behind, "*") || len(value)-len(behind) > 2 || len(value) < len(behind) {
		t.Fatalf("%s: of %q %q became %q, which is %q", f.name, before+secret+behind, text, redacted, got)
	}
	return depth
}

func FuzzRoundTrip(f *testing.F) {
	f.Add(uint(0), "user:", "behind", uint64(1))
	f.Add(uint(4), poem, poem, uint64(2))
	f.Add(uint(12), "a=b <\"é\">\r\n", strings.Repeat("=", 100), uint64(3))
	f.Fuzz(func(t *testing.T, which uint, before, behind string, seed uint64) {
		form := &forms[which%uint(len(forms))]
		secret := newSecret(rand.New(rand.NewPCG(seed, 3)))
		if !fits(form, before, secret, behind) {
			t.Skip()
		}
		checkRoundTrip(t, form, before, secret, behind)
	})
}

// newSecret returns a secret in which no encoding would be seen by itself.
func newSecret(rng *rand.Rand) string {
	const letters = "ghjkmnpqrstvwxyzGHJKLMNPQRSTVWXYZ"
	b := []byte("k")
	for range 19 + rng.IntN(9) {
		b = append(b, letters[rng.IntN(len(letters))])
	}
	return string(b[:10]) + "!." + string(b[10:])
}

// fits reports whether the value can be found at all in the form: is text, has no look of
// another layer, and is long enough.
func fits(f *form, before, secret, behind string) bool {
	value := before + secret + behind
	if !utf8.ValidString(value) || len(value) > 2000 || strings.Contains(before, secret) || strings.ContainsAny(behind, "*") {
		return false
	}
	wide := f.kind != view.UTF16 && f.kind != view.Hex
	for _, r := range value {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffd' || r >= 0x7f && (!wide || r < 0xa0) {
			return false
		}
	}
	if f.kind == view.Percent && strings.Contains(value, " ") {
		return false
	}
	if f.kind == view.QuotedPrintable && strings.ContainsAny(value, "\r\n\t ") {
		return false
	}
	return true
}

func TestRoundTrip(t *testing.T) {
	depths := map[string]int{}
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 9))
		form := &forms[seed%uint64(len(forms))]
		g := generator{rng}
		before, behind, secret := g.value(90), g.value(90), newSecret(rng)
		if !fits(form, before, secret, behind) {
			continue
		}
		checkRoundTrip(t, form, before, secret, behind)
		depths[form.name]++
	}
	for _, f := range forms {
		if depths[f.name] < 20 {
			t.Errorf("%s was tried only %d times", f.name, depths[f.name])
		}
	}
}
