package redact

import "unicode/utf8"

// Asterisks appends to dst what the style Length writes for a part of a value: an
// asterisk for each byte, line ends as they are. It serves those who let a value go
// while it streams.
func Asterisks(dst, part []byte) []byte {
	for _, b := range part {
		if b != '\n' && b != '\r' {
			b = '*'
		}
		dst = append(dst, b)
	}
	return dst
}

// appendAsterisks appends as many bytes as the value has. A rune that the value has only
// a part of is kept, so that the text stays valid.
func (p *place) appendAsterisks(dst []byte) []byte {
	size := len(p.value)
	if quote := p.quote(); quote != "" {
		if inner := size - 2*len(quote); inner >= 0 {
			dst = append(dst, quote...)
			dst = Asterisks(dst, p.value[:inner])
			return append(dst, quote...)
		}
		dst = append(dst, '1') // no room for quotes; a number needs none
		for range size - 1 {
			dst = append(dst, '0')
		}
		return dst
	}
	head, tail := p.cutRunes()
	dst = append(dst, p.value[:head]...)
	dst = Asterisks(dst, p.value[head:size-tail])
	return append(dst, p.value[size-tail:]...)
}

// cutRunes returns how many bytes at the start and at the end of the value are of a
// rune that goes on outside it.
func (p *place) cutRunes() (head, tail int) {
	const reach = utf8.UTFMax - 1
	before := p.before[max(0, len(p.before)-reach):]
	text := append(append(append([]byte(nil), before...), p.value...), p.after[:min(len(p.after), reach)]...)
	start := len(before)
	end := start + len(p.value)
	_, head = crossing(text, start)
	if head >= len(p.value) {
		return len(p.value), 0
	}
	tail, _ = crossing(text, end)
	return head, tail
}

// crossing returns how many bytes before and behind at a rune has that begins
// before it and ends behind it.
func crossing(text []byte, at int) (before, behind int) {
	for start := at - 1; start >= max(0, at-utf8.UTFMax+1); start-- {
		if utf8.RuneStart(text[start]) {
			if _, size := utf8.DecodeRune(text[start:]); size > at-start {
				return at - start, start + size - at
			}
			break
		}
	}
	return 0, 0
}
