package source

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/stanch-dev/stanch/scanner"
)

// worker reads one source at a time. Its buffers are made when first needed and
// used for all of them.
type worker struct {
	id    int
	opts  *Options
	cov   *Coverage
	visit Visit

	allowed  *pathList
	own      []fs.FileInfo
	buf      []byte
	reader   *bufio.Reader // with Compat
	file     File
	fragment scanner.Fragment
}

// emit hands out the fragment, of which own bytes are not shared.
func (w *worker) emit(own int) {
	if w.fragment.Offset == 0 {
		w.cov.files.Add(1)
	}
	w.fragment.Path = w.file.Path
	w.visit(w.id, &w.file, &w.fragment)
	w.cov.bytes.Add(int64(own))
}

// read cuts in, which is file.
func (w *worker) read(ctx context.Context, file File, in *input) {
	cut := w.blocks
	if w.opts.Compat {
		cut = w.compat
	}
	w.file = file
	if err := cut(ctx, in); err != nil {
		w.cov.incomplete(file.Path, err)
	}
}

// nothing records an input without a byte.
func (w *worker) nothing(in *input, err error) error {
	if err = in.end(err); err == nil {
		w.cov.skip(w.file.Path, Empty)
	}
	return err
}

// entry is a file that a walk came upon.
type entry struct {
	path string
	mode fs.FileMode // its type bits
	// named is set for a path given to Walk: if that cannot be read, what was asked
	// for was not done.
	named bool
}

// open reads an entry unless a rule skips it.
func (w *worker) open(ctx context.Context, e entry) {
	name := filepath.ToSlash(e.path)
	if w.allowed.match(name) {
		w.cov.skip(name, Allowlisted)
		return
	}
	file := File{Path: name}
	if e.mode&fs.ModeSymlink != 0 {
		real, err := resolve(e.path)
		if err != nil {
			w.notRead(name, err, e.named)
			return
		}
		e.path = real
		file = File{Path: filepath.ToSlash(real), Symlink: name}
	}
	f, info, err := openRegular(e.path)
	if err != nil {
		w.notRead(name, err, e.named)
		return
	}
	defer f.Close()
	if why, skip := w.rule(file, info); skip {
		w.cov.skip(name, why)
		return
	}
	w.read(ctx, file, newInput(f, info.Size()))
}

// notRead records an entry that could not be opened. What is neither a file nor was
// asked for by name is no gap.
func (w *worker) notRead(name string, err error, named bool) {
	switch {
	case errors.Is(err, errDirectory) && !named:
		w.cov.skip(name, Symlink)
	case errors.Is(err, errSpecial) && !named:
		w.cov.skip(name, Special)
	default:
		w.cov.incomplete(name, err)
	}
}

// rule returns why a file is not to be read.
func (w *worker) rule(file File, info fs.FileInfo) (why Reason, skip bool) {
	switch {
	case w.opts.Compat && info.Size() == 0:
		return Empty, true
	case w.opts.MaxFileSize > 0 && info.Size() > w.opts.MaxFileSize:
		return TooLarge, true
	case w.opts.Compat && isArchiveName(file.Path):
		return ArchiveName, true
	case w.isOwn(file.Path, info):
		return Own, true
	case !w.opts.Compat && file.Symlink != "" && w.allowed.match(file.Path):
		return Allowlisted, true
	}
	return 0, false
}

func (w *worker) isOwn(path string, info fs.FileInfo) bool {
	return slices.Contains(w.opts.Own, path) ||
		slices.ContainsFunc(w.own, func(own fs.FileInfo) bool { return os.SameFile(own, info) })
}

// ownFiles describes the files of opts.Own that exist; compat knows them by name
// only.
func ownFiles(opts *Options) (own []fs.FileInfo) {
	if opts.Compat {
		return nil
	}
	for _, path := range opts.Own {
		if info, err := os.Stat(path); err == nil {
			own = append(own, info)
		}
	}
	return own
}

// What a path can lead to other than a regular file.
var (
	errDirectory = errors.New("is a directory")
	errSpecial   = errors.New("not a regular file")
)

// checkRegular returns what info describes, if not a regular file, as an error.
func checkRegular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errDirectory
	case !info.Mode().IsRegular():
		return errSpecial
	}
	return nil
}

// resolve returns the regular file that a symbolic link leads to.
func resolve(link string) (string, error) {
	path, err := filepath.EvalSymlinks(link)
	if err != nil {
		return "", err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	return path, checkRegular(info)
}

// openRegular opens a regular file, without waiting for the other end of what turns
// out to be a pipe.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}
