package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxBaselineSize is in bytes; a finding has about 700.
const maxBaselineSize = 256 << 20

// Baseline is a report of earlier findings, which are not to be reported again. It
// is immutable and safe for concurrent use. A nil Baseline is empty.
type Baseline struct {
	entries map[baselineKey][]*gitleaksFinding
}

// baselineKey are the fields by which entries are found.
type baselineKey struct {
	file, rule   string
	line, column int
}

// LoadBaseline reads a report in gitleaks' JSON.
func LoadBaseline(path string) (*Baseline, error) {
	text, err := readLimited(path, maxBaselineSize)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %w", err)
	}
	b, err := ParseBaseline(text)
	if err != nil {
		return nil, fmt.Errorf("reading the baseline: %s: %w", path, err)
	}
	return b, nil
}

// ParseBaseline reads a report in gitleaks' JSON from memory.
func ParseBaseline(text []byte) (*Baseline, error) {
	var list []*gitleaksFinding
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("not a report in gitleaks' JSON: %w", err)
	}
	b := &Baseline{entries: make(map[baselineKey][]*gitleaksFinding, len(list))}
	for i, f := range list {
		if f == nil {
			return nil, fmt.Errorf("not a report in gitleaks' JSON: finding %d is null", i+1)
		}
		key := baselineKey{f.File, f.RuleID, f.StartLine, f.StartColumn}
		b.entries[key] = append(b.entries[key], f)
	}
	return b, nil
}

// has reports whether r was there before. An entry that was redacted is compared
// without what was redacted, which is what gitleaks does with --redact.
func (b *Baseline) has(r *Record, match, secret []byte) bool {
	if b == nil {
		return false
	}
	for _, e := range b.entries[baselineKey{r.File, r.Rule, r.StartLine, r.StartColumn}] {
		if e.sameAs(r) && (e.isRedacted() || e.Match == string(match) && e.Secret == string(secret)) {
			return true
		}
	}
	return false
}

func (e *gitleaksFinding) sameAs(r *Record) bool {
	return e.Description == r.Description && e.EndLine == r.EndLine && e.EndColumn == r.EndColumn && e.Commit == r.Commit &&
		e.Author == r.Author && e.Email == r.Email && e.Date == r.Date && e.Message == r.Message &&
		e.Entropy == float32(r.Entropy)
}

// isRedacted tells gitleaks' two forms: the word, and a beginning with dots.
func (e *gitleaksFinding) isRedacted() bool {
	return e.Secret == redacted || strings.HasSuffix(e.Secret, "...")
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var text bytes.Buffer
	_, err = io.Copy(&text, io.LimitReader(f, limit+1))
	if err == nil && int64(text.Len()) > limit {
		err = fmt.Errorf("larger than %d bytes", limit)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return text.Bytes(), nil
}
