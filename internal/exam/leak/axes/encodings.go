package axes

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// encoding is a value of the axis of encodings: a writing of the secret, or of a
// short text that holds it.
type encoding struct {
	name   string
	write  func(m *material) string
	whole  func(text string) string // rewrites the whole input; nil leaves it
	escape string                   // what begins an escape, where there is one to cut
	blind  bool                     // nothing beside the secret says what it is
	places []string                 // groups of places in which it makes sense
	own    []string                 // groups of places whose own escape it is, so that none is added
}

// Groups of places by how free an encoding is there.
var (
	prose    = []string{text, fields, inJSON, mail, frames}
	anywhere = slices.Concat(prose, []string{web, markup, table})
	headers  = []string{auth, cookies, path}
	urls     = []string{web, path, dsnURL}
)

// encodings is the axis of encodings.
var encodings = []encoding{
	{name: "raw", write: plain, places: slices.Concat(anywhere, headers, []string{dsnURL, dsnWords})},
	{name: "json-1", write: nested(1), escape: `\`, places: slices.Concat(prose, []string{table})},
	{name: "json-2", write: nested(2), escape: `\`, places: []string{text, inJSON, frames}},
	{name: "json-3", write: nested(3), escape: `\`, places: []string{text, frames}},
	{name: "percent-1", write: percents(1), escape: "%", places: slices.Concat(anywhere, headers, []string{dsnURL}), own: urls},
	{name: "percent-2", write: percents(2), escape: "%", places: []string{text, web, inJSON, cookies, path}, own: urls},
	{name: "percent-3", write: percents(3), escape: "%", places: []string{text, web}, own: urls},
	{name: "percent-all", write: percentAll, escape: "%", places: []string{text, web, path, cookies, dsnURL}, own: urls},
	{name: "base64", write: func(m *material) string { return b64(m.text) }, places: slices.Concat(anywhere, headers)},
	{name: "base64url", write: func(m *material) string { return base64.RawURLEncoding.EncodeToString([]byte(m.text)) }, places: slices.Concat(prose, []string{web}, headers)},
	{name: "base64-align-0", write: aligned("li:"), blind: true, places: slices.Concat(anywhere, []string{basic})},
	{name: "base64-align-1", write: aligned("ana:"), blind: true, places: slices.Concat(prose, []string{basic})},
	{name: "base64-align-2", write: aligned("olga:"), blind: true, places: slices.Concat(prose, []string{basic})},
	{name: "base64-json", write: func(m *material) string { return b64(object(m)) }, places: slices.Concat(anywhere, []string{cookies})},
	{name: "base64-mime", write: mime, escape: "\r", places: []string{text, inJSON, mail}},
	{name: "hex-lower", write: func(m *material) string { return hex.EncodeToString([]byte(m.text)) }, places: slices.Concat(anywhere, []string{cookies, path})},
	{name: "hex-upper", write: func(m *material) string { return strings.ToUpper(hex.EncodeToString([]byte(m.text))) }, places: []string{fields, inJSON, mail}},
	{name: "hex-pairs", write: hexPairs, escape: " ", places: []string{text, fields}},
	{name: "html-named", write: htmlNamed, escape: "&", places: []string{inJSON, text, mail}},
	{name: "html-numeric", write: htmlNumeric, escape: "&", places: []string{inJSON, text, markup}, own: []string{markup}},
	{name: "quoted-printable", write: quotedPrintable, escape: "=", places: []string{text, inJSON, mail}},
	{name: "utf-16le", write: plain, whole: wide(0), places: []string{plainFile}},
	{name: "utf-16be", write: plain, whole: wide(1), places: []string{plainFile}},
	{name: "c-hex", write: bytewise(`\x%02x`), escape: `\`, places: []string{text, fields, frames}, own: []string{fields}},
	{name: "unicode-escape", write: unicodeEscape, escape: `\`, places: []string{text, fields, inJSON, web}, own: []string{inJSON, fields}},
	{name: "base64-percent", write: func(m *material) string { return percent(b64(m.text)) }, escape: "%", places: []string{text, web, inJSON, cookies}, own: urls},
	{name: "percent-unicode", write: func(m *material) string { return unicodeEscape(&material{text: percent(m.text)}) }, escape: `\`, places: []string{text, inJSON}},
	{name: "hex-base64", write: func(m *material) string { return hex.EncodeToString([]byte(b64(m.text))) }, places: []string{text, fields, frames}},
	{name: "base64-json-percent", write: func(m *material) string { return percent(b64(object(m))) }, escape: "%", places: []string{text, web}, own: urls},
	{name: "percent-base64-base64", write: func(m *material) string { return b64(b64(percent(m.text))) }, places: []string{fields, inJSON, mail}},
}

func plain(m *material) string { return m.text }

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// quote returns a JSON string that keeps <, > and & as they are.
func quote(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string has an encoding
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// object returns a JSON object with the secret in a field.
func object(m *material) string {
	return fmt.Sprintf(`{"user":%s,%s:%s,"ok":true}`, quote(m.user), quote(m.field), quote(m.value))
}

// nested writes an object as a JSON string, and that as one, depth times.
func nested(depth int) func(*material) string {
	return func(m *material) string {
		s := object(m)
		for range depth {
			s = quote(s)
		}
		return s
	}
}

// percent writes as %XX what is neither letter nor digit, and every fifth character.
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(alnum, s[i]) < 0 || i%5 == 4 {
			fmt.Fprintf(&b, "%%%02X", s[i])
		} else {
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// percents writes percent signs times over; after the first, only signs change.
func percents(times int) func(*material) string {
	return func(m *material) string {
		s := percent(m.text)
		for range times - 1 {
			s = strings.ReplaceAll(s, "%", "%25")
		}
		return s
	}
}

func percentAll(m *material) string { return bytewise("%%%02X")(m) }

func bytewise(format string) func(*material) string {
	return func(m *material) string {
		var b strings.Builder
		for i := range len(m.text) {
			fmt.Fprintf(&b, format, m.text[i])
		}
		return b.String()
	}
}

// aligned writes base64 of a composite in which the secret comes after prefix, as
// in Basic credentials; the prefix's length decides how the base64 of the secret looks.
func aligned(prefix string) func(*material) string {
	return func(m *material) string { return b64(prefix + m.bare) }
}

// mime writes base64 in lines of 76 characters.
func mime(m *material) string {
	s := b64(`{"note":"forwarded by the gateway as it came in","data":` + object(m) + "}")
	var lines []string
	for len(s) > 76 {
		lines, s = append(lines, s[:76]), s[76:]
	}
	return strings.Join(append(lines, s), "\r\n")
}

func hexPairs(m *material) string {
	return strings.TrimSuffix(bytewise("%02x ")(m), " ")
}

// entities are names of characters for which most writers have none.
var entities = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&apos;", "_", "&lowbar;", "=", "&equals;",
	":", "&colon;", "/", "&sol;", ".", "&period;", "@", "&commat;", "+", "&plus;", "$", "&dollar;", "%", "&percnt;",
	"!", "&excl;", "#", "&num;", "*", "&ast;", "ä", "&auml;", "ö", "&ouml;", "ü", "&uuml;", "ß", "&szlig;", "é", "&eacute;", "€", "&euro;")

func htmlNamed(m *material) string {
	return entities.Replace("<" + m.field + ">" + m.value + "</" + m.field + ">")
}

// htmlNumeric writes decimal and hexadecimal references in turn.
func htmlNumeric(m *material) string {
	var b strings.Builder
	for i, r := range []rune(m.text) {
		fmt.Fprintf(&b, [...]string{"&#%d;", "&#x%x;"}[i%2], r)
	}
	return b.String()
}

// quotedPrintable writes lines of at most 40 characters, so that one ends inside
// the secret.
func quotedPrintable(m *material) string {
	var b strings.Builder
	column := 0
	s := "<" + m.field + "=" + m.value + ">"
	for i := range len(s) {
		word := s[i : i+1]
		if s[i] == '=' || s[i] < ' ' || s[i] > '~' {
			word = fmt.Sprintf("=%02X", s[i])
		}
		if column+len(word) > 22 {
			b.WriteString("=\r\n")
			column = 0
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

func unicodeEscape(m *material) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(m.text)) {
		fmt.Fprintf(&b, `\u%04x`, u)
	}
	return b.String()
}

// wide writes UTF-16 with a byte order mark; high is where the high byte stands.
func wide(high int) func(string) string {
	return func(s string) string {
		var out []byte
		for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
			pair := [2]byte{}
			pair[high], pair[1-high] = byte(u>>8), byte(u)
			out = append(out, pair[:]...)
		}
		return string(out)
	}
}
