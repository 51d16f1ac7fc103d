package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// bench measures tools on corpora.
type bench struct {
	dir     string // for reports, and the tools' home
	runs    int
	tools   []tool
	corpora []data    // the first is the start-up one
	log     io.Writer // says what is being done
}

// sample is what one process took.
type sample struct {
	cpu, wall time.Duration
	// rss is the peak of resident memory in bytes. Linux counts what this process
	// had when it started the other, so that the figure is never below that: this
	// process generates, copies and reads everything piece by piece.
	rss      int64
	scanned  int64 // bytes, as the tool says; -1 when it does not
	findings int
}

// result is the median of a tool's samples on a corpus.
type result struct {
	tool, corpus string
	cores        int
	bytes        int64
	sample
}

// warmUp runs each tool once without measuring: Kingfisher compiles its rules at
// its first run on a machine and keeps them.
func (b *bench) warmUp(ctx context.Context) error {
	for _, t := range b.tools {
		if _, err := b.once(ctx, t, b.corpora[0].whole, 1); err != nil {
			return fmt.Errorf("%s does not start: %w", t.name, err)
		}
	}
	return nil
}

// measure runs all tools on all corpora on a number of cores, in turn.
func (b *bench) measure(ctx context.Context, cores int) (results []result, err error) {
	for _, c := range b.corpora {
		samples := make([][]sample, len(b.tools))
		for run := range b.runs {
			for i, t := range b.tools {
				fmt.Fprintf(b.log, "%s, %d core(s), run %d of %d: %s\n", c.name, cores, run+1, b.runs, t.name)
				s, err := b.once(ctx, t, c.input(t), cores)
				if err != nil {
					return nil, fmt.Errorf("%s on %s: %w", t.name, c.name, err)
				}
				samples[i] = append(samples[i], s)
			}
		}
		for i, t := range b.tools {
			results = append(results, result{t.name, c.name, cores, c.input(t).bytes, median(samples[i])})
		}
	}
	return results, nil
}

// input is the part of the corpus that a tool scans.
func (d data) input(t tool) input {
	if t.slow && d.name != startup {
		return d.tenth
	}
	return d.whole
}

// median returns the median of each figure on its own.
func median(samples []sample) sample {
	return sample{
		cpu:      middle(samples, func(s sample) time.Duration { return s.cpu }),
		wall:     middle(samples, func(s sample) time.Duration { return s.wall }),
		rss:      middle(samples, func(s sample) int64 { return s.rss }),
		scanned:  middle(samples, func(s sample) int64 { return s.scanned }),
		findings: middle(samples, func(s sample) int { return s.findings }),
	}
}

func middle[T cmp.Ordered](samples []sample, figure func(sample) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = figure(s)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// once runs one tool on one input.
func (b *bench) once(ctx context.Context, t tool, in input, cores int) (s sample, err error) {
	report := filepath.Join(b.dir, "report.json")
	os.Remove(report)
	args := append([]string{t.path}, t.command(in, report)...)
	if t.name == kingfisher {
		args = append(args, "--jobs", strconv.Itoa(cores))
	}
	if taskset, err := exec.LookPath("taskset"); err == nil && cores == 1 {
		args = append([]string{taskset, "-c", "0"}, args...) // it replaces itself by the tool
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = b.dir
	cmd.Env = append([]string{"HOME=" + b.dir, "PATH=" + os.Getenv("PATH"), "GOMAXPROCS=" + strconv.Itoa(cores)}, t.env...)
	if in.stdin {
		f, err := os.Open(in.path)
		if err != nil {
			return s, err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	said, err := b.execute(cmd, t, report, &s)
	if err != nil {
		return s, err
	}
	s.scanned = -1
	if m := regexp.MustCompile(t.scanned).FindSubmatch(said); m != nil {
		s.scanned, _ = strconv.ParseInt(string(m[1]), 10, 64)
	}
	s.findings, err = countFindings(report)
	return s, err
}

// execute runs cmd, fills in what it took, and returns what it said.
func (b *bench) execute(cmd *exec.Cmd, t tool, report string, s *sample) (said []byte, err error) {
	var talk bytes.Buffer
	cmd.Stderr = &talk
	out, err := os.Create(filepath.Join(b.dir, "stdout"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout = out
	start := time.Now()
	err = cmd.Run()
	s.wall = time.Since(start)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	if code := cmd.ProcessState.ExitCode(); !slices.Contains(t.ok, code) {
		return nil, fmt.Errorf("exit code %d: %s", code, talk.Bytes()[max(0, talk.Len()-400):])
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.rss = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if _, err := os.Stat(report); err != nil { // the report was written to standard output
		return talk.Bytes(), os.Rename(out.Name(), report)
	}
	summary, err := os.ReadFile(out.Name())
	return append(talk.Bytes(), summary...), err
}
