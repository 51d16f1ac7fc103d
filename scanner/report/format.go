package report

import "io"

// Format is a form in which a report can be written.
type Format struct {
	Name  string
	Doc   string // one line
	Write func(io.Writer, *Report) error
}

// Formats returns all formats; the first is the one for people.
func Formats() []Format {
	return []Format{
		{"text", "a few lines for each finding, as compilers write", writeText},
		{"json", "one object: findings, coverage, and whether it is incomplete", writeJSON},
		{"jsonl", "one finding a line, the coverage on the last", writeJSONLines},
		{"gitleaks", "gitleaks' JSON: an array of findings; it has no room for coverage", writeGitleaks},
	}
}
