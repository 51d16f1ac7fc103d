package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/report"
	"github.com/stanch-dev/stanch/scanner/source"
)

// demoColumns is the width of the demo.
const demoColumns = 110

func newDemo(std stdio) *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "show what stanch does, on made-up input",
		Long: `Demo asks a made-up API that tells too much, directly and through 'stanch proxy
ingress'; redacts the log of the service and scans its source tree, as 'stanch filter'
and 'stanch scan' do. All secrets are made up. It needs nothing and leaves nothing
behind, unless --keep is given.`,
		Example: "  stanch demo\n  stanch demo --keep /tmp/harbour-demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("keep") {
				return runDemo(cmd.Context(), std)
			}
			return keepDemo(cmd.Context(), std, keep)
		},
	}
	cmd.Flags().StringVar(&keep, "keep", "", "write the input to a new `directory` and leave it there")
	return cmd
}

// runDemo runs the demo in a directory that goes away with it.
func runDemo(ctx context.Context, std stdio) error {
	dir, err := os.MkdirTemp("", "stanch-demo-")
	if err != nil {
		return &exitError{ExitFailed, err}
	}
	defer os.RemoveAll(dir)
	in := loadDemo()
	if err := in.writeTo(dir); err != nil {
		return &exitError{ExitFailed, err}
	}
	return showDemo(ctx, std, in, dir)
}

// keepDemo runs the demo in a directory that stays.
func keepDemo(ctx context.Context, std stdio, dir string) error {
	if dir == "" {
		return usageError(errors.New("--keep needs the name of a directory"))
	}
	in := loadDemo()
	if err := in.writeTo(dir); err != nil {
		return usageError(err)
	}
	if err := showDemo(ctx, std, in, dir); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "\nTry:  stanch filter < %s\n      stanch scan %s\n",
		report.Display(filepath.Join(dir, demoLogName)), report.Display(filepath.Join(dir, demoTreeName)))
	return nil
}

// showDemo shows all parts, of input that was written to dir.
func showDemo(ctx context.Context, std stdio, in *demoInput, dir string) error {
	set, err := rules.Default()
	if err != nil {
		return &exitError{ExitFailed, err}
	}
	d := demo{std: std, set: set, color: os.Getenv("NO_COLOR") == "" && isTerminal(std.out)}
	d.title("stanch proxy ingress --upstream http://harbour", "one request, without stanch (-) and through it (+)")
	if err := d.proxy(ctx, in); err != nil {
		return &exitError{ExitFailed, err}
	}
	fmt.Fprintln(d.std.out)
	d.title("stanch filter < "+demoLogName, "the log of a made-up service, before (-) and after (+)")
	if err := d.filter(ctx, in.log); err != nil {
		return &exitError{ExitFailed, err}
	}
	fmt.Fprintln(std.out)
	d.title("stanch scan "+demoTreeName, "its source tree")
	if err := d.scan(ctx, dir); err != nil {
		return &exitError{ExitFailed, err}
	}
	return nil
}

// demo is one run of stanch demo.
type demo struct {
	std   stdio
	set   *rules.Ruleset
	color bool
}

// Colours of terminals, by ECMA-48.
const (
	demoBold  = "1"
	demoFaint = "2"
	demoRed   = "1;31"
	demoGreen = "1;32"
)

func (d *demo) paint(color, text string) string {
	if !d.color || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// title shows a command and what it is given.
func (d *demo) title(command, words string) {
	fmt.Fprintf(d.std.out, "%s  %s\n", d.paint(demoBold, "$ "+command), d.paint(demoFaint, "# "+words))
}

// scan scans the tree below dir as stanch scan does, and reports.
func (d *demo) scan(ctx context.Context, dir string) error {
	s, err := scanner.New(d.set, scanner.Options{MaxDecodeDepth: decodeDepth})
	if err != nil {
		return err
	}
	job := scanJob{
		paths: []string{filepath.Join(dir, demoTreeName)}, scanner: s, quiet: true,
		options: source.Options{Allowlists: d.set.Allowlists, Workers: 1},
	}
	result, err := job.run(ctx, d.std)
	if err != nil {
		return err
	}
	for _, r := range result.Records {
		r.File = strings.TrimPrefix(r.File, filepath.ToSlash(dir)+"/")
		place := fmt.Sprintf("%s:%d:%d: %s: ", r.File, r.StartLine, r.StartColumn, r.Rule)
		r.Description = cut(r.Description, demoColumns-len(place))
	}
	result.Color = d.color
	if err := report.Formats()[0].Write(d.std.out, result); err != nil {
		return err
	}
	return report.WriteCoverage(d.std.out, &result.Coverage)
}
