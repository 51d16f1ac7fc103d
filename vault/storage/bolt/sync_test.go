package bolt_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stanch-dev/stanch/vault/storage"
)

// childEnv names the store for a test that was started again, under strace.
const childEnv = "STANCH_BOLT_CHILD"

// acknowledgement is what the process under strace says when an Update has returned,
// or when it has come to its end.
const acknowledgement = "acknowledged\n"

// trace starts the calling test again under strace and returns what strace wrote.
// The test is skipped where strace is missing or may not trace.
func trace(t *testing.T, path string, options ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "trace")
	if text, err := exec.Command("strace", "-o", out, "true").CombinedOutput(); err != nil {
		t.Skipf("strace does not work here, and shows what reaches the disk: %v %s", err, text)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("strace", append(append([]string{"-f", "-o", out}, options...), self, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")...)
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	if text, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(text), acknowledgement) {
		t.Fatalf("in the traced process: %v\n%s", err, text)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSyncBeforeAcknowledge: when Update returns, everything written was synced, and
// the page that points to the rest was written after the rest was synced.
func TestSyncBeforeAcknowledge(t *testing.T) {
	const updates = 5
	if path := os.Getenv(childEnv); path != "" {
		s := open(t, path)
		for range updates {
			if err := put(s, "key", strings.Repeat("value", 2000)); err != nil {
				t.Fatal(err)
			}
			os.Stdout.WriteString(acknowledgement)
		}
		return
	}
	calls := trace(t, newStore(t, nil), "-e", "trace=pwrite64,fdatasync,write")
	acknowledged, syncs, dirty := 0, 0, false
	for call := range strings.Lines(calls) {
		switch {
		case strings.Contains(call, "pwrite64("):
			dirty = true
		case strings.Contains(call, "fdatasync") && strings.HasSuffix(call, "= 0\n"):
			dirty = false
			syncs++
		case strings.Contains(call, "write(1, \""+strings.TrimSpace(acknowledgement)):
			if dirty || syncs < 2 {
				t.Errorf("acknowledged after %d syncs, something unsynced: %v\n%s", syncs, dirty, calls)
			}
			acknowledged++
			syncs = 0
		}
	}
	if acknowledged != updates {
		t.Errorf("%d acknowledgements in the trace, want %d:\n%s", acknowledged, updates, calls)
	}
}

// TestFailedWrites lets the kernel refuse what a commit asks of it.
func TestFailedWrites(t *testing.T) {
	for _, c := range []struct {
		name, fault string
		want        error // of Updates
		reads       error // of Views afterwards
	}{
		{"Sync", "fdatasync:error=EIO", storage.ErrFailed, storage.ErrFailed},
		{"SyncFull", "fdatasync:error=ENOSPC", storage.ErrFailed, storage.ErrFailed},
		{"Write", "pwrite64:error=EIO", storage.ErrFailed, storage.ErrFailed},
		{"Full", "pwrite64:error=ENOSPC", storage.ErrFull, nil},
		{"Quota", "pwrite64:error=EDQUOT", storage.ErrFull, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if path := os.Getenv(childEnv); path != "" {
				failingChild(t, path, c.want, c.reads)
				return
			}
			want := map[string]string{"a": "1"}
			path := newStore(t, want)
			trace(t, path, "-e", "trace=pwrite64,fdatasync", "-e", "inject="+c.fault)
			got, err := records(open(t, path))
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("opened again: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// failingChild uses a store whose writes fail.
func failingChild(t *testing.T, path string, want, reads error) {
	s := open(t, path)
	if _, err := records(s); err != nil {
		t.Errorf("View before = %v", err)
	}
	if err := s.Update(context.Background(), func(storage.Tx) error { return nil }); err != nil {
		t.Errorf("Update of nothing before = %v", err)
	}
	for i := range 2 {
		err := put(s, "a", "2")
		if !errors.Is(err, want) || !strings.Contains(err.Error(), path) {
			t.Errorf("Update %d = %v, want %v", i, err, want)
		}
		got, err := records(s)
		if !errors.Is(err, reads) || err == nil && !cmp.Equal(got, map[string]string{"a": "1"}) {
			t.Errorf("View after it = %v, %v, want %v", got, err, reads)
		}
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	os.Stdout.WriteString(acknowledgement)
}
