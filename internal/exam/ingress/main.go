// Command ingress measures what stanch costs in front of an API. Four ways to the same
// API are taken in turn, round after round in one run: none (direct), a plain
// httputil.ReverseProxy, `stanch proxy ingress` with its default rules and 1,000 known
// secrets, and mitmproxy with an addon that redacts the same. Each is a process of its
// own, and what counts is the CPU time it takes for a request, read from /proc: a busy
// machine changes that little. The API and the ReverseProxy are modes of this program.
//
// Before anything is measured each proxy must show that it does its work: nobody wins
// by not looking. It imports nothing of stanch, it runs the binary. Linux only.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

// settings are what a run is told.
type settings struct {
	stanch   string        // the binary; empty to build one
	cache    string        // folder that keeps mitmproxy
	output   string        // text or json
	rounds   int           // of each load
	span     time.Duration // of one target in one round
	conns    int           // at once
	wrk      bool          // where there is one
	mitm     bool
	idle     int     // connections
	longGiB  float64 // of the long body
	only     string  // protocol to measure; empty for both
	progress io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ingress:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && (args[0] == roleAPI || args[0] == rolePlain) {
		return serve(args[0], args[1:])
	}
	s := settings{progress: os.Stderr}
	flags := flag.NewFlagSet("ingress", flag.ExitOnError)
	flags.StringVar(&s.stanch, "stanch", "", "`binary` of stanch (default: built from this tree)")
	flags.StringVar(&s.cache, "cache", "", "`folder` that keeps mitmproxy (default: in the user's cache)")
	flags.StringVar(&s.output, "o", "text", "`format` of the result: text or json")
	flags.IntVar(&s.rounds, "rounds", 8, "how often each load is put on each target; the best counts")
	flags.DurationVar(&s.span, "time", time.Second, "how long, each time")
	flags.IntVar(&s.conns, "connections", 16, "requests at once")
	flags.BoolVar(&s.wrk, "wrk", true, "use wrk for HTTP/1.1 if there is one; else a client of our own")
	flags.BoolVar(&s.mitm, "mitmproxy", true, "measure mitmproxy, which pip fetches")
	flags.IntVar(&s.idle, "idle", 5000, "idle `connections`; 0 for none")
	flags.Float64Var(&s.longGiB, "long", 1, "`GiB` of the long body; 0 for none")
	flags.StringVar(&s.only, "protocol", "", "measure only h1 or h2")
	quick := flags.Bool("quick", false, "two rounds of half a second, 500 idle connections, a sixteenth of a GiB")
	_ = flags.Parse(args)
	if flags.NArg() > 0 || (s.output != "text" && s.output != "json") || s.rounds < 1 || s.conns < 1 {
		return fmt.Errorf("no such arguments: %s; see -h", strings.Join(args, " "))
	}
	if *quick {
		s.rounds, s.span, s.idle, s.longGiB = 2, 500*time.Millisecond, 500, 1./16
	}
	r, err := measureAll(ctx, s)
	if err != nil {
		return err
	}
	if s.output == "json" {
		return r.writeJSON(os.Stdout)
	}
	r.writeText(os.Stdout)
	return nil
}

// measureAll makes one run.
func measureAll(ctx context.Context, s settings) (*report, error) {
	work, err := os.MkdirTemp("", "stanch-ingress-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	b := &bench{settings: s, dir: work, report: &report{}}
	defer b.stopAll()
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	for _, protocol := range []string{h1, h2} {
		if s.only == "" || s.only == protocol {
			if err := b.measure(ctx, protocol); err != nil {
				return nil, err
			}
		}
	}
	if s.idle > 0 {
		if err := b.measureIdle(ctx); err != nil {
			return nil, err
		}
	}
	if s.longGiB > 0 {
		if err := b.measureLong(ctx); err != nil {
			return nil, err
		}
	}
	b.report.judge()
	return b.report, nil
}

// prepare gets everything that is run.
func (b *bench) prepare(ctx context.Context) (err error) {
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	if b.identity, err = writeIdentity(b.dir); err != nil {
		return err
	}
	if b.stanch == "" {
		b.stanch = filepath.Join(b.dir, "stanch")
		b.say("building stanch")
		if _, err := output(ctx, "go", "build", "-trimpath", "-o", b.stanch, "github.com/stanch-dev/stanch"); err != nil {
			return fmt.Errorf("building stanch (run this inside its tree, or name a binary with -stanch): %w", err)
		}
	} else if b.stanch, err = exec.LookPath(b.stanch); err != nil {
		return err
	}
	b.known = filepath.Join(b.dir, "known")
	if err := os.WriteFile(b.known, knownList(), 0o600); err != nil {
		return err
	}
	b.index = b.known + ".index"
	if _, err := output(ctx, b.stanch, "known", "build", b.known, "-o", b.index); err != nil {
		return err
	}
	if b.wrk {
		if _, err := exec.LookPath("wrk"); err != nil {
			b.wrk = false
			b.miss("wrk is not on the PATH: HTTP/1.1 was measured with a client of our own")
		}
	}
	if !b.mitm {
		b.miss("mitmproxy was not measured: -mitmproxy=false")
		return nil
	}
	if b.mitmdump, err = b.fetchMitmproxy(ctx); err != nil {
		b.mitm = false
		b.miss("mitmproxy was not measured: %v; it needs python3 with venv and pip", err)
	}
	return ctx.Err()
}

func (b *bench) say(format string, args ...any) { fmt.Fprintf(b.progress, format+"\n", args...) }

// miss notes what the run could not do.
func (b *bench) miss(format string, args ...any) {
	b.report.Missing = append(b.report.Missing, fmt.Sprintf(format, args...))
}
