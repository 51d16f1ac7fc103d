package cli

import (
	"fmt"
	"os"
	"sync"

	"github.com/stanch-dev/stanch/internal/known"
	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/redact"
)

// motionScanner returns a scanner for data in motion by the rules of a file, our own
// if it is empty.
func motionScanner(std stdio, file string) (*scanner.Scanner, error) {
	set, err := rules.Motion()
	if file != "" {
		set, err = rules.LoadMotion(file)
	}
	if err != nil {
		return nil, err
	}
	for _, warning := range set.Warnings {
		fmt.Fprintf(std.err, "stanch: warning: %s\n", warning)
	}
	return scanner.New(set, scanner.Options{MaxDecodeDepth: decodeDepth, IgnoreAllow: true})
}

// sealing returns a redactor like r that encrypts to the public key of a file, r itself
// if it is empty.
func sealing(r *redact.Redactor, file string) (*redact.Redactor, error) {
	if file == "" {
		return r, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	key, err := redact.ParseSealKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r.SealTo(key), nil
}

// loadKnown loads the known secrets of a file, nil for none, and says how many of
// them cannot be found.
func loadKnown(std stdio, file string) (*known.Set, error) {
	if file == "" {
		return nil, nil
	}
	set, err := known.Load(file)
	if err != nil {
		return nil, err
	}
	if refused := len(set.Refused()); refused > 0 {
		fmt.Fprintf(std.err, "stanch: warning: %d of %s cannot be found: see 'stanch known status'\n", refused, count(set.Len()+refused, "known secret"))
	}
	return set, nil
}

// talk returns what says things on standard error, a line each, from any goroutine.
func talk(std stdio) func(error) {
	var mu sync.Mutex
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(std.err, "stanch: %v\n", err)
	}
}
