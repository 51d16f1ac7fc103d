package decode

import "bytes"

// isPercent reports whether text begins with a percent sign and two digits.
func isPercent(text []byte) bool {
	return len(text) >= 3 && text[0] == '%' && nibble[text[1]] != notHex && nibble[text[2]] != notHex
}

// percentLen returns the length of the match at the start of text: from one percent
// escape to the last on the same line, whatever is between them. It is 0 if there
// is none.
func percentLen(text []byte) int {
	if !isPercent(text) {
		return 0
	}
	line := text
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	last := bytes.LastIndexByte(line, '%')
	for !isPercent(line[last:]) {
		last = bytes.LastIndexByte(line[:last], '%')
	}
	return last + 3
}

// percentDecodable reports whether all escapes in encoded stand for printable bytes.
func percentDecodable(encoded []byte) bool {
	for {
		at := bytes.IndexByte(encoded, '%')
		if at < 0 {
			return true
		}
		encoded = encoded[at:]
		if isPercent(encoded) && !printable(hexByte(encoded[1], encoded[2])) {
			return false
		}
		encoded = encoded[1:]
	}
}

// appendPercent appends encoded with its escapes replaced.
func appendPercent(dst, encoded []byte) []byte {
	for {
		at := bytes.IndexByte(encoded, '%')
		if at < 0 {
			return append(dst, encoded...)
		}
		dst = append(dst, encoded[:at]...)
		encoded = encoded[at:]
		if isPercent(encoded) {
			dst = append(dst, hexByte(encoded[1], encoded[2]))
			encoded = encoded[3:]
		} else {
			dst = append(dst, '%')
			encoded = encoded[1:]
		}
	}
}
