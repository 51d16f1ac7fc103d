package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/author/bench"
	"github.com/stanch-dev/stanch/policies/decisionlog"
	"github.com/stanch-dev/stanch/policies/rego"
	"github.com/stanch-dev/stanch/policies/source"
)

// mostRecorded is how many recorded inputs a measurement takes.
const mostRecorded = 1000

func newPolicyBench(std stdio, f *policyFlags) *cobra.Command {
	var each time.Duration
	var log string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "measure what decisions cost",
		Long: `Bench measures time and allocations of decisions, for the inputs in samples/ or those
of a decision log, beside the smallest evaluation that OPA can do, and tells which
lines take most of the time and which rules OPA's index does not help with.

Exit codes: 0 measured, 2 usage or a wrong policy, 3 failed.`,
		Example: `  stanch policy bench
  stanch policy bench --log decisions.jsonl -o json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			docs, err := f.load()
			if err != nil {
				return err
			}
			s, err := compilePolicies(docs)
			if err != nil {
				return err
			}
			var inputs []policies.Input
			if log != "" {
				inputs, err = recordedInputs(log)
			} else {
				inputs, err = sampleInputs(docs)
			}
			if err != nil {
				return usageError(err)
			}
			report, err := bench.Run(cmd.Context(), s, inputs, bench.Options{Time: each})
			if err != nil {
				return failedRun(err)
			}
			return f.report(std, report, report.Write)
		},
	}
	cmd.Flags().DurationVar(&each, "time", 0, "measure each question for this long (default 500ms)")
	cmd.Flags().StringVar(&log, "log", "", "decision log `file` to take inputs from")
	return cmd
}

// sampleInputs returns the inputs of the directory's samples, or of the embedded ones
// if it has none. Their names begin with the question.
func sampleInputs(docs source.Documents) (inputs []policies.Input, err error) {
	var files fs.FS = rego.FS
	if info, err := os.Stat(filepath.Join(docs.Name, "samples")); err == nil && info.IsDir() {
		files = os.DirFS(docs.Name)
	}
	names, err := fs.Glob(files, "samples/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		question, _, _ := strings.Cut(strings.TrimPrefix(name, "samples/"), "-")
		entry, err := entrypointNamed(strings.TrimSuffix(question, ".json"))
		if err != nil {
			return nil, err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		in, err := policies.ParseInput(entry, unwrap(text))
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	return inputs, nil
}

func recordedInputs(name string) (inputs []policies.Input, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for r := decisionlog.NewReader(f); len(inputs) < mostRecorded; {
		e, err := r.Next()
		if err != nil {
			if len(inputs) == 0 {
				return nil, err
			}
			break
		}
		if e.Input != nil {
			inputs = append(inputs, e.Input)
		}
	}
	return inputs, nil
}
