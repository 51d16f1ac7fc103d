// Package source gives the scanner its input: it walks directories, opens files,
// reads streams, and cuts what it reads into fragments.
//
// Two ways of cutting stand behind one interface. The default goes over a source
// in blocks that overlap, so that nothing is missed at a border and a source of any
// size, or a line of any length, takes the memory of one block. With
// [Options].Compat the cuts, and what is left out, are those of gitleaks 8.30.1.
//
// Nothing is left out in silence: a [Coverage] counts what was read, what was
// skipped by rule and why, and names what could not be read.
package source

import (
	"context"
	"io"
	"runtime"

	"github.com/stanch-dev/stanch/rules"
	"github.com/stanch-dev/stanch/scanner"
)

// Options says which files are read and how they are cut. The zero value reads
// every regular file that does not look compressed or compiled.
type Options struct {
	// Compat cuts and skips as gitleaks 8.30.1 does.
	Compat bool
	// FollowSymlinks reads the files that symbolic links lead to, not the
	// directories. A link named as a path to Walk is followed without it.
	FollowSymlinks bool
	// MaxFileSize skips larger files; bytes, 0 means no limit.
	MaxFileSize int64
	// Allowlists skip the files and directories whose path they match.
	Allowlists []*rules.Allowlist
	// Own names files of the scan itself, which are skipped: the rules, the
	// baseline, the report that is being written. With Compat a path has to be
	// equal, without it any name of the same file will do.
	Own []string
	// Workers is how many files are read at a time; 0 means GOMAXPROCS. Each takes
	// the memory of one block, about 2 MiB.
	Workers int
}

func (o *Options) workers() int {
	if o.Workers > 0 {
		return o.Workers
	}
	return runtime.GOMAXPROCS(0)
}

// File tells where fragments come from.
type File struct {
	Path    string // as typed and walked, with slashes; "" for a stream without a name
	Symlink string // the link that led to Path; "" where there was none
}

// Visit is given every fragment. It is called by several goroutines at once, but
// for one worker, numbered from 0, by one at a time, and the fragments of a file
// come to one worker in their order. Fragment and file are valid until it returns.
type Visit func(worker int, file *File, f *scanner.Fragment)

// Read cuts what r gives until it ends. A read error is recorded in cov as
// incomplete; the error returned is ctx's.
func Read(ctx context.Context, r io.Reader, file File, opts *Options, cov *Coverage, visit Visit) error {
	w := &worker{opts: opts, cov: cov, visit: visit}
	w.read(ctx, file, &input{r: r, size: unknownSize, limit: unknownSize})
	return ctx.Err()
}
