package report

import (
	"encoding/json"
	"io"

	"github.com/stanch-dev/stanch/scanner/source"
)

// jsonFinding is a finding in the formats json and jsonl. Empty fields that most
// findings do not have are left out.
type jsonFinding struct {
	Rule        string   `json:"rule"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	File        string   `json:"file"`
	Symlink     string   `json:"symlink,omitempty"`
	Commit      string   `json:"commit,omitempty"`
	Author      string   `json:"author,omitempty"`
	Email       string   `json:"email,omitempty"`
	Date        string   `json:"date,omitempty"`
	Message     string   `json:"message,omitempty"`
	StartLine   int      `json:"start_line"`
	StartColumn int      `json:"start_column"`
	EndLine     int      `json:"end_line"`
	EndColumn   int      `json:"end_column"`
	Entropy     float32  `json:"entropy"`
	Encoding    string   `json:"encoding"` // "raw", or as in "percent+base64"
	Depth       int      `json:"decode_depth"`
	Excerpt     string   `json:"excerpt"`
	Fingerprint string   `json:"fingerprint"`
	Match       *string  `json:"match,omitempty"` // these two only when revealed
	Secret      *string  `json:"secret,omitempty"`
}

func newJSONFinding(r *Record) jsonFinding {
	f := jsonFinding{
		Rule: r.Rule, Description: r.Description, Tags: append([]string{}, r.Tags...),
		File: r.File, Symlink: r.Symlink, Commit: r.Commit,
		Author: r.Author, Email: r.Email, Date: r.Date, Message: r.Message,
		StartLine: r.StartLine, StartColumn: r.StartColumn, EndLine: r.EndLine, EndColumn: r.EndColumn,
		Entropy: float32(r.Entropy), Encoding: r.Encoding.String(), Depth: r.Depth,
		Excerpt: r.Excerpt.Text, Fingerprint: r.Fingerprint(),
	}
	if r.Plain != nil {
		match, secret := string(r.Plain.Match.Reveal()), string(r.Plain.Secret.Reveal())
		f.Match, f.Secret = &match, &secret
	}
	return f
}

func writeJSON(w io.Writer, r *Report) error {
	out := struct {
		Findings   []jsonFinding `json:"findings"`
		Coverage   source.Totals `json:"coverage"`
		Incomplete bool          `json:"incomplete"`
	}{[]jsonFinding{}, r.Coverage, r.Coverage.Incomplete > 0}
	for _, record := range r.Records {
		out.Findings = append(out.Findings, newJSONFinding(record))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func writeJSONLines(w io.Writer, r *Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, record := range r.Records {
		if err := enc.Encode(newJSONFinding(record)); err != nil {
			return err
		}
	}
	return enc.Encode(struct {
		Coverage   source.Totals `json:"coverage"`
		Incomplete bool          `json:"incomplete"`
	}{r.Coverage, r.Coverage.Incomplete > 0})
}
