package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/stanch-dev/stanch/internal/audit/disk"
)

// segment is one file of a spool.
type segment struct {
	file       *os.File
	number     int
	size, done int64 // bytes that are durable, and of these the ones taken away
}

const suffix = ".lines"

var errSync = errors.New("the disk lost what was written")

func newSegment(dir string, number int) (*segment, error) {
	name := filepath.Join(dir, fmt.Sprintf("%012d%s", number, suffix))
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(disk.Lock(f), disk.SyncDir(name)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &segment{file: f, number: number}, nil
}

func openSegment(name string) (*segment, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	seg := &segment{file: f}
	if _, err := fmt.Sscanf(filepath.Base(name), "%d"+suffix, &seg.number); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is no file of a spool", name), f.Close())
	}
	err = disk.Lock(f)
	if err == nil {
		_, seg.size, err = disk.LastLine(f)
	}
	if err == nil {
		err = f.Truncate(seg.size)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return seg, nil
}

func (g *segment) write(lines []byte) error {
	if _, err := g.file.Write(lines); err != nil {
		return err
	}
	if err := disk.Sync(g.file); err != nil {
		return fmt.Errorf("%w: %w", errSync, err)
	}
	return nil
}

// read returns whole lines: the ones that end within want bytes, else the first one.
func (g *segment) read(want, left int64) ([]byte, error) {
	for cut := bytes.LastIndexByte; ; cut = bytes.IndexByte {
		buf := make([]byte, want)
		if _, err := io.ReadFull(io.NewSectionReader(g.file, g.done, want), buf); err != nil {
			return nil, fmt.Errorf("reading the audit spool: %w", err)
		}
		if i := cut(buf, '\n'); i >= 0 {
			return buf[:i+1], nil
		}
		if want == left {
			return nil, fmt.Errorf("reading the audit spool: %s does not end in a line", g.file.Name())
		}
		want = min(2*want, left)
	}
}

func (g *segment) remove() error {
	return errors.Join(os.Remove(g.file.Name()), g.file.Close())
}
