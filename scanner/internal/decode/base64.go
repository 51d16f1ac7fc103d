package decode

import "github.com/stanch-dev/stanch/scanner/internal/byteset"

// minBase64 is the shortest run of base64 that is looked at, without its padding.
const minBase64 = 16

// sextet is the value of each byte of base64 and of its URL variant, which differ in
// two characters and share the values, and notToken for other bytes.
var sextet = func() (values [256]byte) {
	for i := range values {
		values[i] = notToken
	}
	for i, b := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		values[b] = byte(i)
	}
	values['-'], values['_'] = values['+'], values['/']
	return values
}()

const notToken = 0xff

// isToken reports whether b is of base64 or of its URL variant.
func isToken(b byte) bool { return sextet[b] != notToken }

// The characters that only one of the two alphabets has, and those of which
// base64 must have at least one not to be taken for a word.
var (
	standardOnly = setOf("+/")
	urlOnly      = setOf("-_")
	unlikeWords  = setOf("+/-_" + digits)
)

// base64Len returns the length of the match at the start of text, with its padding,
// if that can be decoded: as standard base64 with the padding, or else as the URL
// variant, which has none. Bits left over in the last character may be set. It is 0
// if there is none, or one that has to wait for hexadecimal behind the padding.
func base64Len(text []byte) int {
	length := quadsLen(text)
	if length < minBase64 {
		return 0
	}
	tail, end := text[length:], 0
	for end < len(tail) && isToken(tail[end]) {
		if end++; end == 4 {
			return 0
		}
	}
	var decoded [2]byte
	for _, b := range appendTail(decoded[:0], tail[:end]) {
		if !printable(b) {
			return 0
		}
	}
	length += end
	padding := 0
	for padding < 2 && end+padding < len(tail) && tail[end+padding] == '=' {
		padding++
	}
	if !inOneAlphabet(text[:length], padding) {
		return 0
	}
	length += padding
	if padding > 0 && hexLen(text[length:]) >= minHex {
		return 0
	}
	return length
}

// quadsLen returns the length of the groups of four characters at the start of text
// that stand for printable bytes. Of the identifiers in program text the first group
// gives away nine in ten.
func quadsLen(text []byte) (length int) {
	// A byte is printable if neither it nor it plus 1 has the top bit, but it plus
	// 0x77 has it; carries come only from bytes that already have it. What is not a
	// token sets the top bit of one of the three bytes, whichever of the four it is.
	const tops, ones, tabs = 0x808080, 0x010101, 0x777777
	for ; len(text) >= 4; text = text[4:] {
		if v := quad(text); (v|(v+ones)|^(v+tabs))&tops != 0 {
			break
		}
		length += 4
	}
	return length
}

// quad returns the three bytes that four characters stand for.
func quad(c []byte) uint32 {
	return uint32(sextet[c[0]])<<18 | uint32(sextet[c[1]])<<12 | uint32(sextet[c[2]])<<6 | uint32(sextet[c[3]])
}

// inOneAlphabet reports whether run can be of standard base64 or of the URL variant.
func inOneAlphabet(run []byte, padding int) bool {
	var used byteset.Set
	for _, b := range run {
		used.Add(b)
	}
	if !used.Intersects(unlikeWords) {
		return false
	}
	standard := (len(run)+padding)%4 == 0 && !used.Intersects(urlOnly)
	return standard || padding == 0 && len(run)%4 != 1 && !used.Intersects(standardOnly)
}

// appendBase64 appends what a decodable match stands for.
func appendBase64(dst, encoded []byte) []byte {
	for len(encoded) >= 4 && encoded[3] != '=' {
		v := quad(encoded)
		dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
		encoded = encoded[4:]
	}
	for len(encoded) > 0 && encoded[len(encoded)-1] == '=' {
		encoded = encoded[:len(encoded)-1]
	}
	return appendTail(dst, encoded)
}

// appendTail appends what a last group of less than four characters stands for.
func appendTail(dst, tail []byte) []byte {
	if len(tail) >= 2 {
		dst = append(dst, sextet[tail[0]]<<2|sextet[tail[1]]>>4)
	}
	if len(tail) == 3 {
		dst = append(dst, sextet[tail[1]]<<4|sextet[tail[2]]>>2)
	}
	return dst
}
