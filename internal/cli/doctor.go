package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/config"
	"github.com/stanch-dev/stanch/scanner/report"
)

// doctorFlags are the flags of stanch doctor.
type doctorFlags struct {
	ingressFlags
	output string
}

func newDoctor(std stdio) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "say whether stanch will work on this machine, with this configuration",
		Long: `Doctor looks at what 'stanch proxy ingress' needs: the configuration and what it names
(rules, known secrets, policies, certificates and keys), the upstream, the addresses to
listen on, the limits of the system, the clock. It prints a line for each:

  ok    nothing to do
  warn  it will work, but not as it should
  fail  it will not work

It connects to the upstream and sends no request; it changes nothing.

Exit codes: 0 nothing failed; 1 something failed; 2 usage, or the configuration cannot
be read.`,
		Example: `  stanch doctor
  stanch doctor --config /etc/stanch/stanch.yaml
  stanch doctor --upstream https://api.example.com -o json | jq '.checks[] | select(.status != "ok")'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			return f.run(ctx, std)
		},
	}
	f.register(cmd, "upstream", "listen", "known", "policies", "rules")
	cmd.Flags().StringVarP(&f.output, "output", "o", "text", "output `format`: text, json")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *doctorFlags) run(ctx context.Context, std stdio) error {
	if f.output != "text" && f.output != "json" {
		return usageError(fmt.Errorf("output format %q is not one of text, json", f.output))
	}
	d := &doctor{Checks: []checkup{}}
	in, file, err := f.load()
	if err == nil {
		err = d.configuration(in, file)
	}
	if err != nil {
		d.fail("configuration", err)
	} else {
		d.examine(ctx, in)
	}
	writing := error(nil)
	if f.output == "json" {
		writing = writeJSON(std.out, d)
	} else {
		writing = d.write(std.out)
	}
	switch {
	case writing != nil:
		return failedRun(writing)
	case err != nil:
		return &exitError{ExitUsage, nil}
	case d.Failed > 0:
		return &exitError{ExitFindings, nil}
	}
	return nil
}

// checkup is one thing that the doctor looked at.
type checkup struct {
	Name   string `json:"name"`
	Status string `json:"status"` // ok, warn or fail
	Text   string `json:"text"`
}

// doctor gathers what it finds.
type doctor struct {
	Checks   []checkup `json:"checks"`
	Warnings int       `json:"warnings"`
	Failed   int       `json:"failed"`
}

func (d *doctor) ok(name, format string, args ...any) {
	d.Checks = append(d.Checks, checkup{name, "ok", fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(name, format string, args ...any) {
	d.Warnings++
	d.Checks = append(d.Checks, checkup{name, "warn", fmt.Sprintf(format, args...)})
}

func (d *doctor) fail(name string, err error) {
	d.Failed++
	d.Checks = append(d.Checks, checkup{name, "fail", err.Error()})
}

// write prints a line for each checkup; an error of several lines is indented.
func (d *doctor) write(w io.Writer) error {
	for _, c := range d.Checks {
		if _, err := fmt.Fprintf(w, "%-4s  %-13s  %s\n", c.Status, c.Name, indent(c.Text, 21)); err != nil {
			return err
		}
	}
	return nil
}

// indent returns text for people, with the lines behind the first moved to a column.
func indent(text string, column int) string {
	out := ""
	for i, line := range splitLines(text) {
		if i > 0 {
			out += fmt.Sprintf("\n%*s", column, "")
		}
		out += report.Display(line)
	}
	return out
}

// configuration looks at the settings alone.
func (d *doctor) configuration(in *config.Ingress, file string) error {
	settings := *in
	if in.Upstream == "" {
		settings.Upstream = "http://upstream.invalid"
		settings.UpstreamTLS = config.UpstreamTLS{}
	}
	if err := settings.Check(); err != nil {
		return err
	}
	if file == "" {
		d.ok("configuration", "no file; defaults and flags")
	} else {
		d.ok("configuration", "%s", file)
	}
	return nil
}

// examine looks at what the settings need.
func (d *doctor) examine(ctx context.Context, in *config.Ingress) {
	d.rules(in)
	set := d.known(in)
	d.policies(in)
	if in.SealKey != "" {
		d.sealKey(in.SealKey)
	}
	d.identities(in)
	d.upstream(ctx, in)
	d.address("listen", in.Listen)
	if in.TLS == nil && !onLoopback(in.Listen) {
		d.warn("listen", "%s is not loopback, and there is no TLS: set tls, or have something in front that does TLS", in.Listen)
	}
	if in.Admin != "" {
		d.address("admin", adminAddress(in.Admin))
	}
	d.logs(in)
	d.limits(in, set)
	d.clock()
}

var errNoUpstream = errors.New("it is not set: give --upstream URL, or ingress.upstream in " + defaultConfig)
