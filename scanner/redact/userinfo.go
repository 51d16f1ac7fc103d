package redact

import "bytes"

// inUserinfo reports whether the place is in the userinfo of a URL (RFC 3986,
// section 3.2.1): between the slashes and the at sign.
func (p *place) inUserinfo() bool {
	const beyond = " \t\r\n\"'<>`/?#"
	at := max(bytes.LastIndex(p.before, []byte("://")), bytes.LastIndex(p.before, []byte(`:\/\/`))) // as PHP writes JSON
	if at < 0 {
		return false
	}
	if user := bytes.TrimLeft(p.before[at+1:], `\/`); bytes.ContainsAny(user, beyond) {
		return false
	}
	end := bytes.IndexAny(p.after, "@"+beyond)
	return end >= 0 && p.after[end] == '@'
}

// appendPercent appends text with percent escapes for what userinfo may not have,
// and for the colon, which would end the user.
func appendPercent(dst, text []byte) []byte {
	const digits = "0123456789ABCDEF"
	for _, b := range text {
		if isPlain(b) {
			dst = append(dst, b)
		} else {
			dst = append(dst, '%', digits[b>>4], digits[b&15])
		}
	}
	return dst
}
