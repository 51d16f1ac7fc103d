// Command gitleaks examines whether stanch finds what gitleaks 8.30.1 finds: in
// compatible mode exactly that, in its default mode at least that.
//
// It prints, for each corpus, how much was scanned, what gitleaks found and how
// many findings only one side has, then the differences themselves. It exits 1
// when there are any. README.md tells how it is used.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/stanch-dev/stanch/internal/exam/gitleaks/corpus"
	"github.com/stanch-dev/stanch/internal/exam/gitleaks/parity"
)

func main() {
	code, err := run(os.Args[1:], os.Stdout, os.Stderr)
	if err != nil {
		fmt.Fprintf(os.Stderr, "exam: %v\n", err)
		code = 3
	}
	os.Exit(code)
}

// run examines what args ask for and returns 1 when a subject failed.
func run(args []string, stdout, stderr io.Writer) (code int, err error) {
	flags := flag.NewFlagSet("exam", flag.ContinueOnError)
	flags.SetOutput(stderr)
	name := flags.String("corpus", "all", "what to scan: all, a `folder`, or one of the names below")
	fresh := flags.Bool("fresh", false, "scan with gitleaks even where its findings have been kept")
	seed := flags.Uint64("seed", uint64(time.Now().UnixNano()), "seed of the random choices")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: go run . [flags] [saved fragment ...]")
		flags.PrintDefaults()
		for _, c := range corpora {
			fmt.Fprintf(stderr, "  %-9s %s\n", c.name, c.doc)
		}
	}
	if flags.Parse(args) != nil {
		return 2, nil
	}
	dirs, err := newFolders()
	if err != nil {
		return 0, err
	}
	if *fresh {
		dirs.kept = ""
	}
	reference, err := parity.NewReference(dirs.kept)
	if err != nil {
		return 0, err
	}
	subjects, err := stanch()
	if err != nil {
		return 0, err
	}
	list, err := chosen(*name, flags.Args(), reference, *seed)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(stdout, "gitleaks %s, seed %d\n", parity.Release, *seed)
	return examine(stdout, list, reference, subjects, dirs.failed)
}

// stanch returns the subjects: stanch's scanner in either mode.
func stanch() ([]parity.Subject, error) {
	compat, err := parity.Stanch(true)
	if err != nil {
		return nil, err
	}
	standard, err := parity.Stanch(false)
	if err != nil {
		return nil, err
	}
	return []parity.Subject{{Name: "compat", Scan: compat, Judge: parity.Exact}, {Name: "default", Scan: standard, Judge: parity.Covers}}, nil
}

// examine prints the table, and the differences below each of its rows.
func examine(w io.Writer, list []corpus.Corpus, reference *parity.Reference, subjects []parity.Subject, failed string) (code int, err error) {
	parity.TableHead(w)
	for _, c := range list {
		tally, err := parity.Run(c, reference, subjects)
		if err != nil {
			return 0, err
		}
		tally.Table(w)
		if !tally.Failed() {
			continue
		}
		code = 1
		tally.Describe(w)
		names, err := tally.Save(failed)
		if err != nil {
			return 0, err
		}
		for _, name := range names {
			fmt.Fprintln(w, "saved:", name)
		}
	}
	return code, nil
}

// folders are where the exam keeps things from run to run.
type folders struct{ kept, failed string }

func newFolders() (folders, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return folders{}, err
	}
	cache = filepath.Join(cache, "stanch-exam")
	return folders{filepath.Join(cache, "gitleaks"), filepath.Join(cache, "failed")}, nil
}
