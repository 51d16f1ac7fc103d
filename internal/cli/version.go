package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what the Go toolchain recorded in the binary.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func readBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func newVersion(std stdio) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "print what this binary was built from",
		Example: "  stanch version\n  stanch version -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			b := readBuild()
			switch output {
			case "text":
				fmt.Fprintf(std.out, "stanch %s %s %s\n", b.Version, b.Go, b.Platform)
				return nil
			case "json":
				return json.NewEncoder(std.out).Encode(b)
			}
			return usageError(fmt.Errorf("output format %q is not one of text, json", output))
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "output format: text, json")
	return cmd
}
