package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/report"
	"github.com/stanch-dev/stanch/scanner/source"
)

// scanFlags are the flags of stanch scan.
type scanFlags struct {
	rules    string
	known    string
	output   string
	report   string
	baseline string
	ignore   string
	color    string

	reveal         bool
	compat         bool
	ignoreAllow    bool
	followSymlinks bool
	quiet          bool

	decodeDepth int
	workers     int
	maxFileSize byteSize
}

func newScan(std stdio) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [PATH...|-]",
		Short: "find secrets in files, directories or standard input",
		Long: `Scan finds secrets in files and directories, by default in the working
directory, or in standard input ("-").

Rules are gitleaks' default rules, or those of a .gitleaks.toml: the one that
--rules or GITLEAKS_CONFIG names, else the one in the directory that is scanned.
With --known, secrets whose values are known are found too, whatever they look like.
A finding is left out when its line says stanch:allow or gitleaks:allow, when its
fingerprint is in .gitleaksignore, or when it is in the baseline, a report made
earlier with --output gitleaks.

What was scanned and what was not, and why, is said on standard error; secrets are
not shown unless --reveal is given.

Exit codes: 0 nothing found, 1 findings, 2 usage or configuration, 3 failed or
incomplete. With --gitleaks-compat they are gitleaks': 1 for findings and errors.`,
		Example: `  stanch scan
  stanch scan src config.yaml
  git diff | stanch scan -
  stanch scan --known secrets.index src
  stanch scan --output gitleaks --reveal --report baseline.json
  stanch scan --baseline baseline.json --output jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), std, args) },
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.rules, "rules", "r", "", "rules `file` in gitleaks' format")
	flags.StringVarP(&f.known, "known", "k", "", "find the secrets in `file` too: a list of name=value, or an index")
	flags.StringVarP(&f.output, "output", "o", "text", "output `format`: "+formatNames())
	flags.StringVar(&f.report, "report", "", "write the report to `file` instead of standard output")
	flags.StringVarP(&f.baseline, "baseline", "b", "", "leave out the findings of an earlier report, in gitleaks' JSON")
	flags.StringVarP(&f.ignore, "ignore", "i", "", "leave out the fingerprints in `file` (default .gitleaksignore)")
	flags.StringVar(&f.color, "color", "auto", "colours: auto, always, never")
	flags.BoolVar(&f.reveal, "reveal", false, "show secrets")
	flags.BoolVar(&f.compat, "gitleaks-compat", false, "find exactly what gitleaks 8.30.1 finds")
	flags.BoolVar(&f.ignoreAllow, "ignore-allow", false, "report findings that a comment on their line allows")
	flags.BoolVar(&f.followSymlinks, "follow-symlinks", false, "scan files that symbolic links lead to")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "do not say what was scanned, unless it is incomplete")
	flags.IntVar(&f.decodeDepth, "max-decode-depth", 5, "how many times encoded values are decoded")
	flags.IntVarP(&f.workers, "workers", "j", runtime.GOMAXPROCS(0), "files scanned at a time")
	flags.Var(&f.maxFileSize, "max-file-size", "skip larger files, such as 10MiB; 0 means no limit")
	cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats(), cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(colors, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// colors are the values of --color.
var colors = []string{"auto", "always", "never"}

func formats() (names []string) {
	for _, format := range report.Formats() {
		names = append(names, format.Name)
	}
	return names
}

func formatNames() string { return strings.Join(formats(), ", ") }

// run scans and reports.
func (f *scanFlags) run(ctx context.Context, std stdio, paths []string) error {
	err := f.scan(ctx, std, paths)
	var exit *exitError
	if f.compat && errors.As(err, &exit) {
		exit.code = min(exit.code, ExitFindings) // gitleaks knows no other
	}
	return err
}

func (f *scanFlags) scan(ctx context.Context, std stdio, paths []string) error {
	if len(paths) == 0 {
		paths = []string{"."}
	}
	format, err := f.format()
	if err != nil {
		return usageError(err)
	}
	if slices.Contains(paths, "-") && len(paths) > 1 {
		return usageError(errors.New(`"-" is standard input and goes with no other path`))
	}
	job, err := f.prepare(std, paths)
	if err != nil {
		return usageError(err)
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	result, err := job.run(ctx, std)
	if err != nil && !errors.Is(err, context.Canceled) {
		return &exitError{ExitFailed, err}
	}
	result.Color = f.useColor(std.out)
	if err := f.write(std, format, result); err != nil {
		return &exitError{ExitFailed, err}
	}
	return f.verdict(std, result, err != nil)
}

// verdict says what was scanned and returns the exit code.
func (f *scanFlags) verdict(std stdio, result *report.Report, interrupted bool) error {
	incomplete := result.Coverage.Incomplete > 0 || interrupted
	if !f.quiet || incomplete {
		report.WriteCoverage(std.err, &result.Coverage)
	}
	if interrupted {
		fmt.Fprintln(std.err, "incomplete: interrupted")
	}
	switch {
	case len(result.Records) > 0:
		return &exitError{code: ExitFindings}
	case incomplete:
		return &exitError{code: ExitFailed}
	}
	return nil
}

func (f *scanFlags) format() (report.Format, error) {
	for _, format := range report.Formats() {
		if format.Name == f.output {
			return format, nil
		}
	}
	return report.Format{}, fmt.Errorf("output format %q is not one of %s", f.output, formatNames())
}

func (f *scanFlags) write(std stdio, format report.Format, result *report.Report) error {
	if f.report == "" {
		return format.Write(std.out, result)
	}
	out, err := os.OpenFile(f.report, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	result.Color = false
	return cmp.Or(format.Write(out, result), out.Close())
}

func (f *scanFlags) useColor(out io.Writer) bool {
	switch f.color {
	case "always":
		return true
	case "auto":
		return os.Getenv("NO_COLOR") == "" && isTerminal(out)
	}
	return false
}

// isTerminal reports whether w is a terminal.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&fs.ModeCharDevice != 0
}

// scanJob is a scan that is ready to run.
type scanJob struct {
	paths    []string
	scanner  *scanner.Scanner
	options  source.Options
	ignore   *report.Ignore
	baseline *report.Baseline
	reveal   bool
	quiet    bool
}

func (f *scanFlags) prepare(std stdio, paths []string) (*scanJob, error) {
	if !slices.Contains(colors, f.color) {
		return nil, fmt.Errorf("--color %q is not one of %s", f.color, strings.Join(colors, ", "))
	}
	if f.decodeDepth < 0 || f.workers < 1 {
		return nil, errors.New("--max-decode-depth must be at least 0 and --workers at least 1")
	}
	if f.compat && f.known != "" {
		return nil, errors.New("--gitleaks-compat and --known exclude each other: gitleaks knows no secrets")
	}
	set, rulesFile, err := loadRules(std, f.rules, paths[0])
	if err != nil {
		return nil, err
	}
	knownSecrets, err := loadKnown(std, f.known)
	if err != nil {
		return nil, err
	}
	job := &scanJob{paths: paths, reveal: f.reveal, quiet: f.quiet, ignore: &report.Ignore{}}
	job.scanner, err = scanner.New(set, scanner.Options{
		Compat: f.compat, MaxDecodeDepth: f.decodeDepth, IgnoreAllow: f.ignoreAllow, Known: knownSecrets,
	})
	if err != nil {
		return nil, err
	}
	job.options = source.Options{
		Compat: f.compat, FollowSymlinks: f.followSymlinks, MaxFileSize: int64(f.maxFileSize),
		Allowlists: set.Allowlists, Own: given(rulesFile, f.known, f.baseline, f.report), Workers: f.workers,
	}
	if err := job.loadIgnore(std, f.ignore, paths); err != nil {
		return nil, err
	}
	if f.baseline != "" {
		job.baseline, err = report.LoadBaseline(f.baseline)
	}
	return job, err
}

func given(names ...string) []string {
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// loadRules loads the rules that a scan of root uses, and returns the file they
// were read from, "" for the default rules.
func loadRules(std stdio, named, root string) (*rules.Ruleset, string, error) {
	file := cmp.Or(named, os.Getenv("GITLEAKS_CONFIG"))
	if file == "" {
		if beside := filepath.Join(root, ".gitleaks.toml"); isFile(beside) {
			file = beside
			fmt.Fprintf(std.err, "stanch: rules of %s\n", report.Display(file))
		}
	}
	var set *rules.Ruleset
	var err error
	if file == "" {
		set, err = rules.Default()
	} else {
		set, err = rules.Load(file)
	}
	if err != nil {
		return nil, "", err
	}
	for _, warning := range set.Warnings {
		fmt.Fprintf(std.err, "stanch: warning: %s\n", warning)
	}
	return set, file, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// loadIgnore loads the fingerprints to leave out: those of the file named, and of
// .gitleaksignore here and in the directories that are scanned.
func (j *scanJob) loadIgnore(std stdio, named string, paths []string) error {
	files := given(named)
	for _, dir := range slices.Concat([]string{"."}, paths) {
		if file := filepath.Join(dir, ".gitleaksignore"); isFile(file) && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, file := range files {
		if err := j.ignore.Load(file); err != nil {
			return err
		}
	}
	for _, warning := range j.ignore.Warnings {
		fmt.Fprintf(std.err, "stanch: warning: %s\n", warning)
	}
	return nil
}

// run scans with one collector for each worker.
func (j *scanJob) run(ctx context.Context, std stdio) (*report.Report, error) {
	collectors := make([]report.Collector, j.options.Workers)
	for i := range collectors {
		collectors[i] = report.Collector{Reveal: j.reveal, Ignore: j.ignore, Baseline: j.baseline}
	}
	visit := func(worker int, file *source.File, f *scanner.Fragment) {
		origin := report.Origin{File: file.Path, Symlink: file.Symlink}
		collectors[worker].Collect(&origin, f, j.scanner.Scan)
	}
	coverage := &source.Coverage{}
	if !j.quiet && isTerminal(std.err) {
		defer showProgress(std.err, coverage)()
	}
	var err error
	if j.paths[0] == "-" {
		err = source.Read(ctx, std.in, source.File{}, &j.options, coverage, visit)
	} else {
		err = source.Walk(ctx, j.paths, &j.options, coverage, visit)
	}
	result := &report.Report{Coverage: coverage.Totals()}
	for i := range collectors {
		result.Records = append(result.Records, collectors[i].Records...)
	}
	report.Sort(result.Records)
	return result, err
}
