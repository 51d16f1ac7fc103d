package activate_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stanch-dev/stanch/policies/author/activate"
)

// crashAt names the step before which the process of TestCrash's child ends.
const crashAt = "ACTIVATE_TEST_CRASH_AT"

// TestCrash ends the process before each step, without a chance to clean up. What is
// in force is whole: the old until the swap, the new after it. The next activation
// succeeds, and leaves nothing of the one that crashed.
func TestCrash(t *testing.T) {
	if step := os.Getenv(crashAt); step != "" {
		crash(t, step)
	}
	for _, step := range []string{"convert", "clear", "copy", "check", "diff", "keep", "record", "swap", "tidy"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			active, b := write(t, filepath.Join(t.TempDir(), "active"), "a"), candidate(t, "b")
			child := exec.Command(os.Args[0], "-test.run=^TestCrash$")
			child.Env = append(os.Environ(), crashAt+"="+step, "ACTIVE="+active, "CANDIDATE="+b)
			out, err := child.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 42 {
				t.Fatalf("the child did not crash: %v\n%s", err, out)
			}
			want := "a"
			if step == "tidy" {
				want = "b"
			}
			if got := inForce(t, active); got != want {
				t.Errorf("after the crash %s is in force, want %s", got, want)
			}
			o := options(active, candidate(t, "c"))
			o.Convert = true
			if _, err := activate.Run(context.Background(), agreeing(), o); err != nil || inForce(t, active) != "c" {
				t.Errorf("the next activation: %v, in force is %s", err, inForce(t, active))
			}
			for _, name := range names(t, active) {
				if !strings.HasPrefix(name, ".") || name == "..new" || name == "..data_new" {
					t.Errorf("%s is left", name)
				}
			}
			e, err := activate.Rollback(active, "bob", o.Time)
			if err != nil || inForce(t, active) != want {
				t.Errorf("rolled back: %+v, %v, in force is %s, want %s", e, err, inForce(t, active), want)
			}
		})
	}
}

func crash(t *testing.T, step string) {
	o := options(os.Getenv("ACTIVE"), os.Getenv("CANDIDATE"))
	o.Convert = true
	o.Progress = func(next string) {
		if next == step {
			os.Exit(42)
		}
	}
	_, err := activate.Run(context.Background(), agreeing(), o)
	t.Fatalf("no step %s: %v", step, err)
}
