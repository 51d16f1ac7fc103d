// Command peers holds the leak exam of the tools that people use instead, and
// prints a table in Markdown:
//
//	go run ./internal/exam/leak/peers [-j N] [-cache FOLDER] [NAME ...]
//
// It builds stanch and the filter around gitleaks' detector, and installs the
// others with pip and npm into the cache. Tools that are libraries run behind the
// few lines in adapters/. What cannot be had is told in a line below the table.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	cache := flag.String("cache", "", "`folder` that keeps the peers (default: the user's cache)")
	jobs := flag.Int("j", runtime.GOMAXPROCS(0), "how many vectors are examined at the same time")
	flag.Parse()
	if err := run(ctx, os.Stdout, *cache, *jobs, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

// bench is where the exam is held.
type bench struct {
	cache    string // keeps what was installed
	adapters string
	leak     string // the command of the exam
	jobs     int
}

func run(ctx context.Context, w io.Writer, cache string, jobs int, names []string) error {
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return err
		}
		cache = filepath.Join(user, "stanch-exam", "peers")
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return err
	}
	root, err := output(ctx, "", "go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	b := &bench{cache, filepath.FromSlash("internal/exam/leak/peers/adapters"), filepath.Join(cache, "leak"), jobs}
	if _, err := output(ctx, "", "go", "build", "-o", b.leak, "./internal/exam/leak"); err != nil {
		return err
	}
	fmt.Fprintln(w, "| tool | passed | leaked | lost other text | broke the format |\n|---|---|---|---|---|")
	var missing []string
	for _, p := range peers {
		if len(names) > 0 && !slices.Contains(names, p.name) {
			continue
		}
		row, err := b.hold(ctx, p)
		if err != nil {
			missing = append(missing, fmt.Sprintf("%s was not examined: %v", p.name, err))
			continue
		}
		fmt.Fprintln(w, row)
	}
	fmt.Fprintln(w)
	for _, line := range missing {
		fmt.Fprintln(w, line)
	}
	return ctx.Err()
}

// hold installs a peer, holds its exam and returns its row of the table.
func (b *bench) hold(ctx context.Context, p peer) (string, error) {
	command, err := p.install(ctx, b)
	if err != nil {
		return "", err
	}
	args := append([]string{"-o", "json", "-j", fmt.Sprint(b.jobs), "--"}, command...)
	report, err := output(ctx, "", b.leak, args...)
	if err != nil {
		return "", err
	}
	var s struct {
		Total                        struct{ Passed, Of int }
		Leaked, Lost, Broken, Errors int
	}
	if err := json.Unmarshal([]byte(report), &s); err != nil {
		return "", err
	}
	if s.Errors == s.Total.Of {
		return "", errors.New("it fails for every vector")
	}
	row := fmt.Sprintf("| %s | %.1f %% (%d of %d) | %d | %d | %d |", p.doc,
		100*float64(s.Total.Passed)/float64(s.Total.Of), s.Total.Passed, s.Total.Of, s.Leaked, s.Lost, s.Broken)
	return row, nil
}

// output runs a command in dir and returns its standard output; an error carries
// the last line that it said.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(said.String()), "\n")
		return "", fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args[:min(2, len(args))], " "), err, lines[len(lines)-1])
	}
	return strings.TrimSpace(string(out)), nil
}
