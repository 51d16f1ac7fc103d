package view

import (
	"encoding/binary"
	"unicode/utf8"
)

// textLen returns how many bytes at the start of b are text: whole characters of
// UTF-8, none of them a control character other than tab and line ends.
func textLen(b []byte) int {
	for i := 0; i < len(b); {
		if i+8 <= len(b) && arePrintable(binary.LittleEndian.Uint64(b[i:])) {
			i += 8
			continue
		}
		if c := b[i]; c < utf8.RuneSelf {
			if !isPlain[c] {
				return i
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(b[i:])
		if r < firstPrintableWide || r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// arePrintable reports whether each of the eight bytes in v is of ASCII and printable.
func arePrintable(v uint64) bool {
	const tops, ones, spaces = 0x8080808080808080, 0x0101010101010101, 0x6060606060606060
	return (v|(v+ones)|^(v+spaces))&tops == 0
}

// firstPrintableWide is the first character behind the second block of control
// characters.
const firstPrintableWide = 0xa0

// isText reports whether all of b is text. If b is cut off from a longer value the
// last character may be incomplete.
func isText(b []byte, cut bool) bool {
	n := textLen(b)
	return n == len(b) || cut && len(b)-n < utf8.UTFMax && !utf8.FullRune(b[n:])
}

// isPlain tells of each byte whether it is a character of ASCII text.
var isPlain = func() (plain [256]bool) {
	for c := ' '; c <= '~'; c++ {
		plain[c] = true
	}
	plain['\t'], plain['\n'], plain['\r'] = true, true, true
	return plain
}()

// minPrintable is how many characters of ASCII in a row make a binary value worth
// searching.
const minPrintable = 16

// hasPrintable reports whether there are so many in b.
func hasPrintable(b []byte) bool {
	for at := minPrintable - 1; at < len(b); {
		first := at
		for first > at-minPrintable && isPlain[b[first]] {
			first--
		}
		if first == at-minPrintable {
			return true
		}
		at = first + minPrintable
	}
	return false
}

// isBlank reports whether c is a space, a tab or a line end.
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
