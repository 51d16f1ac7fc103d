package match

// foreign returns the UTF-8 form of the one rune beyond ASCII that equals the
// ASCII letter b when case is ignored, "" when there is none.
func foreign(b byte) string {
	switch b {
	case 'k', 'K':
		return "\u212a" // KELVIN SIGN
	case 's', 'S':
		return "\u017f" // LATIN SMALL LETTER LONG S
	}
	return ""
}

// upper returns the upper-case form of an ASCII letter, and any other byte as it is.
func upper(b byte) byte {
	if 'a' <= b && b <= 'z' {
		return b - 'a' + 'A'
	}
	return b
}

// foldEnd returns where text[pos:] stops being equal to lower, which is ASCII in
// lower case, when case is ignored; -1 when it is not equal to it.
func foldEnd(text []byte, pos int, lower string) int {
	for i := 0; i < len(lower); i++ {
		if pos >= len(text) {
			return -1
		}
		want, b := lower[i], text[pos]
		if b == want || b == upper(want) {
			pos++
			continue
		}
		f := foreign(want)
		if f == "" || len(text)-pos < len(f) || string(text[pos:pos+len(f)]) != f {
			return -1
		}
		pos += len(f)
	}
	return pos
}
