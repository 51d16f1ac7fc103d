// Command write writes made-up text to standard output: write KIND SEED BYTES.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/stanch-dev/stanch/internal/exam/corpus"
)

// kinds are the kinds of text.
var kinds = map[string]func(w io.Writer, seed uint64, size int64) error{
	"logs": func(w io.Writer, seed uint64, size int64) error {
		return corpus.Logs(w, seed, size, corpus.LogOptions{})
	},
	"minified":   corpus.Minified,
	"json":       corpus.JSON,
	"base64":     corpus.Base64Heavy,
	"nonenglish": corpus.NonEnglish,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "write:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 3 || kinds[args[0]] == nil {
		return fmt.Errorf("usage: write logs|minified|json|base64|nonenglish SEED BYTES")
	}
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	if err := kinds[args[0]](out, seed, size); err != nil {
		return err
	}
	return out.Flush()
}
