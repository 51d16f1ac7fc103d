// Command stanch stops secrets from leaking: it finds them at rest and redacts
// them in motion. Everything it does is wired in package internal/cli.
package main

import (
	"os"

	"github.com/stanch-dev/stanch/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
