package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/scanner/report"
)

// maxSample is how much text rules test reads; every rule is tried on all of it,
// slowly.
const maxSample = 256 << 10

// rulesTest is one run of stanch rules test.
type rulesTest struct {
	*rulesFlags
	text, path string
	reveal     bool
}

func newRulesTest(std stdio, f *rulesFlags) *cobra.Command {
	t := rulesTest{rulesFlags: f}
	cmd := &cobra.Command{
		Use:   "test [FILE...] [--text STRING | -]",
		Short: "check rules files, and say what their rules find in a text and why not",
		Long: `Test loads rules files strictly and says what is wrong with them, and where. Rules
that have examples or counter-examples are tried on them. With --text, or with "-"
from standard input (at most 256 KiB), it tries all rules on a text, and says of
each that has its keyword or a match there whether that is a finding, or why not:
the entropy, the allowlist or stopword, the missing keyword, the comment, the rule
that found the same.

Secrets, and what could have been one, are not shown unless --reveal is given.

Exit codes: 0 the files are good and nothing was found in the text, 1 something was
found, 2 a file has an error or a rule fails on an example.`,
		Example: `  stanch rules test .gitleaks.toml
  stanch rules test .gitleaks.toml --text 'token = "abc"' --path src/config.py
  git diff | stanch rules test -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.run(std, args, cmd.Flags().Changed("text"))
		},
	}
	cmd.Flags().StringVarP(&t.text, "text", "t", "", "text to try the rules on")
	cmd.Flags().StringVar(&t.path, "path", "", "path that the text is to be taken for")
	cmd.Flags().BoolVar(&t.reveal, "reveal", false, "show secrets")
	return cmd
}

// checkedFile is what there is to say of a rules file, and of a text by its rules.
type checkedFile struct {
	File     string       `json:"file"` // "" for the default rules
	Error    string       `json:"error,omitempty"`
	Failures []string     `json:"failures,omitempty"` // of examples
	Rules    int          `json:"rules"`
	Warnings []string     `json:"warnings"`
	Results  []ruleResult `json:"results,omitempty"`
}

func (t *rulesTest) run(std stdio, files []string, withText bool) error {
	files, withStdin := withoutDash(files)
	switch {
	case withText && withStdin:
		return usageError(errors.New(`the text is given by --text or by "-", not both`))
	case len(files) > 0 && t.rules != "":
		return usageError(errors.New("the rules file is given as an argument or by --rules, not both"))
	}
	sample := []byte(t.text)
	if withStdin {
		var err error
		if sample, err = readSample(std.in); err != nil {
			return &exitError{ExitFailed, err}
		}
	}
	var checked []*checkedFile
	if len(files) == 0 {
		files = []string{t.rules}
	}
	for _, file := range files {
		c, book := t.check(file)
		if book != nil && (withText || withStdin) {
			c.Results = book.try(sample, t.path, t.reveal)
		}
		checked = append(checked, c)
	}
	if err := t.write(std, checked, withText || withStdin); err != nil {
		return &exitError{ExitFailed, err}
	}
	return outcome(checked)
}

func withoutDash(args []string) (files []string, dash bool) {
	for _, arg := range args {
		if arg == "-" {
			dash = true
		} else {
			files = append(files, arg)
		}
	}
	return files, dash
}

func readSample(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxSample+1))
	if err == nil && len(text) > maxSample {
		err = fmt.Errorf("more than %d bytes: 'stanch scan' is for such a text", maxSample)
	}
	return text, err
}

// check loads a rules file; "" stands for the rules that a scan here would use. The
// book is nil when there is an error.
func (t *rulesTest) check(file string) (*checkedFile, *ruleBook) {
	quiet := stdio{err: io.Discard} // the warnings are told below
	set, name, err := t.ruleset(quiet, file)
	name = cmp.Or(name, file)
	c := &checkedFile{File: name, Warnings: []string{}}
	var book *ruleBook
	if err == nil {
		book, err = t.book(set)
	}
	if err != nil {
		c.Error = err.Error()
		return c, nil
	}
	c.Rules = len(set.Rules)
	c.Failures = book.tryExamples()
	c.Warnings = append(c.Warnings, set.Warnings...)
	for _, r := range set.Rules {
		if warning := book.explain(r).Warning(); warning != "" && name != "" {
			c.Warnings = append(c.Warnings, fmt.Sprintf("rule %q: %s", r.ID, warning))
		}
	}
	return c, book
}

// outcome returns the error that ends the command with its exit code.
func outcome(checked []*checkedFile) error {
	switch {
	case slices.ContainsFunc(checked, func(c *checkedFile) bool { return c.Error != "" || len(c.Failures) > 0 }):
		return &exitError{code: ExitUsage}
	case slices.ContainsFunc(checked, func(c *checkedFile) bool {
		return slices.ContainsFunc(c.Results, func(r ruleResult) bool { return r.Finding })
	}):
		return &exitError{code: ExitFindings}
	}
	return nil
}

func (t *rulesTest) write(std stdio, checked []*checkedFile, tried bool) error {
	for _, c := range checked {
		if c.Error != "" {
			fmt.Fprintf(std.err, "stanch: %s\n", report.Display(c.Error))
		}
	}
	if t.output == "json" {
		return writeJSON(std.out, checked)
	}
	for _, c := range checked {
		name := report.Display(c.File)
		if name == "" {
			name = map[string]string{forScan: "default rules", forMotion: "rules for motion"}[t.carrier]
		}
		if c.Error != "" {
			continue
		}
		if len(c.Failures) == 0 {
			fmt.Fprintf(std.err, "%s: %d rules, no errors\n", name, c.Rules)
		}
		for _, failure := range c.Failures {
			fmt.Fprintf(std.err, "%s: %s\n", name, report.Display(failure))
		}
		for _, warning := range c.Warnings {
			fmt.Fprintf(std.err, "%s: warning: %s\n", name, report.Display(warning))
		}
		if tried {
			if err := writeResults(std.out, c.Results); err != nil {
				return err
			}
		}
	}
	return nil
}
