package source

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Walk reads the files that paths lead to: a file itself, of a directory all that
// is in it. What is named twice is read once; a path that lies under another is
// read under its own name.
//
// What cannot be read is recorded in cov, as incomplete, and the rest goes on; the
// error returned is ctx's. Pipes, sockets and devices are not opened, and one that
// takes the place of a file does not make it wait.
func Walk(ctx context.Context, paths []string, opts *Options, cov *Coverage, visit Visit) error {
	w := &walk{opts: opts, cov: cov, allowed: newPathList(opts.Allowlists, opts.Compat), entries: make(chan entry, 256)}
	own := ownFiles(opts)
	var group sync.WaitGroup
	for id := range opts.workers() {
		work := &worker{id: id, opts: opts, cov: cov, visit: visit, own: own, allowed: w.allowed.clone()}
		group.Go(func() {
			for e := range w.entries {
				if ctx.Err() == nil {
					work.open(ctx, e)
				}
			}
		})
	}
	roots := w.roots(paths)
	for _, r := range roots {
		if ctx.Err() == nil {
			w.root(ctx, r)
		}
	}
	close(w.entries)
	group.Wait()
	return ctx.Err()
}

// walk finds the files for the workers.
type walk struct {
	opts    *Options
	cov     *Coverage
	allowed *pathList
	entries chan entry
	// real is the true path of every root; nil if there is only one.
	real map[string]bool
}

// root is a path given to Walk.
type root struct {
	path string
	real string      // absolute, without symbolic links
	mode fs.FileMode // of what it leads to
	link bool
}

// roots returns what there is to walk, and tells the coverage its size where that
// is plain.
func (w *walk) roots(paths []string) (roots []root) {
	real := map[string]bool{}
	total, known := int64(0), true
	for _, path := range paths {
		r, size, err := newRoot(path)
		switch {
		case err != nil:
			w.cov.incomplete(filepath.ToSlash(path), err)
		case r.link && w.opts.Compat && (r.mode.IsDir() || !w.opts.FollowSymlinks):
			w.cov.skip(filepath.ToSlash(path), Symlink)
		case !real[r.real]:
			real[r.real] = true
			roots = append(roots, r)
			total += size
			known = known && !r.mode.IsDir()
		}
	}
	if len(roots) > 1 {
		w.real = real
	}
	if known {
		w.cov.total.Store(total)
	}
	return roots
}

func newRoot(path string) (r root, size int64, err error) {
	own, err := os.Lstat(path)
	if err != nil {
		return r, 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return r, 0, err
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return r, 0, fmt.Errorf("%w; read it through standard input", errSpecial)
	}
	r = root{path: path, mode: info.Mode(), link: own.Mode()&fs.ModeSymlink != 0}
	if r.real, err = filepath.EvalSymlinks(path); err == nil {
		r.real, err = filepath.Abs(r.real)
	}
	return r, info.Size(), err
}

// root passes on the files of r.
func (w *walk) root(ctx context.Context, r root) {
	if !r.mode.IsDir() {
		e := entry{path: r.path, named: true}
		if r.link {
			e.mode = fs.ModeSymlink
		}
		w.entries <- e
		return
	}
	path := r.path
	if r.link {
		path += string(filepath.Separator) // makes WalkDir enter it
	}
	_ = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return fs.SkipAll
		case err != nil:
			w.cov.incomplete(filepath.ToSlash(path), err)
			return nil
		case w.isOther(r, path):
			return skipIf(d.IsDir())
		}
		return w.pass(path, d)
	})
}

// pass passes on a file, and tells whether to enter a directory.
func (w *walk) pass(path string, d fs.DirEntry) error {
	name := filepath.ToSlash(path)
	switch mode := d.Type(); {
	case mode.IsDir():
		if w.allowed.match(name) {
			w.cov.skip(name, AllowlistedDir)
			return fs.SkipDir
		}
	case mode.IsRegular() || mode&fs.ModeSymlink != 0 && w.opts.FollowSymlinks:
		w.entries <- entry{path: path, mode: mode}
	case mode&fs.ModeSymlink != 0:
		w.cov.skip(name, Symlink)
	default:
		w.cov.skip(name, Special)
	}
	return nil
}

// isOther reports whether path, met under r, is another root.
func (w *walk) isOther(r root, path string) bool {
	if w.real == nil {
		return false
	}
	rel, err := filepath.Rel(r.path, path)
	return err == nil && rel != "." && w.real[filepath.Join(r.real, rel)]
}

func skipIf(dir bool) error {
	if dir {
		return fs.SkipDir
	}
	return nil
}
