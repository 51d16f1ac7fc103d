package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/policies"
	"github.com/stanch-dev/stanch/policies/source"
)

// requestFlags describe a request beyond who, what and where.
type requestFlags struct {
	groups              []string
	environment, kind   string
	class, owner        string
	human, mfa, explain bool
	reason, ticket, at  string
}

func newPolicyCan(std stdio, f *policyFlags) *cobra.Command {
	var r requestFlags
	cmd := &cobra.Command{
		Use:   "can PRINCIPAL CAPABILITY PATH",
		Short: "tell whether somebody may do something",
		Long: `Can tells whether PRINCIPAL, named by a key as grants name it, may do CAPABILITY
with the secret at PATH, and why not. Capabilities are ` + strings.Join(source.Capabilities(), ", ") + `.

Exit codes: 0 yes, 1 no, 2 usage or a wrong policy, 3 the policy could not decide.`,
		Example: `  stanch policy can kubernetes/shop/api read kv/shop/prod/db
  stanch policy can human/ann reveal kv/shop/prod/db --group sre --mfa --explain`,
		Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := r.request(args[0], args[1], args[2])
			if err != nil {
				return usageError(err)
			}
			s, err := f.snapshot()
			if err != nil {
				return err
			}
			if r.explain {
				return f.explain(cmd.Context(), std, s, in)
			}
			return f.can(std, s.Access(cmd.Context(), in))
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&r.groups, "group", nil, "a `group` the principal is in; can be repeated")
	flags.BoolVar(&r.human, "human", false, "the principal is a person, not a workload")
	flags.BoolVar(&r.mfa, "mfa", false, "a second factor was given")
	flags.StringVar(&r.environment, "environment", "", "`environment` of the secret")
	flags.StringVar(&r.class, "class", "", "`class` of the secret")
	flags.StringVar(&r.owner, "owner", "", "`owner` of the secret")
	flags.StringVar(&r.kind, "kind", "", "`kind` of the secret: static, rotated, dynamic")
	flags.StringVar(&r.reason, "break-glass", "", "`reason` of an emergency")
	flags.StringVar(&r.ticket, "ticket", "", "`ticket` of an emergency")
	flags.StringVar(&r.at, "at", "", "`time` to ask for, as 2027-01-31T12:00:00Z (default now)")
	flags.BoolVar(&r.explain, "explain", false, "tell why, as 'stanch policy explain' does")
	return cmd
}

func (r *requestFlags) request(who, capability, path string) (*policies.AccessInput, error) {
	if !slices.Contains(source.Capabilities(), capability) {
		return nil, fmt.Errorf("unknown capability %q; there are %s", capability, strings.Join(source.Capabilities(), ", "))
	}
	now := time.Now()
	if r.at != "" {
		var err error
		if now, err = time.Parse(time.RFC3339, r.at); err != nil {
			return nil, fmt.Errorf("--at %q: write a time as 2027-01-31T12:00:00Z", r.at)
		}
	}
	in := &policies.AccessInput{
		Subject: policies.Principal{Type: "workload", ID: who, Keys: []string{who}, Properties: policies.PrincipalProperties{Groups: r.groups}},
		Action:  policies.Action{Name: capability},
		Resource: policies.Resource{Type: "secret", ID: path, Ancestors: policies.Ancestors(path),
			Properties: policies.ResourceProperties{Environment: r.environment, Class: r.class, Owner: r.owner, Kind: r.kind}},
		Context: policies.Context{Time: now.Unix(), MFA: r.mfa},
	}
	if r.human {
		in.Subject.Type = "human"
	}
	for _, g := range r.groups {
		in.Subject.Keys = append(in.Subject.Keys, "group/"+g)
	}
	if r.reason != "" || r.ticket != "" {
		in.Context.BreakGlass = &policies.BreakGlass{Reason: r.reason, Ticket: r.ticket}
	}
	return in, nil
}

func (f *policyFlags) can(std stdio, d policies.Access) error {
	err := f.report(std, d, func(w io.Writer) error {
		if d.Allow {
			_, err := fmt.Fprintf(w, "yes: %s\n", strings.Join(append(d.Grants, d.Obligations...), ", "))
			return err
		}
		for _, reason := range d.Reasons {
			fmt.Fprintf(w, "no: %s (%s)\n", reason.Message, reason.Code)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if d.Err != nil {
		return &exitError{ExitFailed, nil}
	}
	return exitOf(d)
}
