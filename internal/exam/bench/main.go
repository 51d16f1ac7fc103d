// Command bench compares stanch with the tools people use instead: gitleaks, built
// as its releases are and as `go install` builds it, and Kingfisher. Whole
// processes scan the same data in turn (A B A B …), and what counts is CPU time, so
// that a busy machine changes little; the ratios stand beside the budgets of the
// design. Findings and scanned bytes are counted too: nobody wins by not looking.
//
// It is a module of its own, so that the peers stay out of stanch's go.mod. The
// tests in this folder run gitleaks' detector and stanch's scanner in one process.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	quick := flag.Bool("quick", false, "20 MB unless -mb says otherwise, one run, on one core")
	megabytes := flag.Int64("mb", 0, "`size` of each corpus in MB (default 100); gitleaks without RE2 gets a tenth")
	runs := flag.Int("runs", 3, "how often each tool scans each corpus; medians count")
	cache := flag.String("cache", "", "`folder` that keeps the peers' binaries (default: the user's cache)")
	flag.Parse()
	cores := []int{1, 2}
	size := cmp.Or(*megabytes, 100)
	if *quick {
		size, *runs, cores = cmp.Or(*megabytes, 20), 1, cores[:1]
	}
	if *cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("finding a folder for the peers' binaries (name one with -cache): %w", err)
		}
		*cache = filepath.Join(user, "stanch-bench")
	}
	work, err := os.MkdirTemp("", "stanch-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)

	tools, missing, err := findTools(ctx, *cache)
	if err != nil {
		return err
	}
	corpora, err := writeCorpora(ctx, filepath.Join(work, "data"), size*1e6)
	if err != nil {
		return err
	}
	b := &bench{dir: work, runs: *runs, tools: tools, corpora: corpora, log: os.Stderr}
	if err := b.warmUp(ctx); err != nil {
		return err
	}
	var results []result
	for _, n := range cores {
		part, err := b.measure(ctx, n)
		if err != nil {
			return err
		}
		results = append(results, part...)
	}
	printResults(os.Stdout, results)
	printRatios(os.Stdout, results)
	for _, line := range missing {
		fmt.Println(line)
	}
	return nil
}
