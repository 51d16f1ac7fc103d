package decode

import "unicode/utf8"

// codePointsLen returns the length of the match at the start of text: code points
// as in U+0041, each with one space behind it unless the text ends there. It is 0
// if there is none.
func codePointsLen(text []byte) (length int) {
	for rest := text; len(rest) >= 6 && rest[0] == 'U' && rest[1] == '+' && isFourDigits(rest[2:]); {
		if len(rest) == 6 {
			return length + 6
		}
		if !isSpace(rest[6]) {
			break
		}
		length += 7
		rest = rest[7:]
	}
	return length
}

// escapesLen returns the length of the match at the start of text: escapes as in
// \u0041, each with one or two backslashes. It is 0 if there is none.
func escapesLen(text []byte) (length int) {
	for {
		next := escapeLen(text[length:])
		if next == 0 {
			return length
		}
		length += next
	}
}

// escapeLen returns the length of the escape that text begins with, or 0.
func escapeLen(text []byte) int {
	slashes := 0
	for slashes < 2 && slashes < len(text) && text[slashes] == '\\' {
		slashes++
	}
	rest := text[slashes:]
	if slashes == 0 || len(rest) < 5 || rest[0]|0x20 != 'u' || !isFourDigits(rest[1:]) {
		return 0
	}
	return slashes + 5
}

// isFourDigits reports whether text, of at least four bytes, begins with four
// hexadecimal digits.
func isFourDigits(text []byte) bool { return hexLen(text[:4]) == 4 }

// isSpace reports whether b is what \s matches.
func isSpace(b byte) bool {
	return b == ' ' || b == '\t' || b == '\n' || b == '\f' || b == '\r'
}

// appendUnicode appends the UTF-8 form of the code points in a match of either
// kind. Half of a surrogate pair becomes U+FFFD.
func appendUnicode(dst, encoded []byte) []byte {
	for len(encoded) > 0 {
		digits, next := encoded[2:], 7 // behind U+, and behind the space
		if encoded[0] == '\\' {
			next = escapeLen(encoded)
			digits = encoded[next-4:]
		}
		high, low := hexByte(digits[0], digits[1]), hexByte(digits[2], digits[3])
		dst = utf8.AppendRune(dst, rune(high)<<8|rune(low))
		encoded = encoded[min(next, len(encoded)):]
	}
	return dst
}
