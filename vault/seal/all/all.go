// Package all lists the seals: configuration is checked, and help is printed, from
// this table. It stands apart so that a seal can import what all seals share.
package all

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/stanch-dev/stanch/internal/secret"
	"github.com/stanch-dev/stanch/vault/seal"
	"github.com/stanch-dev/stanch/vault/seal/keyfile"
	"github.com/stanch-dev/stanch/vault/seal/passphrase"
)

// Options is what configuration says about a seal.
type Options struct {
	// Key is where the passphrase or the key is: `file:PATH` or `env:NAME`.
	Key string
	// Params are the costs of a passphrase from now on, zero for what
	// [passphrase.Calibrate] finds when something is wrapped.
	Params passphrase.Params
}

// Kind is a line of the table.
type Kind struct {
	Name string
	Doc  string // one line for people
	// New makes the seal; nil for shamir, whose shares people bring.
	New func(Options) (seal.Seal, error)
}

// Kinds returns the table, in the order it is shown in.
func Kinds() []Kind {
	return []Kind{
		{"shamir", "the root key is divided among people; a threshold of them opens the store", nil},
		{passphrase.Kind, "a passphrase, made costly to guess by argon2id; for one machine", newPassphrase},
		{keyfile.Kind, "32 random bytes in a file or variable apart from the store's disk", newKeyfile},
	}
}

// Find returns the line of a name, or an error that lists the names there are.
func Find(name string) (Kind, error) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == name {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, fmt.Errorf("seal %q is not known: it must be one of %s", name, strings.Join(names, ", "))
}

// maxPassphrase is the longest passphrase, in bytes.
const maxPassphrase = 1 << 10

func newPassphrase(o Options) (seal.Seal, error) {
	text, err := seal.Read(o.Key, maxPassphrase)
	if err != nil {
		return nil, fmt.Errorf("passphrase seal: %w", err)
	}
	// A line feed at the end of a file is an editor's, not the passphrase's.
	return passphrase.New(secret.Of(bytes.TrimRight(text, "\r\n")), o.Params)
}

func newKeyfile(o Options) (seal.Seal, error) { return keyfile.New(o.Key) }
