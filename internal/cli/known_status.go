package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/known"
)

func newKnownStatus(std stdio) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "status FILE",
		Short: "say what an index or list of secrets holds, and what it refuses",
		Long: `Status reads a list or an index of secrets and says how many of them will be
found, what that takes, and which are refused and why. It shows names, never values.

What is looked for is each secret, and of a secret of several lines each line. In
an index these are in one of two tiers: with 106 bits of entropy or more they have
26 bits in it, with 98 or more 18.`,
		Example: `  stanch known status secrets.index
  stanch known status secrets.env -o json | jq '.refused'`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output != "text" && output != "json" {
				return usageError(fmt.Errorf("output format %q is not one of text, json", output))
			}
			set, err := known.Load(args[0])
			if err != nil {
				return usageError(err)
			}
			status := statusOf(set)
			if output == "json" {
				return writeJSON(std.out, status)
			}
			return status.write(std)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "output `format`: text, json")
	return cmd
}

// knownStatus is what a set of known secrets is.
type knownStatus struct {
	Mode    string          `json:"mode"`
	Secrets int             `json:"secrets"`
	Needles int             `json:"needles,omitempty"`
	Full    int             `json:"full_tier,omitempty"`
	Reduced int             `json:"reduced_tier,omitempty"`
	Memory  int             `json:"memory_bytes"`
	Refused []refusedSecret `json:"refused"`
}

type refusedSecret struct {
	Name string `json:"name"`
	Line int    `json:"line"`
	Why  string `json:"why"`
}

func statusOf(set *known.Set) *knownStatus {
	st := set.Stats()
	status := &knownStatus{Mode: "needles", Secrets: st.Secrets, Needles: st.Needles, Full: st.Full, Reduced: st.Reduced, Memory: st.Memory, Refused: []refusedSecret{}}
	if st.Index {
		status.Mode = "index"
	}
	for _, r := range set.Refused() {
		status.Refused = append(status.Refused, refusedSecret{r.Name, r.Line, r.Why.String()})
	}
	return status
}

func (s *knownStatus) write(std stdio) error {
	fmt.Fprintf(std.out, "mode          %s\nsecrets       %d\n", s.Mode, s.Secrets)
	if s.Mode == "index" {
		fmt.Fprintf(std.out, "full tier     %d\nreduced tier  %d\n", s.Full, s.Reduced)
	} else {
		fmt.Fprintf(std.out, "needles       %d\n", s.Needles)
	}
	fmt.Fprintf(std.out, "memory        %.1f MiB\nrefused       %d\n", float64(s.Memory)/(1<<20), len(s.Refused))
	if len(s.Refused) == 0 {
		return nil
	}
	rows := [][]string{{"LINE", "NAME", "WHY"}}
	for _, r := range s.Refused {
		rows = append(rows, []string{fmt.Sprint(r.Line), r.Name, r.Why})
	}
	fmt.Fprintln(std.out)
	return writeTable(std.out, rows)
}
