package parity

import (
	"fmt"
	"slices"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// Scan returns a scanner's findings in one fragment. It must be safe for
// concurrent use.
type Scan func(corpus.Fragment) []Finding

// Stanch returns the scan of stanch's scanner with gitleaks' default rules.
func Stanch(compat bool) (Scan, error) {
	set, err := rules.Default()
	if err != nil {
		return nil, err
	}
	s, err := scanner.New(set, scanner.Options{Compat: compat, MaxDecodeDepth: DecodeDepth})
	if err != nil {
		return nil, err
	}
	return func(f corpus.Fragment) (findings []Finding) {
		s.Scan(&scanner.Fragment{Path: f.Path, Data: []byte(f.Raw), Line: f.Line}, func(found *scanner.Finding, text scanner.Text) {
			findings = append(findings, convert(f.Path, found, text))
		})
		return findings
	}, nil
}

// convert puts a finding in gitleaks' words.
func convert(path string, f *scanner.Finding, text scanner.Text) Finding {
	out := Finding{
		Rule: f.Rule.ID, StartLine: f.StartLine, EndLine: f.EndLine, StartColumn: f.StartColumn, EndColumn: f.EndColumn,
		Match: string(text.Match.Reveal()), Secret: string(text.Secret.Reveal()), Line: string(text.Line.Reveal()),
		Tags: slices.Clone(f.Rule.Tags), Entropy: float32(f.Entropy), span: f.Secret,
	}
	if f.Rule.Regex == nil {
		out.Match = "file detected: " + path
	}
	for _, name := range f.Encoding.Names() {
		out.Tags = append(out.Tags, "decoded:"+name)
	}
	if f.Depth > 0 {
		out.Tags = append(out.Tags, fmt.Sprintf("decode-depth:%d", f.Depth))
	}
	slices.Sort(out.Tags)
	return out
}
