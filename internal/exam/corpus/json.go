package corpus

import (
	"io"
	"strconv"
)

// maxJSONDepth is how deep documents nest.
const maxJSONDepth = 14

// JSON writes deep JSON documents, one after another, at least size bytes: every
// other one indented, the rest on one line each.
func JSON(w io.Writer, seed uint64, size int64) error {
	c := compiler{}
	d := &documents{stream: newStream(w, seed), name: c.compile(`"$(thing)_$(column)`), leaf: c.compile(
		`$(one:"$(words:1-8)"|"$(uuid)"|"$(email)"|"$(url)"|"$(time:2006-01-02T15:04:05Z)"|"$(hex:40)"|` +
			`$(int:0-999999)|$(dec:0-9999.2)|true|false|null|"$(base64:24)"|"$(words:2-4)\n\"$(words:1-2)\" \u00e9$(words:1-1)")`)}
	return d.fill(size, d.document)
}

// documents makes JSON.
type documents struct {
	*stream
	name   field // of a property, without the closing quote
	leaf   field // a value that is no container
	indent bool
}

// document appends one document and a newline.
func (d *documents) document() {
	d.indent = !d.indent
	d.container(0, '{', '}')
	d.put("\n")
}

// container appends an object or, for square brackets, an array.
func (d *documents) container(depth int, open, end byte) {
	d.buf = append(d.buf, open)
	// One branch leads deep down; the others grow thinner on the way.
	deepest := d.rng.IntN(6)
	for i := range 6 - min(depth/3, 4) {
		if i > 0 {
			d.put(",")
		}
		d.newline(depth + 1)
		if open == '{' {
			d.name(d.stream)
			d.put(strconv.Itoa(i), `":`)
		}
		if depth < maxJSONDepth && (i == deepest || d.chance(60/(depth+1))) {
			brackets := [2]byte{'{', '}'}
			if d.chance(30) {
				brackets = [2]byte{'[', ']'}
			}
			d.container(depth+1, brackets[0], brackets[1])
		} else {
			d.leaf(d.stream)
		}
	}
	d.newline(depth)
	d.buf = append(d.buf, end)
}

// newline starts a line of an indented document.
func (d *documents) newline(depth int) {
	if d.indent {
		d.put("\n")
		for range depth {
			d.put("  ")
		}
	}
}
