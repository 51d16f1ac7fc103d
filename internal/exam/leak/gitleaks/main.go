// Command gitleaks is a filter that redacts what gitleaks' detector finds: the best
// that can be written in an hour, as a peer for the leak exam. It copies standard
// input to standard output, line by line or, with -whole, all at once. -known names a
// file with secrets, one name=value a line, that are replaced as they stand.
//
// It is a module of its own, so that gitleaks' detector stays out of the product.
// Build it with the tag gore2regex, as gitleaks' releases are.
package main

import (
	"bufio"
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/report"
)

// decodeDepth is how often the gitleaks command decodes a value, by default.
const decodeDepth = 5

const placeholder = "REDACTED"

func main() {
	whole := flag.Bool("whole", false, "read all input before writing")
	known := flag.String("known", "", "`file` with secrets to replace")
	flag.Parse()
	if err := run(os.Stdout, os.Stdin, *whole, *known); err != nil {
		fmt.Fprintln(os.Stderr, "gitleaks filter:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, r io.Reader, whole bool, knownFile string) error {
	known, err := readKnown(knownFile)
	if err != nil {
		return err
	}
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return err
	}
	d.MaxDecodeDepth = decodeDepth
	in := bufio.NewReader(r)
	for {
		text, err := next(in, whole)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		redacted := redact(text, d.DetectString(text))
		for _, value := range known {
			redacted = strings.ReplaceAll(redacted, value, placeholder)
		}
		if _, err := io.WriteString(w, redacted); err != nil {
			return err
		}
		if err != nil {
			return nil
		}
	}
}

// readKnown returns the values of a file of secrets, none for no file.
func readKnown(name string) (values []string, err error) {
	if name == "" {
		return nil, nil
	}
	text, err := os.ReadFile(name)
	for line := range strings.Lines(string(text)) {
		if _, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok && value != "" {
			values = append(values, value)
		}
	}
	return values, err
}

// next returns the next text to scan, with io.EOF when it is the last.
func next(in *bufio.Reader, whole bool) (string, error) {
	if !whole {
		return in.ReadString('\n')
	}
	text, err := io.ReadAll(in)
	return string(text), cmp.Or(err, io.EOF)
}

// redact replaces the secrets of findings, the longest first. A secret that was
// found in decoded text does not stand in the text; then what stands at the
// columns of the match goes.
func redact(text string, findings []report.Finding) string {
	slices.SortFunc(findings, func(a, b report.Finding) int { return cmp.Compare(len(b.Secret), len(a.Secret)) })
	lines := strings.SplitAfter(text, "\n")
	var encoded []string
	for _, f := range findings {
		if !decoded(&f) || f.StartLine != f.EndLine || f.StartLine >= len(lines) {
			continue
		}
		line := lines[f.StartLine]
		start := max(0, f.StartColumn-1)
		if f.StartLine > 0 {
			start = max(0, f.StartColumn-2) // columns count from 2 but on the first line
		}
		if end := min(len(line), start+f.EndColumn-f.StartColumn+1); start < end {
			encoded = append(encoded, line[start:end])
		}
	}
	for _, f := range findings {
		text = strings.ReplaceAll(text, f.Secret, placeholder)
	}
	for _, e := range encoded {
		text = strings.ReplaceAll(text, e, placeholder)
	}
	return text
}

// decoded reports whether a finding was made in decoded text.
func decoded(f *report.Finding) bool {
	return slices.ContainsFunc(f.Tags, func(tag string) bool { return strings.HasPrefix(tag, "decoded:") })
}
