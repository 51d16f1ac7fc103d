package cli

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies/bundle"
)

func newPolicyBundle(std stdio, f *policyFlags) *cobra.Command {
	var key, id, output, revision string
	cmd := &cobra.Command{
		Use:   "bundle DIR",
		Short: "write a policy directory as a signed bundle",
		Long: `Bundle writes the policy directory DIR as an OPA bundle (tar.gz), signed with the
private key --key, for 'stanch policy serve --bundle' to poll from any web server.

Exit codes: 0 written, 2 usage or a wrong policy, 3 not written.`,
		Example: `  stanch policy bundle policies --key private.pem -f policies.tar.gz`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			pem, err := os.ReadFile(key)
			if err != nil {
				return usageError(err)
			}
			var b bytes.Buffer
			if err := bundle.Build(&b, args[0], revision, &bundle.Signing{KeyID: id, PEM: pem}); err != nil {
				return usageError(err)
			}
			if err := os.WriteFile(output, b.Bytes(), 0o644); err != nil {
				return &exitError{ExitFailed, err}
			}
			fmt.Fprintf(std.err, "%s: %d bytes\n", output, b.Len())
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "private key `file` (PEM)")
	cmd.Flags().StringVar(&id, "key-id", "global_key", "`id` of the key, as verifiers call it")
	cmd.Flags().StringVar(&revision, "revision", "", "`revision` to name (default: that of the text)")
	cmd.Flags().StringVarP(&output, "file", "f", "policies.tar.gz", "`file` to write")
	cmd.MarkFlagRequired("key")
	return cmd
}
