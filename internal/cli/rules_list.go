package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

func newRulesList(std stdio, f *rulesFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "list [WORD]",
		Short: "list the rules, or those whose id or description has a word",
		Long: `List shows of every rule, or of those whose id or description contains WORD, its
id, what it finds, the entropy that a secret must exceed, how many keywords it
has, and where in a text its expression is tried: in a window around the places
where one of its anchors stands, in the whole of every text that has one of its
keywords (gated), or in every text (everywhere).`,
		Example: `  stanch rules list
  stanch rules list slack
  stanch rules list -o json | jq -r '.[].id'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			book, err := f.load(std)
			if err != nil {
				return err
			}
			return f.list(std, book, strings.Join(args, ""))
		},
	}
}

// ruleSummary is a rule in a list.
type ruleSummary struct {
	ID          string   `json:"id"`
	Description string   `json:"description"`
	Entropy     float64  `json:"entropy"`
	Keywords    []string `json:"keywords"`
	Reach       string   `json:"reach"`
}

func (f *rulesFlags) list(std stdio, book *ruleBook, word string) error {
	list := []ruleSummary{}
	for _, r := range book.Rules {
		if contains(r.ID, word) || contains(r.Description, word) {
			list = append(list, summaryOf(r, book.explain(r)))
		}
	}
	if f.output == "json" {
		return writeJSON(std.out, list)
	}
	if err := writeSummaries(std, list); err != nil {
		return err
	}
	total := fmt.Sprintf("%d rules", len(book.Rules))
	if word != "" {
		total = fmt.Sprintf("%d of %s", len(list), total)
	}
	fmt.Fprintln(std.err, total)
	return nil
}

func contains(text, word string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(word))
}

func summaryOf(r *rules.Rule, e *scanner.Explanation) ruleSummary {
	return ruleSummary{r.ID, r.Description, r.Entropy, append([]string{}, r.Keywords...), e.Reach.String()}
}

// writeSummaries writes a table. What a rule finds comes last, where lines are cut.
func writeSummaries(std stdio, list []ruleSummary) error {
	rows := [][]string{{"ID", "ENTROPY", "KEYWORDS", "REACH", "DESCRIPTION"}}
	for _, s := range list {
		entropy := "-"
		if s.Entropy != 0 {
			entropy = fmt.Sprintf("%.2f", s.Entropy)
		}
		rows = append(rows, []string{s.ID, entropy, fmt.Sprint(len(s.Keywords)), s.Reach, s.Description})
	}
	return writeTable(std.out, rows)
}
