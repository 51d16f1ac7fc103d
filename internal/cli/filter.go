package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/proxy"
	"github.com/stanch-dev/stanch/proxy/logs"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// filterFlags are the flags of stanch filter.
type filterFlags struct {
	rules, known   string
	policies       string
	style, sealKey string
	frames         string
	report         string
	metrics        string

	idle      time.Duration
	lineLimit byteSize
	shadow    bool
	quiet     bool
}

func newFilter(std stdio) *cobra.Command {
	var f filterFlags
	cmd := &cobra.Command{
		Use:   "filter",
		Short: "copy standard input to standard output with the secrets redacted",
		Long: `Filter copies standard input to standard output and replaces every secret in it
by a placeholder, as in

  level=info password=[REDACTED:generic-api-key:5f0c2a91]

The placeholder names the rule that found the secret, or the known secret. Its last
part, the tag, is equal for equal secrets as long as one filter runs, and is left out
where a secret could be guessed. What is encoded (JSON and percent escapes, base64,
hex and others, also within each other) is looked through, and the placeholder is
encoded likewise. All other bytes stay as they are.

What can be part of no secret goes out at once, lines or not. What only might become
part of one goes out when nothing follows for the time that --idle says. A private
key in PEM is held back until its last line is there. Comments that allow a secret in
source code have no effect here.

Styles, for --style:
` + styleTable() + `
With --policies the policies of a directory decide about each secret, and may let it
pass, choose its style, or block; see 'stanch policy'. What they cannot decide is
redacted.

At the end, or when it is interrupted, the filter says on standard error what it
did. With --report it also appends one line of JSON to a file for every secret, and a
last one with the totals. Neither holds secrets. With --metrics it serves its counters
for Prometheus at /metrics, and /healthz; an address without a host is on loopback.

Exit codes: 0 done, whether something was redacted or not; 2 usage or
configuration; 3 failed, or blocked. When scanning fails, nothing is let through.`,
		Example: `  kubectl logs -f deploy/api | stanch filter
  ./server 2>&1 | stanch filter --report redacted.jsonl >> server.log
  stanch filter --known secrets.txt --style length < dump.bin > dump.clean.bin
  journalctl -f | stanch filter --policies policies --quiet
  tail -F app.log | stanch filter --shadow --metrics :9464 > /dev/null`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), std) },
	}
	f.register(cmd)
	return cmd
}

func (f *filterFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.rules, "rules", "r", "", "rules `file` in gitleaks' format (default gitleaks' rules and our own, for data in motion)")
	flags.StringVarP(&f.known, "known", "k", "", "find the secrets in `file` too: a list of name=value, or an index")
	flags.StringVarP(&f.policies, "policies", "p", "", "let the policies of `directory` decide what becomes of a secret, and in which style")
	flags.StringVarP(&f.style, "style", "s", redact.Placeholder.String(), "what becomes of a secret: `name` of a style")
	flags.StringVar(&f.sealKey, "seal-key", "", "public key `file` for the style sealed")
	flags.BoolVar(&f.shadow, "shadow", false, "change nothing, only report what would be redacted")
	flags.StringVar(&f.report, "report", "", "append a report in lines of JSON to `file`")
	flags.StringVar(&f.metrics, "metrics", "", "serve metrics over HTTP at `address`, such as 127.0.0.1:9464")
	flags.DurationVar(&f.idle, "idle", 25*time.Millisecond, "how long to wait for what might complete a secret; 0 means for ever")
	flags.StringVar(&f.frames, "frames", "auto", "look across the headers of CRI's and Docker's split records, if the first line has one: `mode` auto or off")
	flags.Var(&f.lineLimit, "line-limit", "cut off lines behind so many bytes and write "+logs.CutMark+"; 0 means no limit")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "do not say at the end what was done")
	cmd.RegisterFlagCompletionFunc("style", cobra.FixedCompletions(styleNames(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("frames", cobra.FixedCompletions(framings, cobra.ShellCompDirectiveNoFileComp))
}

// framings are the values of --frames.
var framings = []string{"auto", "off"}

func styleNames() (names []string) {
	for _, style := range redact.Styles() {
		names = append(names, style.String())
	}
	return names
}

func styleTable() string {
	var b strings.Builder
	for _, style := range redact.Styles() {
		fmt.Fprintf(&b, "  %-12s %s\n", style, style.Doc())
	}
	return b.String()
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
	metrics, err := serveFilterMetrics(f.metrics)
	if err != nil {
		return usageError(err)
	}
	defer metrics.close()
	if metrics.address != "" && !f.quiet {
		fmt.Fprintf(std.err, "stanch: metrics at http://%s/metrics\n", metrics.address)
	}
	signal.Ignore(syscall.SIGPIPE) // a reader who has seen enough must not cost the report its end
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second signal ends the process at once

	opts := logs.Options{Idle: f.idle, LineLimit: int(f.lineLimit), Frames: f.frames != "off", Redacted: report.redacted}
	if metrics.address != "" {
		opts.Progress = metrics.update
	}
	stats, err := logs.Copy(ctx, std.out, std.in, filter, opts)
	interrupted := errors.Is(err, context.Canceled)
	if interrupted {
		err = nil
	}
	done := filterSummary{stats, f.style, f.shadow, interrupted}
	if !f.quiet {
		fmt.Fprintln(std.err, done.String())
	}
	if err := cmp.Or(err, report.close(&done)); err != nil {
		return &exitError{ExitFailed, err}
	}
	return nil
}

func (f *filterFlags) prepare(std stdio) (*proxy.Filter, error) {
	opts := proxy.Options{Carrier: "logs", Shadow: f.shadow}
	if f.frames != "auto" && f.frames != "off" {
		return nil, fmt.Errorf("--frames %q is not one of %s", f.frames, strings.Join(framings, ", "))
	}
	if f.idle < 0 {
		return nil, errors.New("--idle must not be negative")
	}
	var err error
	if opts.Style, err = redact.ParseStyle(f.style); err != nil {
		return nil, fmt.Errorf("--style: %w", err)
	}
	redactor, err := f.redactor(opts.Style)
	if err != nil {
		return nil, err
	}
	if opts.Known, err = loadKnown(std, f.known); err != nil {
		return nil, err
	}
	if f.policies != "" {
		if opts.Decider, err = loadDecider(f.policies, talk(std)); err != nil {
			return nil, err
		}
	}
	s, err := motionScanner(std, f.rules)
	if err != nil {
		return nil, err
	}
	return proxy.New(s, redactor, opts), nil
}

// redactor returns what writes a style.
func (f *filterFlags) redactor(style redact.Style) (*redact.Redactor, error) {
	switch {
	case f.policies != "" && style != redact.Placeholder:
		return nil, errors.New("--style is for what no policies decide about; they have styles of their own")
	case style == redact.Sealed && f.sealKey == "":
		return nil, errors.New("--style sealed needs a public key: --seal-key FILE")
	case style != redact.Sealed && f.sealKey != "" && f.policies == "":
		return nil, fmt.Errorf("--seal-key is for --style sealed, not %s", style)
	}
	return sealing(redact.New(), f.sealKey)
}
