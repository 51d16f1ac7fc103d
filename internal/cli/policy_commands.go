package cli

import "github.com/spf13/cobra"

// policyCommands is every stanch policy command, in the order help shows them.
var policyCommands = []func(stdio, *policyFlags) *cobra.Command{
	newPolicyInit,
	newPolicyCheck,
	newPolicyTest,
	newPolicyEval,
	newPolicyExplain,
	newPolicyCan,
	newPolicyWhoCan,
	newPolicyWhatCan,
	newPolicyDiff,
	newPolicyReplay,
	newPolicyBench,
	newPolicyActivate,
	newPolicyBundle,
	newPolicyServe,
}
