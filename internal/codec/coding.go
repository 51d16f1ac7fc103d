// Package codec opens the bodies of messages, so that what is scanned is the text
// and not its packing, and closes them again around what was left of it.
//
// A [Chain] undoes and redoes the content codings of a body (gzip, deflate, br, zstd)
// and a charset in which ASCII does not look like ASCII. It works on streams of any
// length in bounded memory and lets nothing wait that can be read already. Package
// split takes the decoded body apart.
//
// The package fails closed: what it cannot read to the end and write back is an
// error, never a guess, since the peer might read it better than we do. It knows
// nothing of secrets; proxy/message joins it to the filter.
package codec

import (
	"strings"
	"sync"
)

// Coding is a content coding (RFC 9110 §8.4.1). Encoders work at a fast level: they
// serve one hop, not an archive.
type Coding struct {
	Name string // as registered, in lower case
	Doc  string // one line for people

	aliases  []string
	magic    string     // first bytes of every body; empty where they tell too little
	layers   *sync.Pool // of *layer
	encoders *sync.Pool // of encoder
}

var identity = &Coding{Name: "identity", Doc: "no coding; ignored in a header field"}

// table has one line for each coding, which has a file of its own.
func table() []*Coding {
	return []*Coding{
		gzipCoding,
		deflateCoding,
		brotliCoding,
		zstdCoding,
		identity,
	}
}

// Codings gives the table of content codings. The caller owns the slice.
func Codings() []Coding {
	var all []Coding
	for _, c := range table() {
		all = append(all, *c)
	}
	return all
}

// coding finds the coding a peer calls name; letter case is ignored.
func coding(name string) (*Coding, error) {
	for _, c := range table() {
		if strings.EqualFold(name, c.Name) {
			return c, nil
		}
		for _, alias := range c.aliases {
			if strings.EqualFold(name, alias) {
				return c, nil
			}
		}
	}
	return nil, unknown(name)
}

// Sniff tells the coding of a body from its first bytes (4 suffice), for bodies that
// lie about it: gzip and zstd, which no text begins like. It reports false for all else.
func Sniff(first []byte) (Chain, bool) {
	for _, c := range table() {
		if c.magic != "" && strings.HasPrefix(string(first[:min(len(first), 4)]), c.magic) {
			return Chain{codings: []*Coding{c}}, true
		}
	}
	return Chain{}, false
}
