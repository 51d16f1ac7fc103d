package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// rulesFlags are the flags of every stanch rules command.
type rulesFlags struct{ rules, carrier, output string }

func newRules(std stdio) *cobra.Command {
	var f rulesFlags
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "list, show, test and explain the rules that secrets are found by",
		Long: `Rules lists, shows, tests and explains rules: those that a scan of the working
directory uses. These are gitleaks' default rules, or those of a .gitleaks.toml,
the one that --rules or GITLEAKS_CONFIG names, else the one that stands here.

With --for motion they are those that filter uses for data in motion: gitleaks'
default rules, which there find a token whatever follows it, and stanch's own, or
those of the file that --rules names.`,
		Example: `  stanch rules list github
  stanch rules show github-pat
  stanch rules test .gitleaks.toml
  stanch rules list --for motion password
  stanch rules explain --rules .gitleaks.toml`,
		Args:              cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error { return f.check() },
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := cmd.PersistentFlags()
	flags.StringVarP(&f.rules, "rules", "r", "", "rules `file` in gitleaks' format")
	flags.StringVar(&f.carrier, "for", forScan, "what the rules are for: scan, motion")
	flags.StringVarP(&f.output, "output", "o", "text", "output `format`: text, json")
	cmd.AddCommand(newRulesList(std, &f), newRulesShow(std, &f), newRulesTest(std, &f), newRulesExplain(std, &f))
	return cmd
}

func (f *rulesFlags) check() error {
	if f.output != "text" && f.output != "json" {
		return usageError(fmt.Errorf("output format %q is not one of text, json", f.output))
	}
	if f.carrier != forScan && f.carrier != forMotion {
		return usageError(fmt.Errorf("rules are for one of scan, motion, not for %q", f.carrier))
	}
	return nil
}

// What --for can name.
const (
	forScan   = "scan"
	forMotion = "motion"
)

// ruleBook is a ruleset with the scanner that was made of it.
type ruleBook struct {
	*rules.Ruleset
	scanner *scanner.Scanner
}

// load loads the rules that a scan here would use, or a filter.
func (f *rulesFlags) load(std stdio) (*ruleBook, error) {
	set, _, err := f.ruleset(std, f.rules)
	if err != nil {
		return nil, usageError(err)
	}
	book, err := f.book(set)
	if err != nil {
		return nil, usageError(err)
	}
	return book, nil
}

// ruleset loads the rules of a file, of which it returns the name too; "" stands for
// those that are used when none is named.
func (f *rulesFlags) ruleset(std stdio, file string) (*rules.Ruleset, string, error) {
	switch {
	case f.carrier == forScan:
		return loadRules(std, file, ".")
	case file == "":
		set, err := rules.Motion()
		return set, "", err
	}
	set, err := rules.LoadMotion(file)
	return set, file, err
}

// decodeDepth is that of a scan that is not told otherwise.
const decodeDepth = 5

func (f *rulesFlags) book(set *rules.Ruleset) (*ruleBook, error) {
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: decodeDepth, IgnoreAllow: f.carrier == forMotion})
	return &ruleBook{set, s}, err
}

// explain is for a rule of the book.
func (b *ruleBook) explain(r *rules.Rule) *scanner.Explanation {
	e, ok := b.scanner.Explain(r.ID)
	if !ok {
		panic("cli: the scanner of a ruleset does not know its rule " + r.ID)
	}
	return &e
}

// find returns the rule of an ID, or an error that names those of similar IDs.
func (b *ruleBook) find(id string) (*rules.Rule, error) {
	if r := b.Rule(id); r != nil {
		return r, nil
	}
	var ids []string
	for _, r := range b.Rules {
		ids = append(ids, r.ID)
	}
	hint := "'stanch rules list' shows all"
	if like := nearest(id, ids); len(like) > 0 {
		hint = "there is " + strings.Join(like, ", ")
	}
	return nil, usageError(fmt.Errorf("there is no rule %q; %s", id, hint))
}

// nearest returns up to three of ids that are like id: those that contain it
// first, then those that few changes make equal.
func nearest(id string, ids []string) (like []string) {
	distance := map[string]int{}
	low := strings.ToLower(id)
	for _, other := range ids {
		d := edits(low, other)
		switch {
		case low != "" && strings.Contains(other, low):
			d = 0
		case d > max(2, len(low)/4):
			continue
		}
		distance[other] = d
		like = append(like, other)
	}
	slices.SortStableFunc(like, func(a, b string) int {
		return cmp.Or(cmp.Compare(distance[a], distance[b]), cmp.Compare(len(a), len(b)))
	})
	return like[:min(3, len(like))]
}

// edits returns how many bytes have to be put in, taken out or replaced to make b
// of a.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// writeJSON writes v for programs, and for people who look at it.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
