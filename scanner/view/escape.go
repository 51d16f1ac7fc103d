package view

import "unicode/utf8"

// escaped are the characters that a backslash and a letter stand for.
var escaped = [256]byte{'"': '"', '\\': '\\', '/': '/', '\'': '\'', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escapeUnit reads one backslash escape.
func escapeUnit(dst, src []byte) ([]byte, int, bool) {
	if len(src) < 2 {
		return dst, 0, true
	}
	switch c := src[1]; {
	case escaped[c] != 0:
		return append(dst, escaped[c]), 2, false
	case c == 'x':
		return byteUnit(dst, src, 2)
	case c == 'u':
		return escapeUnicode(dst, src)
	case '0' <= c && c <= '3':
		return escapeOctal(dst, src)
	}
	return dst, 0, false
}

// escapeOctal reads three octal digits.
func escapeOctal(dst, src []byte) ([]byte, int, bool) {
	value := byte(0)
	for i := 1; i <= 3; i++ {
		if i == len(src) {
			return dst, 0, true
		}
		digit := src[i] - '0'
		if digit > 7 {
			return dst, 0, false
		}
		value = value<<3 | digit
	}
	return append(dst, value), 4, false
}

// escapeUnicode reads \uXXXX, two of them where they are one character, or \u{X}.
func escapeUnicode(dst, src []byte) ([]byte, int, bool) {
	const length = len(`\uXXXX`)
	if len(src) > 2 && src[2] == '{' {
		value, digits := hexNumber(src[3:], 6)
		end := 3 + digits
		if end == len(src) {
			return dst, 0, true
		}
		if digits == 0 || src[end] != '}' {
			return dst, 0, false
		}
		return utf8.AppendRune(dst, value), end + 1, false
	}
	high, digits := hexNumber(src[2:], 4)
	if digits < 4 {
		return dst, 0, len(src) == 2+digits
	}
	if high < 0xd800 || high > 0xdbff {
		return utf8.AppendRune(dst, high), length, false
	}
	low, open := lowSurrogate(src[length:])
	if low == 0 {
		return utf8.AppendRune(dst, utf8.RuneError), length, open
	}
	return utf8.AppendRune(dst, 0x10000+(high-0xd800)<<10+(low-0xdc00)), 2 * length, false
}

// lowSurrogate reads the second half of a pair, \uDC00 to \uDFFF; 0 if there is none.
func lowSurrogate(src []byte) (low rune, open bool) {
	const prefix = `\u`
	for i := range len(prefix) {
		if i == len(src) {
			return 0, true
		}
		if src[i] != prefix[i] {
			return 0, false
		}
	}
	low, digits := hexNumber(src[len(prefix):], 4)
	if digits < 4 {
		return 0, len(src) == len(prefix)+digits
	}
	if low < 0xdc00 || low > 0xdfff {
		return 0, false
	}
	return low, false
}
