package device_test

import (
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFileTakesBackWhatDidNotFit lets a write fail half way, as on a full disk.
func TestFileTakesBackWhatDidNotFit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "audit.log")
	d := open(t, "file", options{"file_path": name})
	write(t, d, "{1}\n")

	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var usual syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 20, Max: usual.Max}); err != nil {
		t.Fatal(err)
	}
	err := d.Write([]byte("{" + strings.Repeat("2", 100) + "}\n"))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &usual); err != nil {
		t.Fatal(err)
	}
	if err == nil || !strings.Contains(err.Error(), name) {
		t.Fatalf("a write that did not fit: %v", err)
	}
	write(t, d, "{3}\n")
	if got := content(t, name); got != "{1}\n{3}\n" {
		t.Errorf("%q", got)
	}
}
