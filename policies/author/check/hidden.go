package check

import (
	"bytes"
	"fmt"
	"unicode"

	"github.com/stanch-dev/stanch/policies/source"
)

// hidden returns a finding for each character of docs that a reader does not see or
// that changes the order in which a line is shown: a review sees another policy then.
func hidden(docs source.Documents) (found []Finding) {
	for _, m := range docs.Modules {
		number := 0
		for line := range bytes.Lines(m.Text) {
			number++
			for i, c := range string(line) {
				if unicode.Is(unicode.Cf, c) && (number > 1 || i > 0) { // the first may be a mark of byte order
					found = append(found, Finding{shown(docs, m), number, i + 1, "hidden-text", Error,
						fmt.Sprintf("a character that is not shown (%U)", c), "What is reviewed must be what is decided. In a text, write \\u and its number."})
				}
			}
		}
	}
	return found
}
