package redact

import "bytes"

// place is where a secret stands.
type place struct {
	before, value, after []byte // the two around it as far as they are known
	raw                  bool   // nothing in the source of value is encoded
	escaped              bool   // the source has percent escapes, which the caller will write
}

// appendText appends text in the form that the place asks for.
func (p *place) appendText(dst, text []byte) []byte {
	quote := p.quote()
	if len(text) == 0 && quote == "" && p.needsValue() {
		quote = "'"
	}
	dst = append(dst, quote...)
	if p.inUserinfo() && !p.escaped {
		dst = appendPercent(dst, text)
	} else {
		dst = append(dst, text...)
	}
	return append(dst, quote...)
}

// quote returns the quote that must stand on both sides of what is written there,
// empty if none: the value may be a number or a bare word where a placeholder
// would be a list, or an error. Where there is none to go by it is a single one,
// which YAML, TOML and shells read, and which is safe within JSON and CSV.
func (p *place) quote() string {
	if ends := endsElement(p.after); ends {
		if quote := keyQuote(p.before); quote != "" {
			return quote
		}
		if p.raw && inFlowMapping(lastLine(p.before)) {
			return "'"
		}
	}
	if line := lastLine(p.before); p.raw && endsLine(p.after) {
		if isYAMLKey(line) || isAssignment(line) && isLiteral(p.value) {
			return "'"
		}
	}
	return ""
}

// needsValue reports whether an empty value would take what comes next for its
// own: "password= host=db" is a password for PostgreSQL's clients.
func (p *place) needsValue() bool {
	return p.raw && len(p.after) > 0 && (p.after[0] == ' ' || p.after[0] == '\t') &&
		bytes.HasSuffix(bytes.TrimRight(p.before, " \t"), []byte("="))
}

// inFlowMapping reports whether line ends in a bare key within braces, as YAML and
// JavaScript have them.
func inFlowMapping(line []byte) bool {
	rest := bytes.TrimRight(line, " ")
	key, ok := bytes.CutSuffix(rest, []byte(":"))
	if !ok || len(rest) == len(line) || bytes.IndexByte(line, '{') < 0 {
		return false
	}
	return isKey(bytes.TrimLeft(key[bytes.LastIndexAny(key, "{,")+1:], " "))
}

func lastLine(text []byte) []byte { return text[bytes.LastIndexByte(text, '\n')+1:] }

// endsLine reports whether nothing but a comment follows on the line. A carriage
// return is taken for the end of an HTTP header, which has no quotes.
func endsLine(after []byte) bool {
	rest := bytes.TrimLeft(after, " \t")
	return len(rest) == 0 || rest[0] == '\n' || rest[0] == '#' && len(rest) < len(after)
}

// isYAMLKey reports whether line is the key of a YAML mapping or the dash of a
// sequence, with a plain scalar to follow.
func isYAMLKey(line []byte) bool {
	line = bytes.TrimLeft(line, " ")
	item := false
	for bytes.HasPrefix(line, []byte("- ")) {
		line, item = bytes.TrimLeft(line[1:], " "), true
	}
	if len(line) == 0 {
		return item
	}
	key, blank, ok := bytes.Cut(line, []byte(":"))
	return ok && len(blank) > 0 && len(bytes.Trim(blank, " \t")) == 0 && isKey(bytes.Trim(key, `"'`))
}

// isAssignment reports whether line is a key with an equals sign behind it, as in
// TOML.
func isAssignment(line []byte) bool {
	key, ok := bytes.CutSuffix(bytes.TrimRight(line, " \t"), []byte("="))
	return ok && isKey(bytes.Trim(key, " \t"))
}

func isKey(text []byte) bool {
	for _, b := range text {
		if !isPlain(b) && b != '/' {
			return false
		}
	}
	return len(text) > 0
}

// isLiteral reports whether value is a number, or a word that stands for a value.
func isLiteral(value []byte) bool {
	switch string(value) {
	case "true", "false", "null":
		return true
	}
	digits := bytes.TrimLeft(value, "+-")
	return len(digits) > 0 && isDigit(digits[0])
}
