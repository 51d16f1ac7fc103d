package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The look of the text format: what and where on a first line that editors
// understand, then the redacted line with the secret's placeholder underlined, then
// what else there is to know, each behind an equals sign. A blank line parts files.

// writeText writes findings for people.
func writeText(w io.Writer, r *Report) error {
	out := &textWriter{bufio.NewWriter(w), r.Color}
	for i, record := range r.Records {
		if i > 0 && record.File != r.Records[i-1].File {
			out.WriteByte('\n')
		}
		out.record(record)
	}
	return out.Flush()
}

type textWriter struct {
	*bufio.Writer
	color bool
}

// Colours of terminals, by ECMA-48.
const (
	bold  = "1"
	red   = "1;31"
	green = "1;32"
	blue  = "34"
)

func (w *textWriter) paint(color, text string) string {
	if !w.color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

func (w *textWriter) record(r *Record) {
	place := Display(r.File)
	if place == "" {
		place = "<stdin>"
	}
	if r.StartLine > 0 {
		place += fmt.Sprintf(":%d:%d", r.StartLine, r.StartColumn)
	}
	fmt.Fprintf(w, "%s: %s: %s\n", w.paint(bold, place), w.paint(red, Display(r.Rule)), Display(r.Description))
	number := strconv.Itoa(r.Excerpt.Line)
	margin := strings.Repeat(" ", len(number))
	if e := r.Excerpt; e.Text != "" {
		underline := strings.Repeat(" ", e.Caret) + w.paint(green, "^"+strings.Repeat("~", max(e.Width-1, 0)))
		fmt.Fprintf(w, " %s %s\n", w.paint(blue, number+" |"), e.Text)
		fmt.Fprintf(w, " %s %s\n", w.paint(blue, margin+" |"), underline)
	}
	for _, note := range r.notes() {
		fmt.Fprintf(w, " %s %s\n", w.paint(blue, margin+" ="), note)
	}
}

// notes are what the excerpt does not tell.
func (r *Record) notes() (notes []string) {
	if r.Encoding != 0 {
		notes = append(notes, "decoded from "+r.Encoding.String())
	}
	if r.EndLine > r.StartLine {
		notes = append(notes, fmt.Sprintf("ends on line %d", r.EndLine))
	}
	if r.Symlink != "" {
		notes = append(notes, "through the link "+Display(r.Symlink))
	}
	if r.Commit != "" {
		notes = append(notes, Display(strings.TrimSpace("commit "+r.Commit+" "+r.Author)))
	}
	if r.Plain != nil && r.Plain.Secret.Len() > 0 {
		notes = append(notes, "secret: "+Display(string(r.Plain.Secret.Reveal())))
	}
	return notes
}
