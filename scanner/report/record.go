// Package report keeps what is worth keeping of findings and writes it down.
//
// A [Collector] turns the findings of a fragment into records while the fragment
// is still there. A [Record] holds no secret unless it was asked to: the excerpt of
// the line is redacted at once, together with every other secret that was found on
// it, so that a report on one secret does not show the next. An [Ignore] and a
// [Baseline] leave out what is known already. [Formats] lists the forms in which a
// [Report] can be written.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/source"
)

// Origin tells where a fragment comes from. The fields of a commit are empty
// outside a repository.
type Origin struct {
	File    string
	Symlink string // the link that led to File
	Commit  string
	Author  string
	Email   string
	Date    string // RFC 3339
	Message string
}

// Record is what is kept of a finding. It owns its memory.
type Record struct {
	Origin
	Rule        string
	Description string
	Tags        []string // of the rule; shared, not to be changed
	// Lines and columns from 1; all 0 for a rule on paths alone.
	StartLine, EndLine, StartColumn, EndColumn int
	Entropy                                    float64
	Encoding                                   scanner.Encoding
	Depth                                      int // decoding passes it took
	Excerpt                                    Excerpt
	// Match is what the rule matched, with every secret in it replaced by REDACTED.
	Match string
	// Plain is the plaintext; nil unless the collector was told to reveal it.
	Plain *Plain
}

// Plain is the plaintext of a finding, decoded.
type Plain struct{ Match, Secret secret.Bytes }

// Fingerprint returns gitleaks' identity of the finding, which a .gitleaksignore
// lists: [commit:]file:rule:line.
func (r *Record) Fingerprint() string {
	if r.Commit == "" {
		return r.place()
	}
	return r.Commit + ":" + r.place()
}

// place is the fingerprint without the commit.
func (r *Record) place() string {
	return r.File + ":" + r.Rule + ":" + strconv.Itoa(r.StartLine)
}

// tags returns the tags gitleaks would report.
func (r *Record) tags() []string {
	tags := append([]string{}, r.Tags...)
	if r.Encoding == 0 {
		return tags
	}
	for _, name := range r.Encoding.Names() {
		tags = append(tags, "decoded:"+name)
	}
	return append(tags, fmt.Sprintf("decode-depth:%d", r.Depth))
}

// Report is what a scan has to say.
type Report struct {
	Records  []*Record // as [Sort] leaves them
	Coverage source.Totals
	Color    bool // for people at a terminal
}

// Sort puts records in the order of reports: by file, place and rule.
func Sort(records []*Record) {
	slices.SortStableFunc(records, func(a, b *Record) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.StartLine, b.StartLine),
			cmp.Compare(a.StartColumn, b.StartColumn),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.EndLine, b.EndLine),
			cmp.Compare(a.EndColumn, b.EndColumn),
			cmp.Compare(a.Symlink, b.Symlink),
			cmp.Compare(a.Commit, b.Commit),
			cmp.Compare(a.Encoding, b.Encoding),
			cmp.Compare(a.Match, b.Match),
		)
	})
}
