package check

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/format"

	"github.com/stanch-dev/stanch/policies/sandbox"
	"github.com/stanch-dev/stanch/policies/source"
)

// contextLines are lines around a difference, hunkLines those of it that are shown.
const (
	contextLines = 2
	hunkLines    = 12
)

// Format returns the text of the modules of docs that are not formatted, formatted,
// by their path in the directory. The error is of type sandbox.Errors: what does not
// parse cannot be formatted.
func Format(docs source.Documents) (map[string][]byte, error) {
	modules, err := sandbox.Parse(docs)
	if err != nil {
		return nil, err
	}
	texts := map[string][]byte{}
	for _, m := range docs.Modules {
		text, err := formatted(m, modules[shown(docs, m)] != nil)
		if err != nil {
			return nil, fmt.Errorf("%s: formatting: %w", shown(docs, m), err)
		}
		if string(text) != string(m.Text) {
			texts[m.Path] = text
		}
	}
	return texts, nil
}

// formatted returns the text of m as it should be, or as it is if it does not parse.
func formatted(m source.Module, parses bool) ([]byte, error) {
	if !parses {
		return m.Text, nil
	}
	return format.SourceWithOpts(m.Path, m.Text, format.Opts{RegoVersion: ast.RegoV1})
}

// shown returns the path that errors name.
func shown(docs source.Documents, m source.Module) string {
	return strings.TrimSuffix(docs.Name, "/") + "/" + m.Path
}

// unformatted returns a finding for each module of docs that is not formatted.
func unformatted(docs source.Documents, modules sandbox.Modules) (found []Finding) {
	for _, m := range docs.Modules {
		name := shown(docs, m)
		text, err := formatted(m, modules[name] != nil)
		if err != nil || string(text) == string(m.Text) {
			continue
		}
		line, hunk := difference(string(m.Text), string(text))
		found = append(found, Finding{name, line, 1, "format", Warning, "not formatted; 'stanch policy check --fix' does it", hunk})
	}
	return found
}

// difference returns the first line, counted from 1, where two texts differ, and
// what stands around it as a unified diff would show it.
func difference(before, after string) (line int, hunk string) {
	a, b := strings.Split(before, "\n"), strings.Split(after, "\n")
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	rest := 0
	for rest < min(len(a), len(b))-same && a[len(a)-1-rest] == b[len(b)-1-rest] {
		rest++
	}
	var text strings.Builder
	first := max(0, same-contextLines)
	fmt.Fprintf(&text, "@@ line %d @@\n", same+1)
	write := func(sign string, lines []string) {
		for i, l := range lines {
			if i == hunkLines {
				fmt.Fprintf(&text, "%s … %d lines more\n", sign, len(lines)-i)
				break
			}
			text.WriteString(sign + l + "\n")
		}
	}
	write(" ", a[first:same])
	write("-", a[same:len(a)-rest])
	write("+", b[same:len(b)-rest])
	return same + 1, strings.TrimSuffix(text.String(), "\n")
}
