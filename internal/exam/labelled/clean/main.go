// Command clean counts false positives: it pipes text without secrets through a
// filter and lists what was redacted all the same.
//
//	go run ./internal/exam/labelled/clean [-mb N] [-known N] [-- COMMAND [ARGUMENT ...]]
//
// The text is made-up logs of all formats, half of all; the Go source tree; and
// minified script, JSON, base64 and languages other than English, from seed and
// size alone. The Go tree is real: it does hold keys, in tests, which is for the
// reader of the list to judge. Without a command it is `stanch filter` of this
// tree; in its arguments {known} stands for a list of made-up known secrets.
//
// It prints for each kind of text how many placeholders came out, by rule, and some
// of them with what stands around, then the rate. Placeholders are recognised as
// [REDACTED:rule…]; a change without one is counted too.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	megabytes := flag.Int64("mb", 240, "how much `MB` of made-up text; the Go tree comes on top")
	known := flag.Int("known", 100_000, "how many known secrets {known} lists")
	samples := flag.Int("samples", 5, "how many redactions of each rule are shown, for each kind of text")
	flag.Parse()
	if err := run(ctx, os.Stdout, *megabytes*1e6, *known, *samples, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "clean:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, size int64, known, samples int, command []string) error {
	work, err := os.MkdirTemp("", "clean-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if len(command) == 0 {
		if command, err = stanch(ctx, work); err != nil {
			return err
		}
	}
	list := filepath.Join(work, "known")
	if err := writeKnown(list, known); err != nil {
		return err
	}
	for i, arg := range command {
		command[i] = strings.ReplaceAll(arg, "{known}", list)
	}
	goroot, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return err
	}
	var all result
	for _, k := range kinds(strings.TrimSpace(string(goroot)), size) {
		r, err := filter(ctx, command, k, samples)
		if err != nil {
			return fmt.Errorf("%s: %w", k.name, err)
		}
		r.write(w, k.name)
		all.add(r)
	}
	all.write(w, "all")
	return nil
}

// stanch builds this tree and returns the command of its filter.
func stanch(ctx context.Context, work string) ([]string, error) {
	path := filepath.Join(work, "stanch")
	root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", path, ".")
	build.Dir = strings.TrimSpace(string(root))
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building stanch: %w\n%s", err, out)
	}
	return []string{path, "filter", "--quiet", "--known", "{known}"}, nil
}

// writeKnown writes a list of made-up secrets that stand in no text.
func writeKnown(name string, n int) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 0xc1ea))
	w := bufio.NewWriter(f)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range n {
		fmt.Fprintf(w, "clean/%d=", i)
		for range 20 + i%30 {
			w.WriteByte(alphabet[rng.IntN(len(alphabet))])
		}
		w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
