package cli

import "github.com/stanch-dev/stanch/proxy"

// NewDecider returns what decides by the policies of a directory.
func NewDecider(dir string, report func(error)) (proxy.Decider, error) {
	return loadDecider(dir, report)
}
