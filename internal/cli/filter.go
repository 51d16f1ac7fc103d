package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// filterFlags are the flags of stanch filter.
type filterFlags struct {
	rules  string
	report string
	quiet  bool
}

func newFilter(std stdio) *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use:   "filter",
		Short: "copy standard input to standard output with the secrets redacted",
		Long: `Filter copies standard input to standard output and replaces every secret in it
by a placeholder, as in

  level=info password=[REDACTED:generic-api-key:5f0c2a91]

The placeholder names the rule that found the secret. Its last part, the tag, is
equal for equal secrets as long as one filter runs, and is left out where a secret
could be guessed. All other bytes stay as they are.

A line goes out as soon as it is complete. Only a private key in PEM is held back
until its last line is there. Comments that allow a secret in source code have no
effect here.

At the end, or when it is interrupted, the filter says on standard error what it
did. With --report it also appends one line of JSON to a file for every placeholder
it writes, and a last one with the totals. Neither holds secrets.

Exit codes: 0 done, whether something was redacted or not; 2 usage or
configuration; 3 failed. When scanning fails, nothing is let through.`,
		Example: `  kubectl logs -f deploy/api | stanch filter
  ./server 2>&1 | stanch filter --report redacted.jsonl >> server.log
  stanch filter --rules .gitleaks.toml < build.log > build.clean.log`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), std) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.rules, "rules", "r", "", "rules `file` in gitleaks' format (default gitleaks' default rules)")
	flags.StringVar(&f.report, "report", "", "append a report in lines of JSON to `file`")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "do not say at the end what was done")
	return cmd
}

func (f *filterFlags) run(ctx context.Context, std stdio) error {
	filter, err := f.prepare(std)
	if err != nil {
		return usageError(err)
	}
	report, err := openFilterReport(f.report)
	if err != nil {
		return usageError(err)
	}
	signal.Ignore(syscall.SIGPIPE) // a reader who has seen enough must not cost the report its end
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process at once

	stats, err := filter.Copy(ctx, std.out, std.in, report.redacted)
	interrupted := errors.Is(err, context.Canceled)
	if interrupted {
		err = nil
	}
	if !f.quiet {
		fmt.Fprintln(std.err, describeStats(&stats, interrupted))
	}
	if err := cmp.Or(err, report.close(&stats)); err != nil {
		return &exitError{ExitFailed, err}
	}
	return nil
}

func (f *filterFlags) prepare(std stdio) (*logs.Filter, error) {
	set, err := rules.Default()
	if f.rules != "" {
		set, err = rules.Load(f.rules)
	}
	if err != nil {
		return nil, err
	}
	for _, warning := range set.Warnings {
		fmt.Fprintf(std.err, "stanch: warning: %s\n", warning)
	}
	s, err := scanner.New(set, scanner.Options{MaxDecodeDepth: 5, IgnoreAllow: true})
	if err != nil {
		return nil, err
	}
	return logs.New(s, redact.New()), nil
}

// describeStats says in one line what a filter did.
func describeStats(s *logs.Stats, interrupted bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %s redacted", count(s.Lines, "line"), count(s.Bytes, "byte"), count(s.Redacted, "secret"))
	byCount := slices.SortedFunc(maps.Keys(s.Rules), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.Rules[b], s.Rules[a]), strings.Compare(a, b))
	})
	for i, rule := range byCount {
		byCount[i] = fmt.Sprintf("%s: %d", rule, s.Rules[rule])
	}
	if len(byCount) > 0 {
		fmt.Fprintf(&b, " (%s)", strings.Join(byCount, ", "))
	}
	if s.Unclosed > 0 {
		fmt.Fprintf(&b, "; %s without an end", count(s.Unclosed, "private key"))
	}
	if s.Withheld > 0 {
		fmt.Fprintf(&b, "; %s of an incomplete line withheld", count(s.Withheld, "byte"))
	}
	if interrupted {
		b.WriteString("; interrupted")
	}
	return b.String()
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// filterReport writes what a filter did in lines of JSON. It keeps its first error
// until the end, since a stream must not stop for its report.
type filterReport struct {
	file io.WriteCloser // nil for no report
	err  error
}

func openFilterReport(name string) (*filterReport, error) {
	if name == "" {
		return &filterReport{}, nil
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return &filterReport{file: file}, err
}

func (r *filterReport) redacted(redaction *logs.Redaction) {
	f := &redaction.Finding
	r.write(struct {
		Time        time.Time `json:"time"`
		Rule        string    `json:"rule"`
		StartLine   int       `json:"start_line"`
		StartColumn int       `json:"start_column"`
		EndLine     int       `json:"end_line"`
		EndColumn   int       `json:"end_column"`
		Encoding    string    `json:"encoding"`
		Placeholder string    `json:"placeholder"`
	}{
		time.Now().UTC(), f.Rule.ID, f.StartLine, f.StartColumn, f.EndLine, f.EndColumn,
		f.Encoding.String(), redaction.Placeholder,
	})
}

// close writes the totals and returns the first error there was.
func (r *filterReport) close(s *logs.Stats) error {
	if r.file == nil {
		return nil
	}
	r.write(struct {
		Time     time.Time      `json:"time"`
		Lines    int            `json:"lines"`
		Bytes    int            `json:"bytes"`
		Redacted int            `json:"redacted"`
		Rules    map[string]int `json:"rules"`
		Unclosed int            `json:"unclosed_keys"`
		Withheld int            `json:"withheld_bytes"`
	}{time.Now().UTC(), s.Lines, s.Bytes, s.Redacted, s.Rules, s.Unclosed, s.Withheld})
	if err := cmp.Or(r.err, r.file.Close()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (r *filterReport) write(line any) {
	if r.file == nil || r.err != nil {
		return
	}
	text, err := json.Marshal(line)
	if err == nil {
		_, err = r.file.Write(append(text, '\n'))
	}
	r.err = err
}
