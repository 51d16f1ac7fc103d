package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies/author/matrix"
	"github.com/stanch-dev/stanch/policies/source"
)

func newPolicyWhoCan(std stdio, f *policyFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "who-can CAPABILITY PATH",
		Short: "list who may do something with a secret",
		Long: `Who-can lists the principals that may do CAPABILITY with the secret at PATH, and by
which grants: those that grants name and those of universe.yaml. It works on the
policy itself: if that shows that only the keys of a principal matter, the answer holds
for principals that nobody listed, too. Else all known ones are asked about, and the
answer says so.

Exit codes: 0 answered, 2 usage or a wrong policy, 3 something could not be decided.`,
		Example: `  stanch policy who-can read kv/shop/prod/db
  stanch policy who-can reveal kv/shop/prod/db -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(source.Capabilities(), args[0]) {
				return usageError(fmt.Errorf("unknown capability %q; there are %s", args[0], strings.Join(source.Capabilities(), ", ")))
			}
			s, err := f.snapshot()
			if err != nil {
				return err
			}
			who, err := matrix.WhoCan(cmd.Context(), s, policyUniverse(s.Documents()), args[0], args[1])
			if err != nil {
				return failedRun(err)
			}
			return f.answer(std, who, who.Write, who.Failed)
		},
	}
}

func newPolicyWhatCan(std stdio, f *policyFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "what-can PRINCIPAL",
		Short: "list what somebody may do",
		Long: `What-can lists the secrets that PRINCIPAL, an id of universe.yaml or a key as grants
name it, may do something with, what, and by which grants.

Exit codes: 0 answered, 2 usage or a wrong policy, 3 something could not be decided.`,
		Example: `  stanch policy what-can kubernetes/shop/api
  stanch policy what-can group/sre -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := f.snapshot()
			if err != nil {
				return err
			}
			u := policyUniverse(s.Documents())
			what, err := matrix.WhatCan(cmd.Context(), s, u, u.Principal(args[0]))
			if err != nil {
				return failedRun(err)
			}
			return f.answer(std, what, what.Write, what.Failed)
		},
	}
}
