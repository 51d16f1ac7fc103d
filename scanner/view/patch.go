package view

import (
	"fmt"
	"unicode/utf8"
)

// Patch tells how a part of what a segment stands for is replaced in its source. Of
// src, the source of a segment of kind k, the bytes from start to end are to be
// replaced by text; then the decoded bytes from from to to have become value, and
// what is around them has not changed. Of characters that are encoded as one none
// is left where a part of it is replaced. Base64 is written in groups: there value is
// followed by asterisks up to the end of a group, where more follows. Start and end do
// not depend on value.
func (k Kind) Patch(src []byte, from, to int, value []byte) (start, end int, text []byte) {
	switch k {
	case Base64:
		return patchBase64(src, from, to, value)
	case Hex:
		return patchHex(src, from, to, value)
	case UTF16:
		for _, b := range value {
			text = append(text, 0, narrow(b))
		}
		return 2 * from, 2 * to, text
	}
	start, end = unitsOf(k.unit(), src, from, to)
	return start, end, k.Escape(value)
}

// narrow returns b if it is of ASCII. What else there is in a value cannot be written in
// UTF-16 without knowing its byte order.
func narrow(b byte) byte {
	if b < utf8.RuneSelf {
		return b
	}
	return '?'
}

// unitsOf returns which part of src the decoded bytes from from to to come from.
func unitsOf(unit unit, src []byte, from, to int) (start, end int) {
	var buf [utf8.UTFMax]byte
	decoded := 0
	start = len(src)
	for at := 0; at < len(src) && decoded < to; {
		out, n, _ := unit(buf[:0], src[at:])
		if n == 0 {
			break
		}
		decoded += len(out)
		if decoded > from {
			start = min(start, at)
		}
		at += n
		end = at
	}
	return min(start, end), end
}

// Escape returns value as it is written within text some characters of which are
// encoded, in one of the encodings k: where it stands between them, or in the place of
// one and of what is around it. Value stays as it is where k has none that is written
// so.
func (k Kind) Escape(value []byte) []byte {
	out := make([]byte, 0, len(value)+len(value)/2)
	for i, b := range value {
		switch {
		case k&UTF16 != 0 && i > 0:
			out = append(out, 0, narrow(b))
		case k&Percent != 0:
			out = appendPercent(out, b)
		case k&Escape != 0:
			out = appendEscape(out, b)
		case k&Entity != 0:
			out = appendEntity(out, b)
		case k&QuotedPrintable != 0:
			out = appendQuoted(out, b)
		default:
			out = append(out, b)
		}
	}
	return out
}

func appendPercent(dst []byte, b byte) []byte {
	switch {
	case 'a' <= b|0x20 && b|0x20 <= 'z', '0' <= b && b <= '9', b == '-', b == '.', b == '_', b == '~':
		return append(dst, b)
	}
	return fmt.Appendf(dst, "%%%02X", b)
}

func appendEscape(dst []byte, b byte) []byte {
	switch {
	case b == '"', b == '\\':
		return append(dst, '\\', b)
	case b < ' ':
		return fmt.Appendf(dst, `\u%04x`, b)
	}
	return append(dst, b)
}

func appendEntity(dst []byte, b byte) []byte {
	for _, e := range entities[:written] {
		if e.value == b {
			if b == '\'' || b == '"' {
				return fmt.Appendf(dst, "&#%d;", b)
			}
			return append(dst, e.name...)
		}
	}
	return append(dst, b)
}

func appendQuoted(dst []byte, b byte) []byte {
	if b == '=' || b < ' ' || b > '~' {
		return fmt.Appendf(dst, "=%02X", b)
	}
	return append(dst, b)
}
