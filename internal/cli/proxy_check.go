package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/cli/har"
	"github.com/stanch-dev/stanch/proxy/ingress/route"
	"github.com/stanch-dev/stanch/proxy/message"
	"github.com/stanch-dev/stanch/scanner/redact"
	"github.com/stanch-dev/stanch/scanner/report"
)

// checkFlags are the flags of stanch proxy check.
type checkFlags struct {
	ingressFlags
	output string
}

func newProxyCheck(std stdio) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [FILE.har...]",
		Short: "check the configuration, and say what it would do with recorded exchanges",
		Long: `Check reads the configuration and all it names (rules, known secrets, policies). Then
it takes the exchanges of recordings, in HAR 1.2 as browsers and proxies save them,
through what 'stanch proxy ingress' takes real ones through, without any network. It
prints a line for each secret: in which exchange and where it is, the rule that found
it, what becomes of it, and the rules of the policy that say so. No secret is shown.

A recording holds contents without the codings they were sent in, and some it does not
hold at all; the last line, on standard error, says how many were missing.

Exit codes: 0 nothing would be changed; 1 something would be redacted, blocked or
refused; 2 usage or configuration; 3 a recording could not be read to its end.`,
		Example: `  stanch proxy check --config stanch.yaml
  stanch proxy check traffic.har
  stanch proxy check --policies candidate traffic.har -o json | jq '.findings[].rule'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return f.run(ctx, std, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"har"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	f.register(cmd, "rules", "known", "policies", "unscannable")
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "output `format`: text, json")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *checkFlags) run(ctx context.Context, std stdio, files []string) error {
	if f.output != "text" && f.output != "json" {
		return usageError(fmt.Errorf("output format %q is not one of text, json", f.output))
	}
	in, file, err := f.load()
	if err != nil {
		return usageError(err)
	}
	if in.Unscannable != "refuse" && in.Unscannable != "pass" {
		return usageError(errors.New("--unscannable is refuse or pass"))
	}
	for _, name := range files {
		if _, err := os.Stat(name); err != nil {
			return usageError(err)
		}
	}
	in.Shadow = false // it is what would be done that matters
	c := &trafficCheck{routes: route.New(in.Routes), result: checkedTraffic{Findings: []trafficFinding{}}}
	if u, err := url.Parse(in.Upstream); err == nil {
		c.host = u.Host
	}
	wiring := &messageWiring{std: std, base: redact.New(), report: talk(std), done: c.passed}
	if c.parts, err = wiring.parts(in); err != nil {
		return usageError(err)
	}
	if file != "" {
		fmt.Fprintf(std.err, "%s: nothing wrong\n", file)
	}
	if f.output == "text" {
		c.found = func(f *trafficFinding) { fmt.Fprintln(std.out, report.Display(f.String())) }
	}
	err = c.files(ctx, files)
	c.result.Unscanned = int(c.unscanned.Load())
	if f.output == "json" {
		err = errors.Join(err, writeJSON(std.out, c.result))
	}
	if len(files) > 0 {
		fmt.Fprintln(std.err, c.result.String())
	}
	switch {
	case err != nil:
		return failedRun(err)
	case c.result.changes():
		return &exitError{ExitFindings, nil}
	}
	return nil
}

// checkedTraffic is what check found.
type checkedTraffic struct {
	Findings   []trafficFinding `json:"findings"`
	Exchanges  int              `json:"exchanges"`
	Redacted   int              `json:"redacted"`
	Blocked    int              `json:"blocked"`
	Allowed    int              `json:"allowed"`
	Refused    int              `json:"refused"`             // messages that cannot be looked into
	Unscanned  int              `json:"unscanned_bytes"`     // that pass all the same
	Missing    int              `json:"missing_contents"`    // that are not in the recordings
	Unreadable int              `json:"unreadable_messages"` // whose recording makes no sense
}

func (c *checkedTraffic) changes() bool { return c.Redacted+c.Blocked+c.Refused > 0 }

// String says it in one line.
func (c *checkedTraffic) String() string {
	parts := []string{count(c.Exchanges, "exchange"), count(c.Redacted, "secret") + " would be redacted"}
	for _, part := range []struct {
		n    int
		text string
	}{
		{c.Blocked, count(c.Blocked, "secret") + " blocked"},
		{c.Allowed, count(c.Allowed, "secret") + " allowed"},
		{c.Refused, count(c.Refused, "message") + " refused"},
		{c.Unscanned, count(c.Unscanned, "byte") + " would pass unscanned"},
		{c.Missing, count(c.Missing, "content") + " not in the recording"},
		{c.Unreadable, count(c.Unreadable, "message") + " unreadable"},
	} {
		if part.n > 0 {
			parts = append(parts, part.text)
		}
	}
	return strings.Join(parts, ", ")
}

// trafficCheck takes recordings through a filter.
type trafficCheck struct {
	parts     *messageParts
	routes    route.Table
	host      string                // of the upstream; empty for the one that was recorded
	found     func(*trafficFinding) // unless nil
	result    checkedTraffic
	unscanned atomic.Int64
}

func (c *trafficCheck) passed(p *message.Passage) { c.unscanned.Add(int64(p.Unscanned)) }

func (c *trafficCheck) files(ctx context.Context, files []string) error {
	for _, name := range files {
		if err := c.file(ctx, name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (c *trafficCheck) file(ctx context.Context, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return errors.Unwrap(err) // the caller names the file
	}
	defer file.Close()
	return har.Read(file, func(n int, e *har.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.result.Exchanges++
		for _, f := range c.exchange(ctx, e) {
			f.File, f.Exchange = name, n
			c.note(f)
		}
		return nil
	})
}

// note counts and tells a finding.
func (c *trafficCheck) note(f trafficFinding) {
	switch f.Action {
	case "redact":
		c.result.Redacted++
	case "block":
		c.result.Blocked++
	case "allow":
		c.result.Allowed++
	case "refuse":
		c.result.Refused++
	case "unreadable":
		c.result.Unreadable++
	}
	c.result.Findings = append(c.result.Findings, f)
	if c.found != nil {
		c.found(&f)
	}
}
