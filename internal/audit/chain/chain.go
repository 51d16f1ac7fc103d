// Package chain makes the lines of an audit log depend on each other. Each line ends
// in a field "chain" with the name of its chain, its number and the SHA-256 of the
// line before, so that no line can be altered, taken out or moved without the next
// one showing it. Signed checkpoints, which are kept elsewhere, pin the whole: who
// rewrites every line from some point on, or cuts the end off, contradicts them.
// What came after the last checkpoint is not pinned.
//
// [Append] writes a chain, [Verify] reads files of one or several.
package chain

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Hash is the SHA-256 of a line without its newline. It is written in hex.
type Hash [sha256.Size]byte

// MarshalText returns h in hex.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a hash has %d hex digits, not %d", hex.EncodedLen(len(h)), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// State is the last line of a chain: its number, counted from 1, and its hash. The
// zero State is the chain before its first line.
type State struct {
	Seq  uint64
	Hash Hash
}

// Line is the place of one line in its chain.
type Line struct {
	Chain string
	State
	Prev Hash // hash of the line before, zero for line 1
}

const (
	beforeChain = `,"chain":{"id":"`
	beforeSeq   = `","seq":`
	beforePrev  = `,"prev":"`
	end         = `"}}`
)

// Append appends object to dst as the line of the chain that follows after, with its
// newline, and returns the state with that line. The object is JSON on one line with
// at least one field, and may have text before it; chain needs no escaping in JSON
// (see [ValidName]).
func Append(dst []byte, chain string, after State, object []byte) ([]byte, State) {
	start := len(dst)
	dst = append(dst, object[:len(object)-1]...)
	dst = append(append(dst, beforeChain...), chain...)
	dst = strconv.AppendUint(append(dst, beforeSeq...), after.Seq+1, 10)
	dst = hex.AppendEncode(append(dst, beforePrev...), after.Hash[:])
	dst = append(dst, end...)
	next := State{Seq: after.Seq + 1, Hash: sha256.Sum256(dst[start:])}
	return append(dst, '\n'), next
}

// Overhead returns how many bytes Append adds to an object at most.
func Overhead(chain string) int {
	const digits, newline = 20, 1 // of the largest number
	return len(beforeChain) + len(chain) + len(beforeSeq) + digits + len(beforePrev) + 2*sha256.Size + len(end) + newline
}

// ValidName reports whether a chain may have this name: up to 200 letters, digits and
// any of ._/- in ASCII.
func ValidName(name string) bool {
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '.', c == '_', c == '/', c == '-':
		default:
			return false
		}
	}
	return name != "" && len(name) <= 200
}

// Parse reads the place of a line, given without its newline. It is false for what
// Append did not write.
func Parse(line []byte) (Line, bool) {
	at := bytes.LastIndex(line, []byte(beforeChain))
	if at < 0 {
		return Line{}, false
	}
	name, rest, ok := bytes.Cut(line[at+len(beforeChain):], []byte(beforeSeq))
	if !ok || !ValidName(string(name)) {
		return Line{}, false
	}
	digits, rest, ok := bytes.Cut(rest, []byte(beforePrev))
	if !ok || len(rest) != 2*sha256.Size+len(end) || string(rest[2*sha256.Size:]) != end {
		return Line{}, false
	}
	l := Line{Chain: string(name)}
	seq, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || seq == 0 || strconv.FormatUint(seq, 10) != string(digits) {
		return Line{}, false
	}
	if l.Prev.UnmarshalText(rest[:2*sha256.Size]) != nil {
		return Line{}, false
	}
	l.State = State{Seq: seq, Hash: sha256.Sum256(line)}
	return l, true
}
