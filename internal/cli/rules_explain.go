package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/report"
)

// dearest is how many rules rules explain shows when none is named.
const dearest = 20

func newRulesExplain(std stdio, f *rulesFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [ID]",
		Short: "explain how a rule is searched for, and what it costs",
		Long: `Explain shows how the engine searches for a rule: the anchors, byte sequences of
which every match has one, that are looked for in all of a text; how far before
an anchor a match can begin; and an estimate of how many places of a megabyte of
ordinary text stop the search for its sake. Lower case stands for both cases, a
dot for any of several bytes.

Without an ID it shows the 20 rules that cost most, and warns of those that scan
everything because they have no good anchor.`,
		Example: `  stanch rules explain github-pat
  stanch rules explain --rules .gitleaks.toml
  stanch rules explain -o json | jq .warnings`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			book, err := f.load(std)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return f.explainOne(std, book, args[0])
			}
			return f.explainAll(std, book)
		},
	}
}

// shownExplanation is how a rule is searched for.
type shownExplanation struct {
	ID      string   `json:"id"`
	Reach   string   `json:"reach"`
	Anchors []string `json:"anchors"`
	MaxPre  int      `json:"max_pre"`     // bytes
	Rate    float64  `json:"rate_per_mb"` // places in a million bytes
	Warning string   `json:"warning,omitempty"`
}

func (b *ruleBook) explanations() (all []shownExplanation) {
	for _, r := range b.Rules {
		e := b.explain(r)
		all = append(all, shownExplanation{r.ID, e.Reach.String(), append([]string{}, e.Anchors...), e.MaxPre, e.Rate * 1e6, e.Warning()})
	}
	return all
}

func (f *rulesFlags) explainOne(std stdio, book *ruleBook, id string) error {
	if _, err := book.find(id); err != nil {
		return err
	}
	all := book.explanations()
	e := all[slices.IndexFunc(all, func(e shownExplanation) bool { return e.ID == id })]
	if f.output == "json" {
		return writeJSON(std.out, e)
	}
	return e.write(std.out)
}

// reachWords say what a rule's expression is tried on.
var reachWords = map[string]string{
	scanner.PathOnly.String():   "no text: the rule has no expression, only a condition on paths",
	scanner.Window.String():     "a window around the places where an anchor stands",
	scanner.Gated.String():      "the whole of every text that has one of its keywords",
	scanner.Everywhere.String(): "the whole of every text",
}

// write writes the explanation for people.
func (e *shownExplanation) write(w io.Writer) error {
	out := &fieldWriter{Writer: bufio.NewWriter(w)}
	fmt.Fprintf(out, "%s\n\n", report.Display(e.ID))
	out.field("reach", reachWords[e.Reach])
	ascii, more := e.shownAnchors()
	out.words("anchors", ascii)
	if more > 0 {
		out.field("", fmt.Sprintf("and %d with letters outside ASCII that are the same without regard to case", more))
	}
	if e.Reach == scanner.Window.String() {
		out.field("window", fmt.Sprintf("begins up to %d bytes before an anchor", e.MaxPre))
	}
	if e.Reach != scanner.PathOnly.String() {
		out.field("rate", perMB(e.Rate)+" places in a megabyte of ordinary text, estimated")
	}
	out.field("warning", e.Warning)
	return out.Flush()
}

// shownAnchors are the anchors that people can read, and how many others there are.
func (e *shownExplanation) shownAnchors() (ascii []string, more int) {
	for _, a := range e.Anchors {
		if strings.Contains(a, `\x`) {
			more++
		} else {
			ascii = append(ascii, strings.ReplaceAll(a, " ", "␠"))
		}
	}
	return ascii, more
}

// perMB writes a rate with as many digits as it is good for.
func perMB(rate float64) string {
	switch {
	case rate < 0.01:
		return "<0.01"
	case rate < 10:
		return fmt.Sprintf("%.2f", rate)
	}
	return fmt.Sprintf("%.0f", rate)
}

func (f *rulesFlags) explainAll(std stdio, book *ruleBook) error {
	all := book.explanations()
	slices.SortStableFunc(all, func(a, b shownExplanation) int { return cmp.Compare(b.Rate, a.Rate) })
	warnings := []string{}
	for _, e := range all {
		if e.Warning != "" {
			warnings = append(warnings, fmt.Sprintf("rule %q: %s", e.ID, e.Warning))
		}
	}
	all = all[:min(dearest, len(all))]
	if f.output == "json" {
		return writeJSON(std.out, struct {
			Rules    []shownExplanation `json:"rules"`
			Warnings []string           `json:"warnings"`
		}{all, warnings})
	}
	if err := writeExplanations(std.out, all); err != nil {
		return err
	}
	for _, warning := range warnings {
		fmt.Fprintf(std.out, "warning: %s\n", report.Display(warning))
	}
	return nil
}

func writeExplanations(w io.Writer, list []shownExplanation) error {
	rows := [][]string{{"ID", "PER MB", "REACH", "BEFORE", "ANCHORS"}}
	for _, e := range list {
		ascii, _ := e.shownAnchors()
		rate, before := perMB(e.Rate), fmt.Sprint(e.MaxPre)
		if e.Reach == scanner.PathOnly.String() {
			rate, before = "-", "-"
		}
		rows = append(rows, []string{e.ID, rate, e.Reach, before, strings.Join(ascii, " ")})
	}
	return writeTable(w, rows)
}
