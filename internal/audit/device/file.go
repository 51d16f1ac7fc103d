package device

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	"github.com/stanch-dev/stanch/internal/audit/disk"
)

func checkFile(o *options) (func(io.Writer) (Device, error), int) {
	path := o.required("file_path")
	mode, err := strconv.ParseUint(o.text("mode", "0600"), 8, 32)
	if err != nil || mode&^0o666 != 0 {
		o.fail("mode", "%q is no octal mode of a file that cannot be executed, as 0600", o.values["mode"])
	}
	return func(stdout io.Writer) (Device, error) {
		switch path {
		case "stdout", "/dev/stdout":
			return &stream{w: stdout}, nil
		case "discard", os.DevNull:
			return &stream{w: io.Discard}, nil
		}
		f := &file{path: path, mode: fs.FileMode(mode)}
		return f, f.open()
	}, streamLine
}

// file appends to a regular file. It notices when the file at its path is another one,
// or none, and then begins there.
type file struct {
	path   string
	mode   fs.FileMode // 0: leave as it is
	f      *os.File    // nil after a failed reopen
	last   []byte      // last line found by open
	reopen atomic.Bool
	lost   error // why nothing may be added to this file any more
}

func (d *file) Durable() bool { return true }

func (d *file) Last() ([]byte, error) { return d.last, nil }

func (d *file) Reopen() { d.reopen.Store(true) }

func (d *file) Close() error {
	if d.f == nil {
		return nil
	}
	return d.f.Close()
}

// Write appends lines and returns when they are on the disk. On an error it takes away
// what it wrote of them.
func (d *file) Write(lines []byte) error {
	before, err := d.current()
	if err != nil {
		return err
	}
	if d.lost != nil {
		return fmt.Errorf("%s: %w; move the file away, a new one is begun then", d.path, d.lost)
	}
	_, err = d.f.Write(lines)
	if err == nil {
		if err = disk.Sync(d.f); err == nil {
			return nil
		}
		d.lost = fmt.Errorf("the disk lost what was written: %w", err)
	}
	if undo := d.f.Truncate(before); undo != nil {
		d.lost = errors.Join(d.lost, undo)
	}
	return fmt.Errorf("appending to %s: %w", d.path, err)
}

// current sees to it that d.f is the file at the path, and returns its size.
func (d *file) current() (int64, error) {
	again := d.reopen.Swap(false)
	if d.f != nil {
		have, err := d.f.Stat()
		if err != nil {
			return 0, err
		}
		at, err := os.Stat(d.path)
		switch {
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return 0, err
		case err == nil && os.SameFile(have, at) && !again:
			return have.Size(), nil
		}
		_ = d.f.Close() // every byte in it has been synced, or was refused
		d.f = nil
	}
	if err := d.open(); err != nil {
		return 0, err
	}
	d.lost = nil
	info, err := d.f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// open opens the file at the path for appending. A torn last line is what a crash left
// of lines that were never acknowledged; it goes.
func (d *file) open() (err error) {
	if info, err := os.Stat(d.path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", d.path)
	}
	if err := os.MkdirAll(filepath.Dir(d.path), 0o700); err != nil {
		return err
	}
	create := d.mode
	if create == 0 {
		create = 0o600
	}
	f, err := os.OpenFile(d.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, create)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if err := disk.Lock(f); err != nil {
		return err
	}
	last, end, err := disk.LastLine(f)
	if err != nil {
		return err
	}
	if err := d.ours(f, last, end); err != nil {
		return err
	}
	if d.mode != 0 {
		if err := f.Chmod(d.mode); err != nil {
			return err
		}
	}
	if err := errors.Join(f.Truncate(end), disk.SyncDir(d.path)); err != nil {
		return err
	}
	d.f, d.last = f, bytes.Clone(last)
	return nil
}

// ours refuses a file that is no log of entries: who may enable a device may not write
// into whatever the server can.
func (d *file) ours(f *os.File, last []byte, end int64) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, min(info.Size(), 256))
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	if info.Size() == 0 || end > 0 && bytes.HasSuffix(last, []byte("}")) || end == 0 && bytes.Contains(head, []byte(`{"`)) {
		return nil
	}
	return fmt.Errorf("%s has content that is no audit log; give the device a file of its own", d.path)
}
