//go:build unix

package known_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stanch-dev/stanch/internal/known"
)

// TestLoadRefusesPipes must not wait for someone to write.
func TestLoadRefusesPipes(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := known.Load(pipe); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("error %v", err)
	}
}
