// Package spool keeps audit lines on the local disk until the device they are for has
// taken them. It is what makes an entry durable when its device is slow, gone or has no
// way to say that it kept something. Lines are appended by one side and taken away by
// the other, in order; the files hold plain lines, so that they can be verified and
// read like any other audit log.
package spool

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/stanch-dev/stanch/internal/audit/disk"
)

// ErrFull is what Append returns when there is no room. Nothing was kept.
var ErrFull = errors.New("the audit spool is full: bring its device back, disable the device, or raise the limit")

// Spool is a queue of lines on disk. One goroutine may call Append while another one
// calls Next and Done; everything else is safe for concurrent use.
type Spool struct {
	dir string
	max int64 // bytes of lines in all
	cut int64 // bytes after which a new segment begins

	appending sync.Mutex // held while a segment is written; taken before mu

	mu       sync.Mutex
	segments []*segment // oldest first, guarded by mu; the last one is appended to
	waiting  int64      // bytes not yet done, guarded by mu
	damaged  error      // after a failed sync nothing is taken any more, guarded by mu
}

// Open opens the spool in a folder, which is made if it is not there, with the lines
// that a former run left. At most max bytes of lines wait in it. A line that a crash
// has torn was never acknowledged and is dropped.
func Open(dir string, max int64) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the audit spool: %w", err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	s := &Spool{dir: dir, max: max, cut: max/8 + 1}
	for _, name := range names {
		seg, err := openSegment(name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("opening the audit spool: %w", err), s.Close())
		}
		s.segments = append(s.segments, seg)
		s.waiting += seg.size
	}
	if len(names) == 0 {
		if err := s.grow(); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Append adds whole lines, each with its newline. They are on the disk when it returns
// nil; with an error none of them is kept.
func (s *Spool) Append(lines []byte) error {
	s.appending.Lock()
	defer s.appending.Unlock()
	s.mu.Lock()
	seg, err := s.segments[len(s.segments)-1], s.damaged
	if s.waiting+int64(len(lines)) > s.max {
		err = cmp.Or(err, ErrFull)
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if seg.size >= s.cut {
		if err := s.grow(); err != nil {
			return err
		}
		seg = s.segments[len(s.segments)-1]
	}
	if err := seg.write(lines); err != nil {
		return s.failed(seg, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.size += int64(len(lines))
	s.waiting += int64(len(lines))
	return nil
}

// failed takes what a failed write may have left away again. If that is not possible
// or the disk lost data, the spool takes nothing any more.
func (s *Spool) failed(seg *segment, err error) error {
	err = fmt.Errorf("writing the audit spool: %w", err)
	undo := seg.file.Truncate(seg.size)
	if undo != nil || errors.Is(err, errSync) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.damaged = fmt.Errorf("%w; the spool takes nothing until the server has been restarted on a sound disk", errors.Join(err, undo))
		return s.damaged
	}
	return err
}

// grow begins a new segment. Callers hold appending, or are alone.
func (s *Spool) grow() error {
	s.mu.Lock()
	number := 1
	if n := len(s.segments); n > 0 {
		number = s.segments[n-1].number + 1
	}
	s.mu.Unlock()
	seg, err := newSegment(s.dir, number)
	if err != nil {
		return fmt.Errorf("growing the audit spool: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.segments = append(s.segments, seg)
	return nil
}

// Next returns the oldest lines that are not done: whole ones, about size bytes of
// them, at least one. Nil if there is none. It returns the same again until Done.
func (s *Spool) Next(size int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		if left := seg.size - seg.done; left > 0 {
			return seg.read(min(left, int64(size)), left)
		}
	}
	return nil, nil
}

// Done takes away the first n bytes of what Next gave.
func (s *Spool) Done(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting -= int64(n)
	last := s.segments[len(s.segments)-1]
	for _, seg := range s.segments {
		if left := seg.size - seg.done; left > 0 {
			seg.done += int64(n)
			break
		}
	}
	for s.segments[0] != last && s.segments[0].done == s.segments[0].size {
		if err := s.segments[0].remove(); err != nil {
			return fmt.Errorf("emptying the audit spool: %w", err)
		}
		s.segments = s.segments[1:]
	}
	// Empty the segment in use whenever nobody writes to it, so that a restart does not
	// deliver its lines again.
	if last.done == last.size && s.appending.TryLock() {
		defer s.appending.Unlock()
		if err := last.file.Truncate(0); err != nil {
			return fmt.Errorf("emptying the audit spool: %w", err)
		}
		last.size, last.done = 0, 0
	}
	return nil
}

// Waiting returns how many bytes of lines are not done.
func (s *Spool) Waiting() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting
}

// Last returns the last line that is not done, without its newline; nil for none.
func (s *Spool) Last() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range slices.Backward(s.segments) {
		if seg.done < seg.size {
			line, _, err := disk.LastLine(seg.file)
			return line, err
		}
	}
	return nil, nil
}

// Files returns the files in order of their lines.
func (s *Spool) Files() (names []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seg := range s.segments {
		names = append(names, seg.file.Name())
	}
	return names
}

// Close closes the files. What is not done is there at the next Open.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, seg := range s.segments {
		errs = append(errs, seg.file.Close())
	}
	return errors.Join(errs...)
}
