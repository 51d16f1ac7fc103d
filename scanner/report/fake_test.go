package report_test

import (
	"bytes"
	"cmp"
	"regexp"
	"slices"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/report"
)

// fakeRule is a rule whose secret is the first group, or else the match.
type fakeRule struct {
	*rules.Rule
	re *regexp.Regexp
	// decode, where set, gives the plaintext of a secret that was found encoded.
	decode func([]byte) []byte
}

func newRule(id, expr string) fakeRule {
	pattern, err := rules.NewPattern(expr)
	if err != nil {
		panic(err)
	}
	rule := &rules.Rule{ID: id, Description: "A secret of " + id + ".", Regex: pattern}
	return fakeRule{Rule: rule, re: regexp.MustCompile(expr)}
}

// fakeScan stands for a scanner: it does what the contract says and no more.
func fakeScan(list ...fakeRule) report.Scan {
	return func(f *scanner.Fragment, found func(*scanner.Finding, scanner.Text)) {
		type result struct {
			scanner.Finding
			match, secret []byte
		}
		var results []result
		to := cmp.Or(f.To, len(f.Data))
		for _, rule := range list {
			if rule.Regex == nil {
				results = append(results, result{Finding: scanner.Finding{Rule: rule.Rule}})
				continue
			}
			for _, m := range rule.re.FindAllSubmatchIndex(f.Data, -1) {
				if m[0] < f.From || m[0] >= to {
					continue
				}
				s := slices.Clone(m[len(m)-2:])
				r := result{match: f.Data[m[0]:m[1]], secret: f.Data[s[0]:s[1]]}
				r.Rule = rule.Rule
				r.Match = scanner.Span{Start: f.Offset + m[0], End: f.Offset + m[1]}
				r.Secret = scanner.Span{Start: f.Offset + s[0], End: f.Offset + s[1]}
				r.StartLine, r.StartColumn = position(f, m[0])
				r.EndLine, r.EndColumn = position(f, m[1]-1)
				r.Entropy = 3.25
				if rule.decode != nil {
					r.Encoding, r.Depth = scanner.Base64, 1
					r.secret = rule.decode(r.secret)
					r.match = r.secret
				}
				results = append(results, r)
			}
		}
		slices.SortStableFunc(results, func(a, b result) int { return cmp.Compare(a.Match.Start, b.Match.Start) })
		for i := range results {
			r := &results[i]
			// As the contract allows, the memory is not valid afterwards.
			match, plain := bytes.Clone(r.match), bytes.Clone(r.secret)
			finding := r.Finding
			found(&finding, scanner.Text{Match: secret.Of(match), Secret: secret.Of(plain)})
			clear(match)
			clear(plain)
			finding = scanner.Finding{}
		}
	}
}

func position(f *scanner.Fragment, at int) (line, column int) {
	lead := f.Data[:at]
	line = max(f.Line, 1) + bytes.Count(lead, []byte("\n"))
	if last := bytes.LastIndexByte(lead, '\n'); last >= 0 {
		return line, at - last
	}
	return line, at + max(f.Column, 1)
}

// collect returns the records of one text.
func collect(c *report.Collector, from report.Origin, text string, list ...fakeRule) []*report.Record {
	c.Collect(&from, &scanner.Fragment{Path: from.File, Data: []byte(text)}, fakeScan(list...))
	report.Sort(c.Records)
	return c.Records
}
