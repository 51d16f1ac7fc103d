package parity

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
	"github.com/zricethezav/gitleaks/v8/regexp"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
)

const (
	// Release is the release of gitleaks that is the reference.
	Release = "8.30.1"
	// DecodeDepth is how often the gitleaks command decodes a value, by default.
	DecodeDepth = 5
)

// Reference is gitleaks' detector with its default rules. It is safe for
// concurrent use.
type Reference struct {
	detector *detect.Detector
	dir      string // of kept findings; "" keeps none
}

// NewReference returns a reference that keeps its findings in fixed corpora in
// dir, which is made when missing, and with an empty dir keeps none.
func NewReference(dir string) (*Reference, error) {
	detector, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return nil, err
	}
	detector.MaxDecodeDepth = DecodeDepth
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return &Reference{detector, dir}, nil
}

// Skips reports whether gitleaks leaves out the file of that path.
func (r *Reference) Skips(path string) bool {
	return slices.ContainsFunc(r.detector.Config.Allowlists, func(a *config.Allowlist) bool { return a.PathAllowed(path) })
}

// Scan returns gitleaks' findings in one fragment.
func (r *Reference) Scan(f corpus.Fragment) []Finding {
	var findings []Finding
	//lint:ignore SA1019 Detect takes no other type
	for _, g := range r.detector.Detect(detect.Fragment{Raw: f.Raw, FilePath: f.Path, StartLine: f.Line}) {
		slices.Sort(g.Tags)
		findings = append(findings, Finding{
			Rule: g.RuleID, StartLine: g.StartLine, EndLine: g.EndLine, StartColumn: g.StartColumn, EndColumn: g.EndColumn,
			Match: g.Match, Secret: g.Secret, Line: g.Line, Tags: g.Tags, Entropy: g.Entropy,
		})
	}
	return findings
}

// scanAll returns the findings in each of the fragments. When they belong to a
// fixed corpus it takes kept findings, or keeps them.
func (r *Reference) scanAll(fragments []corpus.Fragment, fixed bool) ([][]Finding, error) {
	if r.dir == "" || !fixed {
		return r.scanEach(fragments), nil
	}
	name := filepath.Join(r.dir, digest(fragments))
	kept, err := os.ReadFile(name)
	if err == nil {
		var findings [][]Finding
		if err := gob.NewDecoder(bytes.NewReader(kept)).Decode(&findings); err != nil {
			return nil, fmt.Errorf("reading kept findings %s: %w", name, err)
		}
		return findings, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	findings := r.scanEach(fragments)
	return findings, keep(name, findings)
}

func (r *Reference) scanEach(fragments []corpus.Fragment) [][]Finding {
	findings := make([][]Finding, len(fragments))
	for i, f := range fragments {
		findings[i] = r.Scan(f)
	}
	return findings
}

// digest names the fragments and all that gitleaks' findings in them depend on.
func digest(fragments []corpus.Fragment) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d %q\n", Release, regexp.Version, DecodeDepth, config.DefaultConfig)
	for _, f := range fragments {
		fmt.Fprintf(h, "%q %d %d\n%s", f.Path, f.Line, len(f.Raw), f.Raw)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// keep writes findings to the file of that name, whole or not at all.
func keep(name string, findings [][]Finding) error {
	f, err := os.CreateTemp(filepath.Dir(name), "new-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(gob.NewEncoder(f).Encode(findings), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
