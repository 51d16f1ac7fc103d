package source_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stanch-dev/stanch/scanner"
	"github.com/stanch-dev/stanch/scanner/source"
)

func TestSpecialFilesDoNotHang(t *testing.T) {
	tree(t, map[string]string{"d/a": "a", "d/null": "-> /dev/null"})
	if err := syscall.Mkfifo("d/fifo", 0o666); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", "d/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, name := range []string{"fifo", "socket"} {
		if err := os.Symlink(name, "d/to"+name); err != nil {
			t.Fatal(err)
		}
	}
	for _, compat := range []bool{false, true} {
		got, totals := walk(t, &source.Options{FollowSymlinks: true, Compat: compat}, "d")
		if diff := cmp.Diff([]string{"d/a"}, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[source.Reason]int64{source.Special: 5}, totals.Skipped); diff != "" || totals.Incomplete > 0 {
			t.Errorf("%s\n%+v", diff, totals.Gaps)
		}
	}
	_, totals := walk(t, &source.Options{}, "d/fifo", "d/a")
	if totals.Incomplete != 1 || totals.Gaps[0].Path != "d/fifo" {
		t.Errorf("a named pipe that was asked for is not reported: %+v", totals)
	}
}

// onFirst walks paths with one worker and calls do at the first fragment.
func onFirst(t *testing.T, do func() error, paths ...string) source.Totals {
	t.Helper()
	var cov source.Coverage
	var once sync.Once
	err := source.Walk(context.Background(), paths, &source.Options{Workers: 1}, &cov,
		func(int, *source.File, *scanner.Fragment) {
			once.Do(func() {
				if err := do(); err != nil {
					t.Error(err)
				}
			})
		})
	if err != nil {
		t.Fatal(err)
	}
	return cov.Totals()
}

func TestFilesThatChange(t *testing.T) {
	big := strings.Repeat("x", 3*source.BlockSize)
	for _, c := range []struct {
		name string
		do   func() error
		gaps []source.Gap
	}{
		{"vanishes", func() error { return os.Remove("b") }, []source.Gap{{Path: "b", Cause: "open: no such file or directory"}}},
		{"shrinks", func() error { return os.Truncate("a", 10) },
			[]source.Gap{{Path: "a", Cause: "read: shrank from 6291456 to 2097152 bytes while it was read"}}},
		{"grows", func() error { return os.Truncate("a", 1<<33) }, nil},
		{"becomes a pipe", func() error { os.Remove("b"); return syscall.Mkfifo("b", 0o666) }, []source.Gap{{Path: "b", Cause: "not a regular file"}}},
		{"becomes a link", func() error { os.Remove("b"); return os.Symlink("/etc/passwd", "b") },
			[]source.Gap{{Path: "b", Cause: "open: too many levels of symbolic links"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree(t, map[string]string{"a": big, "b": "b"})
			totals := onFirst(t, c.do, "a", "b")
			if diff := cmp.Diff(c.gaps, totals.Gaps, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if totals.Bytes > int64(2*len(big)) {
				t.Errorf("%d bytes of a file of %d were read", totals.Bytes, len(big))
			}
		})
	}
}

func TestFilesWithoutSize(t *testing.T) {
	const mem, status = "/proc/self/mem", "/proc/self/status"
	for _, path := range []string{mem, status} {
		if _, err := os.Stat(path); err != nil {
			t.Skip("no /proc")
		}
	}
	got, totals := walk(t, &source.Options{}, mem, status)
	if len(got) != 1 || !strings.HasPrefix(got[0], "/proc/") || !strings.HasSuffix(got[0], "/status") {
		t.Errorf("read %v, want only %s", got, status)
	}
	if len(totals.Gaps) != 1 || totals.Gaps[0].Cause != "read: input/output error" {
		t.Errorf("gaps %v, want a read error of %s", totals.Gaps, mem)
	}
}

// TestMemoryIsBounded reads a file that is larger than what may be allocated.
func TestMemoryIsBounded(t *testing.T) {
	const size = 256 << 20
	path := filepath.Join(t.TempDir(), "sparse")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
	for _, compat := range []bool{false, true} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, totals := walk(t, &source.Options{Compat: compat, Workers: 1}, path)
		runtime.ReadMemStats(&after)
		if totals.Bytes != size || totals.Incomplete > 0 {
			t.Errorf("compat %v: %+v", compat, totals)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > source.BlockSize+2<<20 {
			t.Errorf("compat %v: allocated %d bytes for a file of %d", compat, grown, size)
		}
	}
}

func TestUnreadableDirectory(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	tree(t, map[string]string{"a": "a", "closed/b": "b", "secret": "c"})
	if err := os.Chmod("closed", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod("closed", 0o777) })
	if err := os.Chmod("secret", 0); err != nil {
		t.Fatal(err)
	}
	got, totals := walk(t, &source.Options{}, ".")
	if diff := cmp.Diff([]string{"a"}, got); diff != "" {
		t.Error(diff)
	}
	want := []source.Gap{{Path: "closed", Cause: "open: permission denied"}, {Path: "secret", Cause: "open: permission denied"}}
	if diff := cmp.Diff(want, totals.Gaps); diff != "" {
		t.Error(diff)
	}
}
