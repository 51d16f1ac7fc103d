package report

import (
	"encoding/json"
	"io"
)

// redacted is gitleaks' word for what --redact takes out.
const redacted = "REDACTED"

// gitleaksFinding is a finding in the JSON of gitleaks 8.30.1, field for field.
type gitleaksFinding struct {
	RuleID      string
	Description string
	StartLine   int
	EndLine     int
	StartColumn int
	EndColumn   int
	Match       string
	Secret      string
	File        string
	SymlinkFile string
	Commit      string
	Entropy     float32
	Author      string
	Email       string
	Date        string
	Message     string
	Tags        []string
	Fingerprint string
}

func newGitleaksFinding(r *Record) gitleaksFinding {
	f := gitleaksFinding{
		RuleID: r.Rule, Description: r.Description,
		StartLine: r.StartLine, EndLine: r.EndLine, StartColumn: r.StartColumn, EndColumn: r.EndColumn,
		Match: r.Match, Secret: redacted,
		File: r.File, SymlinkFile: r.Symlink, Commit: r.Commit, Entropy: float32(r.Entropy),
		Author: r.Author, Email: r.Email, Date: r.Date, Message: r.Message,
		Tags: r.tags(), Fingerprint: r.Fingerprint(),
	}
	if r.Plain != nil {
		f.Match, f.Secret = string(r.Plain.Match.Reveal()), string(r.Plain.Secret.Reveal())
	}
	return f
}

func writeGitleaks(w io.Writer, r *Report) error {
	list := make([]gitleaksFinding, len(r.Records))
	for i, record := range r.Records {
		list[i] = newGitleaksFinding(record)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	return enc.Encode(list)
}
