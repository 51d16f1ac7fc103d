package redact

import "bytes"

// Some rules take in what stands around a secret: quotes, blanks, or the backslash
// of the "\n" behind it. To replace that could break the format of the text.
const (
	before = " \t\r\n\"'`"
	behind = before + `\`
)

// Trim returns where in value, which a rule took for a secret, the secret stands; all
// of it if nothing would be left.
func Trim(value []byte) (start, end int) {
	trimmed := bytes.TrimRight(value, behind)
	end = len(trimmed)
	start = end - len(bytes.TrimLeft(trimmed, before))
	if start == end {
		return 0, len(value)
	}
	return start, end
}
