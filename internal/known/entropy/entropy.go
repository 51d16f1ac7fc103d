// Package entropy estimates from below how hard a value is to guess, in bits.
//
// An index of known secrets gives away some bits of each of them and lets guesses be
// tested, so it may hold only what stays out of reach of guessing all the same. Who
// calls a password random does not make it so; an estimate has to be doubtful. Only
// stretches that pass for a random choice from an alphabet count in full. All else is
// priced as someone would who builds it of words, names, sequences, repetitions and
// letters as they follow each other in English, and at most 4 bits a character; and
// beside a random stretch it does not count at all.
package entropy

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// Estimate has for each byte of a value the bits that it adds.
type Estimate []float64

const (
	// maxAssessed is how much of a value is looked at, in bytes. What is behind adds nothing.
	maxAssessed = 1024
	// maxPerByte is the most that a byte adds which is not random, in bits.
	maxPerByte = 4
	// minRandom is the length from which a stretch can pass for random, in bytes.
	// Shorter ones cannot be told from what people make.
	minRandom = 16
	// pieceLen is the length of the pieces of a long stretch that is not random as a whole.
	pieceLen = 48
)

// Of estimates a value.
func Of(value []byte) Estimate {
	e := make(Estimate, len(value))
	v := value[:min(len(value), maxAssessed)]
	assessed := false
	for start := 0; start < len(v); start++ {
		end := start
		for end < len(v) && isToken(v[end]) {
			end++
		}
		assessed = e.token(v, start, end) || assessed
		start = end
	}
	if !assessed {
		e.spread(0, len(v), guess(v))
	}
	return e
}

// Bits returns the bits of the whole value.
func (e Estimate) Bits() (bits float64) {
	for _, b := range e {
		bits += b
	}
	return bits
}

// spread sets the bits of the bytes from start to end so that each has an equal share.
func (e Estimate) spread(start, end int, bits float64) {
	for i := start; i < end; i++ {
		e[i] = bits / float64(end-start)
	}
}

// token sets the bits of what is random in a run of token characters, or what is
// known to be less. It reports whether there was such a thing: then nothing else in
// the value counts.
func (e Estimate) token(v []byte, start, end int) bool {
	if end-start < minRandom {
		return false
	}
	if at := uuidIn(v[start:end]); at >= 0 {
		e.uuid(v, start+at)
		return true
	}
	if plain := decoded(v[start:end]); plain != nil {
		e.spread(start, end, min(Of(plain).Bits(), maxPerByte*float64(end-start)))
		return true
	}
	start += prefixLen(v[start:end])
	if e.random(v, start, end) {
		return true
	}
	any := false
	for start < end {
		piece := start
		for piece < end && !isSeparator(v[piece]) {
			piece++
		}
		any = e.random(v, start, piece) || any
		start = piece + 1
	}
	return any
}

// random sets the bits of a stretch if it passes for random, or of those of its
// pieces that do if it is long, and reports whether any does.
func (e Estimate) random(v []byte, start, end int) bool {
	if e.passing(v, start, end) {
		return true
	}
	any := false
	for end-start > pieceLen {
		any = e.passing(v, start, start+pieceLen) || any
		start += pieceLen
	}
	return any
}

// passing sets the bits of a stretch if it passes for random, and reports whether it
// does. The same stretch again adds nothing.
func (e Estimate) passing(v []byte, start, end int) bool {
	perByte := random(v[start:end])
	if perByte == 0 {
		return false
	}
	if !bytes.Contains(v[:start], v[start:end]) {
		e.spread(start, end, perByte*float64(end-start))
		e.discount(v, start, end)
	}
	return true
}

// decoded returns the text that token is base64 or hexadecimal of; nil if it is not.
// Text stays as easy to guess as it was.
func decoded(token []byte) []byte {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(string(token))
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	if plain, err := hex.DecodeString(text); err == nil && isText(plain) {
		return plain
	}
	if plain, err := base64.RawStdEncoding.DecodeString(text); err == nil && isText(plain) {
		return plain
	}
	return nil
}

// isText reports whether all of plain is printable ASCII or white space. Ten random
// bytes are one time in twenty thousand.
func isText(plain []byte) bool {
	for _, b := range plain {
		if (b < ' ' || b > '~') && b != '\n' && b != '\t' && b != '\r' {
			return false
		}
	}
	return len(plain) >= 10
}

func isToken(b byte) bool { return classOf(b) != otherClass || isSeparator(b) }

func isSeparator(b byte) bool { return b == '+' || b == '/' || b == '-' || b == '_' }
