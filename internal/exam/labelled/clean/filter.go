package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
)

// result is what a filter did with a text.
type result struct {
	bytes   int64
	rules   map[string]int      // rule → placeholders
	samples map[string][]string // rule → placeholders with what stands around
	silent  bool                // the text was changed and there is no placeholder
}

// counter counts and hashes what goes through.
type counter struct {
	hash  hash.Hash64
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return c.hash.Write(p)
}

// filter pipes a text through the command.
func filter(ctx context.Context, command []string, k kind, samples int) (*result, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	given, got := &counter{hash: fnv.New64a()}, &counter{hash: fnv.New64a()}
	fed := make(chan error, 1)
	go func() {
		buffered := bufio.NewWriterSize(in, 1<<16)
		err := k.write(io.MultiWriter(buffered, given))
		fed <- cmp.Or(err, buffered.Flush(), in.Close())
	}()
	r := &result{rules: map[string]int{}, samples: map[string][]string{}}
	read := r.look(io.TeeReader(out, got), samples)
	if err := cmp.Or(read, <-fed, cmd.Wait()); err != nil {
		return nil, err
	}
	r.bytes = given.bytes
	r.silent = len(r.rules) == 0 && given.hash.Sum64() != got.hash.Sum64()
	return r, nil
}

var placeholder = regexp.MustCompile(`\[REDACTED:([^:\]]+)[^\]]*\]`)

// around is how many bytes a sample shows on either side.
const around = 60

// look counts the placeholders in the output of a filter, line by line.
func (r *result) look(out io.Reader, samples int) error {
	lines := bufio.NewReaderSize(out, 1<<16)
	for {
		line, err := lines.ReadString('\n')
		for _, m := range placeholder.FindAllStringSubmatchIndex(line, -1) {
			rule := line[m[2]:m[3]]
			if r.rules[rule]++; r.rules[rule] <= samples {
				r.samples[rule] = append(r.samples[rule], line[max(0, m[0]-around):min(len(line), m[1]+around)])
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// add adds the counts of another text.
func (r *result) add(other *result) {
	r.bytes += other.bytes
	r.silent = r.silent || other.silent
	if r.rules == nil {
		r.rules = map[string]int{}
	}
	for rule, n := range other.rules {
		r.rules[rule] += n
	}
}

// write prints the counts, the most frequent rule first, and the samples.
func (r *result) write(w io.Writer, name string) {
	total := 0
	for _, n := range r.rules {
		total += n
	}
	fmt.Fprintf(w, "%s: %.1f MB, %d redactions\n", name, float64(r.bytes)/1e6, total)
	if r.silent {
		fmt.Fprintln(w, "  the text was changed, but there is no placeholder")
	}
	rules := slices.SortedFunc(maps.Keys(r.rules), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.rules[b], r.rules[a]), cmp.Compare(a, b))
	})
	for _, rule := range rules {
		fmt.Fprintf(w, "  %6d  %s\n", r.rules[rule], rule)
		for _, sample := range r.samples[rule] {
			fmt.Fprintf(w, "          %q\n", sample)
		}
	}
}
