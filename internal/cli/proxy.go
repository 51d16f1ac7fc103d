package cli

import (
	"github.com/spf13/cobra"
)

func newProxy(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "proxy",
		Short: "keep secrets out of what an API sends and logs, as a proxy in front of it",
		Long: `A proxy of stanch looks into requests and responses on their way, in their header,
content and trailer, through compression and encodings, and redacts the secrets that
must not be there. 'ingress' stands in front of an API of yours.

'check' says what it would do with recorded exchanges, and 'stanch doctor' whether it
will work on this machine.`,
		Example: `  stanch proxy ingress --upstream http://127.0.0.1:9000
  stanch proxy check traffic.har`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newProxyIngress(std), newProxyCheck(std))
	return cmd
}
