package source

import (
	"bytes"
	"context"
	"unicode/utf8"
)

const (
	blockSize = 2 << 20 // bytes read at a time; a smaller file is one fragment
	// overlap is how far a fragment goes on behind what is its own. It is more
	// than the longest match that gitleaks can make, which is 125,000 bytes.
	overlap = 128 << 10
	// before is how much context stands in front of it, at least: a keyword there
	// counts as it does in a fragment of gitleaks'.
	before    = 128 << 10
	cutWindow = 64 << 10 // bytes in which a good place to cut is looked for
)

// blocks cuts in into fragments that overlap and skips it where its first block is
// binary. It returns the error that ended the input early.
func (w *worker) blocks(ctx context.Context, in *input) error {
	if w.buf == nil {
		w.buf = make([]byte, blockSize)
	}
	f := &w.fragment
	f.Offset, f.Line, f.Column, f.From = 0, 1, 1, 0
	n := 0
	for ctx.Err() == nil {
		m, err := in.readFull(w.buf[n:])
		n += m
		if f.Offset == 0 {
			if n == 0 {
				return w.nothing(in, err)
			}
			if isBinary(w.file.Path, w.buf[:n]) {
				w.cov.skip(w.file.Path, Binary)
				return nil
			}
		}
		f.Data, f.To = w.buf[:n], n
		if err == nil {
			f.To = cutPlace(f.Data)
		}
		w.emit(f.To - f.From)
		if err != nil {
			return in.end(err)
		}
		n = w.slide(n)
	}
	return nil
}

// slide moves what the next fragment shares with this one to the buffer's start
// and returns its length.
func (w *worker) slide(n int) int {
	f := &w.fragment
	start := runeStart(f.Data, f.To-before)
	passed := f.Data[:start]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		f.Line += bytes.Count(passed, []byte{'\n'})
		f.Column = start - last
	} else {
		f.Column += start
	}
	f.Offset += start
	f.From = f.To - start
	return copy(w.buf, w.buf[start:n])
}

// cutPlace returns where a full block's own part ends: behind a blank line if
// there is one near, else at a line's start, else at a rune's.
func cutPlace(block []byte) int {
	limit := len(block) - overlap
	window := block[limit-cutWindow : limit]
	if i := bytes.LastIndex(window, []byte("\n\n")); i >= 0 {
		return limit - cutWindow + i + 2
	}
	if i := bytes.LastIndexByte(window, '\n'); i >= 0 {
		return limit - cutWindow + i + 1
	}
	return runeStart(block, limit)
}

// runeStart returns the start of the rune that data[i] belongs to; i where it
// belongs to none.
func runeStart(data []byte, i int) int {
	for back := range utf8.UTFMax {
		if utf8.RuneStart(data[i-back]) {
			return i - back
		}
	}
	return i
}
