package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cell is a rune made fit for a terminal and the columns it takes there.
type cell struct {
	text  string
	width int
}

// show makes text fit for a terminal: what is not printable, controls that turn
// the direction of writing and bytes that are not UTF-8 are escaped as in a Go
// string, a tab is a space.
func show(text []byte) (cells []cell) {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '\t':
			cells = append(cells, cell{" ", 1})
		case r == utf8.RuneError && n == 1 || r < ' ' || r == 0x7f:
			cells = append(cells, cell{fmt.Sprintf(`\x%02x`, text[0]), 4})
		case unicode.IsPrint(r):
			cells = append(cells, cell{string(r), columns(r)})
		case r <= 0xffff:
			cells = append(cells, cell{fmt.Sprintf(`\u%04x`, r), 6})
		default:
			cells = append(cells, cell{fmt.Sprintf(`\U%08x`, r), 10})
		}
		text = text[n:]
	}
	return cells
}

// Display returns a name or text made fit for a terminal.
func Display(text string) string {
	var out strings.Builder
	for _, cell := range show([]byte(text)) {
		out.WriteString(cell.text)
	}
	return out.String()
}

func width(cells []cell) (n int) {
	for _, cell := range cells {
		n += cell.width
	}
	return n
}

// first returns as many cells from the start as columns hold, and whether some
// were left out.
func first(cells []cell, columns int) ([]cell, bool) {
	for i, cell := range cells {
		if columns -= cell.width; columns < 0 {
			return cells[:i:i], true
		}
	}
	return cells, false
}

// last does the same from the end.
func last(cells []cell, columns int) ([]cell, bool) {
	for i := len(cells) - 1; i >= 0; i-- {
		if columns -= cells[i].width; columns < 0 {
			return cells[i+1:], true
		}
	}
	return cells, false
}

func trimLeft(cells []cell) []cell {
	for len(cells) > 0 && cells[0].text == " " {
		cells = cells[1:]
	}
	return cells
}

// columns returns how many columns a printable rune takes.
func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the runes of double width in Unicode's EastAsianWidth.txt (W and F), by
// block where a block is mostly wide.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1}, {Lo: 0x231a, Hi: 0x231b, Stride: 1}, {Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0x33ff, Stride: 1}, {Lo: 0x3400, Hi: 0x4dbf, Stride: 1}, {Lo: 0x4e00, Hi: 0x9fff, Stride: 1},
		{Lo: 0xa000, Hi: 0xa4cf, Stride: 1}, {Lo: 0xa960, Hi: 0xa97f, Stride: 1}, {Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1}, {Lo: 0xfe30, Hi: 0xfe6f, Stride: 1}, {Lo: 0xff00, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x17000, Hi: 0x18cff, Stride: 1}, {Lo: 0x1b000, Hi: 0x1b2ff, Stride: 1}, {Lo: 0x1f300, Hi: 0x1f64f, Stride: 1},
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1}, {Lo: 0x1f900, Hi: 0x1f9ff, Stride: 1}, {Lo: 0x1fa70, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}
