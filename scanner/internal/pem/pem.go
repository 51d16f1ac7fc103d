// Package pem tells which lines may be of a private key in PEM, also where a log has
// put words of its own before each of them. (Package encoding/pem reads keys that
// are whole and alone.)
package pem

import (
	"bytes"
)

// Begin returns where text has the line that begins a private key, and the position
// behind it; -1 for nowhere.
func Begin(text []byte) (start, end int) { return findMarker(text, "BEGIN") }

// End returns the position behind the line that ends a private key; -1 if text has
// none.
func End(text []byte) int {
	_, end := findMarker(text, "END")
	return end
}

// MayBegin returns where text has something that may become the line that begins a
// private key when more text follows; len(text) for nowhere.
func MayBegin(text []byte) int {
	const most = dashes + len("BEGIN") + maxLabel + len("PRIVATE KEY BLOCK-----")
	for at := max(0, len(text)-most); at < len(text); at++ {
		dash := bytes.IndexByte(text[at:], '-')
		if dash < 0 {
			break
		}
		at += dash
		start := at
		for at < len(text) && text[at] == '-' {
			at++
		}
		if first := max(start, at-dashes); at > start && mayBegin(text[first:], at-first) {
			return first
		}
	}
	return len(text)
}

// mayBegin reports whether text, which begins with count dashes, may go on to begin a
// key.
func mayBegin(text []byte, count int) bool {
	label := text[count:]
	if len(label) > 0 && count < dashes {
		return false
	}
	const word = "BEGIN"
	if n := min(len(label), len(word)); !bytes.EqualFold(label[:n], []byte(word[:n])) {
		return false
	}
	for _, b := range label {
		if !isLabel(b) {
			return false
		}
	}
	return true
}

// findMarker returns where text has something like -----BEGIN RSA PRIVATE KEY-----,
// in the case of any letters, as gitleaks' rule takes it; -1 for nowhere.
func findMarker(text []byte, word string) (start, end int) {
	for at := 0; ; {
		i := indexDashes(text[at:])
		if i < 0 {
			return -1, -1
		}
		start, at = at+i, at+i+dashes
		label := text[at:]
		if len(label) < len(word) || !bytes.EqualFold(label[:len(word)], []byte(word)) {
			continue
		}
		if n := labelLength(label[len(word):]); n >= 0 {
			return start, at + len(word) + n
		}
	}
}

// dashes is how many of them stand at both ends of a marker.
const dashes = 5

// indexDashes returns where the first run of that many dashes or more has its last
// ones; -1 for nowhere. All text passes through here, so that it looks at every
// fifth byte only.
func indexDashes(text []byte) int {
	for at := dashes - 1; at < len(text); at += dashes {
		if text[at] != '-' {
			continue
		}
		start := at
		for start > 0 && text[start-1] == '-' {
			start--
		}
		for at < len(text) && text[at] == '-' {
			at++
		}
		if at-start >= dashes {
			return at - dashes
		}
	}
	return -1
}

// maxLabel is how many bytes gitleaks' rule allows before the words PRIVATE KEY.
const maxLabel = 100

// labelLength returns the length of what may stand behind the word BEGIN or END of
// a private key; -1 if it is something else.
func labelLength(text []byte) int {
	const name, block, final = "PRIVATE KEY", " BLOCK", "-----"
	n := 0
	for n < min(len(text), maxLabel+len(name+block+final)) && isLabel(text[n]) {
		n++
	}
	label := bytes.ReplaceAll(bytes.ToUpper(text[:n]), []byte{'+'}, []byte{' '})
	i := bytes.Index(label, []byte(name))
	if i < 0 {
		return -1
	}
	rest := label[i+len(name):]
	rest = bytes.TrimPrefix(rest, []byte(block))
	if !bytes.HasPrefix(rest, []byte(final)) {
		return -1
	}
	return n - len(rest) + len(final)
}

// isLabel reports whether b may be of a label. In a query a plus is a blank.
func isLabel(b byte) bool {
	return isLetter(b) || isDigit(b) || b == ' ' || b == '_' || b == '-' || b == '+'
}

// minKeyRun is the length from which a word of base64 is taken for a part of a key.
// Lines in PEM have 64 of its characters, or 48 or 70.
const minKeyRun = 32

// IsBody reports whether a line may be one from within a key, whose first line has
// prefix bytes before the key: whether all behind as many bytes is base64, or a long
// word is, wherever it stands.
func IsBody(line []byte, prefix int) bool {
	body := bytes.TrimSpace(line[min(prefix, len(line)):])
	return len(body) > 0 && base64Run(body) == len(body) || HasWord(line)
}

// HasWord reports whether text has a word of base64 as long as keys have.
func HasWord(text []byte) bool {
	for at := 0; at < len(text); at++ {
		n := base64Run(text[at:])
		if n >= minKeyRun && isMixed(text[at:at+n]) {
			return true
		}
		at += n
	}
	return false
}

// IsBlank reports whether nothing stands on a line behind prefix bytes.
func IsBlank(line []byte, prefix int) bool {
	return len(bytes.TrimSpace(line[min(prefix, len(line)):])) == 0
}

// base64Run returns how many characters of base64 text begins with.
func base64Run(text []byte) (n int) {
	for n < len(text) && (isLetter(text[n]) || isDigit(text[n]) || text[n] == '+' || text[n] == '/' || text[n] == '=') {
		n++
	}
	return n
}

// isMixed reports whether word has upper and lower case and digits, as 32 random
// characters of base64 nearly always have, and paths and numbers seldom.
func isMixed(word []byte) bool {
	return bytes.ContainsFunc(word, func(r rune) bool { return 'a' <= r && r <= 'z' }) &&
		bytes.ContainsFunc(word, func(r rune) bool { return 'A' <= r && r <= 'Z' }) &&
		bytes.ContainsFunc(word, func(r rune) bool { return '0' <= r && r <= '9' })
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
