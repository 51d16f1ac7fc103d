package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/stanch-dev/stanch/internal/exam/leak/vector"
)

// toolTimeout ends a tool that does not end by itself.
const toolTimeout = 30 * time.Second

// command returns a tool that starts a filter command for each vector. dir takes
// the lists of known secrets.
func command(args []string, dir string) tool {
	return func(ctx context.Context, v *vector.Vector) ([]byte, error) {
		ctx, cancel := context.WithTimeout(ctx, toolTimeout)
		defer cancel()
		known, err := os.CreateTemp(dir, "known-*") // of mode 0600
		if err != nil {
			return nil, err
		}
		defer os.Remove(known.Name())
		if err := errors.Join(known.Close(), writeKnown(known.Name(), []vector.Vector{*v})); err != nil {
			return nil, err
		}
		filled := make([]string, len(args))
		for i, arg := range args {
			filled[i] = strings.ReplaceAll(arg, "{known}", known.Name())
		}
		return filter(exec.CommandContext(ctx, filled[0], filled[1:]...), v)
	}
}

// filter gives the input of v to a command in its chunks and returns what it writes.
func filter(cmd *exec.Cmd, v *vector.Vector) ([]byte, error) {
	in, feed, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &said
	err = cmd.Start()
	in.Close()
	if err != nil {
		feed.Close()
		return nil, err
	}
	write := func(chunk []byte) error {
		_, err := feed.Write(chunk)
		return err
	}
	fed := inChunks(v, write, func() { awaitEmpty(feed) })
	feed.Close()
	if err := cmd.Wait(); err != nil {
		return out.Bytes(), fmt.Errorf("%w, after saying %d bytes", err, said.Len()) // what it said may hold the secret
	}
	if errors.Is(fed, syscall.EPIPE) {
		return out.Bytes(), errors.New("it did not read to the end")
	}
	return out.Bytes(), fed
}

// inChunks hands the input of v to write chunk by chunk and calls pause between.
func inChunks(v *vector.Vector, write func([]byte) error, pause func()) error {
	rest, length := v.Input, len(v.Input)
	for i := 0; len(rest) > 0; i++ {
		if i > 0 {
			pause()
		}
		if i < len(v.Chunks) {
			length = v.Chunks[i]
		}
		n := min(length, len(rest))
		if n <= 0 {
			return fmt.Errorf("chunk %d of %s has no bytes", i, v.ID)
		}
		if err := write(rest[:n]); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}

// inPieces is the input of v as a reader that gives one chunk at a time.
func inPieces(v *vector.Vector) io.Reader {
	r, w := io.Pipe()
	go func() {
		w.CloseWithError(inChunks(v, func(chunk []byte) error {
			_, err := w.Write(chunk)
			return err
		}, func() { time.Sleep(time.Millisecond) }))
	}()
	return r
}
