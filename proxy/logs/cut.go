package logs

import (
	"bytes"
	"cmp"
)

// CutMark stands at the end of a line that was cut off.
const CutMark = "[CUT]"

// take gives text to the stream, without what its lines have beyond the limit.
func (c *copier) take(text []byte) error {
	if c.opts.LineLimit == 0 {
		_, err := c.stream.Write(text)
		return err
	}
	from := 0 // what stands before it was given
	for at := 0; at < len(text); at++ {
		part, ends := text[at:], false
		if i := bytes.IndexByte(part, '\n'); i >= 0 {
			part, ends = part[:i], true
		}
		if c.line+len(part) > c.opts.LineLimit {
			if err := c.cut(text[from:at], part); err != nil {
				return err
			}
			from = at + len(part)
		}
		c.line += len(part)
		at += len(part)
		if ends {
			c.line = 0
		}
	}
	_, err := c.stream.Write(text[from:])
	return err
}

// cut gives the stream a part of a line that is too long, with what stands before it.
func (c *copier) cut(before, part []byte) error {
	keep := c.opts.LineLimit - c.line
	if keep < 0 { // the line was cut before
		return c.stream.Skip(part)
	}
	_, err := c.stream.Write(before)
	if err == nil {
		_, err = c.stream.Write(part[:keep])
	}
	return cmp.Or(err, c.stream.Cut(CutMark), c.stream.Skip(part[keep:]))
}
