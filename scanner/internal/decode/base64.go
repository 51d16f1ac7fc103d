package decode

import "github.com/stanch-dev/stanch/scanner/internal/byteset"

// minBase64 is the shortest run of base64 that is looked at, without its padding.
const minBase64 = 16

// sextet is the value of each byte of base64 and of its URL variant, which differ
// in two characters and share the values.
var sextet = func() (values [256]byte) {
	for i, b := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		values[b] = byte(i)
	}
	values['-'], values['_'] = values['+'], values['/']
	return values
}()

// quad returns the three bytes that four characters stand for.
func quad(c []byte) uint32 {
	return uint32(sextet[c[0]])<<18 | uint32(sextet[c[1]])<<12 | uint32(sextet[c[2]])<<6 | uint32(sextet[c[3]])
}

// quadsPrintable reports whether all that run's whole groups of four characters
// stand for is printable. Of the identifiers in program text the first group gives
// away nine in ten.
func quadsPrintable(run []byte) bool {
	// A byte is printable if neither it nor it plus 1 has the top bit, but it plus
	// 0x77 has it; carries come only from bytes that already have it.
	const tops, ones, tabs = 0x808080, 0x010101, 0x777777
	for ; len(run) >= 4; run = run[4:] {
		if v := quad(run); (v|(v+ones)|^(v+tabs))&tops != 0 {
			return false
		}
	}
	return true
}

// The characters that only one of the two alphabets has, and those of which
// base64 must have at least one not to be taken for a word.
var (
	standardOnly = setOf("+/")
	urlOnly      = setOf("-_")
	unlikeWords  = setOf("+/-_", '0', '9')
)

// base64Decodable reports whether run, of which the whole groups are printable, can
// be decoded: as standard base64 with the padding behind it, or else as the URL
// variant, which has none. Bits left over in the last character may be set.
func base64Decodable(run []byte, padding int) bool {
	var used byteset.Set
	for _, b := range run {
		used.Add(b)
	}
	if !used.Intersects(unlikeWords) {
		return false
	}
	standard := (len(run)+padding)%4 == 0 && !used.Intersects(urlOnly)
	url := padding == 0 && len(run)%4 != 1 && !used.Intersects(standardOnly)
	if !standard && !url {
		return false
	}
	var last [2]byte
	for _, b := range appendTail(last[:0], run[len(run)&^3:]) {
		if !printable(b) {
			return false
		}
	}
	return true
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
