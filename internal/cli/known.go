package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/stanch-dev/stanch/internal/known"
)

// mostRefused is how many refused secrets are named when an index is built.
const mostRefused = 10

func newKnown(std stdio) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "known",
		Short: "make and inspect the files that known secrets are found by",
		Long: `Known secrets are found by their value, whatever they look like. They come from
a file of one of two kinds:

A list has a secret a line, as NAME=VALUE or the value alone. It holds the secrets
themselves, so only its owner may read it (chmod 600). Every secret of 8 bytes or
more is found.

An index, made of a list, holds of each secret 26 bits and a keyed digest. It is
enough to find the secret and too little to recover it, and is what belongs on
machines that need not know the secrets. Only secrets that cannot be guessed can be
in it: those with less than 98 bits of entropy are refused.`,
		Example: `  stanch known build secrets.env -o secrets.index
  stanch known status secrets.index`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newKnownBuild(std), newKnownStatus(std))
	return cmd
}

func newKnownBuild(std stdio) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "build SECRETS",
		Short: "make an index of a list of secrets",
		Long: `Build makes an index of the list SECRETS: a file with a secret a line, as
NAME=VALUE or the value alone, which is then named by its line. Blank lines and
lines that begin with # are skipped. In double quotes, \n, \r, \t, \" and \\ are
escapes, so that a private key can stand on one line; in single quotes nothing is.

The index is written to a new file that takes the place of the old one. The keys of
an index that is there already are kept: what indexes of different keys give away
adds up. Secrets that cannot be in the index are listed on standard error.

Exit codes: 0 written, 2 usage, 3 not written.`,
		Example: `  stanch known build secrets.env
  stanch known build secrets.env -o /etc/stanch/secrets.index`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if output == "" {
				output = args[0] + ".index"
			}
			return buildIndex(std, args[0], output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "index `file` to write (default SECRETS.index)")
	return cmd
}

func buildIndex(std stdio, list, output string) error {
	keys, err := keysFor(output)
	if err != nil {
		return usageError(err)
	}
	values, wipe, err := known.LoadList(list)
	if err != nil {
		return usageError(err)
	}
	defer wipe()
	ix := keys.Index(values)
	set := ix.Set()
	refused := set.Refused()
	for _, r := range refused[:min(len(refused), mostRefused)] {
		fmt.Fprintf(std.err, "stanch: %s: line %d: %s is not in the index: %s\n", list, r.Line, r.Name, r.Why)
	}
	if more := len(refused) - mostRefused; more > 0 {
		fmt.Fprintf(std.err, "stanch: %s: %d more are not: see 'stanch known status'\n", list, more)
	}
	if set.Len() == 0 {
		return &exitError{ExitFailed, fmt.Errorf("no secret of %s can be in an index", list)}
	}
	if err := ix.WriteFile(output); err != nil {
		return &exitError{ExitFailed, err}
	}
	fmt.Fprintf(std.err, "%s: %d of %d secrets\n", output, set.Len(), len(values))
	return nil
}

// keysFor returns the keys of the index at path, new ones if there is nothing. It is
// an error if something else is there.
func keysFor(path string) (keys known.Keys, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return known.NewKeys(), nil
	}
	if err != nil {
		return keys, err
	}
	defer file.Close()
	ix, err := known.ReadIndex(file)
	if err != nil {
		return keys, fmt.Errorf("%s would be overwritten: %w", path, err)
	}
	return ix.Keys(), nil
}
