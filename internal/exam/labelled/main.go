// Command labelled measures precision and recall of stanch, gitleaks and Kingfisher
// on the labelled set of package set:
//
//	go run ./internal/exam/labelled [-seed N] [-keep FOLDER] [-o json] [-v]
//
// It prints, in Markdown, how many of the secrets of each class a tool finds, how
// many decoys of each class it takes for secrets, and precision and recall over all.
// A line counts once, however often it is reported. -v lists the lines that are
// judged wrongly by stanch, without secrets. The peers are those that the benchmark
// (internal/exam/bench) keeps; it must have been run once.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/stanch-dev/stanch/internal/exam/labelled/set"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	seed := flag.Uint64("seed", set.Seed, "`seed` of the set")
	keep := flag.String("keep", "", "write the set to `folder` and keep it")
	cache := flag.String("cache", "", "`folder` in which the benchmark keeps the peers (default: the user's cache)")
	output := flag.String("o", "text", "`format` of the figures: text or json")
	verbose := flag.Bool("v", false, "list what stanch judges wrongly")
	flag.Parse()
	if err := run(ctx, os.Stdout, *seed, *keep, *cache, *output == "json", *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "labelled:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, seed uint64, dir, cache string, asJSON, verbose bool) error {
	work, err := os.MkdirTemp("", "labelled-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if dir == "" {
		dir = filepath.Join(work, "set")
	}
	labels, err := set.Write(dir, seed)
	if err != nil {
		return err
	}
	digest, err := set.Digest(dir)
	if err != nil {
		return err
	}
	tools, missing, err := findTools(ctx, cache, work)
	if err != nil {
		return err
	}
	var all []figures
	for _, t := range tools {
		found, err := t.scan(ctx, dir, filepath.Join(work, t.name+".report"))
		if err != nil {
			return err
		}
		f := score(t.name, labels, found)
		all = append(all, f)
		if verbose && t.name == stanch {
			describe(w, labels, found)
		}
	}
	if asJSON {
		return writeJSON(w, seed, digest, all)
	}
	writeMarkdown(w, seed, digest, all)
	for _, line := range missing {
		fmt.Fprintln(w, line)
	}
	return nil
}
