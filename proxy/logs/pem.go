package logs

import "bytes"

// unclosedKey returns where in text, which is whole lines, a private key begins
// that does not end on the same line; -1 for nowhere.
func unclosedKey(text []byte) int {
	for at := 0; ; {
		begin := opensKey(text[at:])
		if begin < 0 {
			return -1
		}
		begin += at
		line := text[begin:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i]
		}
		end := closesKey(line)
		if end < 0 {
			return begin
		}
		at = begin + end
	}
}

// opensKey returns where text has the beginning of a private key in PEM; -1 for
// nowhere.
func opensKey(text []byte) int {
	start, _ := findMarker(text, "BEGIN")
	return start
}

// closesKey returns the position behind the end of a private key; -1 if text has
// none.
func closesKey(text []byte) int {
	_, end := findMarker(text, "END")
	return end
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
	label := bytes.ToUpper(text[:n])
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

func isLabel(b byte) bool {
	return isLetter(b) || isDigit(b) || b == ' ' || b == '_' || b == '-'
}

// minKeyRun is the length from which a word of base64 is taken for a part of a key.
// Lines in PEM have 64 of its characters, or 48 or 70.
const minKeyRun = 32

// isKeyLine reports whether a line may be one from within a key, whose first line
// has prefix bytes before the key: whether all behind as many bytes is base64, or a
// long word is, wherever it stands.
func isKeyLine(line []byte, prefix int) bool {
	if len(line) > maxKeyBytes {
		return false
	}
	body := bytes.TrimSpace(line[min(prefix, len(line)):])
	if len(body) > 0 && base64Run(body) == len(body) {
		return true
	}
	for at := 0; at < len(line); at++ {
		n := base64Run(line[at:])
		if n >= minKeyRun && isMixed(line[at:at+n]) {
			return true
		}
		at += n
	}
	return false
}

func isBlank(line []byte, prefix int) bool {
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
