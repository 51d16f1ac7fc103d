package spool_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stanch-dev/stanch/internal/audit/spool"
)

func open(t testing.TB, dir string, max int64) *spool.Spool {
	t.Helper()
	s, err := spool.Open(dir, max)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustAppend(t testing.TB, s *spool.Spool, lines string) {
	t.Helper()
	if err := s.Append([]byte(lines)); err != nil {
		t.Fatal(err)
	}
}

func next(t testing.TB, s *spool.Spool, size int) string {
	t.Helper()
	b, err := s.Next(size)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFullAndEmptiedAgain(t *testing.T) {
	s := open(t, t.TempDir(), 10)
	mustAppend(t, s, "abcd\nef\n")
	if err := s.Append([]byte("xyz\n")); !errors.Is(err, spool.ErrFull) {
		t.Fatalf("beyond its limit: %v", err)
	}
	if got := next(t, s, 1); got != "abcd\n" {
		t.Fatalf("a line longer than asked for: %q", got)
	}
	if err := s.Done(5); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, "xyz\n")
	var got string
	for s.Waiting() > 0 {
		lines := next(t, s, 100)
		got += lines
		if err := s.Done(len(lines)); err != nil {
			t.Fatal(err)
		}
	}
	if got != "ef\nxyz\n" {
		t.Errorf("%q", got)
	}
	for _, name := range s.Files() {
		if info, err := os.Stat(name); err != nil || info.Size() != 0 {
			t.Errorf("%s is not emptied: %v", name, err)
		}
	}
}

func TestTornLineIsDropped(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 100)
	mustAppend(t, s, "one\ntwo\n")
	name := s.Files()[0]
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(f, "to")
	_ = f.Close()
	s = open(t, dir, 100)
	mustAppend(t, s, "three\n")
	if got := next(t, s, 100); got != "one\ntwo\nthree\n" {
		t.Errorf("%q", got)
	}
	if last, err := s.Last(); string(last) != "three" || err != nil {
		t.Errorf("last line %q, %v", last, err)
	}
}

func TestOneProcessOnly(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, 100)
	if _, err := spool.Open(dir, 100); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("opened twice: %v", err)
	}
	other := t.TempDir()
	if err := os.WriteFile(filepath.Join(other, "x.lines"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.Open(other, 100); err == nil || !strings.Contains(err.Error(), "no file of a spool") {
		t.Errorf("a file of another kind: %v", err)
	}
}

// onDisk is what the files of a spool hold.
func onDisk(t rapid.TB, s *spool.Spool) (all []byte) {
	for _, name := range s.Files() {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// TestAgainstQueue does at random what a lane and a pump do, and starts anew in between.
func TestAgainstQueue(t *testing.T) {
	if _, err := os.Stat("/dev/shm"); err == nil {
		t.Setenv("TMPDIR", "/dev/shm") // thousands of syncs
	}
	base, runs := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		dir := filepath.Join(base, fmt.Sprint(runs))
		const max = 300
		s, err := spool.Open(dir, max)
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		var want []byte // what is not done
		n := 0
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				var lines []byte
				for range rapid.IntRange(1, 4).Draw(rt, "lines") {
					n++
					lines = fmt.Appendf(lines, "%d%s\n", n, strings.Repeat("x", rapid.IntRange(0, 30).Draw(rt, "length")))
				}
				err := s.Append(lines)
				if full := len(want)+len(lines) > max; full != errors.Is(err, spool.ErrFull) || !full && err != nil {
					rt.Fatalf("%d of %d bytes: %v", len(want)+len(lines), max, err)
				}
				if err == nil {
					want = append(want, lines...)
				}
			},
			"take": func(rt *rapid.T) {
				lines, err := s.Next(rapid.IntRange(1, 80).Draw(rt, "size"))
				if err != nil || !bytes.HasPrefix(want, lines) || len(want) > 0 && len(lines) == 0 || bytes.HasSuffix(lines, []byte("x")) {
					rt.Fatalf("%q, %v of %q", lines, err, want)
				}
				if len(lines) > 0 && rapid.Bool().Draw(rt, "done") {
					if err := s.Done(len(lines)); err != nil {
						rt.Fatal(err)
					}
					want = want[len(lines):]
				}
			},
			"restart": func(rt *rapid.T) {
				kept := onDisk(rt, s)
				if !bytes.HasSuffix(kept, want) {
					rt.Fatalf("on disk %q, waiting %q", kept, want)
				}
				_ = s.Close()
				if s, err = spool.Open(dir, max); err != nil {
					rt.Fatal(err)
				}
				want = kept // what was done in a segment that is in use comes again
			},
			"": func(rt *rapid.T) {
				if s.Waiting() != int64(len(want)) {
					rt.Fatalf("%d bytes wait, want %d", s.Waiting(), len(want))
				}
			},
		})
	})
}
