package disk_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/internal/audit/disk"
)

func TestLastLine(t *testing.T) {
	long := strings.Repeat("y", 200_000)
	for text, want := range map[string]struct {
		line string
		end  int
	}{
		"": {}, "torn": {}, "a\n": {"a", 2}, "a\nb\n": {"b", 4}, "a\nb\ntorn": {"b", 4}, "\n": {"", 1}, "a\n\n": {"", 3},
		"a\n" + long + "\n": {long, 200_003}, "a\n" + long: {"a", 2}, long: {},
	} {
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		line, end, err := disk.LastLine(f)
		if string(line) != want.line || end != int64(want.end) || err != nil {
			t.Errorf("%.20q: %.20q, %d, %v", text, line, end, err)
		}
		_ = f.Close()
	}
}

func TestSyncAndLock(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	a, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := disk.Sync(a); err != nil {
		t.Error(err)
	}
	if err := disk.SyncDir(name); err != nil {
		t.Error(err)
	}
	b, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := disk.Lock(a); err != nil {
		t.Error(err)
	}
	if disk.Lock(b) == nil {
		t.Error("locked twice")
	}
	_ = a.Close()
	if err := disk.Sync(a); err == nil {
		t.Error("a closed file was synced")
	}
}
