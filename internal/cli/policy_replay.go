package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies/author/replay"
)

func newPolicyReplay(std stdio, f *policyFlags) *cobra.Command {
	var from, until string
	cmd := &cobra.Command{
		Use:   "replay LOG...",
		Short: "decide again what a decision log says was decided",
		Long: `Replay decides again, by the policies here, every decision of the decision logs LOG
("-" is standard input): JSON lines or uploads in OPA's form, compressed or not. It
groups what would change, access that widens first, and lists grants that nobody used.

Decisions whose input a mask took are counted as not replayable. A line that cannot be
read makes the replay incomplete.

Exit codes: 0 nothing would change, 1 something would, 2 usage or a wrong policy,
3 incomplete.`,
		Example: `  stanch policy replay decisions.jsonl
  stanch policy replay -p candidate --from 2026-11-01T00:00:00Z decisions.jsonl.gz`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o, err := replayOptions(from, until)
			if err != nil {
				return usageError(err)
			}
			s, err := f.snapshot()
			if err != nil {
				return err
			}
			logs, closeLogs, err := openLogs(std, args)
			if err != nil {
				return usageError(err)
			}
			defer closeLogs()
			report, runErr := replay.Run(cmd.Context(), s, logs, o)
			if err := f.report(std, report, report.Write); err != nil {
				return err
			}
			switch {
			case runErr != nil:
				return failedRun(runErr)
			case report.Incomplete && report.Changed == 0:
				return &exitError{ExitFailed, nil}
			case report.Changed > 0:
				return &exitError{ExitFindings, nil}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "replay decisions from this `time` on, as 2026-11-01T00:00:00Z")
	cmd.Flags().StringVar(&until, "until", "", "replay decisions before this `time`")
	return cmd
}

func replayOptions(from, until string) (o replay.Options, err error) {
	for _, bound := range []struct {
		flag, text string
		time       *time.Time
	}{{"--from", from, &o.From}, {"--until", until, &o.Until}} {
		if bound.text == "" {
			continue
		}
		if *bound.time, err = time.Parse(time.RFC3339, bound.text); err != nil {
			return o, fmt.Errorf("%s %q: write a time as 2026-11-01T00:00:00Z", bound.flag, bound.text)
		}
	}
	return o, nil
}

func openLogs(std stdio, names []string) (logs []replay.Log, closeAll func(), err error) {
	var files []io.Closer
	closeAll = func() {
		for _, f := range files {
			f.Close()
		}
	}
	for _, name := range names {
		if name == "-" {
			logs = append(logs, replay.Log{Name: "standard input", Reader: std.in})
			continue
		}
		f, err := os.Open(name)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		files = append(files, f)
		logs = append(logs, replay.Log{Name: name, Reader: f})
	}
	return logs, closeAll, nil
}
