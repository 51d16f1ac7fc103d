package redact

import (
	"bytes"
	"strings"
)

// Every style but length writes one of these two, with a bracket at its end.
const (
	opening       = "[REDACTED"
	sealedOpening = "[SEALED:"
)

const (
	// maxLabel is the most a placeholder shows of a name, in bytes.
	maxLabel = 64
	// maxRedacted is the length of the longest placeholder that is not sealed.
	maxRedacted = len(opening) + len(":") + maxLabel + len(":") + 2*tagSize + len(":") + maxShown + len("]")
)

// Label returns how a name is written in placeholders: characters that could break
// a format are replaced by dashes, and it ends after 64 bytes.
func Label(name string) string {
	return strings.Map(plain, name[:min(len(name), maxLabel)])
}

// plain keeps the characters of a name that are safe in any format.
func plain(c rune) rune {
	if c < 0x80 && isPlain(byte(c)) {
		return c
	}
	return '-'
}

func isPlain(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || isDigit(b) || b == '-' || b == '_' || b == '.'
}

// placeholder returns the placeholder of a name with the parts that are not empty.
// It is printable ASCII without blanks, quotes and backslashes.
func placeholder(name string, parts ...string) []byte {
	text := append([]byte(opening+":"), Label(name)...)
	for _, part := range parts {
		if part != "" {
			text = append(append(text, ':'), part...)
		}
	}
	return append(text, ']')
}

// IsPlaceholder returns the length of the placeholder that text begins with, 0 if
// it begins with none, and -1 if more text is needed to tell. named reports whether
// there is a rule or known secret of that [Label]; of other names it is no
// placeholder. It looks at 8 KiB at most.
//
// Anybody can write a placeholder, and put into the ciphertext of a sealed one what
// he likes. So only what a rule finds may be passed over in it, a known secret not.
func IsPlaceholder(text []byte, named func(label []byte) bool) int {
	limit := maxRedacted
	switch {
	case agree(text, opening):
	case agree(text, sealedOpening):
		limit = maxSealedText
	default:
		return 0
	}
	end := 1
	for end < len(text) && end < limit && (isPlain(text[end]) || text[end] == ':') {
		end++
	}
	switch {
	case end >= limit:
		return 0
	case end >= len(text):
		return -1
	case text[end] != ']' || !isOurs(bytes.Split(text[1:end], []byte(":")), named):
		return 0
	}
	return end + 1
}

// agree reports whether text begins with prefix, or could when there is more of it.
func agree(text []byte, prefix string) bool {
	n := min(len(text), len(prefix))
	return string(text[:n]) == prefix[:n]
}

// isOurs reports whether parts, which colons part, are those of a placeholder: just
// its word; or a label, a tag and a shown part, of which the last two may be
// missing; or a label and a ciphertext.
func isOurs(parts [][]byte, named func(label []byte) bool) bool {
	word, parts := string(parts[0]), parts[1:]
	if len(parts) == 0 || !named(parts[0]) {
		return len(parts) == 0 && word == opening[1:]
	}
	parts = parts[1:]
	if word == "SEALED" {
		return len(parts) == 1 && isCiphertext(parts[0])
	}
	if len(parts) > 0 && len(parts[0]) == 2*tagSize && isHex(parts[0]) {
		parts = parts[1:]
	}
	return word == opening[1:] && (len(parts) == 0 || len(parts) == 1 && isShown(string(parts[0])))
}

func isHex(text []byte) bool {
	return len(bytes.Trim(text, "0123456789abcdef")) == 0
}
