package redact

import (
	"bytes"
	"math/bits"
	"strings"
)

// How quotes, colons, blanks and ends are written in JSON and in JSON within
// another text.
var (
	quotes = [...]string{`"`, `'`, "%22", "%27", "&quot;", "&#34;", `\u0022`}
	colons = [...]string{":", "%3A", "%3a"}
	blanks = [...]string{" ", "\t", "\n", "\r", "%20", "%0A", "%0a", "+"}
	// escapes are the letters of blanks that stand behind a backslash, or several.
	escapes = [...]string{"n", "r", "t"}
	ends    = [...]string{",", "}", "]", "%2C", "%2c", "%7D", "%7d", "%5D", "%5d"}
)

// keyQuote returns the quote of the key that before ends in, with a colon behind
// it, or with a colon and the beginning of an array of numbers. It is written as it
// stands there, with the backslashes of a string in a string, or doubled as in CSV.
func keyQuote(before []byte) string {
	before = trimBlanks(before)
	if list, ok := bytes.CutSuffix(bytes.TrimRight(before, "0123456789.eE+-, \t\r\n"), []byte("[")); ok {
		before = trimBlanks(list)
	}
	colon := trimOne(before, colons[:])
	if len(colon) == len(before) {
		return ""
	}
	key := trimBlanks(colon)
	name := trimOne(key, quotes[:])
	if quote := key[len(name):]; len(quote) == 1 {
		name = name[:len(name)-escapesOf(len(name)-len(bytes.TrimRight(name, `\`)))]
		if doubled := bytes.TrimSuffix(name, quote); len(doubled) > 0 && isPlain(doubled[len(doubled)-1]) {
			name = doubled
		}
	}
	return string(key[len(name):])
}

// escapesOf returns how many of the backslashes before a quote escape it. In a
// string within n strings a quote has 2ⁿ-1, and a backslash before it is 2ⁿ⁺¹: the
// lowest bits of their number that are set, up to one that is not, are the quote's.
func escapesOf(backslashes int) int {
	return 1<<bits.TrailingZeros(^uint(backslashes)) - 1
}

// trimOne cuts the first of endings that text has off its end.
func trimOne(text []byte, endings []string) []byte {
	for _, ending := range endings {
		if bytes.HasSuffix(text, []byte(ending)) {
			return text[:len(text)-len(ending)]
		}
	}
	return text
}

// trimBlanks cuts the blanks off the end of text, also those that are escaped, in
// a string that may be in a string.
func trimBlanks(text []byte) []byte {
	for {
		shorter := trimOne(text, blanks[:])
		if len(shorter) == len(text) {
			letter := trimOne(text, escapes[:])
			shorter = bytes.TrimRight(letter, `\`)
			if len(shorter) == len(letter) || len(letter) == len(text) {
				return text
			}
		}
		text = shorter
	}
}

// endsElement reports whether a value that after follows is all of an element of an
// object or array.
func endsElement(after []byte) bool {
	for text := string(after); text != ""; {
		blank := blankAt(text)
		if blank == 0 {
			return prefixIn(text, ends[:]) > 0
		}
		text = text[blank:]
	}
	return true
}

// blankAt returns the length of the blank that text begins with, or 0.
func blankAt(text string) int {
	rest := strings.TrimLeft(text, `\`)
	backslashes := len(text) - len(rest)
	if backslashes == 0 {
		return prefixIn(text, blanks[:])
	}
	if letter := prefixIn(rest, escapes[:]); letter > 0 || rest == "" {
		return backslashes + letter
	}
	return 0
}

// prefixIn returns the length of the first of beginnings that text has, or 0.
func prefixIn(text string, beginnings []string) int {
	for _, beginning := range beginnings {
		if strings.HasPrefix(text, beginning) {
			return len(beginning)
		}
	}
	return 0
}
