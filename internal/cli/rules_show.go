package cli

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner/report"
)

func newRulesShow(std stdio, f *rulesFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "show everything of one rule",
		Long: `Show writes everything of one rule: its expression, the conditions that a match
must meet, and what is allowed, by the rule itself and by the whole ruleset.`,
		Example: `  stanch rules show generic-api-key
  stanch rules show jwt -o json | jq -r .regex`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			book, err := f.load(std)
			if err != nil {
				return err
			}
			r, err := book.find(args[0])
			if err != nil {
				return err
			}
			shown := showRule(book, r)
			if f.output == "json" {
				return writeJSON(std.out, shown)
			}
			return shown.write(std.out)
		},
	}
}

// shownRule is a rule, with the keys of gitleaks' configuration.
type shownRule struct {
	ruleSummary
	Regex            string           `json:"regex,omitempty"`
	SecretGroup      int              `json:"secret_group,omitempty"`
	Path             string           `json:"path,omitempty"`
	Tags             []string         `json:"tags,omitempty"`
	SkipReport       bool             `json:"skip_report,omitempty"`
	Carriers         []string         `json:"carriers,omitempty"`
	Examples         []string         `json:"examples,omitempty"`
	CounterExamples  []string         `json:"counter_examples,omitempty"`
	Required         []shownRequired  `json:"required,omitempty"`
	Allowlists       []shownAllowlist `json:"allowlists"`
	GlobalAllowlists []shownAllowlist `json:"global_allowlists"`
}

type shownRequired struct {
	ID            string `json:"id"`
	WithinLines   *int   `json:"within_lines,omitempty"`
	WithinColumns *int   `json:"within_columns,omitempty"`
}

// shownAllowlist is an allowlist; its expressions are joined to one for each kind.
type shownAllowlist struct {
	Description string   `json:"description,omitempty"`
	Condition   string   `json:"condition"`
	Commits     []string `json:"commits,omitempty"`
	Paths       string   `json:"paths,omitempty"`
	RegexTarget string   `json:"regex_target,omitempty"`
	Regexes     string   `json:"regexes,omitempty"`
	Stopwords   []string `json:"stopwords,omitempty"`
}

func showRule(book *ruleBook, r *rules.Rule) *shownRule {
	shown := &shownRule{
		ruleSummary: summaryOf(r, book.explain(r)),
		Regex:       expression(r.Regex), SecretGroup: r.SecretGroup, Path: expression(r.Path),
		Tags: r.Tags, SkipReport: r.SkipReport, Carriers: r.Carriers.Names(), CounterExamples: r.CounterExamples,
		Allowlists: showAllowlists(r.Allowlists), GlobalAllowlists: showAllowlists(book.Allowlists),
	}
	for _, e := range r.Examples {
		shown.Examples = append(shown.Examples, e.Text)
	}
	for _, q := range r.Required {
		shown.Required = append(shown.Required, shownRequired{q.RuleID, q.WithinLines, q.WithinColumns})
	}
	return shown
}

func expression(p *rules.Pattern) string {
	if p == nil {
		return ""
	}
	return p.String()
}

func showAllowlists(lists []*rules.Allowlist) []shownAllowlist {
	out := []shownAllowlist{}
	for _, a := range lists {
		shown := shownAllowlist{
			Description: a.Description, Condition: "or", Commits: a.Commits,
			Paths: expression(a.Paths), Regexes: expression(a.Regexes), Stopwords: a.Stopwords,
		}
		if a.All {
			shown.Condition = "and"
		}
		if a.Regexes != nil {
			shown.RegexTarget = targetNames[a.Target]
		}
		out = append(out, shown)
	}
	return out
}

// targetNames are gitleaks' words for what an allowlist's expressions are tried on.
var targetNames = map[rules.Target]string{
	rules.TargetSecret: "secret", rules.TargetMatch: "match", rules.TargetLine: "line",
}

// write writes the rule for people.
func (r *shownRule) write(w io.Writer) error {
	out := &fieldWriter{Writer: bufio.NewWriter(w)}
	fmt.Fprintf(out, "%s\n%s\n\n", report.Display(r.ID), wrap(report.Display(r.Description), "", textColumns))
	out.field("regex", r.Regex)
	if r.SecretGroup > 0 {
		out.field("secret", fmt.Sprintf("group %d of the match", r.SecretGroup))
	}
	out.field("path", r.Path)
	if r.Entropy != 0 {
		out.field("entropy", fmt.Sprintf("of the secret above %.2f bits per byte", r.Entropy))
	}
	out.words("keywords", r.Keywords)
	out.words("tags", r.Tags)
	out.field("reach", r.Reach)
	if r.SkipReport {
		out.field("report", "never, it serves other rules")
	}
	for _, q := range r.Required {
		out.field("required", q.String())
	}
	out.words("carriers", r.Carriers)
	out.field("finds", r.Examples...)
	out.field("not", r.CounterExamples...)
	for _, a := range r.Allowlists {
		out.allowlist(a)
	}
	if n := len(r.GlobalAllowlists); n > 0 {
		fmt.Fprintf(out, "\nallowlists of the whole ruleset: %d, shown with --output json\n", n)
	}
	return out.Flush()
}

// String says which rule must match, and where.
func (q shownRequired) String() string {
	text := q.ID
	if q.WithinLines != nil {
		text += fmt.Sprintf(", within %d lines", *q.WithinLines)
	}
	if q.WithinColumns != nil {
		text += fmt.Sprintf(", within %d columns", *q.WithinColumns)
	}
	return text
}

func (w *fieldWriter) allowlist(a shownAllowlist) {
	fmt.Fprint(w, "\nallowlist")
	if a.Description != "" {
		fmt.Fprintf(w, ": %s", report.Display(a.Description))
	}
	fmt.Fprintln(w)
	w.indent = "  "
	if a.Condition == "and" {
		w.field("condition", "all of these hold")
	}
	w.words("commits", a.Commits)
	w.field("paths", alternatives(a.Paths)...)
	w.field("on "+a.RegexTarget, alternatives(a.Regexes)...)
	w.words("stopwords", a.Stopwords)
	w.indent = ""
}

// alternatives takes a joined expression, "(?:a|b)", apart where it can.
func alternatives(joined string) []string {
	inner, ok := strings.CutPrefix(joined, "(?:")
	inner, closed := strings.CutSuffix(inner, ")")
	if !ok || !closed {
		return []string{joined}
	}
	var parts []string
	depth, class, start := 0, false, 0
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			parts = append(parts, inner[start:i])
			start = i + 1
		}
	}
	return append(parts, inner[start:])
}
