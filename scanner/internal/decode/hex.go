package decode

// minHex is the shortest run of hexadecimal digits that is looked at.
const minHex = 32

// nibble is the value of each hexadecimal digit, and notHex for other bytes.
var nibble = func() (values [256]byte) {
	for i := range values {
		values[i] = notHex
	}
	for i, b := range []byte("0123456789abcdef") {
		values[b] = byte(i)
	}
	for i, b := range []byte("ABCDEF") {
		values[b] = byte(10 + i)
	}
	return values
}()

const notHex = 0xff

// hexLen returns the number of hexadecimal digits at the start of text.
func hexLen(text []byte) int {
	for i, b := range text {
		if nibble[b] == notHex {
			return i
		}
	}
	return len(text)
}

// hexByte returns the byte that two hexadecimal digits stand for.
func hexByte(high, low byte) byte { return nibble[high]<<4 | nibble[low] }

// hexDecodable reports whether digits stand for printable bytes. (To hold a decimal
// digit, which gitleaks asks for too, follows: a printable byte's high digit is one.)
func hexDecodable(digits []byte) bool {
	if len(digits)%2 != 0 {
		return false
	}
	for i := 0; i < len(digits); i += 2 {
		if !printable(hexByte(digits[i], digits[i+1])) {
			return false
		}
	}
	return true
}

// appendHex appends what digits, an even number, stand for.
func appendHex(dst, digits []byte) []byte {
	for i := 0; i < len(digits); i += 2 {
		dst = append(dst, hexByte(digits[i], digits[i+1]))
	}
	return dst
}
