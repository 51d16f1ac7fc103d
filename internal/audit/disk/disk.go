// Package disk is what an audit file and a spool ask of the file system beyond what
// os offers: data that is on the disk before a call returns, one writer for each
// file, and the last whole line of what a crash may have torn.
package disk

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// block is how much LastLine reads at once, in bytes.
const block = 64 << 10

// SyncDir makes the entries of the folder of a path durable: a file that has just been
// made there, or is gone.
func SyncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// LastLine returns the last line of f that has a newline, without it, and the offset
// after that newline: what stands behind was torn by a crash. Nil and 0 if there is
// no whole line.
func LastLine(f *os.File) (line []byte, end int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	after, err := newlineBefore(f, info.Size())
	if err != nil || after == 0 {
		return nil, 0, err
	}
	start, err := newlineBefore(f, after-1)
	if err != nil {
		return nil, 0, err
	}
	line = make([]byte, after-1-start)
	if _, err := f.ReadAt(line, start); err != nil {
		return nil, 0, fmt.Errorf("reading the last line of %s: %w", f.Name(), err)
	}
	return line, after, nil
}

// newlineBefore returns the offset after the last newline of the first size bytes.
func newlineBefore(f io.ReaderAt, size int64) (int64, error) {
	buf := make([]byte, block)
	for size > 0 {
		part := buf[:min(block, size)]
		if _, err := f.ReadAt(part, size-int64(len(part))); err != nil {
			return 0, fmt.Errorf("looking for the last line: %w", err)
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return size - int64(len(part)) + int64(i) + 1, nil
		}
		size -= int64(len(part))
	}
	return 0, nil
}
