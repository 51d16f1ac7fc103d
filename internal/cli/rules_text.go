package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/stanch-dev/stanch/scanner/report"
)

// How the rules commands write for people. Text of a rules file may come from
// anywhere, so it is made fit for a terminal first.

const (
	textColumns  = 100 // tables are cut to this width, lists of words broken
	fieldColumns = 10  // of the name of a field
)

// fieldWriter writes names and values in two columns.
type fieldWriter struct {
	*bufio.Writer
	indent string
}

// field writes the values that are not empty, one a line.
func (w *fieldWriter) field(name string, values ...string) {
	for _, value := range values {
		if value != "" {
			fmt.Fprintf(w, "%s%-*s %s\n", w.indent, fieldColumns, name, report.Display(value))
			name = ""
		}
	}
}

// words writes a list in as many lines as it takes.
func (w *fieldWriter) words(name string, words []string) {
	if len(words) > 0 {
		indent := strings.Repeat(" ", len(w.indent)+fieldColumns+1)
		text := wrap(report.Display(strings.Join(words, ", ")), indent, textColumns)
		fmt.Fprintf(w, "%s%-*s %s\n", w.indent, fieldColumns, name, strings.TrimLeft(text, " "))
	}
}

// writeTable writes rows in columns, numbers to the right, lines cut to the width.
func writeTable(w io.Writer, rows [][]string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = report.Display(cell)
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	out := bufio.NewWriter(w)
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-len([]rune(cell)))
			if isNumber(rows[len(rows)-1][i]) {
				line.WriteString(pad + cell + "  ")
			} else {
				line.WriteString(cell + pad + "  ")
			}
		}
		fmt.Fprintln(out, cut(strings.TrimRight(line.String(), " "), textColumns))
	}
	return out.Flush()
}

// isNumber reports whether a cell is one, or a dash for none.
func isNumber(cell string) bool { return strings.Trim(cell, "0123456789.-<") == "" && cell != "" }

// cut shortens text to a number of runes, the last of which shows that more
// follows.
func cut(text string, columns int) string {
	runes := []rune(text)
	if len(runes) <= columns {
		return text
	}
	return string(runes[:max(columns-1, 0)]) + "…"
}

// wrap breaks text between words into lines of a number of columns, each with an
// indent.
func wrap(text, indent string, columns int) string {
	var lines []string
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line) > len(indent) && len([]rune(line))+1+len([]rune(word)) > columns {
			lines = append(lines, line)
			line = indent
		}
		if len(line) > len(indent) {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}
