package view

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// fill is what stands behind a value in base64 up to the end of its group.
const fill = '*'

// Fill returns how many asterisks Patch writes behind a value of n bytes.
func (k Kind) Fill(src []byte, from, to, n int) int {
	if k != Base64 || len(src) == 0 || src[len(src)-1] == '=' && to == len(appendLines(nil, src)) {
		return 0
	}
	return ((to-from-n)%3 + 3) % 3
}

// patchBase64 is Patch of base64.
func patchBase64(src []byte, from, to int, value []byte) (start, end int, text []byte) {
	decoded := appendLines(nil, src)
	first, last := from/3, (to+2)/3
	upto := min(3*last, len(decoded))
	part := append(bytes.Clone(decoded[3*first:from]), value...)
	padded := src[len(src)-1] == '=' && to == len(decoded)
	part = append(part, bytes.Repeat([]byte{fill}, Base64.Fill(src, from, to, len(value)))...)
	part = append(part, decoded[to:upto]...)
	encoding := base64Of(src)
	if !padded {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	text = encoding.AppendEncode(nil, part)
	if !padded && upto == len(decoded) {
		text = append(text, src[len(bytes.TrimRight(src, "=")):]...)
	}
	start = characterAt(src, 4*first)
	switch end = start; {
	case upto == len(decoded):
		end = len(src)
	case last > first:
		end = characterAt(src, 4*last-1) + 1
	}
	text = wrap(src, start, end, text)
	if end == len(src) {
		text = append(text, src[len(bytes.TrimRight(src, "\r\n")):]...)
	}
	return start, end, text
}

// base64Of returns the alphabet that src is written in. Where it does not show, what
// has no padding though it would need it is taken for the URL variant.
func base64Of(src []byte) *base64.Encoding {
	switch {
	case bytes.ContainsAny(src, "-_"):
		return base64.URLEncoding
	case bytes.ContainsAny(src, "+/=\n"), len(src)%4 == 0:
		return base64.StdEncoding
	}
	return base64.URLEncoding
}

// characterAt returns where in src its nth character is, line ends not counted.
func characterAt(src []byte, n int) int {
	for i, c := range src {
		if c == '\r' || c == '\n' {
			continue
		}
		if n == 0 {
			return i
		}
		n--
	}
	return len(src)
}

// wrap breaks text, which is to replace a part of src, into lines no longer than those
// of src.
func wrap(src []byte, start, end int, text []byte) []byte {
	length := bytes.IndexByte(src, '\n')
	if length < 0 {
		return text
	}
	lineEnd := []byte("\n")
	if length > 0 && src[length-1] == '\r' {
		lineEnd, length = []byte("\r\n"), length-1
	}
	column := start - (bytes.LastIndexByte(src[:start], '\n') + 1)
	var out []byte
	for {
		n := min(len(text), length-column)
		out, text, column = append(out, text[:n]...), text[n:], column+n
		if len(text) == 0 {
			break
		}
		out, column = append(out, lineEnd...), 0
	}
	rest := bytes.IndexAny(src[end:], "\r\n")
	if rest < 0 {
		rest = len(src) - end
	}
	if column > 0 && column+rest > length {
		out = append(out, lineEnd...)
	}
	return out
}

// patchHex is Patch of hexadecimal digits.
func patchHex(src []byte, from, to int, value []byte) (start, end int, text []byte) {
	first, width := 0, 2
	if len(src) > 2 && src[1]|0x20 == 'x' {
		first = 2
	}
	var separator byte
	if len(src) > 2 && !isHex(src[first+2]) {
		separator, width = src[first+2], 3
	}
	start, end = first+width*from, min(len(src), first+width*to)
	for _, b := range value {
		if text = hex.AppendEncode(text, []byte{b}); separator != 0 {
			text = append(text, separator)
		}
	}
	if separator != 0 && len(text) > 0 && end == len(src) && isHex(src[end-1]) {
		text = text[:len(text)-1]
	}
	if bytes.ContainsAny(src, "ABCDEF") {
		text = bytes.ToUpper(text)
	}
	return start, end, text
}
