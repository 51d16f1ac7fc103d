// Command leak runs the leak exam against any tool that redacts:
//
//	go run ./internal/exam/leak [flags] -- COMMAND [ARGUMENT ...]
//	go run ./internal/exam/leak [flags] -http URL
//
// For each vector of scanner/testdata/vectors the command is started, given the
// input on its standard input and judged by its standard output. In its arguments
// {known} stands for a file with the secrets that the vector tells the tool before,
// one name=value a line. With -http the input is the body of a POST request, and
// the body of the response is judged; what such a tool should know before, -known
// writes to a file.
//
// The table shows for each value of each axis how many vectors were passed, and at
// its end how many failed why; a vector can fail in several ways. -v lists the
// failures. No secret is printed. Exit codes: 0 the exam was held, whatever its
// outcome; 2 usage; 3 it could not be held.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// options are the flags of the command.
type options struct {
	vectors, only    string
	http, known      string
	output           string
	verbose          bool
	jobs             int
	command          []string
	matching         *regexp.Regexp // only, compiled
	stdout, messages io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "leak:", err)
		os.Exit(2)
	}
	if err := o.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "leak:", err)
		os.Exit(3)
	}
}

func parseOptions(args []string) (*options, error) {
	o := &options{stdout: os.Stdout, messages: os.Stderr}
	flags := flag.NewFlagSet("leak", flag.ExitOnError)
	flags.StringVar(&o.vectors, "vectors", filepath.FromSlash("scanner/testdata/vectors"), "`folder` of the vectors")
	flags.StringVar(&o.only, "only", "", "take only vectors whose id matches the `expression`")
	flags.StringVar(&o.http, "http", "", "send the inputs to `URL` instead of running a command")
	flags.StringVar(&o.known, "known", "", "write the known secrets of all vectors to `file`, and do nothing else")
	flags.StringVar(&o.output, "o", "text", "`format` of the report: text or json")
	flags.BoolVar(&o.verbose, "v", false, "list the vectors that fail")
	flags.IntVar(&o.jobs, "j", runtime.GOMAXPROCS(0), "how many vectors are examined at the same time")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	o.command = flags.Args()
	var err error
	if o.matching, err = regexp.Compile(o.only); err != nil {
		return nil, err
	}
	switch {
	case o.output != "text" && o.output != "json":
		return nil, fmt.Errorf("no format %q; there are text and json", o.output)
	case o.jobs < 1:
		return nil, errors.New("-j must be at least 1")
	case o.known == "" && (o.http == "") == (len(o.command) == 0):
		return nil, errors.New("name a command after --, or a URL with -http")
	}
	return o, nil
}

func (o *options) run(ctx context.Context) error {
	all, err := vector.Load(os.DirFS(o.vectors))
	if err != nil {
		return err
	}
	var vectors []vector.Vector
	for _, v := range all {
		if o.matching.MatchString(v.ID) {
			vectors = append(vectors, v)
		}
	}
	if len(vectors) == 0 {
		return fmt.Errorf("no vector in %s matches", o.vectors)
	}
	if o.known != "" {
		return writeKnown(o.known, vectors)
	}
	t := overHTTP(o.http)
	if o.http == "" {
		dir, err := os.MkdirTemp("", "leak-exam-*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		t = command(o.command, dir)
	}
	outcomes, err := examine(ctx, vectors, t, o.jobs)
	if err != nil {
		return err
	}
	s := score(outcomes)
	if o.output == "json" {
		return s.writeJSON(o.stdout)
	}
	s.writeText(o.stdout, o.verbose)
	return nil
}

// unrelated stands in every list of known secrets and in no vector: a tool may well
// refuse an empty list.
const unrelated = "exam/unrelated=" + "wV4k-Tz91-qLp7-Xn26-dR3m"

// writeKnown writes the known secrets of vectors as a list that only its owner can
// read.
func writeKnown(name string, vectors []vector.Vector) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	fmt.Fprintln(f, unrelated)
	for _, v := range vectors {
		for _, k := range v.Known {
			fmt.Fprintf(f, "%s=%s\n", k.Name, k.Value)
		}
	}
	return f.Close()
}
