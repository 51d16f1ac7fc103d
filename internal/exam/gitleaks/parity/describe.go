package parity

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
)

// Describe writes, for every difference the tally keeps, the rule, the place and
// what differs. A finding of one side is put beside one of the other that differs
// from it least; secrets are shortened.
func (t *Tally) Describe(w io.Writer) {
	for _, d := range t.Differences {
		extra := slices.Clone(d.Verdict.Extra)
		for _, g := range d.Verdict.Missing {
			i := closest(extra, g)
			if i < 0 {
				d.describe(w, "only gitleaks", g)
				continue
			}
			d.compare(w, g, extra[i])
			extra = slices.Delete(extra, i, i+1)
		}
		for _, s := range extra {
			d.describe(w, "only "+d.Subject, s)
		}
		if d.Fragment.Origin != "" {
			fmt.Fprintf(w, "    in %s\n", d.Fragment.Origin)
		}
	}
}

// head writes which rule and place a difference is about.
func (d *Difference) head(w io.Writer, what string, f Finding) {
	fmt.Fprintf(w, "%s: %s at %q:%d: %s\n", d.Subject, f.Rule, d.Fragment.Path, f.StartLine, what)
}

func (d *Difference) describe(w io.Writer, what string, f Finding) {
	d.head(w, what, f)
	for _, field := range f.fields() {
		fmt.Fprintf(w, "    %-8s %s\n", field[0], field[1])
	}
}

func (d *Difference) compare(w io.Writer, g, s Finding) {
	d.head(w, "gitleaks (-) and "+d.Subject+" (+) differ", g)
	ours := s.fields()
	for i, theirs := range g.fields() {
		if theirs == ours[i] && !differs(g, s, i) {
			continue
		}
		fmt.Fprintf(w, "  - %-8s %s\n  + %-8s %s\n", theirs[0], theirs[1], "", ours[i][1])
	}
}

// differs reports whether the i-th of the findings' fields differ where shortening
// may hide it.
func differs(a, b Finding, i int) bool {
	switch a.fields()[i][0] {
	case "match":
		return a.Match != b.Match
	case "secret":
		return a.Secret != b.Secret
	case "line":
		return a.Line != b.Line
	}
	return false
}

// closest returns the index of the finding of g's rule that shares most fields
// with it; -1 when none is of that rule.
func closest(findings []Finding, g Finding) int {
	best, most := -1, -1
	for i, s := range findings {
		if s.Rule != g.Rule {
			continue
		}
		same := 0
		for j, field := range s.fields() {
			if field == g.fields()[j] {
				same++
			}
		}
		if same > most {
			best, most = i, same
		}
	}
	return best
}

// Table writes the tally as a row of a table that [TableHead] begins, and the
// deviations that are as they should be below it.
func (t *Tally) Table(w io.Writer) {
	missing, extra := 0, 0
	for _, n := range t.Missing {
		missing += n
	}
	for _, n := range t.Extra {
		extra += n
	}
	fmt.Fprintf(w, "| %-20s | %8.2f | %9d | %8d | %5d | %7d | %5d |\n",
		t.Corpus, float64(t.Bytes)/1e6, t.Fragments, t.Findings, len(t.Rules), missing, extra)
	for _, cause := range slices.Sorted(maps.Keys(t.Causes)) {
		fmt.Fprintf(w, "|   %s: %d\n", cause, t.Causes[cause])
	}
}

// TableHead writes the heading of a table of tallies.
func TableHead(w io.Writer) {
	fmt.Fprintln(w, "| corpus               |       MB | fragments | findings | rules | missing | extra |")
	fmt.Fprintln(w, "|----------------------|----------|-----------|----------|-------|---------|-------|")
}

// saved is how a fragment is written to a file.
type saved struct {
	Path, Raw []byte // of which neither need be UTF-8
	Line      int
	Origin    string
}

// Save writes the fragments of the kept differences to files in dir, for [Load],
// and returns the files' names. Examples are random: without it a failure could
// not be looked at again.
func (t *Tally) Save(dir string) (names []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for _, d := range t.Differences {
		f := d.Fragment
		text, err := json.Marshal(saved{[]byte(f.Path), []byte(f.Raw), f.Line, f.Origin})
		if err != nil {
			return nil, err
		}
		h := fnv.New64a()
		h.Write(text)
		name := filepath.Join(dir, fmt.Sprintf("%x.json", h.Sum64()))
		if err := os.WriteFile(name, text, 0o600); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Load returns a corpus of fragments that [Tally.Save] has written.
func Load(names ...string) (corpus.Corpus, error) {
	var fragments []corpus.Fragment
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return corpus.Corpus{}, err
		}
		var s saved
		if err := json.Unmarshal(text, &s); err != nil {
			return corpus.Corpus{}, fmt.Errorf("%s: %w", name, err)
		}
		fragments = append(fragments, corpus.Fragment{Path: string(s.Path), Line: s.Line, Raw: string(s.Raw), Origin: s.Origin})
	}
	return corpus.Of("saved", fragments), nil
}
