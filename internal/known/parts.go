package known

import "bytes"

// Lines of a secret that are looked for by themselves have a length, in bytes, and
// so many different bytes: rulers and indentation stand everywhere.
const (
	minLine     = 16
	minDistinct = 6
)

// partsOf returns what is looked for to find a value: the value, and of a value of
// several lines each line, without the blanks around it, and each block of PEM with
// its base64 on one line. The parts are in the memory of plain and of copies, which
// the caller wipes.
func partsOf(plain []byte) (parts, copies [][]byte) {
	parts = [][]byte{plain}
	text := plain
	if isBoundary(text) && !bytes.Contains(text, []byte("\n")) {
		text = bytes.ReplaceAll(text, []byte(`\n`), []byte("\n")) // as in environment files
		copies = append(copies, text)
	}
	if !bytes.Contains(text, []byte("\n")) {
		return parts, copies
	}
	block := make([]byte, 0, len(text))
	copies = append(copies, block[:cap(block)])
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		switch {
		case isBoundary(line):
			if len(block) >= minLine {
				parts = append(parts, block)
			}
			block = block[len(block):]
		case len(line) >= minLine && distinct(line) >= minDistinct:
			parts = append(parts, line)
			fallthrough
		default:
			block = append(block, line...)
		}
	}
	return parts, copies
}

// wipe overwrites texts.
func wipe(texts [][]byte) {
	for _, text := range texts {
		clear(text)
	}
}

// isBoundary reports whether text begins as the lines around a block of PEM do, which
// everybody knows.
func isBoundary(text []byte) bool {
	return bytes.HasPrefix(text, []byte("-----BEGIN ")) || bytes.HasPrefix(text, []byte("-----END "))
}

// distinct returns how many different bytes there are in text.
func distinct(text []byte) (n int) {
	var seen [256]bool
	for _, b := range text {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}
