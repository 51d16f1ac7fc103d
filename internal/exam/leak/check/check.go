// Package check judges what a tool made of a vector of the leak exam: whether the
// secrets are gone, whether all else is still there, and whether the text still
// parses.
//
// A secret is gone only when nobody can get it back, so that the package looks
// for it, and for pieces of it, through four layers of decoding in any order. It
// shares no code with the product's own decoders: a mistake in them must show.
package check

import (
	"fmt"
	"strings"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// pieceLength is the length of a piece that gives a secret away, in bytes. Of a
// shorter secret it is shortPiece of its length.
const (
	pieceLength = 12
	shortPiece  = 0.6
)

// Result says what is wrong with an output. It holds no secret.
type Result struct {
	Leaked []string // which secrets were found, and how they are written
	Lost   []string // text that had to stay
	Broken string   // why the output does not parse, or parses to something else
}

// Passed reports whether nothing is wrong.
func (r *Result) Passed() bool { return len(r.Leaked) == 0 && len(r.Lost) == 0 && r.Broken == "" }

// Check judges the output of a tool for the input of v.
func Check(v *vector.Vector, output []byte) Result {
	var r Result
	views := see(string(output))
	for i, secret := range v.Vanish {
		pieces := cut(secret)
		for _, view := range views {
			if pieces.in(view.text) {
				r.Leaked = append(r.Leaked, fmt.Sprintf("secret %d of %d, as %s", i+1, len(v.Vanish), view.path))
				break
			}
		}
	}
	for _, text := range v.Stay {
		if !visible(views, text) {
			r.Lost = append(r.Lost, text)
		}
	}
	if err := parse(v.Parse, v.Input, output); err != nil {
		r.Broken = v.Parse + ": " + err.Error()
	}
	return r
}

func visible(views []view, text string) bool {
	for _, v := range views {
		if strings.Contains(v.text, text) {
			return true
		}
	}
	return false
}

// pieces are all pieces of a secret that give it away.
type pieces struct {
	length int
	set    map[string]bool
}

func cut(secret string) pieces {
	p := pieces{length: pieceLength, set: map[string]bool{}}
	if short := int(float64(len(secret))*shortPiece + 0.999); short < p.length {
		p.length = short
	}
	for i := 0; i+p.length <= len(secret); i++ {
		p.set[secret[i:i+p.length]] = true
	}
	return p
}

// in reports whether text holds a piece.
func (p pieces) in(text string) bool {
	for i := 0; i+p.length <= len(text); i++ {
		if p.set[text[i:i+p.length]] {
			return true
		}
	}
	return false
}
